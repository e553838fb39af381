"""A sandbox as tests of services/azure see it: a connection, and what reached Azure."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from sandboxed import RunningSandbox

from services.azure.clouds import Cloud
from services.azure.connection import Connection
from services.azure.credentials import principal_from_ready
from services.azure.transport import Timeouts


class Seen(NamedTuple):
    """One request that Azure received."""

    method: str
    path: str
    query: dict[str, str]
    status: int


async def connect(
    ready: Mapping[str, Any], name: str = "admin", *, read_only: bool = False
) -> Connection:
    """A connection to a running sandbox as one of its principals."""
    settings = Timeouts(backoff=0.01)
    who = principal_from_ready(ready, name)
    cloud = Cloud.from_ready(ready)
    return await Connection.open(cloud, who, settings=settings, read_only=read_only)


class Azure:
    """One sandbox, one connection, one resource group."""

    def __init__(self, sandbox: RunningSandbox, conn: Connection) -> None:
        self.sandbox = sandbox
        self.conn = conn
        self.sub: str = sandbox.ready["subscriptions"][0]["id"]
        self.tenant: str = sandbox.ready["tenant_id"]
        self.group = f"/subscriptions/{self.sub}/resourceGroups/rg-test"

    def id(self, kind: str, name: str) -> str:
        """The ARM id of a resource in the group."""
        return f"{self.group}/providers/{kind}/{name}"

    def vault_id(self, name: str) -> str:
        """The ARM id of a vault in the group."""
        return self.id("Microsoft.KeyVault/vaults", name)

    def object_id(self, principal: str) -> str:
        """The object id of one of the sandbox's principals."""
        return str(self.sandbox.principal(principal)["object_id"])

    async def put(self, id: str, body: Any, version: str) -> Any:
        """A write that no function of the product makes."""
        query = {"api-version": version}
        return (await self.conn.call("arm", "PUT", id, params=query, json=body)).body

    async def delete(self, id: str, version: str) -> None:
        """A delete that no function of the product makes."""
        await self.conn.call("arm", "DELETE", id, params={"api-version": version})

    def seen(self, method: str = "") -> list[Seen]:
        """The requests of this method (or all) since the last reset, oldest first."""
        return [
            Seen(one["method"], one["path"], dict(parse_qsl(one["query"])), one["status"])
            for one in self.sandbox.requests()
            if method in ("", one["method"])
        ]

    def advance(self, seconds: float) -> None:
        """Let time pass; what becomes due within it happens."""
        self.sandbox.advance(seconds)
