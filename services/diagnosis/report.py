"""A diagnosis as a document for people: what stands in it, whatever it is written as. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.diagnosis.causes import consequences, roots
from services.model.diagnosis import NOUNS, Change, Diagnosis, Node
from services.model.plan import Finding, Status

WORDS: dict[Status, str] = {
    "ok": "OK",
    "fix": "FIX",
    "warn": "WARN",
    "fail": "FAIL",
    "unknown": "??",
    "skipped": "--",
}


@dataclass(frozen=True)
class Code:
    """Something to be copied: an id, a call, a value."""

    text: str


@dataclass(frozen=True)
class Word:
    """A status."""

    status: Status


Span = str | Code | Word
Line = tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """Levels: 1 the document, 2 a section, 3 a finding."""

    level: int
    line: Line


@dataclass(frozen=True)
class Paragraph:
    """Plain text; strong where it names what the section is about."""

    line: Line
    kind: Literal["", "lead", "note"] = ""


@dataclass(frozen=True)
class Item:
    """An entry of a list, with those below it."""

    line: Line
    below: tuple["Item", ...] = ()


@dataclass(frozen=True)
class Listing:
    """A list."""

    items: tuple[Item, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """Rows; an empty head has no names for its columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


Block = Heading | Paragraph | Listing | Table


def blocks(diagnosis: Diagnosis) -> Iterator[Block]:
    """The whole report, from what matters most to what only a support ticket needs."""
    yield Heading(1, (f"Diagnosis of {diagnosis.target.name}",))
    yield Paragraph((summary(diagnosis),), "lead")
    yield from _about(diagnosis)
    yield from _causes(diagnosis)
    yield from _others(diagnosis)
    yield Heading(2, ("What it depends on",))
    yield Listing((_node(diagnosis.tree),))
    yield from _timeline(diagnosis)
    yield from _unread(diagnosis)
    yield from _ticket(diagnosis)
    yield Paragraph(("wrapkey read this from Azure and changed nothing.",), "note")


def summary(diagnosis: Diagnosis) -> str:
    """How much is wrong, in one sentence."""
    causes = len(roots(diagnosis))
    said = [one.status for one in diagnosis.findings]
    counted = (
        (causes, "root cause"),
        (said.count("fail") - causes, "consequence"),
        (said.count("warn"), "warning"),
        (said.count("unknown"), "thing that is not known", "things that are not known"),
    )
    parts = [f"{n} {words[0] if n == 1 else (words[1:] or (f'{words[0]}s',))[0]}"
             for n, *words in counted if n]  # fmt: skip
    if not causes:
        return "Nothing fails." if not parts else f"Nothing fails: {', '.join(parts)}."
    return f"{', '.join(parts)}."


