"""What was read, in a file: to be judged again by somebody who may not ask Azure, or can't."""

from pathlib import Path
from typing import Any

import msgspec

from services import home
from services.diagnosis.conclude import conclude
from services.diagnosis.mask import masked
from services.diagnosis.packed import NotPacked, pack, unpack
from services.diagnosis.seen import Seen
from services.model.diagnosis import Diagnosis
from services.text import plain

FORMAT = "wrapkey diagnosis"
VERSION = 1
"""Raised where an older wrapkey could not judge the facts rightly; new facts do not raise it."""
LARGEST = 64 * 2**20
"""Bytes; a bundle of a large estate has less than one hundredth of it."""


class BadBundle(ValueError):
    """The file can't be judged; the message says why and what to do."""


def mask(seen: Seen) -> Seen:
    """The same facts with every name and id masked; what follows from them is the same."""
    hidden: Seen = unpack(Seen, masked(pack(seen)))
    return msgspec.structs.replace(hidden, masked=True)


def encode(seen: Seen) -> bytes:
    """The text of a bundle: JSON, so that whoever gives it away can read what is in it."""
    document = {"format": FORMAT, "version": VERSION, "seen": pack(seen)}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def decode(data: bytes) -> Seen:
    """What a bundle holds; raises BadBundle."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _damaged("it is no JSON, or only a part of it") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadBundle(
            "This is no bundle of wrapkey. `wrapkey diagnose ID --bundle FILE` writes one."
        )
    version: Any = document.get("version")
    if not isinstance(version, int) or version < 1:
        raise _damaged("it does not tell its version")
    if version > VERSION:
        raise BadBundle(
            f"The bundle was written by a newer wrapkey (version {version} of the format; this one"
            f" reads up to {VERSION}). Open it with that wrapkey, or a newer one."
        )
    try:
        seen: Seen = unpack(Seen, document.get("seen"))
    except NotPacked as error:
        raise _damaged(plain(error, 300)) from None
    return seen


def save(path: Path, seen: Seen) -> None:
    """Write a bundle, mode 0600; raises OSError."""
    home.write(path, encode(seen))


def load(path: Path) -> Seen:
    """Read a bundle; raises BadBundle and OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadBundle(f"The file is larger than any bundle: more than {LARGEST >> 20} MiB.")
    return decode(data)


def judged(seen: Seen) -> Diagnosis:
    """The diagnosis of facts out of a file; raises BadBundle where they do not fit together."""
    try:
        return conclude(seen)
    except (ValueError, LookupError, AssertionError, ArithmeticError) as error:
        raise _damaged(f"what it says does not fit together ({plain(error, 200)})") from error


def _damaged(why: str) -> BadBundle:
    return BadBundle(f"The bundle is damaged: {why}. Ask for it once more.")
