"""Exceptions of azure-core, azure-identity, aiohttp and the system, as AzureError."""

import asyncio
import errno
import re
import socket
import ssl
from urllib.parse import urlsplit

import aiohttp
from azure.core import exceptions as core

from services.azure.errors import AzureError, ErrorKind, from_answer, sentence
from services.text import clean


def from_exception(
    error: BaseException, what: str = "", handled: BaseException | None = None
) -> AzureError | None:
    """The AzureError for an exception; None when it is no failure of a call (our own bug).

    ``handled`` is what was being handled when the call began. Python notes it as the context
    of whatever goes wrong afterwards, and it is the cause of nothing.
    """
    found = _known(error, _chain(error, handled), what)
    if found is None:
        return None
    if not found.what or found.what == sentence(""):
        found.what = sentence(what)
    return found


def _known(error: BaseException, chain: list[BaseException], what: str) -> AzureError | None:
    for cause in chain:
        if isinstance(cause, AzureError):
            return cause
    if isinstance(error, core.ClientAuthenticationError) and (
        error.response is None or _is_token_endpoint(error)
    ):
        return _sign_in(error, chain, what)
    if isinstance(error, core.HttpResponseError) and error.response is not None:
        return _from_response(error, what)
    place = _place(chain)
    for cause in chain:
        found = _transport(cause, what, place)
        if found is not None:
            return found
    if isinstance(error, core.AzureError):
        return AzureError(
            ErrorKind.UNKNOWN,
            code=type(error).__name__,
            message=clean(error),
            what=sentence(what),
            sent=True,
        )
    if isinstance(error, ValueError) and "challenge resource" in str(error):
        return AzureError(
            ErrorKind.SIGN_IN,
            code="ChallengeMismatch",
            message=clean(error),
            what=sentence(what),
            means="The vault asks for a token of another domain than its own, so none was sent.",
            do="Check that the vault's address belongs to this cloud.",
            sent=False,
        )
    return None


def _chain(error: BaseException, handled: BaseException | None) -> list[BaseException]:
    """The exception and everything it came from, nearest first.

    An AzureError that was being handled was somebody's answer already.
    """
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(found) < 20:
        current = todo.pop(0)
        if current is None or any(current is seen for seen in found):
            continue
        found.append(current)
        before = current.__context__
        inner = getattr(current, "inner_exception", None)
        reason = getattr(current, "reason", None)
        todo += [
            *(item for item in (inner, reason) if isinstance(item, BaseException)),
            current.__cause__,
            None if before is handled or isinstance(before, AzureError) else before,
            *(arg for arg in current.args if isinstance(arg, BaseException)),
        ]
    return found


def _from_response(error: object, what: str) -> AzureError:
    response = getattr(error, "response", None)
    request = getattr(response, "request", None)
    found = from_answer(
        getattr(response, "status_code", 0) or 0,
        getattr(response, "headers", None) or {},
        _body(response) or getattr(error, "message", ""),
        host=urlsplit(str(getattr(request, "url", ""))).netloc,
        what=sentence(what),
    )
    found.message = found.message or clean(getattr(error, "message", ""))
    return found


def _body(response: object) -> str:
    text = getattr(response, "text", None)
    try:
        return str(text()) if callable(text) else ""
    except (core.AzureError, UnicodeDecodeError, ValueError):
        # A body that was cut off in transit; status and headers still speak.
        return ""


def _transport(error: BaseException, what: str, place: str = "") -> AzureError | None:
    """The AzureError of one exception; ``place`` is the host where it names none itself."""
    host = _host(error) or place
    if isinstance(error, ssl.SSLCertVerificationError):
        from services.azure.tls import untrusted

        found = untrusted(host, getattr(error, "verify_message", "") or clean(error), "")
        found.what = sentence(what)
        return found
    if isinstance(error, ssl.SSLError):
        return _no_answer(ErrorKind.TLS, error, host, what, sent=False)
    if isinstance(error, aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError):
        return _proxy(error, host, what)
    if _named(error, "ProxyError"):
        return _proxy(error, host, what)
    if isinstance(error, socket.gaierror | aiohttp.ClientConnectorDNSError):
        return _no_answer(ErrorKind.NETWORK, error, host, what, sent=False)
    if isinstance(error, aiohttp.ConnectionTimeoutError) or _named(error, "ServiceRequestTimeout"):
        return _no_answer(ErrorKind.TIMEOUT, error, host, what, sent=False)
    if isinstance(error, TimeoutError | asyncio.TimeoutError) or _named(error, "Timeout"):
        return _no_answer(ErrorKind.TIMEOUT, error, host, what, sent=True)
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return _no_answer(ErrorKind.NETWORK, error, host, what, sent=False)
    if isinstance(error, aiohttp.ClientError | ConnectionError) or _unreachable(error):
        return _no_answer(ErrorKind.NETWORK, error, host, what, sent=True)
    return None


def _unreachable(error: BaseException) -> bool:
    """Other OSErrors (a full disk under the journal) are no failure of a call."""
    return isinstance(error, OSError) and error.errno in _UNREACHABLE


_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def _named(error: BaseException, word: str) -> bool:
    """Timeouts of azure-core and requests share no base class with Python's."""
    module = type(error).__module__
    return word in type(error).__name__ and module.startswith(("azure", "requests", "urllib3"))


