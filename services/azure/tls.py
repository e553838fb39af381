"""Which certificates and names are trusted: one TLS context, one resolver."""

import os
import socket
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from services.azure.errors import AzureError, ErrorKind
from services.text import plain

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Environment variables that name a PEM file (or directory) with further roots."""


def context(*ca_files: str) -> ssl.SSLContext:
    """A verifying TLS context: system and certifi roots, VARIABLES, and ``ca_files``.

    Adds and never replaces, so that a corporate root and a sandbox's can both be trusted.
    Raises AzureError (TLS) naming a file that can't be read.
    """
    return _context(_files(ca_files))


def _files(ca_files: tuple[str, ...]) -> tuple[tuple[str, str, float], ...]:
    named = [(name, os.environ.get(name, "")) for name in VARIABLES]
    named += [("--connect", path) for path in ca_files]
    return tuple((origin, path, _changed(path)) for origin, path in named if path)


@lru_cache(maxsize=8)
def _context(files: tuple[tuple[str, str, float], ...]) -> ssl.SSLContext:
    """Reading all roots takes 0.07 s: done again only when a file has changed."""
    import certifi

    made = ssl.create_default_context()
    made.load_verify_locations(certifi.where())
    for origin, path, _ in files:
        _load(made, origin, path)
    return made


def _changed(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0  # loading it says what is wrong


def _load(made: ssl.SSLContext, origin: str, path: str) -> None:
    try:
        if Path(path).is_dir():
            made.load_verify_locations(capath=path)
        else:
            made.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise AzureError(
            ErrorKind.TLS,
            code="BadCertificateFile",
            message=plain(error),
            what=f"The certificate file {plain(path, 300)} can't be used.",
            means=f"{origin} names it, but it is not a readable PEM file with certificates.",
            do=f"Correct or unset {origin}.",
            sent=False,
        ) from error


class Resolver(AbstractResolver):
    """The system's resolver, except that every ``*.localhost`` name is loopback (RFC 6761)."""

    def __init__(self) -> None:
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host; raises OSError when there is none."""
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            return [
                ResolveResult(
                    hostname=host,
                    host="127.0.0.1",
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
            ]
        return await self._system.resolve(host, port, family)

    async def close(self) -> None:
        """Release the system's resolver."""
        await self._system.close()


async def issuer(url: str, seconds: float = 3.0) -> str:
    """Who issued the certificate that a host shows, for the message about not trusting it.

    Looks without verifying and sends nothing but a HEAD for ``/`` without credentials,
    through the same proxy. Returns an empty string when nobody answers.
    """
    seen: list[bytes] = []

    class Look(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            seen.append(self.getpeercert(binary_form=True) or b"")

    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    blind.sslobject_class = Look
    connector = aiohttp.TCPConnector(ssl=blind, resolver=Resolver(), force_close=True)
    limit = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(connector=connector, trust_env=True, timeout=limit) as session:
        try:
            async with session.head(url, allow_redirects=False):
                return _issuer_name(seen)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return _issuer_name(seen)


def _issuer_name(seen: list[bytes]) -> str:
    if not seen or not seen[-1]:
        return ""
    from cryptography import x509

    try:
        return plain(x509.load_der_x509_certificate(seen[-1]).issuer.rfc4514_string(), 200)
    except ValueError:
        return ""


def untrusted(host: str, reason: str, issued_by: str) -> AzureError:
    """The error about a certificate that is not trusted."""
    who = f"issued by {issued_by}" if issued_by else "of an unknown issuer"
    return AzureError(
        ErrorKind.TLS,
        code="CertificateNotTrusted",
        message=reason,
        host=host,
        what=f"The connection to {plain(host, 200)} was not opened.",
        means=f"It shows a certificate {who} that is not trusted here: {plain(reason, 200)}.",
        do="If your organisation inspects TLS, set SSL_CERT_FILE (or REQUESTS_CA_BUNDLE) to a "
        "PEM file with that issuer's root certificate. Otherwise do not go on.",
        sent=False,
    )


def requests_session(*ca_files: str) -> Any:
    """A ``requests`` session with the same trust, for sync sign-ins that know no other."""
    import requests
    from requests.adapters import HTTPAdapter

    # One of its own: urllib3 writes settings into the context it is given.
    made = _context.__wrapped__(_files(ca_files))

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=made, **kwargs)

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            return super().proxy_manager_for(*args, ssl_context=made, **kwargs)

    session = requests.Session()
    session.mount("https://", Adapter())
    return session
