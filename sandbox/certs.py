"""TLS for the sandbox: a CA of its own, kept so that a restart keeps its clients' trust."""

import os
import ssl
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "localhost",
    "127.0.0.1",
    "vault.localhost",
    # OpenSSL accepts a wildcard only above two labels, so *.localhost would match nothing.
    "*.vault.localhost",
    "api.loganalytics.localhost",
)
_KEPT_S = 30 * 86400


@dataclass(frozen=True)
class Certificates:
    """What the server shows and what clients have to trust."""

    context: ssl.SSLContext
    ca_file: Path


def write_private(path: Path, data: bytes) -> None:
    """Write a file readable by its owner only, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp makes it 0600
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def prepare(home: Path) -> Certificates:
    """The CA of ``home`` and a server certificate signed by it, both made when needed.

    The server's is kept for a month: making one costs a tenth of the time to be ready.
    """
    # A certificate of other names than these is none of ours.
    names = zlib.crc32(" ".join(NAMES).encode())
    ca_file, server_file = home / "ca.pem", home / f"server-{names:08x}.pem"
    if not _fresh(server_file) or not ca_file.exists():
        _issue(home, ca_file, server_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    return Certificates(context, ca_file)


def _fresh(path: Path) -> bool:
    return path.exists() and time.time() - path.stat().st_mtime < _KEPT_S


def _issue(home: Path, ca_file: Path, server_file: Path) -> None:
    import trustme

    key_file = home / "ca-key.pem"
    if ca_file.exists() and key_file.exists():
        ca = trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
    else:
        ca = trustme.CA(organization_name="Azure sandbox", key_type=trustme.KeyType.ECDSA)
        write_private(key_file, ca.private_key_pem.bytes())
        write_private(ca_file, ca.cert_pem.bytes())
    leaf = ca.issue_cert(*NAMES, key_type=trustme.KeyType.ECDSA)
    write_private(server_file, leaf.private_key_and_cert_chain_pem.bytes())
