"""What all screens share while wrapkey is open: who is signed in, where, and what runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.azure.credentials import DeviceCode, Probe
    from services.azure.errors import AzureError
    from services.home import Memory, Paths
    from services.model.resources import Subscription
    from services.runs.engine import Run
    from services.runs.journal import RunRow
    from services.runs.view import RunView

Stage = Literal["starting", "sandbox", "signing in", "ready", "failed"]


@dataclass(frozen=True)
class Options:
    """What the command line and the environment said; nothing here changes later."""

    cloud: str = "AzureCloud"
    sandbox: bool = False
    connect: str = ""
    """Path of the ready file of a running sandbox."""
    principal: str = ""
    credential: str = ""
    """The one way to sign in; empty: the first that is ready."""
    subscription: str = ""
    """Id or name."""
    read_only: bool = False
    scenario: str = ""
    speed: float = 0
    """0: the sandbox's own default."""
    theme: str = ""
    mouse: bool = True


class Session:
    """Owned by the App. Screens read it and are told when it changes; only the App writes it."""

    def __init__(self, options: Options, paths: "Paths", memory: "Memory") -> None:
        self.options = options
        self.paths = paths
        self.memory = memory
        self.stage: Stage = "starting"
        self.error: AzureError | None = None
        """Why the stage is ``failed``."""
        self.connection: Connection | None = None
        self.way = ""
        """How the connection was signed in: a name of services.azure.credentials."""
        self.principal = options.principal
        """Who we are in the sandbox; empty for its admin."""
        self.past: tuple[RunRow, ...] = ()
        """Every run the journal knows, newest first, as it was last read."""
        self.subscriptions: tuple[Subscription, ...] = ()
        self.subscription: Subscription | None = None
        """The one that was chosen, or the one of last time."""
        self.region = memory.region
        self.speed: float = options.speed
        """How many times faster the sandbox's time runs; 0 when this is no sandbox."""
        self.probes: dict[str, Probe] = {}
        """What each credential answered, by its name, in the order they were tried."""
        self.code: DeviceCode | None = None
        """A device code that waits for its person."""
        self.principals: tuple[tuple[str, str], ...] = ()
        """Name and roles of everybody a sandbox knows; empty for a real cloud."""
        self.note = ""
        """Something small that went wrong and stops nothing."""
        self.runs: dict[str, Run] = {}
        """Runs of this process, by id; they go on when a screen is left."""
        self.views: dict[str, RunView] = {}
        """What a person sees of each run."""
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changed(self) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener()

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the pretend Azure."""
        return bool(self.options.sandbox or self.options.connect)

    @property
    def mode(self) -> str:
        """The mode word of the header."""
        guard = "READ-ONLY" if self.options.read_only else ""
        if not self.is_sandbox:
            return guard or "LIVE"
        return " ".join(
            filter(None, ("SANDBOX", f"x{self.speed:g}" if self.speed > 1 else "", guard))
        )

    @property
    def who(self) -> str:
        """The signed-in principal, or how far signing in is."""
        caller = self.connection.caller if self.connection else None
        if caller is not None:
            return caller.name or caller.object_id
        words = {"sandbox": "starting the sandbox", "failed": "not signed in"}
        return words.get(self.stage, "signing in")

    @property
    def where(self) -> str:
        """Subscription and region."""
        if self.subscription is None:
            return "no subscription yet"
        return " > ".join(filter(None, (self.subscription.name, self.region)))

    @property
    def live(self) -> "Connection":
        """The connection of a session that is signed in; RuntimeError before that."""
        if self.connection is None:
            raise RuntimeError("this needs a connection, and nobody is signed in yet")
        return self.connection
