"""A bench for the providers around workspaces: the real handlers, without server and gate."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox import rbac, registrations
from sandbox.clock import Clock
from sandbox.keyvault import keystore
from sandbox.protocol import Answer, Request
from sandbox.providers import (
    clusters,
    containerquota,
    cosmos,
    customerkeys,
    identities,
    insights,
    machinelearning,
    managedgroup,
    search,
    storage,
    vaults,
    vaultseeds,
    vmsizes,
)
from sandbox.registrations import COSMOS_DB, MACHINE_LEARNING
from sandbox.routing import ARM, RouteTable
from sandbox.state import Principal, Resource, State
from sandbox.world import Addresses, World

S = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
T = "33333333-3333-3333-3333-333333333333"
ADMIN = "aaaaaaaa-0000-0000-0000-000000000001"
G = f"/subscriptions/{S}/resourceGroups/rg-ml"
WS = f"{G}/providers/Microsoft.MachineLearningServices/workspaces/ws-one"
UAI = f"{G}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai-ml"
VAULT = f"{G}/providers/Microsoft.KeyVault/vaults/kv-cmk"
V = "?api-version=2025-12-01"
ROLE = "Key Vault Crypto Service Encryption User"
LONG_AGO = 1_600_000_000.0
APIS = [
    clusters.api,
    containerquota.api,
    cosmos.api,
    customerkeys.api,
    identities.api,
    insights.api,
    machinelearning.api,
    search.api,
    storage.api,
    vaults.api,
    vaultseeds.api,
    vmsizes.api,
]


class Bench:
    """A subscription in which a workspace with a key can be made."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        jobs = {kind: job for api in APIS for kind, job in api.jobs.items()}
        self.world = World(State(settings=settings), self.clock, Addresses(443), jobs)
        self.table = RouteTable(APIS)
        state = self.world.state
        state.tenants[T] = {"tenantId": T, "displayName": "Contoso"}
        for key in (S, OTHER):
            state.subscriptions[key] = {"subscriptionId": key, "tenantId": T, "displayName": key}
            for name in ("MachineLearningServices", "DocumentDB", "Search", "Storage", "KeyVault"):
                registrations.put(self.world, key, f"Microsoft.{name}", "Registered")
        state.principals[ADMIN] = Principal(ADMIN, T, "admin", "User", upn="ada@contoso.test")
        state.groups[G.lower()] = Resource({"id": G, "name": "rg-ml", "location": "westeurope"}, 0)
        for key in (S, OTHER):
            self.grant(f"/subscriptions/{key}", "Owner", ADMIN)
        self.grant(f"/subscriptions/{S}", "Contributor", self.app(MACHINE_LEARNING))
        self.vault("kv-cmk")
        self.grant(VAULT, ROLE, self.app(COSMOS_DB))
        self.dependencies()

    def app(self, app_id: str) -> str:
        found = registrations.first_party(self.world, T, app_id)
        assert found
        return found.object_id

    def grant(self, scope: str, role: str, object_id: str) -> None:
        rbac.grant(self.world, scope, role, object_id, created=LONG_AGO)

    def vault(self, name: str, **spec: Any) -> None:
        where = {"subscription": S, "group": "rg-ml", "location": "westeurope"}
        keys = [{"name": "k1", "bits": 2048, "versions": 2}, {"name": "k2", "bits": 2048}]
        vaultseeds.seed_vault(self.world, {"name": name, "keys": keys, **where, **spec})

    def dependencies(self) -> None:
        place = {"subscription": S, "group": "rg-ml", "location": "westeurope"}
        for name, spec in (
            ("stml", {}),
            ("stpremium", {"sku": "Premium_LRS"}),
            ("sthns", {"hns": True}),
        ):
            storage.seed_account(self.world, {**place, "name": name, **spec})
        url = f"{G}/providers/Microsoft.Insights/components/ai-ml?api-version=2020-02-02"
        self.send("PUT", url, {"location": "westeurope", "kind": "web", "properties": {}})
        self.send("PUT", f"{UAI}?api-version=2023-01-31", {"location": "westeurope"})

    def uai(self) -> str:
        found = self.world.resource(UAI)
        assert found
        return str(found.doc["properties"]["principalId"])

    def key(self, name: str = "k1", vault: str = "kv-cmk") -> dict[str, Any]:
        """The newest version of a key as Key Vault keeps it."""
        return keystore.version(keystore.keys_of(self.world, vault)[name])

    def kid(self, name: str = "k1", vault: str = "kv-cmk") -> str:
        return f"https://{vault}.vault.localhost:443/keys/{name}/{self.key(name, vault)['version']}"

    def body(self, **changed: Any) -> dict[str, Any]:
        """A workspace's body with encryption; ``vault_id``, ``kid`` and properties change it."""
        key = {
            "keyVaultArmId": changed.pop("vault_id", VAULT),
            "keyIdentifier": changed.pop("kid", None) or self.kid(),
        }
        encryption = {"status": "Enabled", "keyVaultProperties": key}
        properties = {
            "storageAccount": f"{G}/providers/Microsoft.Storage/storageAccounts/stml",
            "keyVault": VAULT,
            "applicationInsights": f"{G}/providers/microsoft.insights/components/ai-ml",
            "encryption": encryption,
        }
        return {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {**properties, **changed},
        }

    def user_body(self) -> dict[str, Any]:
        """The same, with the user-assigned identity for encryption."""
        body = self.body()
        body["identity"] = {
            "type": "SystemAssigned,UserAssigned",
            "userAssignedIdentities": {UAI: {}},
        }
        body["properties"]["encryption"]["identity"] = {"userAssignedIdentity": UAI}
        return body

    def send(self, method: str, url: str, body: object = None) -> Answer:
        parts = urlsplit(url)
        query = {key.lower(): value for key, value in parse_qsl(parts.query)}
        found = self.table.find(ARM, method, parts.path)
        assert found, f"no route for {method} {parts.path}"
        route, params = found
        content = b"" if body is None else msgspec.json.encode(body)
        request = Request(method, "localhost", parts.path, query, {}, content, params=params)
        request.principal = self.world.principal(ADMIN)
        self.world.run_due()
        answer = route.handler(self.world, request)
        assert isinstance(answer, Answer)
        msgspec.json.encode(answer.body)
        return answer

    def skip(self, seconds: float) -> None:
        """Let Azure's time pass."""
        self.clock.offset += seconds
        self.world.run_due()

    def create(self, body: dict[str, Any] | None = None, wait: float = 600) -> dict[str, Any]:
        """Create the workspace and return the async status after a while."""
        answer = self.send("PUT", WS + V, body or self.body())
        assert (answer.status, answer.body) == (202, None)
        self.skip(wait)
        return dict(self.send("GET", answer.headers["Azure-AsyncOperation"]).body)

    def get(self, resource_id: str = WS) -> dict[str, Any]:
        return dict(self.send("GET", resource_id + V).body)

    def part(self, name: str) -> dict[str, Any]:
        """A managed resource as its GET tells it."""
        doc = self.world.state.resources[WS.lower()].doc
        return self.get(managedgroup.part_id(doc, managedgroup.PARTS[name]))

    def part_id(self, name: str) -> str:
        doc = self.world.state.resources[WS.lower()].doc
        return managedgroup.part_id(doc, managedgroup.PARTS[name])
