"""A report as Markdown, as one HTML page that needs nothing else, as JSON. All is escaped."""

import re
from collections.abc import Iterator
from html import escape

import msgspec

from services.diagnosis.document import diagnosis_document
from services.diagnosis.report import (
    WORDS,
    Block,
    Code,
    Heading,
    Item,
    Line,
    Listing,
    Paragraph,
    Span,
    Table,
    Word,
    blocks,
)
from services.model.diagnosis import Diagnosis

_MARKS = re.compile(
    r"([\\`*\[\]<>|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[#+=-](?=\s|$)|(?<=^\d)[.)]"
    r"|:(?=//)|(?<=www)\.)"
)
"""What Markdown would read as more than text, addresses that become links included."""


FORMS = ("md", "html", "json")


def report(diagnosis: Diagnosis, form: str) -> str:
    """The report in one of FORMS; JSON is the document of ``wrapkey diagnose --json``."""
    if form == "json":
        data = msgspec.json.encode({"schema": 1, **diagnosis_document(diagnosis)})
        return msgspec.json.format(data, indent=2).decode() + "\n"
    return html(diagnosis) if form == "html" else markdown(diagnosis)


def markdown(diagnosis: Diagnosis) -> str:
    """The report as Markdown (GitHub's)."""
    return "\n\n".join("\n".join(_marked(one)) for one in blocks(diagnosis)) + "\n"


def _marked(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, line):
            yield f"{'#' * level} {_md(line)}"
        case Paragraph(line, kind):
            text = _md(line)
            yield f"**{text}**" if kind == "lead" else f"*{text}*" if kind == "note" else text
        case Listing(items, numbered):
            yield from _md_items(items, "", numbered)
        case Table(head, rows):
            width = len(rows[0]) if rows else len(head)
            yield _md_row([_escaped(name) for name in head or [""] * width])
            yield _md_row(["---"] * width)
            for row in rows:
                yield _md_row([_md(cell, in_table=True) for cell in row])


def _md_items(items: tuple[Item, ...], margin: str, numbered: bool = False) -> Iterator[str]:
    mark = "1." if numbered else "-"
    for item in items:
        yield f"{margin}{mark} {_md(item.line)}"
        yield from _md_items(item.below, f"{margin}  ")


def _md_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _md(line: Line, *, in_table: bool = False) -> str:
    return "".join(_md_span(span, in_table) for span in line)


def _md_span(span: Span, in_table: bool) -> str:
    if isinstance(span, Word):
        return f"**{WORDS[span.status]}**"
    if isinstance(span, Code):
        return _md_code(span.text, in_table) if span.text else ""
    return _escaped(span)


def _md_code(text: str, in_table: bool) -> str:
    """A code span; a table's bar has to be escaped even there."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    shown = text.replace("|", "\\|") if in_table else text
    return f"{fence}{pad}{shown}{pad}{fence}"


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;
overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25;margin:1.6em 0 .5em}h3{margin-top:1.2em}
.lead{font-weight:600}.note{opacity:.75;font-size:.9em}
code{font:.9em/1.4 ui-monospace,monospace}
table{border-collapse:collapse;width:100%}
td,th{border:1px solid #8888;padding:.25rem .5rem;text-align:left;vertical-align:top}
th{white-space:nowrap}thead+tbody td:first-child{min-width:10.5em}
ul,ol{padding-left:1.4rem}li{margin:.15rem 0}
b{font-family:ui-monospace,monospace}
.fail{color:#b3001b}.warn{color:#8a5a00}.unknown{color:#5b4bb3}.ok{color:#1a6e2e}
@media(prefers-color-scheme:dark){.fail{color:#ff8a94}.warn{color:#f0b65a}.unknown{color:#b5a8ff}
.ok{color:#7fd493}}
@media print{:root{color-scheme:light}body{font-size:10pt;margin:0;max-width:none}
h1,h2,h3{break-after:avoid}tr,li{break-inside:avoid}thead{display:table-header-group}
.fail,.warn,.unknown,.ok{color:#000}}
"""
"""No colour is needed to understand anything: each status is a word."""

_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width">\n'
    '<meta name="referrer" content="no-referrer">\n'
)


def html(diagnosis: Diagnosis) -> str:
    """The report as one page: no script, nothing loaded, readable printed."""
    title = escape(f"Diagnosis of {diagnosis.target.name}")
    body = "\n".join("".join(_tagged(one)) for one in blocks(diagnosis))
    style = f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    return f"{_HEAD}{style}{body}\n</main>\n</body>\n</html>\n"


def _tagged(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, line):
            yield f"<h{level}>{_html(line)}</h{level}>"
        case Paragraph(line, kind):
            yield f'<p class="{kind}">{_html(line)}</p>' if kind else f"<p>{_html(line)}</p>"
        case Listing(items, numbered):
            yield from _html_items(items, "ol" if numbered else "ul")
        case Table(head, rows):
            yield "<table>"
            if head:
                cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
                yield f"<thead><tr>{cells}</tr></thead>"
            yield "<tbody>"
            for row in rows:
                yield f"<tr>{''.join(_cells(row, bool(head)))}</tr>"
            yield "</tbody></table>"


def _cells(row: tuple[Line, ...], headed: bool) -> Iterator[str]:
    """Cells of a row; a table without a head is named by its first column."""
    for at, cell in enumerate(row):
        named = not at and not headed
        yield f'<th scope="row">{_html(cell)}</th>' if named else f"<td>{_html(cell)}</td>"


def _html_items(items: tuple[Item, ...], tag: str) -> Iterator[str]:
    yield f"<{tag}>"
    for item in items:
        yield f"<li>{_html(item.line)}"
        if item.below:
            yield from _html_items(item.below, "ul")
        yield "</li>"
    yield f"</{tag}>"


def _html(line: Line) -> str:
    return "".join(_html_span(span) for span in line)


def _html_span(span: Span) -> str:
    if isinstance(span, Word):
        return f'<b class="{span.status}">{WORDS[span.status]}</b>'
    if isinstance(span, Code):
        return f"<code>{escape(span.text)}</code>" if span.text else ""
    return escape(span)
