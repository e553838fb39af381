"""The command line: which commands there are. Each is imported when it is used."""

import sys
from importlib import import_module
from typing import Any

import click

from tui.cli.options import Given, shared
from tui.exits import Exit
from tui.streams import nobody_reads, settle
from tui.version import VERSION

_COMMANDS = {
    "subscriptions": ("tui.cli.listing", "Subscriptions you can see."),
    "vaults": ("tui.cli.listing", "Key vaults, of one subscription or of all."),
    "keys": ("tui.cli.listing", "Keys of a vault."),
    "workspaces": ("tui.cli.listing", "Machine Learning workspaces."),
    "plan": ("tui.cli.setup", "What an intent file would change; changes nothing."),
    "apply": ("tui.cli.setup", "Carry out an intent file."),
    "resume": ("tui.cli.resume", "Go on with a run that was interrupted."),
    "watch": ("tui.cli.resume", "Follow a run, whoever carries it out."),
    "runs": ("tui.cli.history", "Every run there was, and the full log of one."),
    "undo": ("tui.cli.history", "Take back what a run made."),
    "audit": ("tui.cli.history", "Verify the record of every write that was sent."),
    "check": ("tui.cli.checks", "Check an intent file against what is there; changes nothing."),
    "checks": ("tui.cli.checks", "Every check there is."),
    "diagnose": ("tui.cli.diagnose", "What is wrong with a workspace, and why; changes nothing."),
    "repair": ("tui.cli.repair", "What makes a diagnosed workspace good again; asks first."),
    "rotate": ("tui.cli.rotate", "Move a workspace to another version of its key."),
    "delete": ("tui.cli.delete", "Delete a workspace; its key and its vault stay."),
    "dependents": ("tui.cli.dependents", "Who depends on a vault or a key; changes nothing."),
    "export": (
        "tui.cli.export",
        "A file or commands for other tools: SDK v1, kubectl, az; changes nothing.",
    ),
    "explain": (
        "tui.cli.explain",
        "What an error means that Azure gave you; asks nothing of Azure.",
    ),
    "sandbox": ("tui.cli.sandbox", "Serve, use, stop or reset the pretend Azure."),
    "info": ("tui.cli.about", "Versions, paths, and what was found here."),
    "completion": ("tui.cli.about", "The completion script of a shell."),
}
"""Command: its module, where it is an attribute of the same name, and its help line."""


class _NobodyReads(Exception):
    """Whoever read stdout has gone."""


class Lazy(click.Group):
    """A group that knows its commands' names without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Click would end the process with 1 when the reader of our output has gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _NobodyReads from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(
    cls=Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault of wrapkey, 2 bad input, 3 a check fails, "
    "4 Azure refused, 5 not signed in, 6 interrupted and resumable.",
)
@click.version_option(VERSION, "--version", "-V", message="wrapkey %(version)s")
@shared
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Set up, explain and repair Azure deployments encrypted with your own key.

    Without a command it opens in the terminal.
    """
    if context.invoked_subcommand is not None:
        return None
    from tui.cli.open import open_app

    return open_app(Given.of(context))


def run(arguments: list[str]) -> int:
    """Run a command line; returns the exit code. Nothing is ever shown as a traceback."""
    code = _run(arguments)
    settle()
    return code


def _run(arguments: list[str]) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="wrapkey", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, _NobodyReads):
        # Whoever read our output has seen enough; nothing more can be written there.
        nobody_reads(sys.stdout)
        return Exit.DONE
    except (KeyboardInterrupt, click.Abort):
        from tui.cli.output import talk

        talk("Interrupted.")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return Exit.BAD_INPUT
    except Exception as error:
        from tui.cli.failed import failed

        return failed(error)
    return int(result or Exit.DONE)
