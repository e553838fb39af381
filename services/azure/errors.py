"""The one error of services/azure, and how everything else becomes it."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from services.azure.headers import request_id, retry_after
from services.failures import classify, innermost
from services.text import clean, plain


class ErrorKind(StrEnum):
    """What a caller may need to decide by; everything finer is in ``code`` and ``inner``."""

    NETWORK = "network"
    TLS = "tls"
    TIMEOUT = "timeout"
    SIGN_IN = "sign-in"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    INVALID = "invalid"
    REGISTRATION = "registration"
    POLICY = "policy"
    LOCKED = "locked"
    READ_ONLY = "read-only"
    SERVER = "server"
    UNKNOWN = "unknown"


class AzureError(Exception):
    """A call to Azure did not work. Carries facts and three sentences for a person.

    ``what`` happened, what it ``means``, what to ``do``. No field ever holds a token, a
    header or a request body; every text from outside has passed plain().
    """

    def __init__(
        self,
        kind: ErrorKind,
        *,
        code: str = "",
        message: str = "",
        status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
        inner: str = "",
        path: tuple[str, ...] = (),
        host: str = "",
        what: str = "",
        means: str = "",
        do: str = "",
        sent: bool | None = None,
    ) -> None:
        self.kind = kind
        self.code = plain(code, 200)
        self.message = clean(message)
        """The innermost message of the service."""
        self.status = status
        self.request_id = plain(request_id, 100)
        self.retry_after = retry_after
        """Seconds the service asks to wait; None when it does not say."""
        self.inner = plain(inner, 200)
        """The innermost code where it differs from ``code``, for example ForbiddenByRbac."""
        self.host = plain(host, 300)
        self.sent = status is not None if sent is None else sent
        """Whether the request may have reached the service; False only when it can't have."""
        usual_means, usual_do = _SENTENCES[kind]
        known = classify((*path, self.code, self.inner), self.message)
        self.failure = known.number if known else ""
        """Number of the failure catalogue, for example F19; empty for none."""
        self.what = what or "The call to Azure did not work."
        self.means = means or (known.means if known else usual_means.format(host=self.host))
        self.do = do or (known.repair if known else usual_do.format(host=self.host))
        super().__init__(self.what)

    def __str__(self) -> str:
        facts = " ".join(part for part in (self.inner or self.code, self.message) if part)
        return f"{self.what} {self.means}" + (f" ({facts})" if facts else "")

    def __repr__(self) -> str:
        return f"AzureError({self.kind.value}, {self.status}, {self.code!r}, {self.what!r})"


_SENTENCES: dict[ErrorKind, tuple[str, str]] = {
    ErrorKind.NETWORK: (
        "{host} can't be reached from here.",
        "Check the network, the VPN and HTTPS_PROXY, then try again.",
    ),
    ErrorKind.TLS: (
        "The certificate of {host} is not trusted here.",
        "Set SSL_CERT_FILE to a PEM file with your organisation's root certificate.",
    ),
    ErrorKind.TIMEOUT: (
        "{host} did not answer in time. Whether it received the call is unknown.",
        "Try again; if it stays so, check the network and the proxy.",
    ),
    ErrorKind.SIGN_IN: (
        "Azure does not accept the sign-in.",
        "Sign in again, or choose another way to sign in.",
    ),
    ErrorKind.FORBIDDEN: (
        "The signed-in identity may not do this.",
        "Ask for a role that includes it; a new grant can take ten minutes to work.",
    ),
    ErrorKind.NOT_FOUND: (
        "It does not exist, or it was deleted a moment ago.",
        "Check the name, the subscription and the tenant, then load the list again.",
    ),
    ErrorKind.CONFLICT: (
        "Something of this name exists already, or another change is going on.",
        "Look at what is there now, then try again.",
    ),
    ErrorKind.THROTTLED: (
        "Azure takes no more calls for a while.",
        "Wait; wrapkey sends nothing before the time that Azure names.",
    ),
    ErrorKind.INVALID: (
        "Azure did not accept the values of the call.",
        "Read the service's message and change the value it names.",
    ),
    ErrorKind.REGISTRATION: (
        "The subscription has not switched on this kind of resource.",
        "Register the resource provider; it takes a minute or two.",
    ),
    ErrorKind.POLICY: (
        "An Azure Policy of your organisation denies it.",
        "Change what the policy objects to, or ask its owner for an exemption.",
    ),
    ErrorKind.LOCKED: (
        "A lock forbids this change.",
        "Ask the owner of the lock to remove it.",
    ),
    ErrorKind.READ_ONLY: (
        "wrapkey was started read-only: nothing was sent.",
        "Start it without --read-only to make changes.",
    ),
    ErrorKind.SERVER: (
        "Azure itself had a problem. Whether the call took effect is unknown.",
        "Look at the state first, then try again; Azure's status page may know more.",
    ),
    ErrorKind.UNKNOWN: (
        "Azure answered in a way that wrapkey does not know.",
        "Read the service's message; the request id helps Microsoft's support.",
    ),
}

