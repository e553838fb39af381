"""OSC 52: asks the terminal to put text on its clipboard. No terminal says whether it did."""

import base64
from collections.abc import Mapping

LIMIT = 74_000
"""Bytes of text; longer sequences are dropped by common terminals."""

_SCREEN_PIECE = 250
"""GNU screen passes control strings of at most 256 bytes."""


def sequence(text: str, env: Mapping[str, str]) -> str:
    """What to write to the terminal; empty when the text is too long for it.

    Inside tmux both forms are sent: which of them passes depends on its settings
    (set-clipboard, allow-passthrough), and twice the same text does no harm.
    """
    data = text.encode()
    if len(data) > LIMIT:
        return ""
    code = base64.b64encode(data).decode()
    bare = f"\x1b]52;c;{code}\x07"
    if env.get("TMUX"):
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"{bare}\x1bPtmux;{doubled}\x1b\\"
    if env.get("TERM", "").startswith("screen"):
        pieces = [bare[at : at + _SCREEN_PIECE] for at in range(0, len(bare), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return bare
