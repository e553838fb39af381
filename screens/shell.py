"""What a screen may ask of the application around it."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.app import App

from screens.session import Session

if TYPE_CHECKING:
    from services.model.cost import Assumptions
    from services.model.plan import Plan
    from services.runs.history import RunLog
    from services.runs.journal import RunRow
    from services.runs.undo import Undo


class Shell(App[int]):
    """The application as screens know it; tui/ has the one there is."""

    session: Session

    @abstractmethod
    def goto(self, name: str) -> bool:
        """Go to a place by name; False when there is none of this name."""

    @abstractmethod
    def copy(self, text: str, what: str) -> None:
        """Send text to the terminal's clipboard and say so, naming ``what`` it was."""

    @abstractmethod
    def connect(self, only: str = "", tenant: str = "") -> None:
        """Sign in again in the background: with one credential, or with every one there is."""

    @abstractmethod
    def choose_subscription(self, id: str) -> None:
        """Make this the subscription everything works on, and remember it."""

    @abstractmethod
    def choose_region(self, name: str) -> None:
        """Make this the region new things go to, and remember it."""

    @abstractmethod
    def remember_cost(self, currency: str, assumptions: "Assumptions") -> None:
        """Estimate costs like this next time too."""

    @abstractmethod
    def start_run(self, plan: "Plan") -> None:
        """Begin a run of this plan and show it; it lives in the application."""

    @abstractmethod
    async def past_runs(self) -> "tuple[RunRow, ...]":
        """Every run the journal knows, newest first; raises JournalError."""

    @abstractmethod
    async def run_log(self, run: str) -> "RunLog":
        """Everything the journal knows of a run; raises JournalError and LookupError."""

    @abstractmethod
    def open_run(self, run: str) -> None:
        """Show a run: live where it is carried out, from the journal where it is not."""

    @abstractmethod
    def resume_run(self, run: str) -> None:
        """Ask whether to go on with a run, after showing what has changed since; then do."""

    @abstractmethod
    def take_over(self, run: str) -> None:
        """Ask the process that carries a run out to yield it, and carry it out here."""

    @abstractmethod
    async def look_back(self, run: str, with_key: bool) -> "Undo":
        """What an undo of a run would do; raises AzureError, JournalError and LookupError."""

    @abstractmethod
    def mend_journal(self) -> None:
        """Ask whether to set a damaged journal aside; then begin a new one."""

    @abstractmethod
    def say(self, text: str, *, bad: bool = False) -> None:
        """Say one thing at the edge of the screen for a few seconds; never parsed as markup."""
