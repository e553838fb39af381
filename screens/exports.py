"""What is written out for tools that are not wrapkey: to read, to copy, and in a file."""

from pathlib import Path
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.base import Page
from screens.exportwish import ask_wish
from screens.keys import bind
from screens.saving import save
from screens.setup.tabs import Tab, TabLine
from screens.widgets.explain import Explanation
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from services.azure.errors import AzureError
from services.diagnosis.target import TYPES, NoTarget
from services.exports import reading
from services.exports.model import EXPORTS, BadExport, Export, ExportKind, Wish
from services.ids import ArmId
from services.model.diagnosis import NOUNS, Target
from services.text import plain, plain_lines

TITLES: dict[ExportKind, str] = {
    "aci-snippet": "Model to Container Instances",
    "storage-class": "StorageClass",
    "etcd-kms": "etcd (KMS)",
}
WHAT: dict[ExportKind, str] = {
    "aci-snippet": "Python for SDK v1 that deploys a model of the workspace to Container Instances, "
    "encrypted with your key.",
    "storage-class": "A StorageClass for data disks that your key encrypts, and a claim as an "
    "example.",
    "etcd-kms": "The commands that encrypt the cluster's secrets in etcd with a key of yours. They "
    "encrypt no disk.",
}
CHANGES: dict[ExportKind, str] = {
    "aci-snippet": "another key",
    "storage-class": "another set, name or kind of disk",
    "etcd-kms": "the key",
}
"""What v asks for."""
READS = "Reading what it takes. Nothing is changed here."
NONE = "Nothing is written out of a container group: wrapkey sets it up, rotates and deletes it itself."


def open_exports(page: Page[Any], target: Target) -> None:
    """What can be written out of this; where nothing can, that is said."""
    if target.kind in EXPORTS:
        page.app.push_screen(ExportPage(target))
    else:
        page.shell.say(NONE)


def open_of(page: Page[Any], id: ArmId) -> None:
    """The same, of an ARM id of a type that wrapkey sets up."""
    open_exports(page, Target(id=str(id), name=id.name, kind=TYPES[id.type.lower()]))


