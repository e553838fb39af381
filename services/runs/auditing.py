"""Whether the audit file is whole: its chain line by line, and each line beside the journal.

It shows edits. It does not show a file that was written anew from its first line on by somebody
who changed the journal too.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.runs.audit import FILE, UNENDED, AuditLine, digest, expected, raw_lines, read
from services.runs.journal import Journal
from services.runs.lock import owned

COMPARED = (
    *("step", "method", "host", "path", "body_sha256"),
    *("status", "request_id", "operation", "error"),
)
"""Fields of a line that the journal knows too."""


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says by itself."""

    lines: int
    broken: int = 0
    """Number of the first line that is not as it was written, from 1; 0: none."""
    why: str = ""
    torn: int = 0
    """Lines that a crash cut, as the line after them says."""
    filled: int = 0
    """Lines that were filled in from the journal."""
    entries: tuple[tuple[int, AuditLine], ...] = ()
    """Every line that can be read, with its number."""


class AuditVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The audit file, judged."""

    path: str
    ok: bool
    lines: int
    broken: int = 0
    """Number of the first line that breaks the chain, from 1; 0: none."""
    why: str = ""
    differing: tuple[int, ...] = ()
    """Numbers of lines that say something else than the journal."""
    missing: tuple[str, ...] = ()
    """Writes of ended runs that the journal knows and the file does not: ``RUN/WRITE sent``."""
    to_fill: int = 0
    """Lines that a crash kept from the file; the next start fills them in."""
    before: int = 0
    """Writes that are older than the file."""
    unknown: int = 0
    """Lines of runs that the journal does not know, as after it was set aside."""
    filled: int = 0
    torn: int = 0


async def verify(journal: Journal) -> AuditVerdict:
    """Walk the chain, then compare it with the journal; raises JournalError."""
    path = journal.path.with_name(FILE)
    chain = walk(await asyncio.to_thread(raw_lines, path))
    by_key = {line.key: (number, line) for number, line in chain.entries}
    since = min((line.at for _, line in chain.entries), default=None)
    rows = await journal.runs()
    differing: set[int] = set()
    missing: list[str] = []
    to_fill = before = 0
    for row in rows:
        if owned(journal.path.parent, row.id):
            continue  # its lines are being written at this moment
        for wish in expected(row, await journal.writes(row.id)):
            if wish.key in by_key:
                number, line = by_key[wish.key]
                if _differs(wish, line):
                    differing.add(number)
            elif _older(wish, since):
                before += wish.event == "sent"
            elif row.status in UNENDED:
                to_fill += 1
            else:
                missing.append(f"{row.id}/{wish.write} {wish.event}")
    known = {row.id for row in rows}
    return AuditVerdict(
        path=str(path),
        ok=not (chain.broken or differing or missing),
        lines=chain.lines,
        broken=chain.broken,
        why=chain.why,
        differing=tuple(sorted(differing)),
        missing=tuple(missing),
        to_fill=to_fill,
        before=before,
        unknown=sum(line.run not in known for _, line in chain.entries),
        filled=chain.filled,
        torn=chain.torn,
    )


def walk(lines: Sequence[bytes]) -> Chain:
    """Follow the chain from the first line to the last. Pure."""
    found = [read(text) for text in lines]
    broken, why, torn, block = 0, "", 0, list[bytes]()
    for number, (text, line) in enumerate(zip(lines, found, strict=True), 1):
        if line is None:
            block.append(text)
            continue
        cut = number - 1 - _before(found, number)
        if line.torn != bool(cut):
            broken, why = max(1, number - 1), _UNSAID if cut else _NO_CUT.format(number)
        elif line.prev != digest(block):
            broken = max(1, number - 1)
            why = _UNCHAINED.format(number, broken) if number > 1 else _HEADLESS
        if broken:
            break
        torn, block = torn + cut, [text]
    entries = tuple((place, line) for place, line in enumerate(found, 1) if line is not None)
    return Chain(
        lines=len(lines),
        broken=broken,
        why=why,
        torn=torn,
        filled=sum(line.filled for _, line in entries),
        entries=entries,
    )


_HEADLESS = "Lines before line 1 were taken away, or line 1 was changed."
_UNSAID = "A line before it is no line of an audit file, and no crash cut it."
_NO_CUT = "Line {} says that a crash cut what stood before it, and nothing there is cut."
_UNCHAINED = (
    "Line {0} was not written after line {1} as it is now: line {1} was changed, line {0} was, or"
    " lines between them were taken away or added."
)


def _before(found: Sequence[AuditLine | None], number: int) -> int:
    """Number of the last whole line before this one, 0 where there is none."""
    return next((at for at in range(number - 1, 0, -1) if found[at - 1] is not None), 0)


def _differs(wish: AuditLine, line: AuditLine) -> bool:
    """The journal of an older layout did not keep the host."""
    return any(
        getattr(wish, name) != getattr(line, name)
        for name in COMPARED
        if not (name == "host" and not wish.host)
    )


def _older(wish: AuditLine, since: datetime | None) -> bool:
    return since is None or wish.at < since
