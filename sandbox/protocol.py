"""What a request is, what an answer is, and how each kind of Azure service refuses."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from sandbox.state import Json, Principal


@dataclass(slots=True)
class Request:
    """One request as a provider sees it."""

    method: str
    host: str
    """Host header, with port."""
    path: str
    """As the client spelled it, percent-decoded."""
    query: dict[str, str]
    """Names in lower case."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    id: str = ""
    """x-ms-request-id of the answer."""
    principal: Principal | None = None
    claims: Json = field(default_factory=dict)
    """Claims of the access token."""
    params: dict[str, str] = field(default_factory=dict)
    """What the route's ``{names}`` matched, spelled as the client did."""
    scope: str = ""
    """The ARM id the action is checked against (canonical spelling)."""
    logged: Json = field(default_factory=dict)
    """What the activity log keeps of this write besides, as members of its ``properties``."""
    unread: bool = False
    """Nobody reads the answer: a call of a scenario's history. No key material is made for it."""

    @property
    def api_version(self) -> str:
        """The api-version asked for, or an empty string."""
        return self.query.get("api-version", "")

    @property
    def caller(self) -> Principal:
        """The signed-in principal; only for routes of a plane that signs in."""
        if self.principal is None:
            raise RuntimeError("this route has no signed-in principal")
        return self.principal

    def json(self) -> Json:
        """The body as a JSON object; refuses anything else as ARM does."""
        if not self.body:
            return {}
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError) as error:  # the latter: nested too deep
            raise Refusal(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{error}'.",
            ) from None
        if not isinstance(value, dict):
            raise Refusal(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: 'Expected a JSON object.'.",
            )
        return value


@dataclass(slots=True)
class Answer:
    """What goes back: a JSON body (None for an empty one) and extra headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error answer in ARM's envelope: ``{"error": {code, message, ...}}``."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.extra = extra
        """target, details, additionalInfo: further members of ``error``."""

    def error(self) -> Json:
        """The ``error`` object."""
        return {"code": self.code, "message": self.message, **self.extra}

    def answer(self, request: Request, now: str) -> Answer:
        """The answer that carries this refusal."""
        return Answer(self.status, {"error": self.error()}, self.headers)


class GatewayRefusal(Refusal):
    """A refusal by ARM itself, before any resource provider saw the request."""

    def answer(self, request: Request, now: str) -> Answer:
        """The answer, marked as the gateway's own."""
        headers = {"x-ms-failure-cause": "gateway", **self.headers}
        return Answer(self.status, {"error": self.error()}, headers)


class MethodRefusal(Refusal):
    """An address without this method.

    ARM's own addresses answer in the words of its web server, without an ``error``; those of
    resource providers in the usual envelope.
    """

    def __init__(self, method: str, allowed: list[str]) -> None:
        message = f"The requested resource does not support http method '{method}'."
        super().__init__(405, "MethodNotAllowed", message, headers={"Allow": ", ".join(allowed)})

    def answer(self, request: Request, now: str) -> Answer:
        """``{"Message": ...}``, or the envelope below a provider."""
        if "/providers/" not in request.path.lower():
            return Answer(self.status, {"Message": self.message}, self.headers)
        self.message = (
            f"The HTTP method '{request.method}' is not supported on the resource '{request.path}'."
        )
        return super().answer(request, now)


class VaultRefusal(Refusal):
    """The Key Vault data plane's envelope; ``inner`` becomes innererror.code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        inner: str = "",
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        extra = {"innererror": {"code": inner}} if inner else {}
        super().__init__(status, code, message, headers=headers, **extra)


class GraphRefusal(Refusal):
    """Microsoft Graph's envelope, with innerError in camel case."""

    def answer(self, request: Request, now: str) -> Answer:
        """The answer, with the inner error that Graph adds."""
        inner = {
            "date": now,
            "request-id": request.id,
            "client-request-id": request.headers.get("client-request-id", request.id),
        }
        return Answer(self.status, {"error": {**self.error(), "innerError": inner}}, self.headers)
