"""For terminals whose encoding has no box characters: everything drawn becomes ASCII."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_TABLE = str.maketrans(
    {
        **dict.fromkeys("─━═╌┄┈╴╶╸╺▁▂▔▀▄▇█", "-"),
        **dict.fromkeys("│┃║╎┆┊╵╷╹╻▏▎▍▌▋▊▉▐▕", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛╔╗╚╝╠╣╦╩╬", "+"),
        **dict.fromkeys("●•◉▪■", "*"),
        **dict.fromkeys("○◯▫□", "o"),
        **dict.fromkeys("▼▽▾⌄", "v"),
        **dict.fromkeys("▲△▴⌃", "^"),
        **dict.fromkeys("▶▷▸→", ">"),
        **dict.fromkeys("◀◁◂←", "<"),
        "…": "~",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "“": '"',
        "”": '"',
        "✓": "v",
        "✗": "x",
        "·": ".",
        "\u00a0": " ",
    }
)


@lru_cache(4096)
def to_ascii(text: str) -> str:
    """The same number of columns in ASCII; what has no likeness becomes ``?``."""
    if text.isascii():
        return text
    return "".join(
        char if char.isascii() else "?" * cell_len(char) for char in text.translate(_TABLE)
    )


class AsciiFilter(LineFilter):
    """Applied to every line that is sent, Textual's own borders and scrollbars included."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII."""
        return [
            Segment(to_ascii(text), style, control)  # control segments have no text of ours
            for text, style, control in segments
        ]


def needed(encoding: str | None) -> bool:
    """Whether this encoding lacks what is drawn."""
    try:
        "─│…●".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
