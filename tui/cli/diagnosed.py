"""A diagnosis as lines for a person: root causes first, what they cause, then the tree."""

import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui.cli.plans import WORDS

if TYPE_CHECKING:
    from services.model.diagnosis import Diagnosis, Node
    from services.model.plan import Evidence, Finding

INDENT = 6
"""Columns of the status word, and of all that stands below a finding."""
LEAST = 40
"""In a narrower terminal nothing is folded."""
_ID = re.compile(r"/subscriptions/[^\s,;:'\"]+|https://[^\s,;'\"]+/keys/[^\s,;'\"]+", re.IGNORECASE)
_COMMAND = re.compile(r"\baz [a-z]")


def lines(found: "Diagnosis", width: int = 0) -> Iterator[str]:
    """The lines, folded at ``width`` columns with each id in full only once; 0: as they are.

    A line with a command is never folded, so that it can be copied whole.
    """
    page = _Page(width)
    from services.diagnosis.causes import consequences, roots

    causes = roots(found)
    for root in causes:
        yield from page.head(root)
        for one in consequences(found, root.id):
            yield from page.fold(f"so   {WORDS[one.status]:<5} {one.title}", INDENT, 11)
        yield from page.body(root)
    if not causes:
        yield "Nothing fails."
    for one in found.findings:
        if one.status in ("warn", "unknown"):
            yield from page.fold(f"{WORDS[one.status]:<5} {one.title}", 0, INDENT)
        if one.status == "unknown" and one.meaning:
            yield from page.fold(one.meaning, INDENT)
    yield ""
    yield from page.tree(found.tree, 0)


class _Page:
    """Folds lines, and remembers which ids have been told in full."""

    def __init__(self, width: int) -> None:
        self._width = width if width >= LEAST else 0
        self._seen: set[str] = set()

    def fold(self, text: str, indent: int, below: int = 0) -> list[str]:
        """A text in lines: the first begins at ``indent``, the others further in."""
        margin = " " * indent
        if not self._width or _COMMAND.search(text):
            return [f"{margin}{text}"]
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=margin,
            subsequent_indent=margin + " " * below,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _short(self, text: str) -> str:
        """Ids that stood here before by their last two parts."""
        return _ID.sub(self._once, text) if self._width else text

    def _once(self, match: re.Match[str]) -> str:
        id = match[0]
        if id.lower() in self._seen:
            return f"…/{'/'.join(id.rstrip('/').split('/')[-2:])}"
        self._seen.add(id.lower())
        return id

    def head(self, one: "Finding") -> Iterator[str]:
        """What it is, since when, by whom."""
        number = f" ({', '.join(one.failures)})" if one.failures else ""
        yield from self.fold(f"{WORDS[one.status]:<5} {one.title}{number}", 0, INDENT)
        if one.since is not None:
            by = f", by {one.by}" if one.by else ""
            yield from self.fold(f"since {one.since:%Y-%m-%dT%H:%M:%SZ}{by}", INDENT)

    def body(self, one: "Finding") -> Iterator[str]:
        """What it means, what shows it, what repairs it."""
        if one.meaning:
            yield from self.fold(one.meaning, INDENT)
        for seen in one.evidence:
            yield from self._evidence(seen)
        yield from self._repair(one)

    def _evidence(self, seen: "Evidence") -> Iterator[str]:
        said = f"{seen.call}: {seen.field} {self._short(seen.value)}"
        yield from self.fold(said, INDENT, 2)
        if seen.request_id:
            yield from self.fold(f"request {seen.request_id}", INDENT + 2)

    def _repair(self, one: "Finding") -> Iterator[str]:
        if one.repair is None:
            return
        if not one.repair.steps:
            yield from self.fold(f"Repair: {one.repair.text}", INDENT)
            return
        yield from self.fold("Repair (wrapkey repair):", INDENT)
        for step in one.repair.steps:
            forever = f" Can't be undone: {step.irreversible}" if step.irreversible else ""
            yield from self.fold(f"- {step.title}.{forever}", INDENT + 2, 2)
        for each in one.repair.blocked:
            yield from self.fold(f"{each.why} {each.who}:", INDENT + 2)
            yield " " * (INDENT + 4) + each.command

    def tree(self, node: "Node", depth: int) -> Iterator[str]:
        """A node and what it depends on."""
        note = f"  {self._short(node.note)}" if node.note else ""
        kind = node.kind.replace("-", " ")
        head = f"{WORDS[node.status]:<5} {'  ' * depth}{kind}: {self._short(node.title)}"
        yield from self.fold(f"{head}{note}", 0, INDENT + 2 * depth + 2)
        for below in node.below:
            yield from self.tree(below, depth + 1)
