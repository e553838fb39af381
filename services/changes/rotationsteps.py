"""The steps of a rotation: pure."""

from datetime import timedelta

from services.changes.model import Place, Rotation, left_behind
from services.ids import KeyId
from services.model.plan import Plan, Step
from services.model.resources import KeyVersion, Vault


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
    """The version, then each workspace and its services, then the look at the old version.

    None where every workspace uses the version already, or nothing can be done.
    """
    base = rotation.current if rotation.makes else rotation.wanted
    moved = [one for one in rotation.places if one.movable and not _there(rotation, one)]
    if not isinstance(base, KeyVersion) or not moved:
        return ()
    steps = [_version(rotation, base)]
    for number, place in enumerate(moved, 1):
        steps += _workspace(place, "" if len(moved) == 1 else f"-{number}")
    return (*steps, _kept(rotation, moved, steps))


def _there(rotation: Rotation, place: Place) -> bool:
    wanted = rotation.wanted
    return (
        not rotation.makes
        and isinstance(wanted, KeyVersion)
        and wanted.id.lower() == str(place.key).lower()
    )


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


def _kept(rotation: Rotation, moved: list[Place], before: list[Step]) -> Step:
    old = sorted({str(place.key) for place in moved if place.key.version})
    found = rotation.dependents
    others: list[str] = []
    if isinstance(found, tuple):
        versions = {KeyId.parse(text).version for text in old}
        stay = (one for one in left_behind(rotation, found) if one.version in versions)
        others = [f"{one.kind} {one.name}" for one in stay]
    return Step(
        id="kept",
        kind="key-kept",
        title="the old version: still enabled, and until when",
        action="verify",
        target=old[0] if old else rotation.subject,
        params={"old": old, "others": others},
        needs=tuple(step.id for step in before if step.kind == "verify"),
        expected_s=2,
    )
