"""A diagnosis out of a file: the same screen, asking and writing nothing."""

from screens.diagnose import exporting
from screens.diagnose import findings as told
from screens.diagnose.shown import Shown
from services.model.diagnosis import Diagnosis

OFFLINE = "This was read from a file: nothing is asked of Azure, nothing is written."


class KeptPage(Shown):
    """What somebody else saw, as they saw it."""

    def __init__(self, diagnosis: Diagnosis, file: str) -> None:
        """Show a diagnosis; ``file`` is where it comes from, to be said."""
        super().__init__(diagnosis.target)
        self._kept, self._file = diagnosis, file

    def where(self) -> str:
        return f"Diagnose > {self._file}"

    def on_mount(self) -> None:
        super().on_mount()
        by = f", as {self._kept.by} could read it" if self._kept.by else ""
        self.show(self._kept, f"As of {told.when(self._kept.at)}{by}, from {self._file}.")

    def action_again(self) -> None:
        self.shell.say(OFFLINE)

    def action_proof(self) -> None:
        self.shell.say(OFFLINE)

    def action_export(self) -> None:
        exporting.ask(self, None, self._kept)

    def action_repair(self) -> None:
        self.shell.say(f"{OFFLINE} It is repaired from a diagnosis of one's own.")

    def action_repair_all(self) -> None:
        self.action_repair()
