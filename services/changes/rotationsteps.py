"""The steps of a rotation: pure."""

from datetime import timedelta
from typing import Any

import msgspec

from services.azure.authorization import CRYPTO_USER
from services.changes.machinejudges import may_use
from services.changes.model import (
    AnyPlace,
    GroupPlace,
    KeyUser,
    Place,
    Rotation,
    SetPlace,
    left_behind,
    same_key,
)
from services.checks.facts import Unknown
from services.ids import KeyId
from services.model.plan import Plan, Step
from services.model.resources import KeyVersion, Vault

GONE = "The group is deleted before it is made again; nothing brings back what was in it."


def plan_rotation(rotation: Rotation) -> Plan:
    """The steps that carry it out; none where it is so already. Pure."""
    return Plan(
        purpose="rotate",
        subject=rotation.subject,
        caller=rotation.caller,
        findings=rotation.findings,
        steps=steps_of(rotation),
    )


def steps_of(rotation: Rotation) -> tuple[Step, ...]:
    """The version, then each place and what belongs to it, then the look at the old version.

    None where every place uses the version already, or nothing can be done.
    """
    base = rotation.current if rotation.makes else rotation.wanted
    moved = [one for one in rotation.places if one.movable and not _there(rotation, one)]
    if not isinstance(base, KeyVersion) or not moved:
        return ()
    steps = [_version(rotation, base)]
    for number, place in enumerate(moved, 1):
        mark = "" if len(moved) == 1 else f"-{number}"
        match place:
            case Place():
                steps += _workspace(place, mark)
            case SetPlace():
                steps += _set(rotation, place, mark)
            case GroupPlace():
                steps += _group(rotation, place, mark)
    return (*steps, _kept(rotation, moved, steps))


def _there(rotation: Rotation, place: AnyPlace) -> bool:
    """Whether it is there, or goes there by itself and never tells that it has."""
    wanted = rotation.wanted
    if rotation.makes or not isinstance(wanted, KeyVersion):
        return False
    if isinstance(place, SetPlace) and place.set.rotates and not place.key.version:
        return same_key(rotation)
    return wanted.id.lower() == str(place.key).lower()


def _version(rotation: Rotation, base: KeyVersion) -> Step:
    ends = _ends(rotation, base) if rotation.makes else ""
    title = f"key {rotation.name}: use version {base.version[:8]}…"
    if rotation.makes:
        until = f", until {ends[:10]}" if ends else ""
        title = f"key {rotation.name}: new version ({base.type} {base.bits or '??'}{until})"
    key = KeyId.parse(base.id)
    return Step(
        id="key",
        kind="key-version",
        title=title,
        action="create" if rotation.makes else "verify",
        target=key.versionless if rotation.makes else base.id,
        params={
            "vault_uri": f"https://{key.host}",
            "name": rotation.name,
            "version": "" if rotation.makes else base.version,
            "before": base.version,
            "type": base.type or "RSA",
            "bits": base.bits or 3072,
            "ops": list(base.ops),
            "expires": ends or None,
            "tags": base.tags,
        },
        irreversible="A version of a key can't be deleted by itself." if rotation.makes else "",
        expected_s=2,
        vault=rotation.vault.name if isinstance(rotation.vault, Vault) else key.vault,
    )


def _ends(rotation: Rotation, base: KeyVersion) -> str:
    """As long as the version before was made for; empty where that has no end."""
    if base.expires is None:
        return ""
    began = base.not_before or base.created or rotation.at
    lasts = max(base.expires - began, timedelta(days=28))
    return (rotation.at + lasts).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _workspace(place: Place, mark: str) -> list[Step]:
    one = place.workspace
    used = one.encryption
    assert used is not None
    return [
        Step(
            id=f"workspace-key{mark}",
            kind="workspace-key",
            title=f"workspace {one.name}: use that version",
            action="change",
            target=one.id,
            params={"key_from": "key"},
            needs=("key",),
            expected_s=30,
        ),
        Step(
            id=f"taken{mark}",
            kind="key-taken",
            title=f"{one.name}: Cosmos DB, AI Search and Storage take it",
            action="wait",
            target=one.id,
            params={"group": one.managed_group},
            needs=(f"workspace-key{mark}",),
            expected_s=600,
        ),
        Step(
            id=f"verify{mark}",
            kind="verify",
            title=f"{one.name}: read everything back",
            action="verify",
            target=one.id,
            params={"vault_id": used.vault_id, "service_side": False},
            needs=(f"taken{mark}",),
            expected_s=2,
        ),
    ]


