"""From an intent and what was read to a plan: pure but for :func:`make_plan`.

A step that is known to be true already is left out. What could not be read is planned:
every step observes before it writes. Durations are recorded or documented ones
(Cosmos DB accounts 8.5 min, vault names 10 to 30 s, registrations about a minute).
"""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from services.azure.connection import Connection
from services.checks import preflight, quota, repairs
from services.checks.facts import Facts, Unknown
from services.checks.needed import namespaces
from services.checks.registry import BY_ID
from services.ids import ArmId
from services.model.intent import Create, Intent
from services.model.plan import Finding, Plan, Repair, Step, wanted
from services.model.resources import DeletedVault, KeyVersion
from services.setup import grants
from services.setup.basis import Basis, basis_of, register
from services.setup.dependencies import dependencies_of
from services.setup.repairs import key_steps, takes, vault_steps

FOR_GOOD = (
    "Purge protection stays on for good: after a delete the vault can't be purged, and its"
    " name stays taken for {days} days."
)


async def make_plan(
    conn: Connection, intent: Intent, heard: Callable[[Finding], None] | None = None
) -> Plan:
    """Read what the intent depends on, check and plan it; writes nothing.

    ``heard`` is given each finding as soon as it is made, before its repair has its steps.
    Raises AzureError when not even the caller can be told.
    """
    return build(intent, await read_facts(conn, intent, heard))


async def read_facts(
    conn: Connection, intent: Intent, heard: Callable[[Finding], None] | None = None
) -> Facts:
    """What a plan is built from, to build it again with other repairs; like :func:`make_plan`."""
    facts, _ = await preflight.read_all(conn, intent, dependencies_of(intent).further, heard)
    return facts


def build(intent: Intent, facts: Facts) -> Plan:
    """The plan for an intent, given the facts."""
    basis = basis_of(intent, facts)
    steps = _steps(basis)
    findings = preflight.judge(intent, facts)
    return Plan(
        intent=intent,
        subject=str(basis.ids.workspace),
        steps=steps,
        findings=tuple(_with_steps(basis, one, steps) for one in findings),
        quota=quota.quota_lines(intent, facts),
        names=basis.needed.names,
        caller=facts.caller.object_id,
    )


def _with_steps(basis: Basis, finding: Finding, steps: tuple[Step, ...]) -> Finding:
    """A finding that steps repair, with those steps; one that could be, with what would."""
    check, repair = finding.check, finding.repair
    if finding.status == "fix":
        mine = tuple(step for step in steps if _repairs(finding, step))
    elif finding.status == "fail" and check in repairs.STEPS:
        wish = repairs.choose(basis.intent, check, True)
        more = _steps(basis_of(wish, basis.facts))
        mine = tuple(step for step in more if step not in steps and _repairs(finding, step))
    else:
        return finding
    if not mine and repair is None:
        return finding
    offered = Repair(
        text=repair.text if repair else "",
        steps=mine,
        irreversible=any(step.irreversible for step in mine),
    )
    return msgspec.structs.replace(finding, repair=offered)


def _repairs(finding: Finding, step: Step) -> bool:
    """Whether a step repairs this finding; a registration only that of its own provider."""
    check = finding.check
    if step.kind == "register":
        return check == PROVIDERS and finding.id.endswith(f":{step.params['namespace']}")
    if check in repairs.STEPS:
        return repairs.steps_of(check, step.id)
    return bool(BY_ID[check].repairs) and step.id.startswith(BY_ID[check].repairs)


PROVIDERS = "provider-registered"


def settled(plan: Plan) -> Intent:
    """The intent of a plan that sets something up, with every derived name written out."""
    intent = wanted(plan)
    named = {
        field: Create(create=plan.names[field])
        for field in ("storage", "insights", "secrets_vault", "registry")
        if getattr(intent.workspace, field) == "new"
    }
    workspace = msgspec.structs.replace(intent.workspace, **named)
    return msgspec.structs.replace(intent, workspace=workspace)


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _steps(basis: Basis) -> tuple[Step, ...]:
    """In order; each needs only steps that are there."""
    made = [*_registrations(basis), *_groups(basis), *_vaults(basis), *grants.own_rights(basis)]
    made += [*key_steps(basis), *_key(basis), *grants.apps(basis), *grants.identity(basis)]
    made += [*_dependencies(basis), *grants.identity_roles(basis)]
    made = [step for step in made if not _left_out(basis.intent, step)]
    leaves = tuple(step.id for step in made)
    made += [*_workspace(basis, leaves), _verify(basis)]
    there = {step.id for step in made}
    return tuple(
        msgspec.structs.replace(step, needs=tuple(need for need in step.needs if need in there))
        for step in made
    )


def _left_out(intent: Intent, step: Step) -> bool:
    """Whether a step is there only for a repair that the intent does not choose."""
    return any(
        repairs.steps_of(check, step.id) and not repairs.chosen(intent, check)
        for check in repairs.OFFERED
    )


def _registrations(basis: Basis) -> list[Step]:
    states = basis.facts.providers
    known = {} if isinstance(states, Unknown) else states
    return [
        Step(
            id=register(namespace),
            kind="register",
            title=f"register provider {namespace}",
            action="change",
            target=f"{ArmId(basis.ids.group.subscription)}/providers/{namespace}",
            params={"namespace": namespace},
            expected_s=60,
        )
        for namespace in namespaces(basis.intent)
        if known.get(namespace.lower()) != "Registered"
    ]


