"""What would make a finding good: steps as data, the same kinds that setup carries out.

Most steps are those that setup would plan for an intent that describes the workspace and lets
every repair be made; only what setup never has to do is made here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec

from services.checks import repairs as choices
from services.checks.facts import Unknown, ids_of
from services.checks.registry import BY_ID as PREFLIGHT
from services.checks.rights import policy_of
from services.diagnosis.blocked import blocked
from services.diagnosis.blocked import words as words_of
from services.diagnosis.expiry import LONGER, iso, words
from services.diagnosis.facts import Live
from services.ids import ArmId
from services.model.intent import Intent, RepairsIntent
from services.model.plan import Finding, Repair, Step
from services.model.resources import DeletedVault, KeyVersion, Principal, RoleAssignment, Vault
from services.setup import grants, plan
from services.setup.basis import Basis, basis_of

_ALL = RepairsIntent(**dict.fromkeys(RepairsIntent.__struct_fields__, True))
_MAKING = ("key", "workspace")
"""Ids of setup's steps that a workspace needs which was never made whole, and no other."""
_BY_OTHERS = ("policy-on-rbac-vault", "key-address")
"""Roots that are made good by what repairs their consequences: the grant that counts, or the
creation sent again with the key's own address."""
_MEND = {
    "cosmos-principal": ("cosmos-principal",),
    "ml-principal": ("ml-principal",),
}
"""Checks whose steps are no choice of an intent, to the beginnings of the steps' ids."""


def with_repairs(findings: Sequence[Finding], live: Live) -> tuple[Finding, ...]:
    """The findings, those that steps can repair with these steps.

    A root cause brings the steps of what it caused: a vault that is recovered has lost its
    role assignments, and a grant to an app id is made good by one to the object id.
    """
    planned = setup_steps(live)
    own = {one.id: _own_steps(one, live, planned) for one in findings if one.status != "ok"}
    mended = {one.id for one in findings if own.get(one.id) or one.check in _BY_OTHERS}
    made = []
    for one in findings:
        # where a cause stays, what it caused can't be made good
        caused = [other for other in findings if one.id in other.causes] if one.id in mended else []
        each = [one, *caused] if mended.issuperset(one.causes) else []
        open_ = [other for other in each if mended.issuperset(other.causes)]
        mine = [step for other in open_ for step in own.get(other.id, ())]
        made.append(_offered(one, closed(mine, planned), live) if mine else one)
    return tuple(made)


def _offered(finding: Finding, steps: tuple[Step, ...], live: Live) -> Finding:
    text = "; ".join(step.title for step in steps)
    others = blocked(steps, live)
    repair = Repair(
        text=". ".join((text, *(words_of(one) for one in others))),
        steps=steps,
        irreversible=any(step.irreversible for step in steps),
        blocked=others,
    )
    return msgspec.structs.replace(finding, repair=repair)


def setup_steps(live: Live) -> tuple[Step, ...]:
    """What setup would do for this workspace, with every repair taken."""
    vault = msgspec.structs.replace(live.intent.vault, repair=True)
    wish: Intent = msgspec.structs.replace(live.intent, vault=vault, repairs=_ALL)
    found = msgspec.structs.replace(live.facts, workspace=live.workspace)
    basis = basis_of(wish, found)
    rights = grants.own_rights(_may_need_rights(basis)) if basis.vault else []
    made = plan.build(wish, found).steps
    if basis.vault is None and isinstance(live.facts.deleted_vault, DeletedVault):
        policies = msgspec.structs.replace(vault, access="policies")
        made = _fitting(
            made, plan.build(msgspec.structs.replace(wish, vault=policies), found).steps
        )
    known = {step.id: step for step in (*rights, *made)}
    left_out = ("verify", *(() if never_whole(live) else _MAKING))
    return tuple(step for step in known.values() if step.id not in left_out)


def _fitting(roles: Iterable[Step], policies: Iterable[Step]) -> tuple[Step, ...]:
    """One plan for a deleted vault, which does not tell what gives access in it."""
    by_id = {step.id: step for step in policies}
    changed = msgspec.structs.replace

    def both(step: Step) -> Step:
        other = by_id.get(step.id)
        if step.kind == "vault-recover":
            return changed(step, params={**step.params, "rbac": None})
        if other is None or other.kind == step.kind:
            return step
        params = {
            name: {"kind": one.kind, "params": one.params}
            for name, one in (("role", step), ("policy", other))
        }
        return changed(other, kind="grant-fitting", params=params, expected_s=step.expected_s)

    return tuple(both(step) for step in roles)


