"""A plain HTTPS client for contract tests, and the comparison of two answers' shapes."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import urllib3

from sandbox import registrations

LRO_HEADERS = ("azure-asyncoperation", "location", "retry-after")
NAMESPACES = (
    "Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Insights", "Microsoft.Search",
    "Microsoft.OperationalInsights", "Microsoft.ContainerRegistry", "Microsoft.ManagedIdentity",
    "Microsoft.DocumentDB", "Microsoft.MachineLearningServices",
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


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


_FREE = ("tags", "userAssignedIdentities")
"""Objects whose member names are the user's own."""


def paths(value: Any, at: str = "$") -> Iterator[tuple[str, str]]:
    """(path, type) of everything in a document; items of a list share ``[]``."""
    yield at, kind(value)
    if isinstance(value, dict) and at.rpartition(".")[2] not in _FREE:
        for name, item in value.items():
            yield from paths(item, f"{at}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{at}[]")


def shape(value: Any) -> dict[str, set[str]]:
    """The types seen at each path."""
    found: dict[str, set[str]] = {}
    for path, name in paths(value):
        found.setdefault(path, set()).add(name)
    return found


def endings(value: Any) -> set[str]:
    """The paths of a document below its envelope: where a resource may stand in another one."""
    known = set()
    for path in shape(value):
        known.add(path)
        for envelope in ("$.value[].", "$.resources[].", "$.data[]."):
            if path.startswith(envelope):
                known.add("$." + path.removeprefix(envelope))
    return known


def differences(recorded: Reply, ours: Reply, known: set[str], *, excerpt: bool) -> list[str]:
    """What a client could notice, one short line each; empty when the shapes agree.

    Of a log excerpt only status and error codes are trusted.
    """
    found = []
    if recorded.status != ours.status:
        found.append(f"status {recorded.status} -> {ours.status}")
    if excerpt:
        return found + _codes(recorded.body, ours.body)
    for name in LRO_HEADERS:
        if (name in recorded.headers) != (name in ours.headers):
            found.append(f"header {name} {'missing' if name in recorded.headers else 'extra'}")
    found += _codes(recorded.body, ours.body)
    theirs, here = shape(recorded.body), shape(ours.body)
    if recorded.body is None or ours.body is None:
        if kind(recorded.body) != kind(ours.body):
            found.append(f"body {kind(recorded.body)} -> {kind(ours.body)}")
        return found
    for path, types in theirs.items():
        if path not in here:
            if path.endswith("[]") or not _below_missing(path, theirs, here):
                found.append(f"missing {path}")
        elif not here[path] <= types | ({"null"} if "null" in types else set()):
            found.append(f"type {path} {'/'.join(sorted(types))} -> {'/'.join(sorted(here[path]))}")
    for path in here:
        strange = path not in theirs and path not in known and not _bare(path, known)
        if strange and not _below_missing(path, here, theirs):
            found.append(f"extra {path}")
    return found


def _bare(path: str, known: set[str]) -> bool:
    for envelope in ("$.value[].", "$.data[]."):
        if path.startswith(envelope):
            return "$." + path.removeprefix(envelope) in known
    return False


def _below_missing(path: str, theirs: dict[str, set[str]], here: dict[str, set[str]]) -> bool:
    """Whether a parent of the path is already reported, so that this line would repeat it."""
    parent = path
    while "." in parent or "[]" in parent:
        parent = parent.removesuffix("[]") if parent.endswith("[]") else parent.rpartition(".")[0]
        if parent in theirs and parent not in here:
            return True
    return False


def _codes(recorded: Any, ours: Any) -> list[str]:
    def code(body: Any) -> Any:
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            return None
        return error.get("code"), (error.get("innererror") or {}).get("code")

    theirs, here = code(recorded), code(ours)
    return [f"code {theirs} -> {here}"] if theirs != here and theirs is not None else []
