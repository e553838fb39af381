"""What would make a finding about a workspace good, where setup never has to do it: steps."""

from collections.abc import Callable, Sequence

import msgspec

from services.checks.facts import Unknown
from services.checks.rights import policy_of
from services.diagnosis.facts import Live
from services.diagnosis.mending import dated, enabled, extend, mended, nothing, setup_steps
from services.ids import ArmId
from services.model.plan import Finding, Step
from services.model.resources import KeyVersion, Principal, RoleAssignment, Vault

_MAKING = ("key", "workspace")
"""Ids of setup's steps that a workspace needs which was never made whole, and no other."""


def with_repairs(findings: Sequence[Finding], live: Live) -> tuple[Finding, ...]:
    """The findings about a workspace, those that steps can repair with these steps."""
    return mended(findings, live, workspace_steps(live), _MAKERS)


def workspace_steps(live: Live) -> tuple[Step, ...]:
    """What setup would do for this workspace, with every repair taken."""
    left_out = ("verify", *(() if never_whole(live) else _MAKING))
    facts = msgspec.structs.replace(live.facts, workspace=live.workspace)
    return setup_steps(live, facts, left_out)


def never_whole(live: Live) -> bool:
    """Whether the workspace failed before it could hold anything: it may be sent again."""
    if live.workspace.state != "Failed" or isinstance(live.cosmos, Unknown):
        return False
    return not any(one.state == "Succeeded" for one in live.cosmos)


def _newest(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Enable or extend the newest version; where it only is newer, move the workspace to it."""
    newest = live.facts.newest_key
    if not isinstance(newest, KeyVersion):
        return ()
    if finding.status == "fail":
        return (
            enabled(newest, live)
            if not newest.enabled
            else (dated(newest, live, "key-extend-newest"),)
        )
    return (
        Step(
            id="workspace-key",
            kind="workspace-key",
            title=f"workspace {live.target.name}: use version {newest.version[:8]}…",
            action="change",
            target=live.target.id,
            params={"key": newest.id},
            # services unwrap with the version they have before they wrap with the new one
            needs=("key-enable",),
            expected_s=60,
        ),
    )  # fmt: skip


def _dead_grants(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Take away what was granted to an app id; it gives nobody anything."""
    vault, app = live.facts.vault, live.facts.cloud.cosmos_app_id
    if not isinstance(vault, Vault):
        return ()
    roles = live.facts.vault_roles
    listed: tuple[RoleAssignment, ...] = roles if isinstance(roles, tuple) else ()
    made = [_removal(vault, app, one.id, number) for number, one in enumerate(listed, 1)]
    if policy_of(vault, app):
        made.append(_removal(vault, app, "", 0))
    return tuple(made)


def _removal(vault: Vault, principal: str, assignment: str, number: int) -> Step:
    kind = "role assignment" if assignment else "access policy"
    return Step(
        id=f"grant-remove-{number}",
        kind="grant-remove",
        title=f"vault {vault.name}: take away the {kind} of an app id",
        action="change",
        target=assignment or vault.id,
        params={"vault_id": vault.id, "principal": principal, "assignment": assignment},
        expected_s=2,
        vault=vault.name,
    )


def _identity(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Make the identity again where it is gone, then give it to the workspace.

    A new identity of the same name is another principal: its grants are made anew.
    """
    used = live.workspace.encryption
    if used is None or not used.identity:
        return ()
    where = ArmId.parse(used.identity)
    gone = live.facts.identity is None
    made = Step(
        id="identity",
        kind="identity",
        title=f"managed identity {where.name}",
        action="create",
        target=used.identity,
        params={"location": live.workspace.location, "tags": {}, "create": True},
        expected_s=5,
    )
    given = Step(
        id="workspace-identity",
        kind="workspace-identity",
        title=f"workspace {live.target.name}: act as {where.name} too",
        action="change",
        target=live.target.id,
        params={"identity": used.identity, "again": gone},
        needs=("identity", "grant-identity") if gone else (),
        expected_s=20,
    )
    return (made, given) if gone else (given,)


def _principal(finding: Finding, live: Live) -> tuple[Step, ...] | None:
    """Enable an app that is there and disabled; one that is not there setup makes."""
    who = live.facts.cosmos if finding.check == "cosmos-principal" else live.facts.ml
    if not isinstance(who, Principal) or who.enabled:
        return None
    return (
        Step(
            id=f"{finding.check}-enable",
            kind="principal-enable",
            title=f"service principal of {who.name}: enable it",
            action="change",
            target=who.app_id,
            params={"app_id": who.app_id, "object_id": who.object_id, "name": who.name},
            expected_s=3,
        ),
    )


_MAKERS: dict[str, Callable[[Finding, Live], tuple[Step, ...] | None]] = {
    "cosmos-principal": _principal,
    "ml-principal": _principal,
    "identity-exists": _identity,
    "identity-assigned": _identity,
    "key-dates": extend,
    "newest-version": _newest,
    "grant-to-app-id": _dead_grants,
    "policy-on-rbac-vault": nothing,
}
