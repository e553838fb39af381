"""Sign in: every way there is with what it answered, and the code of a device sign-in."""

from textual.app import ComposeResult
from textual.widgets import Static

from screens.base import Page
from screens.keys import bind
from screens.session import Session
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.shown import lines
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row

TITLES = {
    "azure-cli": "Azure CLI",
    "environment": "environment",
    "managed-identity": "managed identity",
    "device-code": "device code",
}

_WORDS = {"ready": "OK", "unavailable": "--", "failed": "FAIL", "timed out": "--"}

WAYS = (Column("", status=True), Column("Way", 16), Column("Took", 6, right=True), Column("Says"))
PEOPLE = (Column("", status=True), Column("Principal", 16), Column("Roles"))


class SignIn(Page[None]):
    """Who is signed in, how, and as whom else one could be."""

    AUTO_FOCUS = "ListTable"
    BINDINGS = bind("again", "tenant", "code", "text")
    title_word = "Sign in"
    guide = (
        "Every way to sign in is asked at the same time, each with its own time limit. Enter "
        "signs in with the selected one. wrapkey keeps no credential and never opens a browser: "
        "a device code can be entered on any machine."
    )

    def body(self) -> ComposeResult:
        sandbox = self.shell.session.is_sandbox
        yield TitleLine("Who to be in the sandbox" if sandbox else "Ways to sign in")
        yield ListTable(PEOPLE if sandbox else WAYS)
        yield Static(markup=False, id="who")
        yield Note(id="note")

    def on_mount(self) -> None:
        self.session_changed()

    def session_changed(self) -> None:
        session = self.shell.session
        self.query_one(ListTable).load(people(session) if session.is_sandbox else ways(session))
        self.query_one(TitleLine).show(right=session.stage)
        self._tell()
        self.query_one(Note).say(note(session))
        self.refresh_bindings()

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        session, row = self.shell.session, self.query_one(ListTable).current
        probe = session.probes.get(row.key) if row else None
        said = f"\n\n {probe.reason}" if probe else ""
        self.query_one("#who", Static).update(lines(identity(session) + said))

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self.shell.connect(only=row.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The code's keys exist while there is a code; a sandbox has no other tenant to ask."""
        if action in {"copy_code", "text"}:
            return self.shell.session.code is not None
        return action != "tenant" or not self.shell.session.is_sandbox

    def action_again(self) -> None:
        self.shell.connect()

    def action_tenant(self) -> None:
        known = [one.tenant_id for one in self.shell.session.subscriptions]
        prompt = Prompt("tenant (id or domain):", known=sorted(set(known)))
        self.app.push_screen(prompt, self._switch)

    def _switch(self, tenant: str | None) -> None:
        if tenant:
            self.shell.connect(tenant=tenant.strip())

    def action_copy_code(self) -> None:
        code = self.shell.session.code
        if code is not None:
            self.shell.copy(code.code, "device code")

    def action_text(self) -> None:
        code = self.shell.session.code
        if code is not None:
            self.app.push_screen(TextView("Device code", f"{code.address}\n\n{code.code}"))

    def explain(self) -> Explanation:
        return Explanation(
            "Who you are to Azure",
            "Azure knows a person or an application by an object id, one in each tenant. Rights "
            "are granted to object ids. An app id names an application everywhere; granting to "
            "it instead of its object id in this tenant is a common mistake.",
            "What you may see and change here is exactly what this identity may. Reading a "
            "vault's keys needs rights of its own: Owner of the subscription does not have them "
            "on a vault that uses RBAC.",
            "Choose another way with enter, or another tenant with d.",
            "learn.microsoft.com, Application and service principal objects in Microsoft Entra ID",
        )


def ways(session: Session) -> list[Row]:
    """Every way to sign in with its answer, those not heard yet included."""
    rows = []
    for name, title in TITLES.items():
        probe = session.probes.get(name)
        if probe is None:
            asked = session.stage == "signing in"
            rows.append(
                Row(name, ("", title, "", "asked, no answer yet" if asked else "not asked"))
            )
            continue
        took = f"{probe.seconds:.1f} s"
        rows.append(Row(name, (_WORDS[probe.outcome], title, took, probe.reason)))
    return rows


def people(session: Session) -> list[Row]:
    """Everybody the sandbox knows."""
    caller = session.connection.caller if session.connection else None
    known = [
        Row(name, ("OK" if caller and caller.name == name else "", name, roles))
        for name, roles in session.principals
    ]
    code = Row("device-code", ("", TITLES["device-code"], "a code to enter in any browser"))
    return [*known, code] if known else []


def identity(session: Session) -> str:
    """The signed-in principal in three lines, or the code that waits."""
    if session.code is not None:
        until = f"{session.code.expires:%H:%M:%S}Z"
        return f" Open  {session.code.address}\n Enter {session.code.code}   until {until}\n"
    caller = session.connection.caller if session.connection else None
    if caller is None:
        return ""
    return (
        f" {caller.name} ({caller.kind})\n"
        f" object id  {caller.object_id}\n"
        f" tenant     {caller.tenant_id}"
    )


def note(session: Session) -> str:
    """What to do next."""
    if session.error is not None:
        return f"{session.error.what} {session.error.means} {session.error.do}"
    if session.code is not None:
        return "Any browser on any machine will do. wrapkey goes on by itself."
    if session.stage == "ready":
        return "Enter signs in with the selected one instead."
    return "Signing in."
