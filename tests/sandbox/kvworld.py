"""A world with vaults and no server: handlers are called as the server would call them."""

import inspect
import json
from typing import Any

from sandbox import directory, rbac
from sandbox.clock import Clock
from sandbox.protocol import Answer, Request
from sandbox.providers import (
    armkeys,
    deletedkeys,
    deletedvaults,
    keyrotation,
    keys,
    vaultrest,
    vaults,
    vaultseeds,
)
from sandbox.routing import ARM, VAULT, RouteTable
from sandbox.state import Principal, Resource, State, load, save
from sandbox.world import Addresses, World

APIS = [
    m.api
    for m in (
        vaults,
        deletedvaults,
        armkeys,
        keys,
        deletedkeys,
        keyrotation,
        vaultrest,
        vaultseeds,
    )
]
TENANT = "c0a70500-0000-4000-8000-000000000001"
OTHER_TENANT = "fab21ca0-0000-4000-8000-000000000002"
SUB = "11111111-1111-4111-8111-111111111111"
OTHER_SUB = "22222222-2222-4222-8222-222222222222"
FOREIGN_SUB = "33333333-3333-4333-8333-333333333333"
ADMIN = "ada00000-0000-4000-8000-0000000000a1"
APP = "a9900000-0000-4000-8000-0000000000a2"
STRANGER = "57a00000-0000-4000-8000-0000000000a3"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-one"
DAY = 86_400


class Kv:
    """The world and short ways to call its routes."""

    def __init__(self, speed: float = 1.0) -> None:
        self.world = World(State(), Clock(speed), Addresses(8443))
        self.state.tenants.update({TENANT: {}, OTHER_TENANT: {}})
        for sub, tenant in ((SUB, TENANT), (OTHER_SUB, TENANT), (FOREIGN_SUB, OTHER_TENANT)):
            self.state.subscriptions[sub] = {"tenantId": tenant, "displayName": sub}
            for name in ("rg-one", "rg-two"):
                doc = {"id": f"/subscriptions/{sub}/resourceGroups/{name}", "name": name}
                self.state.groups[doc["id"].lower()] = Resource(doc, 0.0)
        self.add(ADMIN, TENANT, "admin", upn="ada@contoso.test")
        self.add(APP, TENANT, "app", kind="ServicePrincipal")
        self.add(STRANGER, OTHER_TENANT, "stranger")
        self.routes = RouteTable(APIS)
        for api in APIS:
            self.world.jobs.update(api.jobs)

    @property
    def state(self) -> State:
        return self.world.state

    def add(self, oid: str, tenant: str, name: str, kind: str = "User", upn: str = "") -> None:
        directory.add(self.world, Principal(oid, tenant, name, kind, app_id=oid[::-1], upn=upn))

    def reload(self) -> None:
        """Save the state and load it, as a restart does."""
        self.world.state = load(save(self.state))
        self.world.caches.clear()

    def later(self, seconds: float) -> None:
        self.world.clock.offset += seconds
        self.world.run_due()

    def request(self, method: str, host: str, url: str, body: Any) -> Request:
        path, _, query = url.partition("?")
        pairs = dict(part.split("=", 1) for part in query.split("&") if part)
        low = {name.lower(): value for name, value in pairs.items()}
        data = b"" if body is None else json.dumps(body).encode()
        return Request(method, host, path, low, {}, data)

    def arm(self, method: str, path: str, body: Any = None, version: str = "2026-02-01") -> Answer:
        self.world.run_due()
        mark = "&" if "?" in path else "?"
        request = self.request(method, "localhost:8443", f"{path}{mark}api-version={version}", body)
        request.principal = self.world.principal(ADMIN)
        found = self.routes.find(ARM, method, request.path)
        assert found, f"no route {method} {path}"
        request.params = found[1]
        answer = found[0].handler(self.world, request)
        assert isinstance(answer, Answer)
        return answer

    async def data(
        self,
        method: str,
        vault: str,
        url: str,
        body: Any = None,
        *,
        who: str = ADMIN,
        version: str = "7.6",
        claims: dict[str, Any] | None = None,
    ) -> Any:
        """The body of a data-plane call by a principal."""
        answer = await self.data_answer(method, vault, url, body, who, version, claims)
        return answer.body

    async def data_answer(
        self,
        method: str,
        vault: str,
        url: str,
        body: Any = None,
        who: str = ADMIN,
        version: str = "7.6",
        claims: dict[str, Any] | None = None,
    ) -> Answer:
        self.world.run_due()
        mark = "&" if "?" in url else "?"
        host = f"{vault}.vault.localhost:8443"
        request = self.request(method, host, f"{url}{mark}api-version={version}", body)
        if who:
            request.headers["authorization"] = "Bearer any"
            request.claims = {**self.claims(who), **(claims or {})}
        found = self.routes.find(VAULT, method, request.path)
        assert found, f"no route {method} {url}"
        request.params = found[1]
        answer = found[0].handler(self.world, request)
        result = await answer if inspect.isawaitable(answer) else answer
        assert isinstance(result, Answer)
        return result

    def claims(self, who: str) -> dict[str, Any]:
        principal = self.world.principal(who)
        assert principal
        issuer = f"{self.world.addresses.authority}/{principal.tenant_id}/"
        return {
            "aud": "https://vault.localhost:8443",
            "iss": issuer,
            "tid": principal.tenant_id,
            "oid": who,
            "appid": principal.app_id,
            "exp": 4_102_444_800,
        }

    def vault(self, name: str = "kv-one", **spec: Any) -> Resource:
        """A seeded vault; admin may do everything with keys unless ``policies`` says else."""
        everything = [{"principal": ADMIN, "keys": ["all"]}]
        base = {
            "name": name,
            "subscription": SUB,
            "group": "rg-one",
            "location": "westeurope",
            "access": "policies",
            "policies": everything,
            "purge_protection": False,
        }
        vaultseeds.seed_vault(self.world, {**base, **spec})
        found = vaults.find(self.world, name)
        return found if found else Resource({}, 0)

    def grant(self, scope: str, role: str, who: str = ADMIN) -> None:
        rbac.grant(self.world, scope, role, who)


def vault_path(name: str, group: str = GROUP) -> str:
    return f"{group}/providers/Microsoft.KeyVault/vaults/{name}"


def body(location: str = "westeurope", tags: Any = None, **properties: Any) -> dict[str, Any]:
    """A vault's PUT body; properties given as None are left out."""
    base = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    sent = {key: value for key, value in {**base, **properties}.items() if value is not None}
    made: dict[str, Any] = {"location": location, "properties": sent}
    return {**made, "tags": tags} if tags is not None else made