_BY_CODE = {
    "requestdisallowedbypolicy": ErrorKind.POLICY,
    "policyviolation": ErrorKind.POLICY,
    "scopelocked": ErrorKind.LOCKED,
    "unauthorizedapplicationid": ErrorKind.LOCKED,
    "missingsubscriptionregistration": ErrorKind.REGISTRATION,
    "subscriptionnotregistered": ErrorKind.REGISTRATION,
    "authorizationfailed": ErrorKind.FORBIDDEN,
    "linkedauthorizationfailed": ErrorKind.FORBIDDEN,
    "denyassignmentauthorizationfailed": ErrorKind.FORBIDDEN,
    "authorization_requestdenied": ErrorKind.FORBIDDEN,
    "forbiddenbyrbac": ErrorKind.FORBIDDEN,
    "forbiddenbypolicy": ErrorKind.FORBIDDEN,
    "forbiddenbyfirewall": ErrorKind.FORBIDDEN,
    "forbiddenbyconnection": ErrorKind.FORBIDDEN,
    "expiredauthenticationtoken": ErrorKind.SIGN_IN,
    "invalidauthenticationtoken": ErrorKind.SIGN_IN,
    "invalidauthenticationtokentenant": ErrorKind.SIGN_IN,
    "request_resourcenotfound": ErrorKind.NOT_FOUND,
}
_BY_STATUS = {
    401: ErrorKind.SIGN_IN,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.CONFLICT,
    410: ErrorKind.NOT_FOUND,
    412: ErrorKind.CONFLICT,
    429: ErrorKind.THROTTLED,
}


def kind_of(status: int | None, codes: tuple[str, ...]) -> ErrorKind:
    """The kind of an error answer: the innermost known code decides, then the status.

    Codes first, because Key Vault's management plane answers 400 ForbiddenByRbac and
    failures of long-running operations come with status 200.
    """
    for code in reversed(codes):
        if code.lower() in _BY_CODE:
            return _BY_CODE[code.lower()]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and status >= 500:
        return ErrorKind.SERVER
    if status is not None and status >= 400:
        return ErrorKind.INVALID
    return ErrorKind.INVALID if "badrequest" in {c.lower() for c in codes} else ErrorKind.UNKNOWN


def from_answer(
    status: int, headers: Mapping[str, str], body: object, *, host: str = "", what: str = ""
) -> AzureError:
    """The error that an answer tells, unpacked to its innermost cause."""
    cause = innermost(body)
    kind = kind_of(status, cause.path)
    action = _ACTION.search(cause.message)
    last = cause.path[-1] if cause.path else ""
    # A waiting time stands only in the text of some of ARM's 429 answers.
    wait = retry_after(headers) if status in (429, 503) or "Retry-After" in headers else None
    if wait is None and kind is ErrorKind.THROTTLED and (said := _WAIT.search(cause.message)):
        wait = min(float(said[1]), 3600.0)
    do = ""
    if kind is ErrorKind.FORBIDDEN and action:
        do = f"Ask for a role that includes {action[1]}."
    elif kind is ErrorKind.THROTTLED and wait:
        do = f"Wait {wait:.0f} s; wrapkey sends nothing before."
    return AzureError(
        kind,
        code=cause.code,
        message=cause.message,
        status=status,
        request_id=request_id(headers),
        retry_after=wait,
        inner=last if last != cause.code else "",
        path=cause.path,
        host=host,
        what=what,
        do=do,
    )


_ACTION = re.compile(r"(?:perform action|Action:)\s*'([A-Za-z][\w.]*/[\w./*-]+)'")
_WAIT = re.compile(r"(?:after|in) '?(\d{1,5})'? ?seconds", re.IGNORECASE)


@contextmanager
def translated(what: str = "") -> Iterator[None]:
    """Turn whatever goes wrong inside into AzureError; usable around awaits.

    ``what`` is a verb phrase, "read the vault kv-ml", and makes the first sentence "Could not
    read the vault kv-ml." Our own mistakes (TypeError, KeyError, ...) and cancellation pass.
    """
    handled = sys.exception()
    try:
        yield
    except AzureError as error:
        if what and not error.status and error.what == _UNNAMED:
            error.what = sentence(what)
        raise
    except Exception as error:
        from services.azure.translate import from_exception

        found = from_exception(error, what, handled)
        if found is None:
            raise
        raise found from error


def sentence(what: str) -> str:
    """The first sentence for a verb phrase."""
    return f"Could not {plain(what, 300)}." if what else _UNNAMED


_UNNAMED = "The call to Azure did not work."


def read_only(method: str, path: str) -> AzureError:
    """The refusal of the read-only guard."""
    return AzureError(
        ErrorKind.READ_ONLY,
        code="ReadOnly",
        message=f"{method} {plain(path, 300)}",
        what="This would change something in Azure.",
        sent=False,
    )


def answer_error(response: Any, what: str = "") -> AzureError:
    """The error of an azure-core response with an error status (for calls without an SDK)."""
    return from_answer(
        response.status_code,
        response.headers,
        response.text(),
        host=urlsplit(str(response.request.url)).netloc,
        what=sentence(what),
    )
