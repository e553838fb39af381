"""What would make a finding good: steps as data, the same kinds that setup carries out.

Most steps are those that setup would plan for an intent that describes the target and lets
every repair be made; only what setup never has to do is made here, or by the target's own kind.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from services.checks import repairs as choices
from services.checks.facts import Facts, ids_of
from services.checks.registry import BY_ID as PREFLIGHT
from services.diagnosis.blocked import blocked
from services.diagnosis.blocked import words as words_of
from services.diagnosis.expiry import LONGER, iso, words
from services.diagnosis.facts import Examined
from services.model.intent import Intent, RepairsIntent
from services.model.plan import Finding, Repair, Step
from services.model.resources import DeletedVault, KeyVersion, Vault
from services.setup import grants, plan
from services.setup.basis import Basis, basis_of

Makers = Mapping[str, Callable[[Finding, Any], tuple[Step, ...] | None]]
"""By check: the steps that repair a finding, for a target of one kind; None: setup's are right."""
_ALL = RepairsIntent(**dict.fromkeys(RepairsIntent.__struct_fields__, True))
_BY_OTHERS = ("policy-on-rbac-vault", "key-address")
"""Roots that are made good by what repairs their consequences: the grant that counts, or the
creation sent again with the key's own address."""
_MEND = {
    "cosmos-principal": ("cosmos-principal",),
    "ml-principal": ("ml-principal",),
    "containers-principal": ("containers-principal",),
}
"""Checks whose steps are no choice of an intent, to the beginnings of the steps' ids."""


def mended(
    findings: Sequence[Finding], live: Examined, planned: Sequence[Step], makers: Makers
) -> tuple[Finding, ...]:
    """The findings, those that steps can repair with these steps.

    ``planned`` is what setup would do, ``makers`` make by check what setup never has to. A root
    cause brings the steps of what it caused: a vault that is recovered has lost its role
    assignments, and a grant to an app id is made good by one to the object id.
    """
    own = {one.id: _own_steps(one, live, planned, makers) for one in findings if one.status != "ok"}
    good = {one.id for one in findings if own.get(one.id) or one.check in _BY_OTHERS}
    made = []
    for one in findings:
        # where a cause stays, what it caused can't be made good
        caused = [other for other in findings if one.id in other.causes] if one.id in good else []
        each = [one, *caused] if good.issuperset(one.causes) else []
        open_ = [other for other in each if good.issuperset(other.causes)]
        mine = [step for other in open_ for step in own.get(other.id, ())]
        made.append(_offered(one, closed(mine, planned), live) if mine else one)
    return tuple(made)


def _offered(finding: Finding, steps: tuple[Step, ...], live: Examined) -> Finding:
    text = "; ".join(step.title for step in steps)
    others = blocked(steps, live)
    repair = Repair(
        text=". ".join((text, *(words_of(one) for one in others))),
        steps=steps,
        irreversible=any(step.irreversible for step in steps),
        blocked=others,
    )
    return msgspec.structs.replace(finding, repair=repair)


def setup_steps(live: Examined, facts: Facts, left_out: Sequence[str]) -> tuple[Step, ...]:
    """What setup would do for this target, with every repair taken, without steps of these ids."""
    vault = msgspec.structs.replace(live.intent.vault, repair=True)
    wish: Intent = msgspec.structs.replace(live.intent, vault=vault, repairs=_ALL)
    basis = basis_of(wish, facts)
    rights = grants.own_rights(_may_need_rights(basis)) if basis.vault else []
    made = plan.build(wish, facts).steps
    if basis.vault is None and isinstance(facts.deleted_vault, DeletedVault):
        policies = msgspec.structs.replace(vault, access="policies")
        made = _fitting(
            made, plan.build(msgspec.structs.replace(wish, vault=policies), facts).steps
        )
    known = {step.id: step for step in (*rights, *made)}
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


def _own_steps(
    finding: Finding, live: Examined, planned: Sequence[Step], makers: Makers
) -> tuple[Step, ...]:
    """The steps that repair one finding, without what they need."""
    maker = makers.get(finding.check)
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


def extend(finding: Finding, live: Examined) -> tuple[Step, ...]:
    """Dates in which the key can be used from now on."""
    key = live.facts.key
    return (dated(key, live, "key-extend"),) if isinstance(key, KeyVersion) else ()


def dated(key: KeyVersion, live: Examined, id: str) -> Step:
    """A step that gives one version dates in which it can be used."""
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
        params={"vault_uri": uri_of(live), "name": live.intent.key.name, "version": key.version,
                "not_before": start, "expires": until},
        needs=("key-rights",),
        expected_s=2,
        vault=live.intent.vault.name,
    )  # fmt: skip


def enabled(version: KeyVersion, live: Examined) -> tuple[Step, ...]:
    """A step that enables one version, which is not the one that the target names."""
    name = live.intent.key.name
    return (
        Step(
            id="key-enable-newest",
            kind="key-change",
            title=f"key {name}, version {version.version[:8]}…: enable it",
            action="change",
            target=version.id,
            params={"vault_uri": uri_of(live), "name": name, "version": version.version,
                    "enable": True, "ops": []},
            needs=("key-rights",),
            expected_s=2,
            vault=live.intent.vault.name,
        ),
    )  # fmt: skip


def nothing(finding: Finding, live: Examined) -> tuple[Step, ...]:
    """Repaired by granting what counts, which is the step of the finding that it explains."""
    return ()


def uri_of(live: Examined) -> str:
    """Of the vault, which need not be there."""
    vault = live.facts.vault
    name = ids_of(live.intent).vault.name
    return vault.uri if isinstance(vault, Vault) else live.facts.cloud.vault_uri(name)
