"""What the documents say of files, commands and codes is so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from sandbox import admin, scenario
from sandbox.faults import Fault
from sandbox.providers import APIS
from tui.cli import cli
from tui.exits import Exit

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
ROOMS = "tui|screens|services|sandbox|tests|benchmarks|docs"
MACHINE = re.compile(r"(?<![\w.:/])/(work|tmp|root|home|Users|opt|mnt)/\w")
ISSUE = re.compile(r"#\d+\b|\bissues? \d+\b", re.IGNORECASE)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def code(page: Path) -> Iterator[str]:
    """Fenced lines without their comments, and code spans in the text."""
    text = page.read_text(encoding="utf-8")
    fences = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    for block in fences.findall(text):
        yield from (re.sub(r"\s+#.*", "", line) for line in block.replace("\\\n", "").splitlines())
    yield from (span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", fences.sub("", text)))


@every_page
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(rf"(?<![\w/.-])(?:{ROOMS})/[\w./-]*", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name.rstrip(".")).exists()] == []


@every_page
def test_a_document_speaks_of_the_project_alone(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert MACHINE.search(text) is None
    assert ISSUE.search(text) is None


def find(words: list[str]) -> tuple[list[str], list[str]]:
    """The names of commands among the words after ``wrapkey``, and what none of them knows."""
    command: click.Command = cli
    known = {name: one for one in cli.params for name in one.opts}
    names: list[str] = []
    strange: list[str] = []
    words = list(words)
    while words:
        word = words.pop(0).partition("=")[0]
        if word.startswith("-"):
            option = known.get(word)
            if option is None and word not in ("--version", "--help", "-V"):
                strange.append(word)
            elif isinstance(option, click.Option) and not option.is_flag and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return names, [*strange, word]
            names.append(word)
            command = found
            known |= {name: one for one in found.params for name in one.opts}
    return names, strange


@every_page
def test_commands_that_are_named_are_known(page: Path) -> None:
    strange = []
    for text in code(page):
        for words in re.findall(r"(?:^|\$\()wrapkey ((?:[\w.=|-]+ ?)*)", text):
            _, unknown = find(words.split())
            strange += [f"wrapkey {words}: {one}" for one in unknown]
    assert strange == []


def test_a_command_that_is_none_is_seen() -> None:
    assert find(["--sandbox", "vaults", "--json"]) == (["vaults"], [])
    assert find(["--scenario", "empty", "sandbox", "serve", "--port", "0"])[1] == []
    assert find(["valts"])[1] == ["valts"]
    assert find(["sandbox", "start"])[1] == ["start"]
    assert find(["plan", "--jsn"])[1] == ["--jsn"]


@every_page
def test_targets_that_are_named_are_in_the_makefile(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {word for text in code(page) for word in re.findall(r"^make ([a-z]+)", text)}
    assert named <= targets


def test_the_front_page_names_the_two_commands_first() -> None:
    fence = re.search(r"```\n(.*?)```", PAGES[0].read_text(encoding="utf-8"), re.DOTALL)
    assert fence is not None
    assert [line.split("#")[0].strip() for line in fence[1].splitlines()] == [
        "make sandbox",
        "make test",
    ]


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    below = text.partition(f"# {heading}\n")[2]
    lines = below[below.index("|") :].splitlines()
    table = lines[: next(at for at, line in enumerate([*lines, ""]) if not line.startswith("|"))]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table
        if "---" not in line
    ]


def spans(cell: str) -> list[str]:
    return [span.split()[0] for span in re.findall(r"`([^`]+)`", cell)]


def test_exit_codes_are_those_of_the_enum() -> None:
    told = {int(row[0]): row[1] for row in rows("headless.md", "Exit codes")[1:]}
    assert told == {one.value: one.name for one in Exit}
    front = PAGES[0].read_text(encoding="utf-8").partition("Exit codes:")[2].partition(".")[0]
    assert [int(number) for number in re.findall(r"\d", front)] == [one.value for one in Exit]


def options(command: click.Command) -> set[str]:
    return {one.opts[0] for one in command.params if isinstance(one, click.Option)}


def test_options_are_those_of_the_command_line() -> None:
    told = {
        name for row in rows("headless.md", "Options of every command") for name in spans(row[0])
    }
    assert told == options(cli) - {"--version"}
    group = cli.get_command(click.Context(cli), "sandbox")
    assert isinstance(group, click.Group)
    served = {name for row in rows("sandbox.md", "Serve one yourself") for name in spans(row[0])}
    assert served == options(group.commands["serve"]) - options(cli) | {"--scenario", "--speed"}


def test_commands_and_scenarios_are_all_told() -> None:
    told = {
        word
        for row in rows("headless.md", "Commands")[1:]
        for word in row[0].split("`")[1].split()[1:2]
    }
    assert told == set(cli.list_commands(click.Context(cli)))
    assert {spans(row[0])[0] for row in rows("sandbox.md", "Scenarios")[1:]} == set(
        scenario.names()
    )


def test_the_control_endpoint_is_told_in_full() -> None:
    server: Any = object()
    routes = [*admin.api(server, [], lambda: None, 0).routes]
    routes += [route for api in APIS for route in api.routes if route.pattern.startswith("/admin/")]
    there = {f"{route.method} {route.pattern.removeprefix('/admin/')}" for route in routes}
    told = [
        re.findall(r"`([^`?]+)", row[0]) for row in rows("sandbox.md", "The control endpoint")[1:]
    ]
    assert {found[0] for found in told} == there
    fields = {name for row in rows("sandbox.md", "Faults")[1:] for name in spans(row[0])}
    assert fields == set(Fault.__struct_fields__)


def test_tests_that_are_named_exist() -> None:
    there = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = {span for page in PAGES for span in code(page) if re.fullmatch(r"test_\w+", span)}
    assert named, "CONTRIBUTING names some"
    assert [name for name in named if f"def {name}(" not in there] == []


def test_pictures_load_nothing_from_elsewhere() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    assert [one.stem for one in pictures] == ["diagnosis", "home", "run", "vault"]
    for one in pictures:
        text = one.read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")
        assert text.startswith("<svg")
        assert "url(http" not in text and "href=" not in text
