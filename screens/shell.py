"""What a screen may ask of the application around it."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.app import App

from screens.session import Session

if TYPE_CHECKING:
    from services.model.plan import Event, Plan
    from services.runs.engine import Run
    from services.runs.journal import RunRow


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
    def start_run(self, plan: "Plan") -> None:
        """Begin a run of this plan and show it; it lives in the application."""

    @abstractmethod
    def retry_step(self, run: "Run", step: str) -> None:
        """Try a step of a run again, also when the run has ended."""

    @abstractmethod
    async def past_runs(self) -> "list[RunRow]":
        """Every run the journal knows, newest first; raises JournalError."""

    @abstractmethod
    async def past_events(self, run: str) -> "list[Event]":
        """What happened in a run, in order; raises JournalError."""

    @abstractmethod
    def say(self, text: str, *, bad: bool = False) -> None:
        """Say one thing at the edge of the screen for a few seconds; never parsed as markup."""
