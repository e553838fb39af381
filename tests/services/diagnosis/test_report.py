"""Reports: what stands in them, hostile names, and HTML in a real browser without a network."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alive import NOW
from looking import TARGET, signed_in
from sandboxed import RunningSandbox

from services.diagnosis import written
from services.diagnosis.causes import consequences, roots
from services.diagnosis.diagnose import diagnose
from services.diagnosis.report import moment, summary
from services.model.diagnosis import Change, Diagnosis, Node, NotRead, Target
from services.model.plan import Evidence, Finding, Repair, Step

HOSTILE = (
    "</title></style><script>document.title='owned'</script><img src=http://evil.test/x"
    " onerror=alert(1)>\"' `code` ``` [link](http://evil.test) | <http://evil.test> www.evil.test"
    " *b* _i_ # &lt; $x$ ![p](http://evil.test/p.png)"
)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "b", "code"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}


def hostile() -> Diagnosis:
    """A diagnosis in which every text is hostile."""
    step = Step(id=HOSTILE, kind="x", title=HOSTILE, action="change", target=HOSTILE)
    step = msgspec.structs.replace(step, irreversible=HOSTILE)
    told: dict[str, Any] = {
        "subject": HOSTILE,
        "title": HOSTILE,
        "failures": (HOSTILE,),
        "evidence": (Evidence(call=HOSTILE, field=HOSTILE, value=HOSTILE, request_id=HOSTILE),),
        "meaning": HOSTILE,
        "by": HOSTILE,
        "source": HOSTILE,
    }
    found = (
        Finding(
            id="a",
            check="a",
            status="fail",
            since=NOW,
            repair=Repair(text=HOSTILE, steps=(step,)),
            **told,
        ),
        Finding(id="b", check="b", status="fail", causes=("a",), **told),
        Finding(id="c", check="c", status="warn", repair=Repair(text=f"az {HOSTILE}"), **told),
        Finding(id="d", check="d", status="unknown", **told),
    )
    node = Node(id=HOSTILE, kind=HOSTILE, title=HOSTILE, status="fail", note=HOSTILE)
    change = Change(
        at=NOW, what=HOSTILE, subject=HOSTILE, by=HOSTILE, correlation_id=HOSTILE, fits=("a",)
    )
    return Diagnosis(
        target=Target(id=HOSTILE, name=HOSTILE, asked=HOSTILE + "?"),
        at=NOW,
        by=HOSTILE,
        cloud=HOSTILE,
        tree=msgspec.structs.replace(node, below=(node,)),
        findings=found,
        timeline=(change,),
        unread=(NotRead(what=HOSTILE, why=HOSTILE),),
        masked=True,
    )


class Tags(HTMLParser):
    """Which tags and attributes a page has, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said: list[str] = []
        self._quiet = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._quiet = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.said.append(data)


def test_no_name_becomes_markup_of_a_page() -> None:
    page = Tags(written.html(hostile()))
    assert page.tags == TAGS
    assert page.attributes == {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert "".join(page.said).count(HOSTILE) > 25, "every text is there, as text"


def test_a_page_needs_nothing_else() -> None:
    style = written.STYLE
    assert "url(" not in style and "@import" not in style and "http" not in style
    assert "default-src 'none'" in written.html(hostile())


def bared(line: str) -> str:
    """A line of Markdown without what is escaped and without code."""
    kept = ""
    while line:
        escaped = re.match(r"\\[!-/:-@\[-`{-~]", line)
        code = re.match(r"(`+)(?!`).*?(?<!`)\1(?!`)", line)
        found = escaped or code
        kept += "" if found else line[0]
        line = line[found.end() if found else 1 :]
    return kept


def test_no_name_becomes_markup_of_markdown() -> None:
    text = written.markdown(hostile())
    for line in text.splitlines():
        bare = bared(line)
        assert not re.search(r"[<>\[\]`]|://|www\.", bare), line
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3, 4, 7}


async def test_a_report_tells_everything(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f08-grant-removed")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    page, text = "".join(Tags(written.html(found)).said), written.markdown(found)
    assert summary(found) == "1 root cause, 2 consequences, 1 warning."
    change = next(one for one in found.timeline if root.id in one.fits)
    told = [
        *(TARGET.id, moment(found.at), found.by, root.title, root.meaning, root.source),
        *(one.title for one in consequences(found, root.id)),
        *(one.request_id for one in root.evidence),
        *(step.title for step in root.repair.steps if root.repair),
        *(change.what, change.correlation_id, f"Since {moment(root.since or NOW)}, by {root.by}"),
        *("Timeline", "What it depends on", "For a support ticket", "mlw-prod"),
    ]
    plain = re.sub(r"\\(.)", r"\1", text)
    for one in told:
        assert one in page
        assert one in plain
    order = [page.index(one.title) for one in (root, *consequences(found, root.id))]
    assert order == sorted(order)


async def test_what_could_not_be_read_stands_in_it_with_its_reason(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    async with signed_in(sandbox, "reader") as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    page = "".join(Tags(written.html(found)).said)
    assert summary(found).startswith("Nothing fails: ")
    for one in found.unread:
        assert one.what in page and one.why in page


CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "",
)
WITHOUT_NETWORK = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"),
)


def browser(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [CHROMIUM, *WITHOUT_NETWORK, f"--user-data-dir={folder / 'profile'}", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed here")
def test_a_browser_opens_it_without_a_network_and_runs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(written.html(hostile()), encoding="utf-8")
    page = Tags(browser(tmp_path, "--dump-dom", file.as_uri()))
    assert page.tags == TAGS
    said = "".join(page.said)
    assert f"Diagnosis of {HOSTILE}" in said
    assert said.count(HOSTILE) > 25
    printed = tmp_path / "report.pdf"
    browser(tmp_path, f"--print-to-pdf={printed}", file.as_uri())
    assert printed.read_bytes().startswith(b"%PDF")
