"""Options that every command takes, before or after its name, and what they say together."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from screens.session import Options

if TYPE_CHECKING:
    from services.home import Memory, Paths

_FROM_ENVIRONMENT = "from the environment"

F = TypeVar("F", bound=Callable[..., Any])


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what was given; a command's own word goes before the group's.

    What only the environment says yields to any word about where to connect.
    """
    given = context.ensure_object(dict)
    if value in (None, False, ""):
        return
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.ENVIRONMENT:
        given.setdefault(_FROM_ENVIRONMENT, {})[parameter.name] = value
    else:
        given[parameter.name] = value


def _positive(context: click.Context, parameter: click.Parameter, value: float | None) -> None:
    if value is not None and not 0 < value <= 100_000:
        raise click.BadParameter("a number above 0 and up to 100000, for example 20")
    _keep(context, parameter, value)


CREDENTIALS = ("azure-cli", "environment", "managed-identity", "device-code")
"""As services.azure.credentials names them; it is not imported for a line of help."""

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--cloud",
        {
            "metavar": "NAME|URL",
            "help": "AzureCloud, AzureUSGovernment, AzureChinaCloud, or the address of a Resource "
            "Manager that describes its cloud.",
        },
    ),
    ("--sandbox", {"is_flag": True, "help": "Use the pretend Azure on this machine."}),
    (
        "--connect",
        {
            "metavar": "FILE",
            "envvar": "WRAPKEY_CONNECT",
            "show_envvar": True,
            "help": "Use the running sandbox of this ready file.",
        },
    ),
    ("--principal", {"metavar": "NAME", "help": "Who to be in the sandbox."}),
    ("--credential", {"type": click.Choice(CREDENTIALS), "help": "Sign in this way only."}),
    ("--subscription", {"metavar": "ID|NAME", "help": "Work in this subscription."}),
    ("--read-only", {"is_flag": True, "help": "Send nothing that changes anything."}),
    ("--scenario", {"metavar": "NAME", "help": "What a new sandbox holds."}),
    (
        "--speed",
        {
            "metavar": "N",
            "type": float,
            "callback": _positive,
            "help": "How many times faster a new sandbox's time runs.",
        },
    ),
    ("--theme", {"type": click.Choice(["dark", "light", "terminal"]), "help": "Colours."}),
    ("--no-mouse", {"is_flag": True, "help": "Leave the mouse to the terminal."}),
)


as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
"""Of every command whose answer scripts read."""


def shared(function: F) -> F:
    """Add the global options to a command; they are read with ``Given.of``."""
    for name, settings in reversed(_OPTIONS):
        option = click.option(name, expose_value=False, **{"callback": _keep, **settings})
        function = option(function)
    return function


@dataclass(frozen=True)
class Given:
    """What a command has to work with."""

    options: Options
    paths: "Paths"
    memory: "Memory"

    @classmethod
    def of(cls, context: click.Context) -> "Given":
        """From the context of a command; raises click.UsageError for words that exclude."""
        from services.home import Memory, Paths

        said: dict[str, Any] = dict(context.ensure_object(dict))
        meant = said.pop(_FROM_ENVIRONMENT, {})
        if not {"sandbox", "cloud", "connect"} & said.keys():
            said |= meant
        said["mouse"] = not said.pop("no_mouse", False)
        if said.get("sandbox") and said.get("connect"):
            raise click.UsageError("--sandbox and --connect exclude each other: choose one.")
        if said.get("cloud") and (said.get("sandbox") or said.get("connect")):
            raise click.UsageError("A sandbox is a cloud of its own: leave --cloud out.")
        known = {field.name for field in fields(Options)}
        options = Options(**{name: value for name, value in said.items() if name in known})
        try:
            paths = Paths.here()
        except OSError as error:
            raise click.UsageError(
                f"{error.filename}: {error.strerror}. wrapkey keeps its files below WRAPKEY_HOME, "
                "or in your own folders when that is not set."
            ) from None
        return cls(options, paths, Memory.load(paths))
