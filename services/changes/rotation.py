"""What a rotation would do, before anything is done: everything is read once. Writes nothing."""

import asyncio
from collections.abc import Sequence

import msgspec

from services.azure import authorization, keys
from services.azure.connection import Connection
from services.changes import places
from services.changes.model import AnyPlace, Place, Rotation, Wish
from services.changes.places import NoRotation
from services.changes.rotationjudges import judged
from services.changes.rotationsteps import plan_rotation
from services.checks.facts import Unknown, known
from services.diagnosis import target
from services.fleet.dependents import VAULTS, all_of
from services.fleet.words import SETS, WORKSPACES
from services.ids import ArmId, BadId, KeyId
from services.model.diagnosis import Target
from services.model.fleet import Dependent, Subject
from services.model.resources import KeyVersion, Permission, Vault
from services.text import plain

__all__ = ["NoRotation", "Rotation", "Wish", "plan_rotation", "read"]

SOURCE = "how-to-setup-customer-managed-keys"


async def read(conn: Connection, text: str, wish: Wish) -> Rotation:
    """What is there, and what speaks against the rotation.

    ``text``: a workspace, container group, disk encryption set or cluster by its id or name, or a
    key by its address, which stands for every workspace and set that uses it. Raises NoRotation,
    target.NoTarget, and AzureError.
    """
    targets = await _targets(conn, text)
    there = await asyncio.gather(*(places.place(conn, one, wish.secrets) for one in targets))
    first = there[0]
    host, name, version = _wished(wish, there)
    makes = wish.new or (not wish.version and not wish.key)
    address = f"https://{host}"
    at_home = host == first.key.host
    vault, current, wanted, users = await asyncio.gather(
        known(places.vault_at(conn, host, places.vault_id_of(first) if at_home else "")),
        known(keys.get_key(conn, address, name)),
        known(keys.get_key(conn, address, name, version)) if version else _none(),
        known(_users(conn, there)),
    )
    found = Unknown("The vault is not there, or you may not read it.") if vault is None else vault
    told = () if isinstance(users, Unknown) else users
    whole, rights = await asyncio.gather(
        asyncio.gather(*(places.with_users(conn, one, found, name, told) for one in there)),
        _rights(conn, found),
    )
    made = Rotation(
        at=conn.now(),
        subject=first.of.id if len(there) == 1 else _key_subject(found, first),
        places=tuple(whole),
        vault=found,
        host=host,
        name=name,
        current=current,
        wanted=None if makes else wanted if version else current,
        makes=makes,
        dependents=users,
        vault_rights=rights,
        caller=(await conn.who()).object_id,
    )
    return msgspec.structs.replace(made, findings=tuple(judged(made)))


async def _none() -> KeyVersion | None:
    return None


def _key_subject(vault: Vault | Unknown, first: AnyPlace) -> str:
    return str(first.key) if isinstance(vault, Unknown) else f"{vault.id}/keys/{first.key.name}"


async def _users(conn: Connection, there: Sequence[AnyPlace]) -> tuple[Dependent, ...]:
    """Who uses the present key; all places use the same one."""
    key = there[0].key
    return tuple(await all_of(conn, Subject(host=key.host, key=key.name)))


async def _rights(conn: Connection, vault: Vault | Unknown) -> tuple[Permission, ...] | Unknown:
    if isinstance(vault, Unknown):
        return vault
    found = await known(authorization.list_permissions(conn, vault.id))
    return found if isinstance(found, Unknown) else tuple(found)


async def _targets(conn: Connection, text: str) -> list[Target]:
    wanted = plain(text.strip(), 500)
    subject = _of_key(conn, wanted)
    if subject is None:
        return [await target.find(conn, wanted)]
    users = [one for one in await all_of(conn, subject) if one.how == "key"]
    found = [
        Target(id=one.id, name=one.name, kind=target.TYPES[one.type])
        for one in users
        if one.type in (WORKSPACES, SETS)
    ]
    if not found:
        raise NoRotation(
            "No workspace and no disk encryption set that you may read uses key"
            f" {subject.key} of {subject.vault}.{_groups(users)}"
        )
    return sorted(found, key=lambda one: one.id)


def _groups(users: Sequence[Dependent]) -> str:
    """Container groups are made again one by one: each is a loss that somebody has to want."""
    named = [one for one in users if one.kind == "container group"]
    return "".join(f" Container group {one.name} does: wrapkey rotate {one.id}" for one in named)


def _of_key(conn: Connection, text: str) -> Subject | None:
    """The key that is meant; None for anything that is no key."""
    try:
        if "://" in text:
            key = KeyId.parse(text)
            return Subject(host=key.host, key=key.name)
        id = ArmId.parse(text)
    except BadId as error:
        if "://" in text:
            raise NoRotation(f"{text} is not the address of a key: {error}.") from None
        return None
    if id.type.lower() != f"{VAULTS}/keys":
        return None
    host = conn.cloud.vault_uri(id.names[0]).removeprefix("https://").lower()
    return Subject(host=host, key=id.names[1])


def _wished(wish: Wish, there: Sequence[AnyPlace]) -> tuple[str, str, str]:
    """Host, key and version; raises NoRotation, for another vault of a workspace with its rule."""
    used = there[0].key
    host, name, version = used.host, wish.key or used.name, wish.version.strip().lower()
    if "://" in wish.key:
        try:
            wanted = KeyId.parse(wish.key)
        except BadId as error:
            raise NoRotation(f"{plain(wish.key)} is not the address of a key: {error}.") from None
        if wanted.host != host and any(isinstance(one, Place) for one in there):
            raise NoRotation(
                f"Key {wanted.name} is in vault {wanted.vault}, the workspace's key in"
                f" {used.vault}. A workspace can only go on to a key, or a version, of the vault it"
                f" was made with ({SOURCE}; F46). Make the new key in {used.vault}."
            )
        host, name, version = wanted.host, wanted.name, version or wanted.version
    if wish.new and version:
        raise NoRotation("A new version and a version that is there exclude each other.")
    try:
        if version not in ("", "latest"):
            KeyId.parse(f"https://{host}/keys/{name}/{version}")
        KeyId.parse(f"https://{host}/keys/{name}")
    except BadId as error:
        raise NoRotation(f"{plain(name)} {plain(version)}: {error}.") from None
    return host, name, "" if version == "latest" else version