def _groups(basis: Basis) -> list[Step]:
    wanted = {"group": basis.ids.group}
    if basis.ids.vault_group.group.lower() != basis.ids.group.group.lower() and not basis.vault:
        wanted["group-vault"] = basis.ids.vault_group
    return [
        Step(
            id=step,
            kind="group",
            title=f"resource group {id.group} in {basis.intent.region}",
            action="create",
            target=str(id),
            params={"location": basis.intent.region, "tags": basis.intent.tags},
            expected_s=2,
        )
        for step, id in wanted.items()
        if basis.facts.groups.get(id.group.lower()) is None
        or isinstance(basis.facts.groups[id.group.lower()], Unknown)
    ]


def _vaults(basis: Basis) -> list[Step]:
    wish, gone = basis.intent.vault, basis.facts.deleted_vault
    mended = vault_steps(basis)
    if basis.vault is None and mended:
        open_ = isinstance(gone, DeletedVault) and not gone.purge_protection
        return [*mended, *([_protection(basis, 90)] if open_ and wish.repair else [])]
    if basis.vault is None:
        return [_new_vault(basis)] if wish.create else []
    safe = basis.vault.purge_protection or not wish.repair
    return [*([] if safe else [_protection(basis, basis.vault.retention_days)]), *mended]


def _protection(basis: Basis, days: int) -> Step:
    name = basis.intent.vault.name
    return Step(
        id="vault-repair",
        kind="vault-repair",
        title=f"vault {name}: turn on purge protection",
        action="change",
        target=str(basis.ids.vault),
        needs=("vault",),
        irreversible=FOR_GOOD.format(days=days),
        expected_s=3,
        vault=name,
    )


def _new_vault(basis: Basis) -> Step:
    wish = basis.intent.vault
    model = "RBAC" if wish.access == "rbac" else "access policies"
    return Step(
        id="vault",
        kind="vault",
        title=f"vault {wish.name}, purge-protected, {model}",
        action="create",
        target=str(basis.ids.vault),
        params={
            "location": basis.intent.region,
            "tenant_id": basis.facts.tenant,
            "sku": wish.sku,
            "rbac": wish.access == "rbac",
            "retention_days": wish.retention_days,
            "network": wish.network,
            "tags": basis.intent.tags,
        },
        needs=("group-vault", "group", register("Microsoft.KeyVault")),
        irreversible=FOR_GOOD.format(days=wish.retention_days),
        expected_s=30,
        vault=wish.name,
    )


def _key(basis: Basis) -> list[Step]:
    wish, found = basis.intent.key, basis.facts.key
    pinned = "" if wish.version == "latest" else wish.version
    there = isinstance(found, KeyVersion)
    if isinstance(found, KeyVersion):
        pinned = found.version
    title = f"key {wish.name} ({wish.type} {wish.bits})"
    if there or not wish.create or takes(basis, "key-deleted"):
        title = f"use key {wish.name}, {f'version {pinned[:8]}…' if pinned else 'newest version'}"
    elif isinstance(found, Unknown):
        title += ", made when absent"
    by_arm = basis.closed or (there and basis.facts.key_from_arm)
    return [
        Step(
            id="key",
            kind="key-arm" if by_arm else "key",
            title=title,
            action="create" if wish.create and not there else "verify",
            target=f"{basis.uri}/keys/{wish.name}",
            params={
                "vault_id": str(basis.ids.vault),
                "vault_uri": basis.uri,
                "name": wish.name,
                "version": pinned,
                "create": wish.create,
                "type": wish.type,
                "bits": wish.bits,
                "not_before": _iso(wish.not_before),
                "expires": _iso(wish.expires),
                "rotate_every": wish.rotate_every,
                "notify_before": wish.notify_before,
                "tags": wish.tags,
            },
            needs=("vault", "key-rights", "key-recover"),
            expected_s=2,
            vault=basis.intent.vault.name,
        )
    ]


def _dependencies(basis: Basis) -> list[Step]:
    return [
        step
        for step in basis.needed.steps(basis.intent, basis.facts.tenant)
        if step.target.lower() not in basis.facts.present
    ]


def _workspace(basis: Basis, needs: tuple[str, ...]) -> list[Step]:
    wish = basis.intent.workspace
    found = basis.facts.workspace
    if found is not None and not isinstance(found, Unknown) and found.state == "Succeeded":
        return []
    identity = str(basis.ids.identity) if basis.ids.identity else ""
    return [
        Step(
            id="workspace",
            kind="workspace",
            title=f"workspace {wish.name} with key {basis.intent.key.name}",
            action="create",
            target=str(basis.ids.workspace),
            params={
                "location": basis.intent.region,
                "tags": basis.intent.tags,
                "service_side": wish.encryption == "service-side",
                "vault_id": str(basis.ids.vault),
                "identity": identity,
                "hbi": wish.hbi,
                "public_network": wish.public_network,
                "description": wish.description,
                **basis.needed.targets,
            },
            needs=needs,
            irreversible="How it is encrypted is settled for its whole life.",
            expected_s=510,
        )
    ]


def _verify(basis: Basis) -> Step:
    name = basis.intent.workspace.name
    return Step(
        id="verify",
        kind="verify",
        title=f"read back how {name} is encrypted",
        action="verify",
        target=str(basis.ids.workspace),
        params={
            "vault_id": str(basis.ids.vault),
            "vault_uri": basis.uri,
            "service_side": basis.intent.workspace.encryption == "service-side",
        },
        needs=("workspace", "key"),
        expected_s=5,
    )