def _no_answer(
    kind: ErrorKind, error: BaseException, host: str, what: str, *, sent: bool
) -> AzureError:
    place = host or "Azure"
    means = ""
    if isinstance(error, socket.gaierror | aiohttp.ClientConnectorDNSError):
        means = f"{place} can't be found from here: no network, or there is no such name."
    elif kind is ErrorKind.NETWORK and sent:
        means = f"The connection to {place} broke. Whether it received the call is unknown."
    elif kind is ErrorKind.TIMEOUT and not sent:
        means = f"{place} can't be reached from here: opening a connection took too long."
    elif kind is ErrorKind.TLS:
        means = f"No TLS connection to {place} could be made."
    return AzureError(
        kind,
        code=type(error).__name__,
        message=clean(error),
        host=place,
        what=sentence(what),
        means=means,
        sent=sent,
    )


def _proxy(error: BaseException, host: str, what: str) -> AzureError:
    return AzureError(
        ErrorKind.NETWORK,
        code="Proxy",
        message=clean(error),
        host=host or "Azure",
        what=sentence(what),
        means="The proxy named by HTTPS_PROXY does not let the call through or can't be reached.",
        do="Check HTTPS_PROXY and NO_PROXY; the name may need a user and a password.",
        sent=False,
    )


def _host(error: BaseException) -> str:
    host = getattr(error, "host", None)
    port = getattr(error, "port", None)
    return f"{host}:{port}" if host and port not in (None, 443) else str(host or "")


def _place(chain: list[BaseException]) -> str:
    """The host that requests and urllib3 were speaking to; empty where they don't tell."""
    hosts = (getattr(getattr(error, "pool", None), "host", "") for error in chain)
    return next((str(host) for host in hosts if host), "")


def _is_token_endpoint(error: object) -> bool:
    request = getattr(getattr(error, "response", None), "request", None)
    path = urlsplit(str(getattr(request, "url", ""))).path
    return "/oauth2/" in path or path.endswith("/devicecode")


_AADSTS = re.compile(r"AADSTS(\d{4,7})")
_CODES: dict[str, tuple[str, str]] = {
    "50034": ("This tenant does not know the account.", "Check the account and the tenant."),
    "50053": ("The account is locked after too many attempts.", "Wait, or ask an administrator."),
    "50055": ("The password has expired.", "Change it in a browser, then sign in again."),
    "50057": ("The account is disabled.", "Ask an administrator."),
    "50058": ("The sign-in has ended.", "Sign in again."),
    "50059": ("The sign-in names no tenant.", "Name the tenant."),
    "50076": ("The tenant asks for a second factor.", "Sign in again with the device code."),
    "50078": ("The second factor has expired.", "Sign in again with the device code."),
    "50079": ("The tenant asks for a second factor to be set up.", "Set it up in a browser."),
    "50105": ("The account is not assigned to this application.", "Ask an administrator."),
    "50126": ("Name or password are wrong.", "Check both."),
    "50173": ("The sign-in was revoked, for example by a new password.", "Sign in again."),
    "51004": ("This tenant does not know the account.", "Check the account and the tenant."),
    "53000": ("The tenant lets in managed devices only.", "Use a managed device."),
    "53003": ("Conditional access of the tenant blocks this sign-in.", "Ask an administrator."),
    "65001": ("Nobody has consented to this application.", "Have an administrator consent."),
    "700016": ("This tenant does not know the application.", "Check client id and tenant."),
    "70011": (
        "The sign-in asks for an unknown audience.",
        "Check that the cloud is the right one.",
    ),
    "70016": ("The code was not entered yet.", "Open the address and enter the code."),
    "70017": ("The person at the browser declined.", "Start the sign-in again."),
    "70018": ("The code is wrong or used up.", "Start the sign-in again for a new code."),
    "70019": ("The code has expired.", "Start the sign-in again for a new code."),
    "70020": ("The code has expired.", "Start the sign-in again for a new code."),
    "700024": ("The assertion is outside its times.", "Check this machine's clock."),
    "700027": ("The certificate does not fit the application.", "Check the certificate."),
    "700082": ("The sign-in has expired because it was not used.", "Sign in again."),
    "700084": ("The sign-in has expired.", "Sign in again."),
    "7000215": ("The client secret is wrong.", "Use the secret's value, not its id."),
    "7000222": ("The client secret has expired.", "Make a new one for the application."),
    "90002": ("There is no such tenant in this cloud.", "Check the tenant and the cloud."),
    "900023": ("The tenant's name is not valid.", "Use its id or a domain name."),
    "90072": ("The account is not a guest of this tenant.", "Switch to your own tenant."),
    "500011": ("The tenant does not know the service asked for.", "Check cloud and tenant."),
    "500341": ("The account was deleted.", "Sign in with another one."),
    "530003": ("The tenant asks for a registered device.", "Use a registered device."),
}
"""Entra's codes in words. Source: the authentication error code reference of Microsoft Entra."""


def _sign_in(error: BaseException, chain: list[BaseException], what: str) -> AzureError:
    """The AzureError for a credential that gave no token."""
    place = _place(chain)
    for cause in chain[1:]:
        found = _transport(cause, what, place)
        if found is not None and found.kind in (
            ErrorKind.TLS,
            ErrorKind.NETWORK,
            ErrorKind.TIMEOUT,
        ):
            found.sent = False
            return found
    text = clean(getattr(error, "message", "") or error)
    number = _AADSTS.search(text)
    known = _CODES.get(number[1]) if number else None
    unavailable = type(error).__name__ == "CredentialUnavailableError"
    means, do = known or ("", "")
    if unavailable and not known:
        means = "This way of signing in is not set up here."
        do = "Choose another way to sign in."
    return AzureError(
        ErrorKind.SIGN_IN,
        code=f"AADSTS{number[1]}" if number else type(error).__name__,
        message=text,
        host=urlsplit(_token_url(error)).netloc,
        what=sentence(what),
        means=means,
        do=do,
        sent=False,
    )


def _token_url(error: BaseException) -> str:
    request = getattr(getattr(error, "response", None), "request", None)
    return str(getattr(request, "url", ""))
