"""Who will get what on the key, and why: the lines of the Access page."""

from typing import Literal

import msgspec

from services.checks.facts import Facts, Unknown
from services.model.intent import Create, Intent, WorkspaceSetup
from services.model.plan import Plan
from services.model.resources import Identity, Principal

State = Literal["OK", "NEW", "??"]
"""OK: has it already; NEW: a step of the plan gives it; ??: could not be read."""


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """One principal and what it gets."""

    who: str
    object_id: str
    """Empty while nobody can know it: the principal does not exist yet."""
    gets: str
    why: str
    state: State
    note: str = ""
    """Why the object id is not known, or what was not readable."""


def access_lines(intent: WorkspaceSetup, facts: Facts, plan: Plan) -> tuple[AccessLine, ...]:
    """Everybody the plan's key and workspace need, in the order they are granted."""
    planned = {step.id for step in plan.steps}
    rbac = _uses_roles(intent, facts)
    lines = [_caller(facts, planned, rbac)]
    wrap = "Key Vault Crypto Service Encryption User" if rbac else "policy: get, wrap, unwrap"
    if intent.workspace.encryption == "own-resources":
        lines.append(
            _app(
                "Azure Cosmos DB",
                found=facts.cosmos,
                gets=wrap,
                why="because it wraps its data key with your key",
                short="cosmos",
                planned=planned,
            )
        )
    if intent.workspace.identity != "system":
        lines.append(_identity(intent, facts, wrap, planned))
    lines.append(
        _app(
            "Azure Machine Learning",
            found=facts.ml,
            gets="Contributor on the subscription",
            why="because it makes the workspace's resources",
            short="ml-contributor",
            planned=planned,
        )
    )
    return tuple(lines)


def _uses_roles(intent: Intent, facts: Facts) -> bool:
    vault = facts.vault
    if vault is None or isinstance(vault, Unknown):
        return intent.vault.access == "rbac"
    return vault.rbac


def _caller(facts: Facts, planned: set[str], rbac: bool) -> AccessLine:
    new = "key-rights" in planned
    gets = "Key Vault Crypto Officer" if rbac else "policy: manage keys"
    return AccessLine(
        who=f"you ({facts.caller.name or facts.caller.object_id})",
        object_id=facts.caller.object_id,
        gets=gets if new else "nothing more",
        why="to create the key" if new else "because what you need is there",
        state="NEW" if new else "OK",
    )


def _app(
    name: str,
    *,
    found: Principal | Unknown | None,
    gets: str,
    why: str,
    short: str,
    planned: set[str],
) -> AccessLine:
    if isinstance(found, Unknown):
        return AccessLine(who=name, object_id="", gets=gets, why=why, state="??", note=found.reason)
    note = "" if found else "not in this tenant yet; a step of the plan makes it appear"
    return AccessLine(
        who=name,
        object_id=found.object_id if found else "",
        gets=gets,
        why=why,
        state="NEW" if f"grant-{short}" in planned else "OK",
        note=note,
    )


def _identity(intent: WorkspaceSetup, facts: Facts, gets: str, planned: set[str]) -> AccessLine:
    wish = intent.workspace.identity
    found = facts.identity
    known = found if isinstance(found, Identity) else None
    name = wish.create if isinstance(wish, Create) else str(wish).rsplit("/", 1)[-1]
    return AccessLine(
        who=name,
        object_id=known.principal_id if known else "",
        gets=gets,
        why="because the workspace reaches storage and key as it",
        state="NEW" if "grant-identity" in planned else "OK",
        note="" if known else "its object id is known once it is made",
    )
