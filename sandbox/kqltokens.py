"""The words of a query, and what is said when they make no sense."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>@?'(?:[^'\\\n]|\\.)*'|@?"(?:[^"\\\n]|\\.)*")
    |(?P<instant>datetime\(\s*["']?[0-9T:.Z+-]+["']?\s*\))
    |(?P<span>\d+(?:\.\d+)?(?:d|h|m|s)(?![A-Za-z0-9_]))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>project-away|mv-expand|(?:[A-Za-z_][A-Za-z0-9_]*~?))
    |(?P<sign>!(?:contains|startswith|endswith|has|in)(?:_cs)?~?(?![A-Za-z0-9_])
        |==|!=|=~|!~|<=|>=|\.\.|[<>=|()\[\],.])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query and where it stands."""

    kind: str
    text: str
    line: int
    column: int


class ParserFailure(Exception):
    """The query does not parse; ``token`` is where it stopped making sense."""

    def __init__(self, token: Token, expected: str) -> None:
        super().__init__(f"line {token.line}:{token.column}: {token.text}, expected {expected}")
        self.token = token
        self.expected = expected


class Unsupported(Exception):
    """A word of the real language that the sandbox does not run."""


def tokens(text: str) -> list[Token]:
    """A query's words, ``<EOF>`` last. Raises ParserFailure at a sign of no word."""
    found: list[Token] = []
    at = line = 0
    start_of_line = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        here = (line + 1, at - start_of_line)
        if match is None:
            raise ParserFailure(Token("sign", text[at], *here), "<EOF>")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), *here))
        newlines = match.group().count("\n")
        if newlines:
            line += newlines
            start_of_line = at + match.group().rindex("\n") + 1
        at = match.end()
    found.append(Token("end", "<EOF>", line + 1, at - start_of_line))
    return found


_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def seconds(text: str) -> float:
    """The length of a timespan such as ``7d``."""
    return float(text[:-1]) * _SECONDS[text[-1]]


def instant(text: str) -> str:
    """What stands in ``datetime(...)``; instants are compared as ISO 8601 texts."""
    return text.partition("(")[2].strip(" )\"'")


def unquote(text: str) -> str:
    """The text that a quoted word stands for."""
    if text.startswith("@"):
        return text[2:-1]
    return re.sub(
        r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1]
    )
