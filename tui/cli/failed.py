"""How a command ends that could not do what it was asked: sentences and an exit code."""

import sys
from pathlib import Path

from services.azure.errors import AzureError, ErrorKind
from tui import crash
from tui.attach import NoSandbox
from tui.cli.output import talk
from tui.exits import Exit

_CODES = {ErrorKind.SIGN_IN: Exit.NOT_SIGNED_IN}


class BadInput(Exception):
    """Something the person wrote can't be used; the message says what and which rule."""


def failed(error: Exception) -> Exit:
    """Tell the person and name the exit code; writes a report when the fault is our own."""
    if isinstance(error, AzureError):
        for sentence in sentences(error):
            talk(sentence)
        return code_of(error)
    if isinstance(error, (BadInput, NoSandbox)):
        for text in str(error).splitlines():
            talk(text)
        return Exit.BAD_INPUT
    if _is_journal(error):
        talk(str(error))
        return Exit.BAD_INPUT
    for text in crash.sentences(_report(error)).splitlines():
        talk(text)
    return Exit.BUG


def _is_journal(error: Exception) -> bool:
    """Whether the journal of runs can't be used; who never opened it never imported it."""
    journal = sys.modules.get("services.runs.journal")
    return journal is not None and isinstance(error, journal.JournalError)


def code_of(error: AzureError) -> Exit:
    """The exit code of an error of Azure."""
    unknown = error.kind is ErrorKind.INVALID and error.status is None and not error.sent
    return Exit.BAD_INPUT if unknown else _CODES.get(error.kind, Exit.AZURE_REFUSED)


def sentences(error: AzureError) -> list[str]:
    """What happened, what it means, what to do; then the service's own words."""
    said = [error.what, error.means, error.do]
    if error.message and error.status is not None:
        code = f"{error.inner or error.code}: " if error.inner or error.code else ""
        said.append(f"Azure says: {code}{error.message}")
    if error.request_id:
        said.append(f"Request id: {error.request_id}")
    return [text for text in said if text]


def _report(error: Exception) -> Path | None:
    from services.home import Paths

    try:
        return crash.report(error, Paths.here().state)
    except OSError:
        return None
