"""What speaks against a rotation: pure."""

from collections.abc import Iterator

from services.changes import machinejudges
from services.changes.findings import finding, locked, missing_right, tool_of, unknown_tool, unread
from services.changes.model import AnyPlace, GroupPlace, Place, Rotation, SetPlace, left_behind
from services.checks.facts import Unknown
from services.checks.fit import key_fit
from services.checks.rights import CREATE_KEY, has_permissions
from services.model.diagnosis import NOUNS
from services.model.plan import Finding, Status
from services.model.resources import KeyVersion


def judged(rotation: Rotation) -> Iterator[Finding]:
    """Everything that speaks against it; a finding that fails refuses it. Pure."""
    yield from _vault(rotation)
    yield from _version(rotation)
    alone = not any(place.movable for place in rotation.places)
    for place in rotation.places:
        yield from _of_place(rotation, place, "fail" if alone else "warn")
    yield from _others(rotation)


def _vault(rotation: Rotation) -> Iterator[Finding]:
    vault = rotation.vault
    if isinstance(vault, Unknown):
        yield unread("rotation-vault", rotation.subject, "The vault", vault)
        return
    if not rotation.makes:
        return
    if vault.rbac:
        yield from missing_right(
            vault.id,
            rotation.vault_rights,
            CREATE_KEY,
            f"make a version of key {rotation.name}",
            f"Key Vault Crypto Officer on {vault.name}",
            status="warn",
            data=True,
        )
    elif not has_permissions(vault, rotation.caller, ("get", "create")):
        yield finding(
            "change-rights",
            "warn",
            vault.id,
            f"You may not make a version of key {rotation.name}",
            meaning=f"No access policy of {vault.name} gives you get and create.",
            repair="Let somebody add them for you, or make the version; the run waits meanwhile.",
        )


def _version(rotation: Rotation) -> Iterator[Finding]:
    subject = f"{rotation.subject}#{rotation.name}"
    base = rotation.current if rotation.makes else rotation.wanted
    if isinstance(base, Unknown):
        yield finding(
            "rotation-key",
            "fail",
            subject,
            f"Key {rotation.name} can't be read from here",
            meaning=base.reason,
            repair="Rotate as somebody who may read keys of the vault (Key Vault Crypto User, or the"
            " permission get), from where its network lets you in.",
        )
        return
    if base is None:
        yield finding(
            "rotation-key",
            "fail",
            subject,
            f"Key {rotation.name} is not in the vault, or has no such version",
            meaning="Nothing can be moved to a key that is not there.",
            repair="Name a key and a version of the vault: wrapkey keys VAULT lists them.",
            failures=("F09",),
        )
        return
    if not rotation.makes:
        fit = key_fit(base, rotation.at)
        if fit.word == "no":
            yield finding(
                "rotation-key",
                "fail",
                subject,
                f"Version {base.version} of key {rotation.name} can't be used: {fit.because}",
                meaning="Every service wraps and unwraps with a key before it takes it.",
                repair="Repair the version, or choose another one.",
            )
    elif base.type not in ("", "RSA", "RSA-HSM"):
        yield finding(
            "rotation-key", "fail", subject, f"Key {rotation.name} is {base.type}: it can't wrap",
            meaning="A new version has the type of the key.", repair="Choose another key.",
            failures=("F44",),
        )  # fmt: skip
    elif _newer(rotation):
        yield finding(
            "rotation-newer",
            "warn",
            subject,
            f"Key {rotation.name} has a version already that is newer than the one in use",
            meaning="A new version is made all the same.",
            repair="To move to the one that is there, ask for the version latest.",
        )


def _newer(rotation: Rotation) -> bool:
    """Whether nobody is on the newest version; who names none may be on any."""
    newest = rotation.current
    if not isinstance(newest, KeyVersion):
        return False
    return all(
        place.key.name.lower() != rotation.name.lower()
        or place.key.version not in ("", newest.version)
        for place in rotation.places
    )


def _of_place(rotation: Rotation, place: AnyPlace, fixed: Status) -> Iterator[Finding]:
    """``fixed``: how grave it is that one can't be moved; beside others it only stays."""
    one, thing = place.of, NOUNS[place.kind]
    if isinstance(place, Place) and not place.movable:
        yield finding(
            "rotation-mode",
            fixed,
            one.id,
            f"Workspace {one.name} can't be rotated: it is encrypted on the service's side",
            meaning="With service-side encryption Azure changes no key; the workspace keeps the"
            " version it was made with for its whole life.",
            repair="Keep that version enabled. Another key needs another workspace.",
            source="concept-customer-managed-keys",
        )
        return
    if one.state != "Succeeded" and not isinstance(place, GroupPlace):
        yield finding(
            "rotation-state",
            "fail",
            one.id,
            f"{thing.capitalize()} {one.name} is {one.state or 'in an unknown state'}",
            meaning=f"Azure changes no {thing} while it is busy, or was never made whole.",
            repair=f"Wait until it is Succeeded, or look why it is not: wrapkey diagnose {one.id}",
        )
    levels = ("ReadOnly", "CanNotDelete") if isinstance(place, GroupPlace) else ("ReadOnly",)
    yield from locked(one.id, place.locks, levels, f"a change of {one.name}")
    yield from missing_right(
        one.id,
        place.permissions,
        place.write,
        f"change {thing} {one.name}",
        f"Contributor on {one.name}",
        status="fail" if isinstance(place, GroupPlace) else "warn",
    )
    yield from _tool(place)
    if isinstance(place, SetPlace):
        yield from machinejudges.of_set(rotation, place)
    elif isinstance(place, GroupPlace):
        yield from machinejudges.of_group(rotation, place)


def _tool(place: AnyPlace) -> Iterator[Finding]:
    one, thing = place.of, NOUNS[place.kind]
    tool = tool_of(one.tags)
    again = (
        " Terraform's azurerm sends the key it was made with again, whatever its file says; that is"
        " read from its code."
    )
    yield finding(
        "rotation-tool",
        "warn" if tool else "skipped",
        one.id,
        f"A tool describes {thing} {one.name}: tag {tool}"
        if tool
        else f"{one.name}: no tag names a tool",
        meaning="Its next run may put the old key back."
        + (again if isinstance(place, Place) else "")
        if tool
        else unknown_tool(thing),
        repair="Change the key there too, or have it ignore changes of the encryption."
        if tool
        else "",
        failures=("F53",) if tool and isinstance(place, Place) else (),
    )


def _others(rotation: Rotation) -> Iterator[Finding]:
    """Who uses the present key and is not moved by this rotation."""
    found = rotation.dependents
    if isinstance(found, Unknown):
        yield unread("rotation-dependents", rotation.subject, "Who else uses the key", found)
        return
    for one in left_behind(rotation, found):
        yield finding(
            "rotation-dependents",
            "warn",
            one.id,
            f"{one.kind} {one.name} uses this key too and is not moved"
            + (f": version {one.version[:8]}…" if one.version else ""),
            meaning=one.says,
            repair="Keep its version enabled until it has moved.",
        )
