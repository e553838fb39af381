"""The cloud's description of itself: what ``az cloud register`` and the SDKs read."""

from sandbox.protocol import Answer, Request
from sandbox.routing import OPEN, Api
from sandbox.state import Json
from sandbox.world import Addresses, World

api = Api(plane=OPEN)

NAME = "WrapkeySandbox"
"""The name of the sandbox's cloud."""


def cloud(addresses: Addresses) -> Json:
    """The cloud as the endpoint's api-version 2022-09-01 describes one."""
    arm = addresses.arm
    return {
        "name": NAME,
        "portal": f"{arm}/portal",
        "authentication": {
            "loginEndpoint": addresses.authority,
            "audiences": [arm, f"{arm}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": arm,
        "graph": f"{addresses.graph}/",
        "graphAudience": f"{addresses.graph}/",
        "microsoftGraphResourceId": f"{addresses.graph}/",
        "logAnalyticsResourceId": addresses.log_analytics,
        "media": arm,
        "batch": arm,
        "gallery": arm,
        "vmImageAliasDoc": f"{arm}/aliases.json",
        "sqlManagement": arm,
        "activeDirectoryDataLake": arm,
        "suffixes": {
            "keyVaultDns": addresses.vault_suffix,
            "mhsmDns": f"managedhsm.localhost:{addresses.port}",
            "storage": f"storage.localhost:{addresses.port}",
            "acrLoginServer": f"azurecr.localhost:{addresses.port}",
        },
    }


@api.route("GET", "/metadata/endpoints")
def endpoints(world: World, request: Request) -> Answer:
    """One object; before 2022 a list of clouds."""
    described = cloud(world.addresses)
    if "2019-05-01" <= request.api_version < "2022":
        return Answer(200, [described])
    return Answer(200, described)
