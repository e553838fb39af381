"""info and completion."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from tui.cli.options import Given, as_json, shared
from tui.cli.output import document
from tui.exits import Exit
from tui.version import VERSION

_PACKAGES = (
    "textual",
    "click",
    "aiohttp",
    "azure-core",
    "azure-identity",
    "azure-keyvault-keys",
    "azure-mgmt-keyvault",
    "azure-mgmt-machinelearningservices",
)
_VARIABLES = (
    "WRAPKEY_HOME",
    "WRAPKEY_CONNECT",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "AZURE_CONFIG_DIR",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
)
"""Shown with their values, except what can hold a password."""


@click.command()
@as_json
@shared
@click.pass_context
def info(context: click.Context, as_json: bool) -> Exit:
    """Versions, paths, and what was found here; asks nothing of Azure."""
    facts = gather(Given.of(context))
    if as_json:
        document(**facts)
        return Exit.DONE
    for title, part in facts.items():
        if isinstance(part, dict):
            click.echo(title)
            for name, value in part.items():
                click.echo(f"  {name:<36} {value}")
        else:
            click.echo(f"{title:<38} {part}")
    return Exit.DONE


def gather(given: Given) -> dict[str, Any]:
    """Everything ``info`` tells."""
    return {
        "version": VERSION,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": {name: _version(name) for name in _PACKAGES},
        "paths": {
            name: str(getattr(given.paths, name)) for name in ("config", "state", "runs", "sandbox")
        },
        "environment": {name: _value(name) for name in _VARIABLES if name in os.environ},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _value(name: str) -> str:
    value = os.environ[name]
    return "set, with a password" if "@" in value and "PROXY" in name else value


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> Exit:
    """Print the completion script of SHELL.

    For bash: eval "$(wrapkey completion bash)".
    """
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None
    root = context.find_root().command
    click.echo(maker(root, {}, "wrapkey", "_WRAPKEY_COMPLETE").source())
    return Exit.DONE
