"""What a workspace depends on, and what happened to it, as rows and as text. Pure."""

import re
from collections.abc import Iterator

import msgspec

from screens.diagnose.findings import Block, when
from screens.setup.findings import WORDS
from screens.widgets.table import Column, Row
from services.model.diagnosis import Change, Diagnosis, Node
from services.model.plan import Finding
from services.text import plain

TREE = (Column("State", status=True), Column("What it depends on", prose=True))
TIMELINE = (
    Column("Fits", status=True),
    Column("When", 18),
    Column("What", prose=True),
    Column("By", 16),
)
_VAULT = re.compile(r"https://[^/\s]+/keys/")
NOTHING = "Nothing is known to have happened: no entry of the activity log, no date of the key."


def node_rows(root: Node) -> list[Row]:
    """The tree from its root down, a row for each node."""
    return list(_nodes(root, 0, ""))


def _nodes(node: Node, depth: int, above: str) -> Iterator[Row]:
    key = f"{above}/{node.kind}:{node.id}"
    # the whole address stands below; a row has room for key and version
    note = f"   {_VAULT.sub('', plain(node.note))}" if node.note else ""
    text = f"{'   ' * depth}{node.kind.replace('-', ' ')}: {plain(node.title)}{note}"
    raw = msgspec.to_builtins(node)
    yield Row(key, (WORDS[node.status], text), node.id or node.title, raw=raw, data=node)
    for below in node.below:
        yield from _nodes(below, depth + 1, key)


def node_blocks(node: Node, by_id: dict[str, Finding]) -> list[Block]:
    """What the pane says of a node."""
    told = [("Id", node.id), ("Says", node.note)]
    for id in node.findings:
        if id in by_id:
            told.append((WORDS[by_id[id].status], by_id[id].title))
    if not node.findings:
        told.append((WORDS[node.status], _quiet(node)))
    return [(label, plain(text)) for label, text in told if text]


def _quiet(node: Node) -> str:
    """What no finding says of a node."""
    return "it could not be read" if node.status == "unknown" else "no check fails here"


def node_details(node: Node, by_id: dict[str, Finding]) -> str:
    """A node in full."""
    text = [f"{WORDS[node.status]}: {node.kind.replace('-', ' ')} {plain(node.title)}"]
    text += [f"{label}: {value}" for label, value in node_blocks(node, by_id)]
    return "\n".join(text)


def change_rows(diagnosis: Diagnosis, *, local: bool = False) -> list[Row]:
    """The timeline, newest first; what fits a finding has the finding's word."""
    by_id = {one.id: one for one in diagnosis.findings}
    return [
        Row(
            f"{number}",
            (_word(one, by_id), when(one.at, local=local), plain(one.what), plain(one.by)),
            one.subject or one.what,
            raw=msgspec.to_builtins(one),
            order={1: one.at},
            data=one,
        )
        for number, one in enumerate(diagnosis.timeline)
    ]


def _word(change: Change, by_id: dict[str, Finding]) -> str:
    """The gravest word of what a change fits; empty for a change that fits nothing."""
    said = {by_id[id].status for id in change.fits if id in by_id}
    return next((WORDS[status] for status in ("fail", "warn") if status in said), "")


def change_blocks(change: Change, by_id: dict[str, Finding], *, local: bool) -> list[Block]:
    """What the pane says of a change."""
    who = change.by or "nobody: it came by itself"
    if change.by == "??":
        who = "?? (changes of keys are not in the activity log)"
    told = [
        ("Fits", "; ".join(by_id[id].title for id in change.fits if id in by_id)),
        ("What", change.what),
        ("When", f"{when(change.at, local=local)}, by {who}"),
        ("Of", change.subject),
        ("Told by", f"the {change.source}"),
        ("Correlation", change.correlation_id),
    ]
    return [(label, plain(text)) for label, text in told if text]


def change_details(change: Change, by_id: dict[str, Finding], *, local: bool) -> str:
    """A change in full."""
    said = change_blocks(change, by_id, local=local)
    return "\n".join(f"{label}: {value}" for label, value in said)
