"""A vault's life: made, deleted but kept, recovered, gone."""

from datetime import UTC, datetime

from sandbox import cascade, regions
from sandbox.keyvault import names, rules
from sandbox.protocol import Refusal
from sandbox.state import Json, Principal, Resource
from sandbox.world import World

DAY = 86_400
DNS_S = 15.0
"""Azure seconds from a vault's creation until its name resolves (recorded: 10 to 30)."""
PURGE_S = 90.0
"""Azure seconds that purging a vault takes (recorded: about 90)."""
DNS_READY = "keyvault.dns_ready"
PURGE_DUE = "keyvault.purge_due"


def stamp(world: World, who: Principal, known: Json | None = None) -> Json:
    """systemData after a write: creation is kept, the last change is now."""
    now = datetime.fromtimestamp(world.epoch(), UTC)
    moment = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    name = who.upn or who.app_id or who.object_id
    kind = "User" if who.kind == "User" else "Application"
    created = {"createdBy": name, "createdByType": kind, "createdAt": moment}
    if known:
        created = {key: known[key] for key in created}
    return {**created, "lastModifiedBy": name, "lastModifiedByType": kind, "lastModifiedAt": moment}


def create(world: World, vault_id: str, doc: Json) -> Resource:
    """Put a new vault into the state; its name resolves after :data:`DNS_S`."""
    vault = Resource(doc, world.epoch())
    world.state.resources[vault_id.lower()] = vault
    world.state.table(names.VAULTS)[doc["name"].lower()] = vault_id.lower()
    world.after(DNS_S, DNS_READY, vault=vault_id.lower(), created=vault.created)
    return vault


def day_stamp(epoch: float) -> str:
    """An instant as deleted vaults carry it, in whole seconds."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cascade.on_delete("Microsoft.KeyVault/vaults")
def soft_delete(world: World, vault: Resource) -> None:
    """What deleting a vault does, alone or with its group: it is kept, its name reserved.

    Role assignments at the vault and at its keys end with it, and recovery does not bring
    them back (KV soft-delete-overview).
    """
    keep_vault(world, vault, world.epoch())
    del world.state.table(names.VAULTS)[vault.doc["name"].lower()]


def keep_vault(world: World, vault: Resource, deleted: float) -> None:
    """Write a vault into the table of deleted ones, to be purged when its time is over."""
    doc = vault.doc
    purge = int(deleted) + doc["properties"]["softDeleteRetentionInDays"] * DAY
    world.state.table(names.DELETED)[doc["name"].lower()] = {
        "vaultId": doc["id"],
        "name": doc["name"],
        "location": doc["location"],
        "deleted": int(deleted),
        "purge": purge,
        "created": vault.created,
        "doc": doc,
    }
    world.state.add_job(purge, PURGE_DUE, name=doc["name"].lower(), deleted=int(deleted))


def recover(world: World, place: names.Place, tags: Json, who: Principal) -> Resource:
    """Bring a soft-deleted vault back as it was, with the request's tags.

    Raises Refusal: 404 DeletedVaultNotFound where there is none at this id and location,
    409 VaultAlreadyExists where the name belongs to another vault.
    """
    kept = names.deleted(world, place.name)
    if kept is None:
        raise deleted_not_found(place.name)
    if kept["vaultId"].lower() != place.vault_id.lower():
        raise names.already_exists(place.name)
    if regions.short(kept["location"]) != regions.short(place.location):
        raise deleted_not_found(place.name)
    doc = kept["doc"]
    doc["tags"] = tags
    doc["properties"] = rules.ordered({**doc["properties"], "provisioningState": "Succeeded"})
    doc["systemData"] = stamp(world, who, doc.get("systemData"))
    vault = Resource(doc, kept["created"])
    world.state.resources[place.vault_id.lower()] = vault
    world.state.table(names.VAULTS)[place.name.lower()] = place.vault_id.lower()
    del world.state.table(names.DELETED)[place.name.lower()]
    return vault


def forget(world: World, name: str) -> None:
    """Purge: the vault and its keys are gone for good and the name is free."""
    world.state.table(names.DELETED).pop(name.lower(), None)
    world.state.table(names.KEYS).pop(name.lower(), None)


def deleted_not_found(name: str) -> Refusal:
    """404 for a deleted vault that is not there (wording not found in a report)."""
    return Refusal(
        404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist."
    )
