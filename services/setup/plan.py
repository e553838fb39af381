"""From an intent and what was read to a plan: pure but for :func:`make_plan`.

A step that is known to be true already is left out. What could not be read is planned:
every step observes before it writes. Durations are recorded or documented ones
(Cosmos DB accounts 8.5 min, vault names 10 to 30 s, registrations about a minute).
"""

from collections.abc import Callable

import msgspec

from services.azure.connection import Connection
from services.checks import preflight, quota, repairs
from services.checks.facts import Facts
from services.checks.registry import BY_ID
from services.model.intent import ClusterSetup, ContainerGroupSetup, Intent, WorkspaceSetup
from services.model.plan import Finding, Plan, Repair, Step, wanted
from services.setup import grants, ofcluster, ofcontainers, ofworkspace, shared
from services.setup.basis import Basis, basis_of
from services.setup.dependencies import dependencies_of
from services.setup.repairs import key_steps


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
        subject=str(basis.ids.target),
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
    if isinstance(intent, WorkspaceSetup):
        return ofworkspace.settled(intent, plan.names)
    return intent


def _steps(basis: Basis) -> tuple[Step, ...]:
    """In order; each needs only steps that are there."""
    made = [*shared.registrations(basis), *shared.groups(basis), *shared.vaults(basis)]
    made += [*grants.own_rights(basis), *key_steps(basis), *shared.key(basis)]
    intent = basis.intent
    match intent:
        case WorkspaceSetup():
            made += ofworkspace.before(basis)
        case ContainerGroupSetup():
            made += ofcontainers.before(basis)
        case ClusterSetup():
            made += ofcluster.before(basis, intent)
    made = [step for step in made if not _left_out(intent, step)]
    leaves = tuple(step.id for step in made)
    match intent:
        case WorkspaceSetup():
            made += ofworkspace.target(basis, intent, leaves)
        case ContainerGroupSetup():
            made += ofcontainers.target(basis, intent, leaves)
        case ClusterSetup():
            made += ofcluster.target(basis, intent, leaves)
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
