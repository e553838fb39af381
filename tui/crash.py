"""What is written when wrapkey itself is at fault: where, never with what."""

import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from services.text import clean
from tui.version import VERSION

_VALUES = re.compile(
    r"(?i)\b((?:client_)?secret|password|assertion|refresh_token|access_token|code|sig|"
    r"authorization|bearer)(['\"]?\s*[=: ]\s*['\"]?)[^\s'\"&,;]+"
)
"""Fields that may hold a secret in our own code: more than a message of Azure could hold."""


def redact(text: str) -> str:
    """Without tokens and without values of fields that hold secrets; lines stay lines."""
    return _VALUES.sub(r"\1\2[removed]", "\n".join(map(clean, text.split("\n"))))


def report(error: BaseException, state: Path) -> Path:
    """Write a report to ``state`` (0600) and return its path.

    Call stack, kind and redacted message; no local variables, no environment, no requests.
    """
    now = datetime.now(UTC)
    head = [
        f"wrapkey {VERSION}",
        f"at {now:%Y-%m-%dT%H:%M:%SZ}",
        f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"textual {getattr(sys.modules.get('textual'), '__version__', 'not loaded')}",
        "",
    ]
    stack = traceback.TracebackException.from_exception(error, capture_locals=False)
    text = "\n".join(head) + redact("".join(stack.format()))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state / f"crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return path


def sentences(path: Path | None) -> str:
    """What the person is told."""
    where = f"A report without any values is in {path}." if path else "No report could be written."
    return (
        "wrapkey stopped because of a fault of its own.\n"
        "What Azure was asked to do before goes on there; nothing more was sent.\n"
        f"{where}\n"
    )