def never_whole(live: Live) -> bool:
    """Whether the workspace failed before it could hold anything: it may be sent again."""
    if live.workspace.state != "Failed" or isinstance(live.cosmos, Unknown):
        return False
    return not any(one.state == "Succeeded" for one in live.cosmos)


def _may_need_rights(basis: Basis) -> Basis:
    """A basis by which the caller's rights on keys are planned where it has none."""
    return replace(basis, facts=msgspec.structs.replace(basis.facts, key=None))


def closed(steps: Iterable[Step], planned: Sequence[Step]) -> tuple[Step, ...]:
    """Steps with everything they need, each once, what is needed first."""
    by_id = {step.id: step for step in planned}
    ordered: dict[str, Step] = {}

    def take(step: Step) -> None:
        for need in step.needs:
            if need in by_id and need not in ordered:
                take(by_id[need])
        ordered.setdefault(step.id, step)

    for step in steps:
        by_id.setdefault(step.id, step)
    for step in steps:
        take(step)
    return tuple(
        msgspec.structs.replace(step, needs=tuple(one for one in step.needs if one in ordered))
        for step in ordered.values()
    )


def _own_steps(finding: Finding, live: Live, planned: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that repair one finding, without what they need."""
    maker = _MAKERS.get(finding.check)
    made = maker(finding, live) if maker else None
    if made is not None:
        return made
    if finding.status == "unknown":
        return ()
    return tuple(step for step in planned if _repairs(finding, step))


def _repairs(finding: Finding, step: Step) -> bool:
    check = finding.check
    if step.kind == "register":
        return check == plan.PROVIDERS and finding.id.endswith(f":{step.params['namespace']}")
    if check == "workspace-state":
        return step.id == "workspace"
    if check in ("vault-exists", "key-exists"):
        return False  # what was purged is lost: another vault or key of the name is no repair
    if check in _MEND:
        return step.id.startswith(_MEND[check])
    return check in PREFLIGHT and choices.steps_of(check, step.id)


def _extend(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Dates in which the key can be used from now on."""
    key = live.facts.key
    return (_dated(key, live, "key-extend"),) if isinstance(key, KeyVersion) else ()


def _dated(key: KeyVersion, live: Live, id: str) -> Step:
    now = live.facts.now.replace(microsecond=0)
    late = key.expires is not None and key.expires <= now + timedelta(days=90)
    until = iso(now + LONGER) if late else ""
    early = key.not_before is not None and key.not_before > now
    start = iso(now) if early else ""
    what = f"let it expire on {now + LONGER:%-d %b %Y}" if late else "let it be used from now on"
    return Step(
        id=id,
        kind="key-extend",
        title=words(live.intent.key.name, key.version, what),
        action="change",
        target=key.id,
        params={"vault_uri": _uri(live), "name": live.intent.key.name, "version": key.version,
                "not_before": start, "expires": until},
        needs=("key-rights",),
        expected_s=2,
        vault=live.intent.vault.name,
    )  # fmt: skip


def _newest(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Enable or extend the newest version; where it only is newer, move the workspace to it."""
    newest = live.facts.newest_key
    if not isinstance(newest, KeyVersion):
        return ()
    if finding.status == "fail":
        return (
            _enabled(newest, live)
            if not newest.enabled
            else (_dated(newest, live, "key-extend-newest"),)
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


def _enabled(version: KeyVersion, live: Live) -> tuple[Step, ...]:
    name = live.intent.key.name
    return (
        Step(
            id="key-enable-newest",
            kind="key-change",
            title=f"key {name}, version {version.version[:8]}…: enable it",
            action="change",
            target=version.id,
            params={"vault_uri": _uri(live), "name": name, "version": version.version,
                    "enable": True, "ops": []},
            needs=("key-rights",),
            expected_s=2,
            vault=live.intent.vault.name,
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


def _nothing(finding: Finding, live: Live) -> tuple[Step, ...]:
    """Repaired by granting what counts, which is the step of the finding that it explains."""
    return ()


def _uri(live: Live) -> str:
    vault = live.facts.vault
    name = ids_of(live.intent).vault.name
    return vault.uri if isinstance(vault, Vault) else live.facts.cloud.vault_uri(name)


_MAKERS: dict[str, Callable[[Finding, Live], tuple[Step, ...] | None]] = {
    "cosmos-principal": _principal,
    "ml-principal": _principal,
    "identity-exists": _identity,
    "identity-assigned": _identity,
    "key-dates": _extend,
    "newest-version": _newest,
    "grant-to-app-id": _dead_grants,
    "policy-on-rbac-vault": _nothing,
}
