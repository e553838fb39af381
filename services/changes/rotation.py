"""What a rotation would do, before anything is done: everything is read once. Writes nothing."""

import asyncio

import msgspec

from services.azure import authorization, keys, locks, vaults, workspaces
from services.azure.connection import Connection
from services.changes.model import Place, Rotation, Wish
from services.changes.rotationjudges import judged
from services.changes.rotationsteps import plan_rotation
from services.checks.facts import Unknown, known
from services.diagnosis import target
from services.fleet.dependents import VAULTS, all_of
from services.fleet.words import WORKSPACES
from services.ids import ArmId, BadId, KeyId
from services.model.fleet import Subject
from services.model.resources import Workspace
from services.text import plain

__all__ = ["NoRotation", "Rotation", "Wish", "plan_rotation", "read"]

SOURCE = "how-to-setup-customer-managed-keys"


class NoRotation(ValueError):
    """What was asked for is no rotation; the message says the rule."""


async def read(conn: Connection, text: str, wish: Wish) -> Rotation:
    """What is there, and what speaks against the rotation.

    ``text``: a workspace by its id or name, or a key by its address, which stands for every
    workspace that uses it. Raises NoRotation, target.NoTarget, and AzureError.
    """
    ids = await _targets(conn, text)
    found = await asyncio.gather(*(workspaces.get_workspace(conn, id) for id in ids))
    there = [_keyed(id, one) for id, one in zip(ids, found, strict=True)]
    first, key = there[0]
    used = first.encryption
    assert used is not None
    name, version = _wished(wish, key)
    makes = wish.new or (not wish.version and not wish.key)
    address = f"https://{key.host}"
    vault, current, wanted, users, rights, places = await asyncio.gather(
        known(vaults.get_vault(conn, used.vault_id)),
        known(keys.get_key(conn, address, name)),
        known(keys.get_key(conn, address, name, version)) if version else _none(),
        known(all_of(conn, Subject(host=key.host, key=key.name))),
        known(authorization.list_permissions(conn, used.vault_id)),
        asyncio.gather(*(_place(conn, *one) for one in there)),
    )
    made = Rotation(
        at=conn.now(),
        subject=first.id if len(there) == 1 else f"{used.vault_id}/keys/{key.name}",
        places=tuple(places),
        vault=Unknown("The vault is not there.") if vault is None else vault,
        name=name,
        current=current,
        wanted=None if makes else wanted if version else current,
        makes=makes,
        dependents=users if isinstance(users, Unknown) else tuple(users),
        vault_rights=rights if isinstance(rights, Unknown) else tuple(rights),
        caller=(await conn.who()).object_id,
    )
    return msgspec.structs.replace(made, findings=tuple(judged(made)))


async def _none() -> None:
    return None


async def _targets(conn: Connection, text: str) -> list[str]:
    asked = plain(text.strip(), 500)
    subject = _of_key(conn, asked)
    if subject is None:
        return [(await target.find(conn, asked)).id]
    users = await all_of(conn, subject)
    found = [one.id for one in users if one.type == WORKSPACES and one.how == "key"]
    if not found:
        raise NoRotation(
            f"No workspace that you may read uses key {subject.key} of {subject.vault}."
        )
    return sorted(found)


def _of_key(conn: Connection, asked: str) -> Subject | None:
    """The key that is meant; None for anything that is no key."""
    try:
        if "://" in asked:
            key = KeyId.parse(asked)
            return Subject(host=key.host, key=key.name)
        id = ArmId.parse(asked)
    except BadId as error:
        if "://" in asked:
            raise NoRotation(f"{asked} is not the address of a key: {error}.") from None
        return None
    if id.type.lower() != f"{VAULTS}/keys":
        return None
    host = conn.cloud.vault_uri(id.names[0]).removeprefix("https://").lower()
    return Subject(host=host, key=id.names[1])


def _keyed(id: str, found: Workspace | None) -> tuple[Workspace, KeyId]:
    name = ArmId.parse(id).name
    if found is None:
        raise NoRotation(f"Workspace {name} is not there.")
    if found.encryption is None:
        raise NoRotation(
            f"Workspace {name} is encrypted with Microsoft's keys: it has no key of yours to rotate,"
            " and can't be given one any more."
        )
    try:
        return found, KeyId.parse(found.encryption.key_id)
    except BadId as error:
        raise NoRotation(f"Workspace {name} names no key of a vault: {error}.") from None


def _wished(wish: Wish, used: KeyId) -> tuple[str, str]:
    """Name of the key and version; raises NoRotation, for another vault with its rule."""
    name, version = wish.key or used.name, wish.version.strip().lower()
    if "://" in wish.key:
        try:
            asked = KeyId.parse(wish.key)
        except BadId as error:
            raise NoRotation(f"{plain(wish.key)} is not the address of a key: {error}.") from None
        if asked.host != used.host:
            raise NoRotation(
                f"Key {asked.name} is in vault {asked.vault}, the workspace's key in {used.vault}. A"
                " workspace can only go on to a key, or a version, of the vault it was made with"
                f" ({SOURCE}; F46). Make the new key in {used.vault}."
            )
        name, version = asked.name, version or asked.version
    if wish.new and version:
        raise NoRotation("A new version and a version that is there exclude each other.")
    try:
        if version not in ("", "latest"):
            KeyId.parse(f"https://{used.host}/keys/{name}/{version}")
        KeyId.parse(f"https://{used.host}/keys/{name}")
    except BadId as error:
        raise NoRotation(f"{plain(name)} {plain(version)}: {error}.") from None
    return name, "" if version == "latest" else version


async def _place(conn: Connection, workspace: Workspace, key: KeyId) -> Place:
    held, may = await asyncio.gather(
        known(locks.list_locks(conn, workspace.id)),
        known(authorization.list_permissions(conn, workspace.id)),
    )
    return Place(
        workspace=workspace,
        key=key,
        locks=held if isinstance(held, Unknown) else tuple(held),
        permissions=may if isinstance(may, Unknown) else tuple(may),
    )
