"""Speaks to the control endpoint of a sandbox, with nothing but the standard library."""

import http.client
import json
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from tui.attach import NoSandbox, Ready

_WAIT_S = 5.0


class _Loopback(http.client.HTTPSConnection):
    """Goes to 127.0.0.1 whatever the name resolves to; the certificate is checked by name."""

    def __init__(self, host: str, port: int | None, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=_WAIT_S, context=context)
        self._trust = context

    def connect(self) -> None:
        bare = socket.create_connection(("127.0.0.1", self.port), _WAIT_S)
        self.sock = self._trust.wrap_socket(bare, server_hostname=self.host)


def post(ready: Ready, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """POST to one of the control endpoint's names; raises NoSandbox when it does not answer."""
    address = urlsplit(str(ready["admin"]))
    try:
        context = ssl.create_default_context(cafile=str(ready["ca_file"]))
        connection = _Loopback(address.hostname or "", address.port, context)
        try:
            headers = {"Content-Type": "application/json"}
            path = f"{address.path.rstrip('/')}/{name}"
            connection.request("POST", path, json.dumps(body or {}), headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise NoSandbox(f"The sandbox does not answer: {error}.") from None
    decoded: dict[str, Any] = json.loads(data or b"{}")
    if answer.status >= 400:
        raise NoSandbox(str(decoded.get("error", {}).get("message") or answer.reason))
    return decoded
