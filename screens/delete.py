"""Delete: what goes, what stays, what it costs; then its name, then the run."""

from collections.abc import Sequence

from screens.change import ChangePage, Line, findings
from screens.keys import bind
from screens.widgets.confirm import TypedConfirm
from services.azure.connection import Connection
from services.changes.deletion import plan_deletion, read
from services.changes.deletionwords import cost_line, name_of, when
from services.changes.model import Deletion
from services.diagnosis.target import NoTarget
from services.model.diagnosis import NOUNS, TargetKind
from services.model.plan import Plan


class DeletePage(ChangePage):
    """Nothing is deleted before its name was typed."""

    BINDINGS = bind("delete_now", "purge")
    title_word = "Delete"
    guide = (
        "DELETE goes, STAYS does not: vault and key never do. A workspace goes softly: it can be "
        "recovered for 14 days, and what Azure made for it goes on costing; p makes it a purge, for "
        "good at once. Container groups, disk encryption sets and clusters know no soft delete. FAIL "
        "refuses it. a asks for the name and then begins the run."
    )

    def __init__(self, id: str, name: str, kind: TargetKind = "workspace") -> None:
        super().__init__()
        self._target, self._named, self._kind = id, name, kind
        self._purge = False
        self._found: Deletion | None = None
        self.heading = f"Delete {name} softly" if kind == "workspace" else f"Delete {name} for good"

    def where(self) -> str:
        return self._named

    async def look(self, conn: Connection) -> Sequence[Line]:
        self._found = None
        session = self.shell.session
        state, currency = session.paths.state, session.memory.currency or "USD"
        try:
            found = await read(conn, self._target, state, purge=self._purge, currency=currency)
        except NoTarget as error:
            raise LookupError(str(error)) from None
        self._found, self.plan = found, plan_deletion(found)
        softly = found.kind == "workspace"
        what = "14 days of soft delete, against a purge" if softly else "What ends with it"
        price = Line("COST", what, cost_line(found))
        return [*findings(self.plan), price, *_goes(found), *_stays(found)]

    async def ask(self, plan: Plan) -> bool:
        found = self._found
        if found is None:
            return False
        word = "Purge" if found.purge and found.kind == "workspace" else "Delete"
        parts = [f"- {one.kind} {name_of(one)}, {when(found, one)}" for one in found.goes]
        text = "\n".join([*parts, "", cost_line(found), "Vault and key stay."])
        question = f"{word} {NOUNS[found.kind]} {found.name}?"
        answer = await self.app.push_screen_wait(TypedConfirm(question, text, found.name))
        return bool(answer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "delete_now":
            return self.ready or None
        if action == "purge":
            return self._kind == "workspace"
        return super().check_action(action, parameters)

    def action_delete_now(self) -> None:
        self.begin()

    def action_purge(self) -> None:
        self._purge = not self._purge
        self.heading = f"{'Purge' if self._purge else 'Delete'} {self._named}"
        self.heading += " for good" if self._purge else " softly"
        self.action_again()


def _goes(found: Deletion) -> list[Line]:
    return [
        Line("DELETE", f"{one.kind} {name_of(one)}, {when(found, one)}", one.why, one.id)
        for one in found.goes
    ]


def _stays(found: Deletion) -> list[Line]:
    return [Line("STAYS", f"{one.kind} {name_of(one)}", one.why, one.id) for one in found.stays]