def moment(at: datetime) -> str:
    """UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _about(diagnosis: Diagnosis) -> Iterator[Block]:
    noun = NOUNS[diagnosis.target.kind].capitalize()
    rows: list[tuple[str, Span]] = [(noun, Code(diagnosis.target.id))]
    if diagnosis.target.asked and diagnosis.target.asked != diagnosis.target.id:
        rows.append(("Asked for", Code(diagnosis.target.asked)))
    rows += [("When", moment(diagnosis.at)), ("Who asked", diagnosis.by or "??")]
    rows.append(("Cloud", diagnosis.cloud or "??"))
    if diagnosis.masked:
        rows.append(("Names and ids", "masked; the same mask stands for the same thing"))
    yield Table((), tuple(((name,), (value,)) for name, value in rows))


def _causes(diagnosis: Diagnosis) -> Iterator[Block]:
    found = roots(diagnosis)
    if not found:
        return
    yield Heading(2, ("Root cause" if len(found) == 1 else "Root causes",))
    for root in found:
        yield from _finding(root)
        below = consequences(diagnosis, root.id)
        if below:
            yield Paragraph(("What follows from it:",))
            yield Listing(tuple(Item(_line(one), _evidence(one)) for one in below))


def _finding(one: Finding) -> Iterator[Block]:
    yield Heading(3, _line(one))
    if one.since is not None:
        yield Paragraph((f"Since {moment(one.since)}{f', by {one.by}' if one.by else ''}.",))
    if one.meaning:
        yield Paragraph((one.meaning,))
    seen = _evidence(one)
    if seen:
        yield Paragraph(("What was read:",))
        yield Listing(seen)
    yield from _repair(one)
    if one.source:
        yield Paragraph((f"Source of the rule: {one.source}",), "note")


def _repair(one: Finding) -> Iterator[Block]:
    if one.repair is None:
        return
    if not one.repair.steps:
        text = one.repair.text
        yield Paragraph(("Repair: ", Code(text) if text.startswith("az ") else text))
    else:
        yield Paragraph(("Repair:",))
        steps = (
            f"{step.title}. Can't be undone: {step.irreversible}"
            if step.irreversible
            else step.title
            for step in one.repair.steps
        )
        yield Listing(tuple(Item((text,)) for text in steps), numbered=True)


def _line(one: Finding) -> Line:
    number = f" ({', '.join(one.failures)})" if one.failures else ""
    return (Word(one.status), f" {one.title}{number}")


def _evidence(one: Finding) -> tuple[Item, ...]:
    return tuple(
        Item(
            (
                Code(seen.call),
                f": {seen.field} " if seen.field else ": ",
                Code(seen.value),
                *((", request ", Code(seen.request_id)) if seen.request_id else ()),
            )
        )
        for seen in one.evidence
    )


def _others(diagnosis: Diagnosis) -> Iterator[Block]:
    for status, title in (("warn", "Warnings"), ("unknown", "Not known")):
        found = [one for one in diagnosis.findings if one.status == status]
        if found:
            yield Heading(2, (title,))
        for one in found:
            yield from _finding(one)
    fine = sum(one.status == "ok" for one in diagnosis.findings)
    if fine:
        yield Paragraph((f"{fine} further checks found nothing wrong.",), "note")


def _node(node: Node) -> Item:
    note = f": {node.note}" if node.note else ""
    kind = "" if node.kind in ("cosmos", "search", "storage") else node.kind.replace("-", " ")
    text = f" {kind} {node.title}{note}" if kind else f" {node.title}{note}"
    return Item((Word(node.status), text), tuple(_node(one) for one in node.below))


def _timeline(diagnosis: Diagnosis) -> Iterator[Block]:
    if not diagnosis.timeline:
        return
    titles = {one.id: one.title for one in diagnosis.findings}
    yield Heading(2, ("Timeline",))
    yield Table(
        ("When", "What", "About", "By", "From", "Fits"),
        tuple(_change(one, titles) for one in diagnosis.timeline),
    )


def _change(one: Change, titles: dict[str, str]) -> tuple[Line, ...]:
    fits = "; ".join(titles.get(id, id) for id in one.fits)
    return (
        (moment(one.at),),
        (one.what,),
        (Code(one.subject),) if one.subject else (),
        (one.by,),
        (one.source,),
        (fits,),
    )


def _unread(diagnosis: Diagnosis) -> Iterator[Block]:
    if diagnosis.unread:
        yield Heading(2, ("What could not be read",))
        rows = (((one.what,), (one.why,)) for one in diagnosis.unread)
        yield Table(("What", "Why"), tuple(rows))


def _ticket(diagnosis: Diagnosis) -> Iterator[Block]:
    """Each request and each operation that a failing finding or a fitting change rests on."""
    rows: dict[str, tuple[Line, ...]] = {}
    for one in diagnosis.findings:
        for seen in one.evidence if one.status in ("fail", "warn", "unknown") else ():
            if seen.request_id:
                rows.setdefault(
                    seen.request_id, (("request",), (Code(seen.request_id),), (Code(seen.call),))
                )
    for change in diagnosis.timeline:
        if change.correlation_id and change.fits:
            rows[change.correlation_id] = (
                ("correlation",),
                (Code(change.correlation_id),),
                (f"{change.what}, {moment(change.at)}",),
            )
    if rows:
        yield Heading(2, ("For a support ticket",))
        yield Table(("Id of a", "Id", "Of"), tuple(rows.values()))
