"""What is around a vault: private endpoints and network security perimeters.

Perimeters have the shape of the type vaults/networkSecurityPerimeterConfigurations in its
version 2024-04-01-preview. They and the endpoints are made by Microsoft.Network, which is no
part of the sandbox.
"""

from sandbox import armid
from sandbox.keyvault.rules import properties_of
from sandbox.protocol import Answer, Request
from sandbox.providers.vaults import VAULT, vault_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.KeyVault")


@api.route("GET", f"{VAULT}/networkSecurityPerimeterConfigurations")
def perimeters(world: World, request: Request) -> Answer:
    """The perimeters of a vault; no nextLink."""
    vault = vault_of(world, request)
    found = vault.inner.get("perimeters", [])
    return Answer(200, {"value": [_rendered(vault.doc, one) for one in found]})


@api.route("GET", f"{VAULT}/privateEndpointConnections")
def endpoints(world: World, request: Request) -> Answer:
    """The private endpoint connections of a vault; no nextLink."""
    vault = vault_of(world, request)
    return Answer(200, {"value": [_connection(vault.doc, one) for one in _connections(vault)]})


@api.route("GET", f"{VAULT}/privateEndpointConnections/{{connection}}")
def endpoint(world: World, request: Request) -> Answer:
    """One private endpoint connection."""
    vault = vault_of(world, request)
    return Answer(200, _connection(vault.doc, _named(vault, request)))


@api.route("PUT", f"{VAULT}/privateEndpointConnections/{{connection}}")
def judge_endpoint(world: World, request: Request) -> Answer:
    """The vault's owner approves or rejects a connection that is there."""
    vault = vault_of(world, request)
    one = _named(vault, request)
    sent = properties_of(request.json()).get("privateLinkServiceConnectionState") or {}
    state = one["properties"]["privateLinkServiceConnectionState"]
    one["properties"]["privateLinkServiceConnectionState"] = {**state, **sent}
    return Answer(200, _connection(vault.doc, one))


def _connections(vault: Resource) -> list[Json]:
    found: list[Json] = vault.doc["properties"].get("privateEndpointConnections", [])
    return found


def _named(vault: Resource, request: Request) -> Json:
    wanted = request.params["connection"].lower()
    for one in _connections(vault):
        if armid.name(one["id"]).lower() == wanted:
            return one
    raise armid.not_found(request)


def _connection(vault: Json, one: Json) -> Json:
    kind = "Microsoft.KeyVault/vaults/privateEndpointConnections"
    return {**one, "name": armid.name(one["id"]), "type": kind, "location": vault["location"]}


def _rendered(vault: Json, one: Json) -> Json:
    group = vault["id"].partition("/providers/")[0]
    network = f"{group}/providers/Microsoft.Network/networkSecurityPerimeters/{one['name']}"
    name = f"{one['guid']}.{vault['name'].lower()}"
    return {
        "id": f"{vault['id']}/networkSecurityPerimeterConfigurations/{name}",
        "name": name,
        "type": "Microsoft.KeyVault/vaults/networkSecurityPerimeterConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "networkSecurityPerimeter": {
                "id": armid.canonical(network),
                "location": vault["location"],
                "perimeterGuid": one["guid"],
            },
            "resourceAssociation": {"name": name, "accessMode": one["mode"]},
            "profile": {"name": "default", "accessRulesVersion": "0", "accessRules": []},
            "provisioningIssues": [],
        },
    }
