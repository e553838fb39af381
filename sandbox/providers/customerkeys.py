"""What an Azure service does with a customer's key, whichever service it is.

A service keeps a random data key, wrapped by the customer's key, in
``Resource.inner["cmk"]``. It accepts a key only after a wrap and an unwrap, both as the
principal it works as, and repeats both on its own schedule. Nothing here decides who that
principal is; see ``WHO_WRAPS`` in :mod:`sandbox.providers.managedgroup`.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sandbox import armid, audit
from sandbox.keyvault import access, keystore, material, names, usable
from sandbox.protocol import Answer, Request, VaultRefusal
from sandbox.providers import keys
from sandbox.providers.keyids import KeyId, KeyUnusable, code_of, parse
from sandbox.routing import ADMIN, Api
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = [
    "RECHECK_S",
    "TELLS",
    "UNASKED",
    "WORKS_AS",
    "KeyUnusable",
    "api",
    "check",
    "kept_version",
    "must_exist",
    "must_serve",
    "newest",
    "parse",
    "parts",
    "protect",
    "protect_unseen",
    "readable",
    "watch",
]

RECHECK_S = 3600
"""Azure seconds between two checks ("within one hour", Cosmos DB's CMK pages)."""

api = Api()

UNASKED = "(the service itself)"
"""As ``object_id``: the service's own access; the vault is not asked who granted it."""

_SUBSTATUS = {
    "Unauthorized": "4000",
    "ForbiddenByRbac": "4002",
    "ForbiddenByPolicy": "4002",
    "KeyNotFound": "4003",
    "KeyOperationForbidden": "4005",
    "ForbiddenByFirewall": "4016",
    "ForbiddenByConnection": "4016",
    "VaultNotFound": "4017",
    "KeyDisabled": "4018",
    "KeyNotYetValidOrExpired": "4018",
}
"""The vault's own codes to Cosmos DB's substatus (Cosmos DB's CMK troubleshooting guide)."""

Tell = Callable[[World, Resource, "KeyUnusable | None"], None]

TELLS: dict[str, Tell] = {}
"""By lower-case resource type: how a service shows in its document what a check found."""

WORKS_AS: dict[str, Callable[[World, Resource], str]] = {}
"""By lower-case resource type: the object id a resource uses its key as now, or an empty string
where it stays as it was. Raises :class:`KeyUnusable` where the identity is gone."""


def protect(
    world: World,
    resource: Resource,
    kid: str,
    object_id: str,
    *,
    follow: bool = False,
    public: bool = False,
    trusted: bool = True,
) -> None:
    """Accept a key: a fresh data key, or the present one, wrapped and unwrapped by ``kid``.

    ``follow`` is for services that always use the newest version; ``public`` for those that
    wrap with the key's public half themselves and ask the vault for get and unwrapKey only;
    ``trusted`` for those that networkAcls.bypass lets in. The present data key is first
    unwrapped with the present key. Raises :class:`KeyUnusable`, changing nothing.
    """
    present = _record(world, resource) if "cmk" in resource.inner else None
    key = parse(kid)
    _reach(world, key)
    version = key.version if key.version and not follow else newest(world, key).version
    full = key.full(version)
    if present and not present["wrapped"]:
        # Nothing was ever wrapped, so whether it could be is all there is to try.
        moved = {**present, "kid": kid, "full": full, "as": object_id, "follow": follow}
        moved |= {"public": public, "trusted": trusted}
        _ask(world, present, "unwrapKey")
        _ask(world, moved, "unwrapKey", "wrapKey")
        resource.inner["cmk"] = moved
        return
    data = _unwrap(world, present) if present else secrets.token_bytes(32)
    record: Json = {
        "kid": kid,
        "full": full,
        "as": object_id,
        "follow": follow,
        "public": public,
        "trusted": trusted,
        "digest": hashlib.sha256(data).hexdigest(),
    }
    record["wrapped"] = base64.b64encode(_wrap(world, record, data)).decode()
    if _unwrap(world, record) != data:
        raise KeyUnusable("4005")
    resource.inner["cmk"] = record


def protect_unseen(
    world: World,
    resource: Resource,
    kid: str,
    object_id: str,
    *,
    follow: bool = False,
    public: bool = False,
    trusted: bool = True,
) -> None:
    """The state :func:`protect` leaves, for scenarios; the wrap is done when first needed.

    A scenario describes an account that was accepted in the past, so what is wrong today is
    told but refuses nothing, and no RSA material is made while an estate loads.
    """
    key = parse(kid)
    versioned = key.version and not follow
    resource.inner["cmk"] = {
        "kid": kid,
        "full": key.full(key.version if versioned else kept_version(world, key)),
        "as": object_id,
        "follow": follow,
        "public": public,
        "trusted": trusted,
        "digest": "",
        "wrapped": "",
    }
    check(world, resource)
    watch(world, resource)


def _record(world: World, resource: Resource) -> Json:
    """A resource's record, used as the identity that it has now; KeyUnusable without one."""
    record: Json = resource.inner["cmk"]
    ask = WORKS_AS.get(_kind(resource))
    if ask:
        record["as"] = ask(world, resource) or record["as"]
    return record


def watch(world: World, resource: Resource) -> None:
    """Put the checks of a resource that tells their outcome on the calendar, once."""
    if _kind(resource) in TELLS and not resource.inner.get("watched"):
        resource.inner["watched"] = True
        world.after(_interval(world), "cmk.check", id=str(resource.doc["id"]).lower())


def check(world: World, resource: Resource) -> KeyUnusable | None:
    """Unwrap and wrap as the service does on its schedule, and tell the outcome.

    A service that follows the newest version moves to it here.
    """
    trouble: KeyUnusable | None = None
    if resource.inner["cmk"]["follow"]:
        # What hinders a move to the newest version tells nothing of the version in use.
        with suppress(KeyUnusable):
            _follow(world, resource)
    try:
        _prove(world, _record(world, resource))
    except KeyUnusable as error:
        trouble = error
    tell = TELLS.get(_kind(resource))
    if tell:
        tell(world, resource, trouble)
    world.changed = True
    return trouble


def readable(world: World, resource_id: str) -> tuple[bool, str]:
    """Whether data kept by a resource can be read now, and why not.

    Really unwraps the stored data key, as a service whose cache is empty would. A
    workspace is readable when everything in its managed resource group is.
    """
    resource = world.resource(resource_id)
    if resource is None:
        return False, "ResourceNotFound"
    if "cmk" in resource.inner:
        try:
            _unwrap(world, _record(world, resource))
        except KeyUnusable as error:
            return False, error.inner
        return True, "unwrapped"
    encryption = resource.doc["properties"].get("encryption") or {}
    if str(encryption.get("status", "")).lower() != "enabled":
        return True, "platform key"
    told = parts(world, resource_id)
    if len(told) < _PARTS:
        return False, "ResourceNotFound"
    return next((one for one in told.values() if not one[0]), (True, "unwrapped"))


_PARTS = 3
"""Cosmos DB, Search and Storage: without one of them a workspace has lost its data."""


def parts(world: World, resource_id: str) -> dict[str, tuple[bool, str]]:
    """What a workspace's managed group holds, by resource type; each as :func:`readable` says."""
    owned = [
        str(other.doc["id"])
        for other in world.state.resources.values()
        if other.managed_by.lower() == resource_id.lower() and "cmk" in other.inner
    ]
    return {armid.resource_type(one): readable(world, one) for one in owned}


@api.route("GET", "/admin/data", plane=ADMIN)
def data_readable(world: World, request: Request) -> Answer:
    """``?id=`` of a resource: whether its data can be read now; for people and tests.

    For a workspace ``services`` says it of each of what its managed group holds.
    """
    where = request.query.get("id", "")
    able, why = readable(world, where)
    told = {
        kind: {"readable": one, "why": reason}
        for kind, (one, reason) in parts(world, where).items()
    }
    return Answer(200, {"readable": able, "why": why, "services": told})


@api.job("cmk.check")
def check_job(world: World, data: Json) -> None:
    """One scheduled check; the next one skips what a clock jump leapt over."""
    resource = world.resource(data["id"])
    if resource is None or "cmk" not in resource.inner:
        return
    check(world, resource)
    interval = _interval(world)
    behind = (world.clock.epoch() - world.epoch()) * world.clock.speed
    world.after(interval * max(1, behind // interval), "cmk.check", id=data["id"])


def _interval(world: World) -> float:
    return float(world.state.settings.get("recheck_s", RECHECK_S))


def _kind(resource: Resource) -> str:
    return str(resource.doc["type"]).lower()


def _prove(world: World, record: Json) -> None:
    """Unwrap and wrap; where nothing was wrapped yet, ask only whether both would do."""
    if record["wrapped"]:
        _wrap(world, record, _unwrap(world, record))
        return
    _ask(world, record, "unwrapKey", "get" if record.get("public") else "wrapKey")


def _ask(world: World, record: Json, *wanted: str) -> None:
    """Whether the version of a record would do these operations; none of them is done."""
    for operation in wanted:
        who = record["as"]
        with _in_cosmos_numbers(), audit.by_service(world, record["full"], who, operation):
            _usable(world, record, operation)


def _follow(world: World, resource: Resource) -> None:
    record = _record(world, resource)
    key = parse(record["kid"])
    if record["full"] != key.full(newest(world, key).version):
        protect(world, resource, record["kid"], record["as"], follow=True)


def _reach(world: World, key: KeyId) -> None:
    """The vault must answer under this name: :class:`KeyUnusable` where it does not.

    4017 while it is soft-deleted. 4009 where no name resolves: a foreign suffix, a vault that
    is gone for good. The service's guide names both for a vault that is not there.
    """
    if (
        key.host.partition(".")[2].partition(":")[0]
        != world.addresses.vault_suffix.partition(":")[0]
    ):
        raise KeyUnusable("4009")
    if names.find(world, key.vault) is None:
        raise KeyUnusable("4017" if names.deleted(world, key.vault) else "4009")


def newest(world: World, key: KeyId) -> KeyId:
    """The newest version of a key; raises :class:`KeyUnusable` 4003, 4009 or 4017."""
    _reach(world, key)
    with _in_cosmos_numbers():
        return parse(keys.latest(world, key.bare))


def kept_version(world: World, key: KeyId) -> str:
    """The newest version there is or was, of a deleted key too; zeros when all is purged."""
    kept = keystore.keys_of(world, key.vault).get(key.name.lower())
    return str(keystore.version(kept)["version"]) if kept else "0" * 32


def must_serve(world: World, kid: str, object_id: str) -> None:
    """Refuse a key that a principal can't wrap and unwrap with: :class:`KeyUnusable`."""
    _ask(world, {"full": kid, "as": object_id}, "wrapKey", "unwrapKey")


def must_exist(world: World, key: KeyId) -> None:
    """Refuse a key or a version that is not there: :class:`KeyUnusable`."""
    _reach(world, key)
    with _in_cosmos_numbers():
        keystore.version(keystore.live(world, key.vault, key.name), key.version)


@contextmanager
def _in_cosmos_numbers() -> Iterator[None]:
    """Turn a vault's refusal into the reason for which a service cannot use the key."""
    try:
        yield
    except VaultRefusal as refusal:
        raise KeyUnusable(_SUBSTATUS.get(code_of(refusal), "4005"), refusal) from refusal


def _wrap(world: World, record: Json, data: bytes) -> bytes:
    _reach(world, parse(record["full"]))
    with _in_cosmos_numbers():
        if record.get("public"):
            return _wrap_unseen(_usable(world, record, "get"), data)
        if record["as"] == UNASKED:
            return _wrap_unseen(_usable(world, record, "wrapKey"), data)
        trusted = _trusted(record)
        return keys.wrap_as(world, record["full"], record["as"], data, trusted=trusted)


def _trusted(record: Json) -> bool:
    return bool(record.get("trusted", True))


def _unwrap(world: World, record: Json) -> bytes:
    key = parse(record["full"])
    _reach(world, key)
    if not record["wrapped"]:
        _wrap_first(world, key, record)
    wrapped = base64.b64decode(record["wrapped"])
    with _in_cosmos_numbers():
        if record["as"] == UNASKED:
            one = _usable(world, record, "unwrapKey")
            data = material.decrypt(keystore.ensure(one), keys.WRAP_ALGORITHM, wrapped[16:])
        else:
            trusted = _trusted(record)
            data = keys.unwrap_as(world, record["full"], record["as"], wrapped, trusted=trusted)
    if hashlib.sha256(data).hexdigest() != record["digest"]:
        raise KeyUnusable("4005")
    return data


def _usable(world: World, record: Json, operation: str) -> Json:
    """The key version, if a service may use it now: network, rights, state of the key.

    With UNASKED nobody's rights are asked. Raises VaultRefusal or :class:`KeyUnusable`.
    """
    key, object_id, trusted = parse(record["full"]), record["as"], _trusted(record)
    _reach(world, key)
    vault = names.find(world, key.vault)
    if vault is None:
        raise KeyUnusable("4017")
    caller = access.Caller("", "", "", "", trusted=trusted)
    if object_id != UNASKED:
        principal = world.principal(object_id)
        if principal is None or not principal.enabled:
            raise KeyUnusable("4000")
        caller = access.service(world, vault, principal, trusted=trusted)
    access.check_network(vault, caller)
    if object_id != UNASKED:
        access.check_permission(world, vault, caller, operation, key.name)
    one = keystore.version(keystore.live(world, key.vault, key.name), key.version)
    if operation != "get":
        usable.check(one, operation, world.epoch())
    return one


def _wrap_first(world: World, key: KeyId, record: Json) -> None:
    """The wrap of an account that a scenario describes, done with the key of then."""
    kept = keystore.keys_of(world, key.vault).get(key.name.lower())
    if kept is None:
        raise KeyUnusable("4003")
    with _in_cosmos_numbers():
        one = keystore.version(kept, key.version)
    data = secrets.token_bytes(32)
    record["digest"] = hashlib.sha256(data).hexdigest()
    record["wrapped"] = base64.b64encode(_wrap_unseen(one, data)).decode()
    world.changed = True


def _wrap_unseen(one: Json, data: bytes) -> bytes:
    """Wrap without asking anybody, in the form that ``keys.wrap_as`` gives."""
    wrapped = material.encrypt(keystore.ensure(one), keys.WRAP_ALGORITHM, data)
    return bytes.fromhex(one["version"]) + wrapped
