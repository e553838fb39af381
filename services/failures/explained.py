"""An error that somebody pasted, explained: which failure it is, what it means, what to do."""

import re

import msgspec

from services.failures.catalogue import CODES, classify
from services.failures.entries import Entry
from services.failures.pasted import Pasted, read
from services.text import clean

_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9]{5,79}")
_FITS = {
    "workspace": ("microsoft.machinelearningservices/workspaces/",),
    "vault": ("/vaults/", "https://"),
    "key": ("/keys/", "/vaults/", "https://"),
    "disk encryption set": ("/diskencryptionsets/",),
    "container group": ("/containergroups/",),
}
"""By an entry's subject: what the id of a resource that should be looked at contains."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What an error says, and what is known of it. Every text is safe to show."""

    failure: str = ""
    """Number of the failure catalogue; empty where the error belongs to none."""
    title: str = ""
    """Empty where nothing at all is known of the error."""
    means: str = ""
    repair: str = ""
    unsure: str = ""
    source: str = ""
    code: str = ""
    """The innermost code that could be read."""
    codes: tuple[str, ...] = ()
    """All of them, outermost first."""
    message: str = ""
    status: int | None = None
    request_id: str = ""
    correlation_id: str = ""
    subject: str = ""
    """The kind of resource that has to be looked at to be sure; empty for none."""
    resources: tuple[str, ...] = ()
    """What the error names, the fitting ones first: each can be given to diagnose."""
    cut: bool = False
    """Whether only the beginning was looked at."""


def explain_text(given: str | bytes) -> Explained:
    """Explain an error as it was pasted; asks nobody, and never raises."""
    pasted = read(given)
    entry = _entry(pasted)
    subject = entry.subject if entry else ""
    return Explained(
        failure=entry.number if entry else "",
        title=entry.title if entry else "",
        means=entry.means if entry else "",
        repair=entry.repair if entry else "",
        unsure=entry.unsure if entry else "",
        source=entry.source if entry else "",
        code=pasted.code,
        codes=pasted.codes,
        message=pasted.message or _first_line(pasted.text),
        status=pasted.status,
        request_id=pasted.request_id,
        correlation_id=pasted.correlation_id,
        subject=subject,
        resources=_sorted(pasted.resources, subject),
        cut=pasted.cut,
    )


def _entry(pasted: Pasted) -> Entry | None:
    """By what was unpacked, else by the words of the whole text, else by a code in it."""
    found = classify(pasted.codes, pasted.message)
    if found and found.number:
        return found
    wider = classify((), pasted.text)
    if wider is None and found is None:
        codes = [word for word in _WORDS.findall(pasted.text) if word.lower() in CODES]
        wider = classify(codes, pasted.text)
    return wider or found


def _first_line(text: str) -> str:
    return clean(next((line.strip() for line in text.splitlines() if line.strip()), ""))


def _sorted(resources: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """The fitting ones first, else in the order in which they are named."""
    fits = _FITS.get(subject, ())
    return tuple(sorted(resources, key=lambda id: not any(one in id.lower() for one in fits)))
