"""Parts of Key Vault's data plane that the sandbox does not simulate, said so.

The challenge and the firewall come first, as everywhere; permissions are not looked at,
since nothing is there to be reached.
"""

from sandbox.keyvault import access
from sandbox.keyvault.dataplane import named_vault
from sandbox.protocol import Answer, Request, VaultRefusal
from sandbox.routing import VAULT, Api
from sandbox.world import World

api = Api(plane=VAULT)

_FAMILIES = {
    "secrets": "secrets",
    "deletedsecrets": "secrets",
    "certificates": "certificates",
    "deletedcertificates": "certificates",
    "storage": "managed storage accounts",
    "deletedstorage": "managed storage accounts",
    "rng": "random bytes",
}
_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
_DEPTH = 4


def _refuse(what: str, request: Request, world: World) -> Answer:
    vault = named_vault(world, request)
    access.check_network(vault, access.sign_in(world, request, vault))
    raise VaultRefusal(
        501, "NotSupported", f"Operation is not supported: this vault has keys, no {what}."
    )


def _register(family: str, what: str) -> None:
    def handler(world: World, request: Request) -> Answer:
        return _refuse(what, request, world)

    for depth in range(_DEPTH):
        pattern = f"/{family}" + "".join(f"/{{part{at}}}" for at in range(depth))
        for method in _METHODS:
            api.route(method, pattern)(handler)


for _family, _what in _FAMILIES.items():
    _register(_family, _what)


@api.route("POST", "/keys/{key}/{version}/release")
def release(world: World, request: Request) -> Answer:
    """Secure key release needs attestation, which is not simulated."""
    return _refuse("key release", request, world)
