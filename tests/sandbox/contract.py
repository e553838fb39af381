"""A plain HTTPS client for contract tests that brings a sandbox into the states it needs."""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

from sandbox import registrations

NAMESPACES = (
    "Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Insights", "Microsoft.Search",
    "Microsoft.OperationalInsights", "Microsoft.ContainerRegistry", "Microsoft.ManagedIdentity",
    "Microsoft.DocumentDB", "Microsoft.MachineLearningServices", "Microsoft.Compute",
    "Microsoft.ContainerInstance", "Microsoft.ContainerService",
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """One answer; header names in lower case, an empty body as None."""

    status: int
    headers: dict[str, str]
    body: Any


class Az:
    """Speaks to a running sandbox as Azure's clients do, and brings it into states."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self.ready = sandbox.ready
        self.tenant: str = self.ready["tenant_id"]
        self.sub: str = self.ready["subscriptions"][0]["id"]
        self.root = f"/subscriptions/{self.sub}"
        self.group_id = f"{self.root}/resourceGroups/rg-contract"
        self.port = int(self.ready["arm"].rpartition(":")[2])
        self._pools: dict[str, urllib3.HTTPSConnectionPool] = {}

    @property
    def world(self) -> Any:
        return self.sandbox.world

    def object_id(self, principal: str = "admin") -> str:
        cast = {item["name"]: item["object_id"] for item in self.ready["principals"]}
        return str(cast[principal])

    def jump(self, seconds: float) -> None:
        """Let Azure time pass; what falls due in it is done before the next request."""
        self.world.clock.offset += seconds

    def register(self, *namespaces: str) -> None:
        for namespace in namespaces or NAMESPACES:
            registrations.put(self.world, self.sub, namespace, "Registered")

    def send(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """One request to the sandbox; redirects and retries are off."""
        host, _, rest = url.removeprefix("https://").partition("/")
        name = host.partition(":")[0]
        if name not in self._pools:
            context = ssl.create_default_context(cafile=self.ready["ca_file"])
            self._pools[name] = urllib3.HTTPSConnectionPool(
                "127.0.0.1",
                self.port,
                ssl_context=context,
                server_hostname=name,
                assert_hostname=name,
                retries=False,
            )
        sent = {"Host": host, **(headers or {})}
        data = None
        if isinstance(body, str):
            data = body.encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        answer = self._pools[name].request(
            method, "/" + rest, body=data, headers=sent, redirect=False, retries=False
        )
        low = {key.lower(): value for key, value in answer.headers.items()}
        return Reply(answer.status, low, json.loads(answer.data) if answer.data else None)

    def arm(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "2023-01-01",
        who: str = "admin",
    ) -> Reply:
        """A request to ARM; an absolute address (from a header) is taken as it is."""
        url = path if path.startswith("https://") else self.ready["arm"] + path
        if "api-version=" not in url:
            url += f"{'&' if '?' in url else '?'}api-version={version}"
        token = self.sandbox.token(who, "arm")
        return self.send(method, url, body, {"Authorization": f"Bearer {token}"})

    def made(self, method: str, path: str, body: Any = None, *, version: str = "2023-01-01") -> Any:
        """A request to ARM that has to succeed; its body."""
        reply = self.arm(method, path, body, version=version)
        assert reply.status < 300, f"{method} {path}: {reply.status} {reply.body}"
        return reply.body

    def key_vault(
        self,
        method: str,
        vault: str,
        path: str,
        body: Any = None,
        *,
        version: str = "7.4",
        who: str = "admin",
    ) -> Reply:
        """A request to a vault's data plane; ``who`` empty sends no token."""
        host = f"{vault}.{self.ready['key_vault_suffix']}"
        mark = "&" if "?" in path else "?"
        token = {"Authorization": f"Bearer {self.sandbox.token(who, 'vault')}"} if who else {}
        return self.send(method, f"https://{host}{path}{mark}api-version={version}", body, token)

    def group(self, name: str = "rg-contract", location: str = "westus") -> str:
        self.made("PUT", f"{self.root}/resourceGroups/{name}", {"location": location})
        return f"{self.root}/resourceGroups/{name}"

    def vault_id(self, name: str) -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{name}"

    def vault_body(self, **properties: Any) -> dict[str, Any]:
        rotation = ["getrotationpolicy", "setrotationpolicy", "rotate", "purge"]
        everything = {name: ["all"] for name in ("keys", "secrets", "certificates", "storage")}
        everything["keys"] = ["all", *rotation]
        policy = {
            "tenantId": self.tenant,
            "objectId": self.object_id(),
            "permissions": everything,
        }
        return {
            "location": "westus",
            "properties": {
                "tenantId": self.tenant,
                "sku": {"family": "A", "name": "standard"},
                "accessPolicies": [policy],
                **properties,
            },
        }

    def vault(self, name: str, **properties: Any) -> str:
        """A vault whose name resolves; the signed-in admin may do everything in it."""
        self.group()
        self.register("Microsoft.KeyVault")
        body = self.vault_body(**properties)
        self.made("PUT", self.vault_id(name), body, version="2023-07-01")
        self.jump(120)
        return self.vault_id(name)

    def key(self, vault: str, name: str, **body: Any) -> Any:
        reply = self.key_vault("POST", vault, f"/keys/{name}/create", {"kty": "RSA", **body})
        assert reply.status == 200, reply
        return reply.body


Case = Callable[[Az], Reply]
CASES: dict[str, Case] = {}
"""By recording (``area/name``): what brings a sandbox into its state and asks."""


def case(*names: str) -> Callable[[Case], Case]:
    """Register what answers the recordings of these names."""

    def register(function: Case) -> Case:
        for name in names:
            CASES[name] = function
        return function

    return register
