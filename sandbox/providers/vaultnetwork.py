"""What is around a vault: the network security perimeters it is associated with.

The shape is that of the type vaults/networkSecurityPerimeterConfigurations in its version
2024-04-01-preview. Perimeters themselves are made by Microsoft.Network, which is no part of
the sandbox.
"""

from sandbox import armid
from sandbox.protocol import Answer, Request
from sandbox.providers.vaults import VAULT, vault_of
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.KeyVault")


@api.route("GET", f"{VAULT}/networkSecurityPerimeterConfigurations")
def perimeters(world: World, request: Request) -> Answer:
    """The perimeters of a vault; no nextLink."""
    vault = vault_of(world, request)
    found = vault.inner.get("perimeters", [])
    return Answer(200, {"value": [_rendered(vault.doc, one) for one in found]})


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