class ExportPage(Page[None]):
    """A file or lines for another tool; reads, and changes nothing but the file it writes."""

    BINDINGS = bind(
        *("write_export", "copy_export", "copy_lines", "change_export", "next_export"),
        *("again_list", "down_text", "up_text"),
    )
    AUTO_FOCUS = "VerticalScroll"
    title_word = "For other tools"
    guide = (
        "What wrapkey does not do itself it writes out for the tool that does: the file first, then "
        "what to run with it, then what to know of it. w writes the file, mode 0600; y sends it to "
        "the terminal's clipboard and Y the lines to run. v asks for another key, set, name or kind "
        "of disk. Tab goes to the other export of a cluster. Nothing is changed in Azure."
    )

    def __init__(self, target: Target) -> None:
        """``target``: of one of the kinds in services.exports.model.EXPORTS."""
        super().__init__()
        self._target = target
        self._kinds = EXPORTS[target.kind]
        self._kind: ExportKind = self._kinds[0]
        self._wish = Wish()
        self._found: dict[ExportKind, Export] = {}

    def where(self) -> str:
        return self._target.name

    def body(self) -> ComposeResult:
        noun = NOUNS[self._target.kind]
        yield TitleLine(f"For other tools  {plain(self._target.name)} ({noun})", "not read yet")
        yield TabLine(tuple(Tab(kind, TITLES[kind]) for kind in self._kinds))
        with VerticalScroll(id="explained"):
            yield Static(markup=False)
        yield Note(READS, id="note")

    def on_mount(self) -> None:
        self.action_again()

    # -- reading

    def action_again(self) -> None:
        self._found.pop(self._kind, None)
        self._show(Content(WHAT[self._kind]), "reading", READS)
        self._read(self._kind)

    @work(group="load", exclusive=True, description="read for an export")
    async def _read(self, kind: ExportKind) -> None:
        conn = self.shell.session.connection
        if conn is None:
            self._refused("Nobody is signed in yet: w on Home shows how. r reads then.")
            return
        try:
            self._found[kind] = await reading.read(conn, kind, self._target.id, self._wish)
        except AzureError as error:
            self._refused(f"{error.what} {error.means} {error.do} r reads again.")
        except (NoTarget, BadExport) as error:
            self._refused(f"{error} v chooses {CHANGES[kind]}.")
        else:
            self._tell()

    def _refused(self, why: str) -> None:
        self._show(Content(WHAT[self._kind]), "not possible", why)

    def _tell(self) -> None:
        """The export of the chosen tab."""
        found = self._found[self._kind]
        lines = ", Y what to run" if found.file else ""
        said = f"Nothing is changed here. w writes {_file(found)}, y copies it{lines}; v chooses "
        said += f"{CHANGES[self._kind]}."
        self._show(written(found), f"{len(found.text.splitlines())} lines", said)

    def _show(self, text: Content, state: str, note: str) -> None:
        self.query_one(TitleLine).show(right=state)
        self.query_one("#explained Static", Static).update(text)
        self.query_one("#explained").scroll_home(animate=False)
        self.query_one(Note).say(note)
        self.refresh_bindings()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs the text is dimmed until it is there."""
        if action in ("write_export", "copy"):
            return self._kind in self._found or None
        if action == "copy_lines":
            found = self._found.get(self._kind)
            return self._kind != "etcd-kms" and (bool(found) or None)
        if action == "next_export":
            return len(self._kinds) > 1
        return super().check_action(action, parameters)

    def action_next_export(self) -> None:
        at = self._kinds.index(self._kind)
        self._kind = self._kinds[(at + 1) % len(self._kinds)]
        self.query_one(TabLine).choose(self._kind)
        if self._kind in self._found:
            self._tell()
        else:
            self.action_again()
        self.refresh_explanation()

    def action_write_export(self) -> None:
        found = self._found[self._kind]

        def named(name: str | None) -> None:
            if name:
                save(self, Path(name).expanduser(), found.text.encode)

        self.app.push_screen(Prompt("Write it to", value=_file(found)), named)

    def action_copy(self) -> None:
        self.shell.copy(self._found[self._kind].text, TITLES[self._kind])

    def action_copy_lines(self) -> None:
        self.shell.copy("\n".join(self._found[self._kind].commands), "what to run")

    @work(group="ask", exclusive=True, description="ask for another export")
    async def action_change_export(self) -> None:
        wish = await ask_wish(self, self._kind, self._target, self._wish)
        if wish != self._wish:
            self._wish = wish
            self._found.clear()
            self.action_again()

    def action_cursor_down(self) -> None:
        self.query_one("#explained").scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        self.query_one("#explained").scroll_up(animate=False)

    def explain(self) -> Explanation:
        found = self._found.get(self._kind)
        return Explanation(
            TITLES[self._kind],
            WHAT[self._kind],
            "\n\n".join(found.says) if found else "",
            "Nothing is carried out by wrapkey: what stands here is for you, or for somebody who "
            "may do it, to read and to run.",
        )


def _file(found: Export) -> str:
    """The name it is written under, unless another one is given."""
    return found.file or f"{found.kind}.sh"


def written(found: Export) -> Content:
    """The file, what to run with it and what to know of it, each under its head. Pure."""
    file = found.file and ("\n\n", (found.file, "bold"), "\n", plain_lines(found.text).rstrip())
    run = "\n\n".join(f"$ {plain_lines(one)}" for one in found.commands)
    says = "\n\n".join(plain(one) for one in found.says)
    return Content.assemble(
        WHAT[found.kind],
        *(file or ()),
        *("\n\n", ("What to run", "bold"), "\n", run),
        *("\n\n", ("What to know", "bold"), "\n", says),
    )
