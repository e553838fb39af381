"""Where vaults are found by name: names are unique in the whole cloud, deleted ones included."""

from dataclasses import dataclass

from sandbox import regions
from sandbox.protocol import Refusal
from sandbox.state import Json, Resource
from sandbox.world import World

VAULTS = "vaults"
"""Table: vault name in lower case to the lower-case id of the living vault."""
DELETED = "deleted_vaults"
"""Table: vault name in lower case to what is kept of a soft-deleted vault."""
KEYS = "vault_keys"
"""Table: vault name in lower case to its keys."""


def find(world: World, name: str) -> Resource | None:
    """The living vault of this name, wherever it is, or None."""
    vault_id = world.state.table(VAULTS).get(name.lower())
    return world.state.resources.get(vault_id) if vault_id else None


def deleted(world: World, name: str) -> Json | None:
    """What is kept of the soft-deleted vault of this name, or None."""
    entry: Json | None = world.state.table(DELETED).get(name.lower())
    return entry


def vault_ids(world: World, scope: str) -> list[str]:
    """Lower-case ids of the living vaults below a subscription or group, by name."""
    prefix = scope.lower().rstrip("/") + "/"
    table = world.state.table(VAULTS)
    resources = world.state.resources
    return [
        vault_id
        for _, vault_id in sorted(table.items())
        if vault_id.startswith(prefix) and vault_id in resources
    ]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vault is, as its PUT addresses it."""

    vault_id: str
    name: str
    location: str


def check_free(world: World, place: Place) -> None:
    """Refuse a new vault whose name is taken (recorded: keyvault-mgmt/32 and 33).

    A soft-deleted vault at the same id and location answers ConflictError, every other
    holder of the name, living or deleted and in any tenant, VaultAlreadyExists.
    """
    if find(world, place.name):
        raise already_exists(place.name)
    kept = deleted(world, place.name)
    if kept is None:
        return
    if kept["vaultId"].lower() == place.vault_id.lower() and regions.short(
        kept["location"]
    ) == regions.short(place.location):
        raise Refusal(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either "
            "recover or purge existing key vault. Follow this link "
            "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
        )
    raise already_exists(place.name)


def already_exists(name: str) -> Refusal:
    """409 VaultAlreadyExists, with the service's own spelling of globally."""
    return Refusal(
        409,
        "VaultAlreadyExists",
        f"The vault name '{name}' is already in use. Vault names are globaly unique so it is "
        "possible that the name is already taken. If you are sure that the vault name was not "
        "taken then it is possible that a vault with the same name was recently deleted but not "
        "purged after being placed in a recoverable state. If the vault is in a recoverable state "
        "then the vault will need to be purged before reusing the name. For more information on "
        "soft delete and purging a vault follow this link "
        "https://go.microsoft.com/fwlink/?linkid=2147740.",
    )