def _grant(rotation: Rotation, user: KeyUser, mark: str) -> list[Step]:
    """The key for the one who unwraps with it, where it may not use it yet."""
    vault = rotation.vault
    if isinstance(vault, Unknown) or may_use(rotation, user) is not False:
        return []
    assert isinstance(user.object_id, str)
    scope = f"{vault.id}/keys/{rotation.name}"
    role: dict[str, Any] = {"role_id": CRYPTO_USER, "scope": scope, "wait": True}
    policy: dict[str, Any] = {"tenant_id": vault.tenant_id, "keys": list(user.keys)}
    verbs = "wrap and unwrap" if vault.rbac or "wrapkey" in user.keys else "get and unwrap"
    return [
        Step(
            id=f"grant{mark}",
            kind="grant-role" if vault.rbac else "grant-policy",
            title=f"{rotation.name if vault.rbac else vault.name}: {verbs} for {user.name}",
            action="grant",
            target=scope if vault.rbac else vault.id,
            params={
                "principal": user.object_id,
                "principal_from": "",
                "principal_type": "ServicePrincipal",
                "name": user.name,
                **(role if vault.rbac else policy),
            },
            needs=("key",),
            expected_s=60 if vault.rbac else 2,
            vault=vault.name,
        )
    ]


def _set(rotation: Rotation, place: SetPlace, mark: str) -> list[Step]:
    one, vault = place.set, rotation.vault
    follows = one.rotates and same_key(rotation)
    source = vault.id if isinstance(vault, Vault) and one.vault_id else ""
    grants = _grant(rotation, place.user, mark)
    params = {
        "vault_id": source,
        "follows": follows,
        "versionless": not place.key.version,
    }
    moved = Step(
        id=f"set-key{mark}",
        kind="set-key",
        title=f"disk encryption set {one.name}: "
        + ("Azure moves it to that version by itself" if follows else "use that version"),
        action="wait" if follows else "change",
        target=one.id,
        params=params,
        needs=("key", *(step.id for step in grants)),
        expected_s=3600 if follows else 10,
    )
    return [
        *grants,
        moved,
        Step(
            id=f"verify{mark}",
            kind="verify-set",
            title=f"{one.name}: read back which key it uses",
            action="verify",
            target=one.id,
            params={"versionless": params["versionless"]},
            needs=(moved.id,),
            expected_s=2,
        ),
    ]


def _group(rotation: Rotation, place: GroupPlace, mark: str) -> list[Step]:
    one = place.group
    grants = _grant(rotation, place.user, mark)
    params = {
        "body": place.body,
        "holes": msgspec.to_builtins(place.holes),
        "vault_uri": f"https://{rotation.host}",
        "identity": one.identity,
    }
    away = Step(
        id=f"away{mark}",
        kind="group-away",
        title=f"delete container group {one.name}, to make it again",
        action="delete",
        target=one.id,
        params=params,
        needs=("key", *(step.id for step in grants)),
        irreversible=GONE,
        expected_s=10,
    )
    again = Step(
        id=f"again{mark}",
        kind="group-again",
        title=f"container group {one.name} again, with that version",
        action="create",
        target=one.id,
        params=params,
        needs=(away.id,),
        expected_s=60,
    )
    verify = Step(
        id=f"verify{mark}",
        kind="verify-group",
        title=f"read back how {one.name} is encrypted",
        action="verify",
        target=one.id,
        params={name: params[name] for name in ("vault_uri", "identity")},
        needs=(again.id, "key"),
        expected_s=2,
    )
    return [*grants, away, again, verify]


def _old(rotation: Rotation, place: AnyPlace) -> str:
    """The version that is left; of a set that names none, the newest before."""
    if place.key.version:
        return str(place.key)
    current = rotation.current
    return current.id if isinstance(current, KeyVersion) and same_key(rotation) else ""


def _kept(rotation: Rotation, moved: list[AnyPlace], before: list[Step]) -> Step:
    old = sorted({_old(rotation, place) for place in moved} - {""})
    found = rotation.dependents
    others: list[str] = []
    if isinstance(found, tuple):
        versions = {KeyId.parse(text).version for text in old}
        stay = (one for one in left_behind(rotation, found) if one.version in versions)
        others = [f"{one.kind} {one.name}" for one in stay]
    others += [
        f"pool {pool.name} of cluster {cluster.name}"
        for place in moved
        if isinstance(place, SetPlace) and isinstance(place.clusters, tuple)
        for cluster in place.clusters
        for pool in cluster.pools
        if pool.os_disk.lower() == "ephemeral"
    ]
    return Step(
        id="kept",
        kind="key-kept",
        title="the old version: still enabled, and until when",
        action="verify",
        target=old[0] if old else rotation.subject,
        params={
            "old": old,
            "others": others,
            "cosmos": any(isinstance(place, Place) for place in moved),
        },
        needs=tuple(step.id for step in before if step.kind.startswith("verify")),
        expected_s=2,
    )
