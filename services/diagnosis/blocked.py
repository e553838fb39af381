"""Which steps of a repair the caller can't do, and the command for somebody who can: pure.

A step that Azure refuses waits for somebody else. Whoever looks at a repair is told before it
begins, as far as Azure's own list of the caller's permissions tells.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from services.azure.authorization import CRYPTO_OFFICER, role_name
from services.checks.deeds import ASSIGN_IDENTITY, POLICY, WORKSPACE
from services.checks.facts import Unknown, ids_of
from services.checks.judges.caller import GRANTING
from services.checks.rights import ASSIGN, allows, covers, has_permissions, nearest
from services.diagnosis.facts import Examined
from services.ids import ArmId
from services.model.plan import Blocked, Step
from services.model.resources import Lock, Vault
from services.setup import steps as kinds
from services.setup.context import Context
from services.setup.steps.grant_role import OWN

VAULT = "Microsoft.KeyVault/vaults/write"
_KEYS = "Microsoft.KeyVault/vaults/keys"


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """What a step needs."""

    action: str
    scope: str
    ask: str
    """A role that has it."""
    data: bool = False
    """Whether the vault's data plane asks for it."""


def blocked(steps: Iterable[Step], live: Examined) -> tuple[Blocked, ...]:
    """Those of the steps that the caller can't do now; what could not be read blocks nothing."""
    all_of = tuple(steps)
    gets_rights = any(step.id == OWN for step in all_of)
    return tuple(
        one
        for step in all_of
        for one in (_locked(step, live), _refused(step, live, gets_rights))
        if one is not None
    )


def words(one: Blocked) -> str:
    """One sentence, and the command."""
    return f"{one.why} {one.who}: {one.command}"


def _locked(step: Step, live: Examined) -> Blocked | None:
    """A read-only lock refuses every write through Resource Manager, whatever the roles say."""
    if not step.target.lower().startswith("/subscriptions/"):
        return None
    lock = next((one for one in _read_only(live) if covers(one.scope, step.target)), None)
    if lock is None:
        return None
    return Blocked(
        step=step.id,
        why=f"Lock {lock.name} lets nobody write to {_name(lock.scope)}.",
        who="Who may take locks away enters",
        command=f"az lock delete --ids {lock.id}",
    )


def _read_only(live: Examined) -> tuple[Lock, ...]:
    locks = () if isinstance(live.facts.locks, Unknown) else live.facts.locks
    return tuple(one for one in locks if one.level.lower() == "readonly")


def _refused(step: Step, live: Examined, gets_rights: bool) -> Blocked | None:
    for right in rights_of(step, live):
        if right.data and gets_rights:
            continue  # an earlier step of the same plan gives it
        if _has(right, live):
            continue
        return Blocked(
            step=step.id,
            why=f"You may not do this: {right.action} on {_name(right.scope)} is missing.",
            who=f"Somebody with {right.ask} enters",
            command=command(step, live),
        )
    return None


def _has(right: Right, live: Examined) -> bool:
    vault = live.facts.vault
    if right.data and isinstance(vault, Vault) and not vault.rbac:
        permission = right.action.split("/")[3]
        return has_permissions(vault, live.facts.caller.object_id, (permission,))
    told = nearest(live.facts.permissions, right.scope)
    return isinstance(told, Unknown) or allows(told, right.action, data=right.data)


def rights_of(step: Step, live: Examined) -> Iterator[Right]:
    """What a step's writes ask of the caller; nothing where Entra roles decide."""
    target, kind = step.target, step.kind
    if kind == "register":
        action = f"{step.params['namespace']}/register/action"
        yield Right(action=action, scope=_subscription(target), ask="Contributor")
    elif kind in ("vault-repair", "vault-bypass", "vault-recover"):
        scope = target if isinstance(live.facts.vault, Vault) else _group(target)
        yield Right(action=VAULT, scope=scope, ask="Key Vault Contributor")
    elif kind in ("key-change", "key-extend", "key-recover"):
        verb = "recover" if kind == "key-recover" else "update"
        vault = live.facts.vault
        where = vault.id if isinstance(vault, Vault) else str(ids_of(live.intent).vault)
        yield Right(
            action=f"{_KEYS}/{verb}/action",
            scope=where,
            ask=role_name(CRYPTO_OFFICER),
            data=True,
        )
    elif kind in ("grant-role", "own-rights", "grant-fitting"):
        yield Right(action=ASSIGN, scope=target, ask=GRANTING)
    elif kind == "grant-policy":
        yield Right(action=POLICY, scope=target, ask="Key Vault Contributor")
    elif kind == "grant-remove":
        verb = "Microsoft.Authorization/roleAssignments/delete"
        policy = POLICY if not step.params["assignment"] else verb
        yield Right(action=policy, scope=step.params["vault_id"], ask=GRANTING)
    elif kind == "identity":
        action = "Microsoft.ManagedIdentity/userAssignedIdentities/write"
        yield Right(action=action, scope=_group(target), ask="Managed Identity Contributor")
    elif kind in ("workspace", "workspace-key", "workspace-identity"):
        scope = _group(target)
        yield Right(action=WORKSPACE, scope=scope, ask="Contributor")
        if kind == "workspace-identity":
            ask = "Managed Identity Operator"
            yield Right(action=ASSIGN_IDENTITY, scope=_group(step.params["identity"]), ask=ask)
    else:
        yield from _of_machines(step)


def _of_machines(step: Step) -> Iterator[Right]:
    """What is asked for clusters, their machines, and the set of their disks."""
    target, identities = step.target, []
    if step.kind == "set-identity":
        action = "Microsoft.Compute/diskEncryptionSets/write"
        yield Right(action=action, scope=target, ask="Contributor")
        identities = [step.params["identity"]]
    elif step.kind == "nodes-start":
        action = "Microsoft.Compute/virtualMachineScaleSets/start/action"
        yield Right(action=action, scope=target, ask="Virtual Machine Contributor")
    elif step.kind == "cluster-again":
        action = "Microsoft.ContainerService/managedClusters/write"
        yield Right(action=action, scope=target, ask="Azure Kubernetes Service Contributor Role")
        identities = step.params["identities"]
    for one in identities:
        yield Right(action=ASSIGN_IDENTITY, scope=_group(one), ask="Managed Identity Operator")


def command(step: Step, live: Examined) -> str:
    """The step's own command, before there is a run; ids that only it would tell are named."""
    ahead = _Ahead(
        conn=SimpleNamespace(cloud=live.facts.cloud),
        results={"key": {"id": _key_id(live)}},
    )
    return kinds.kind(step.kind).command(cast(Context, ahead), step)


def _key_id(live: Examined) -> str:
    """The key that the target names; empty where it names none."""
    wish, vault = live.intent.key, live.facts.vault
    if not wish.name:
        return ""
    uri = (
        vault.uri
        if isinstance(vault, Vault)
        else live.facts.cloud.vault_uri(live.intent.vault.name)
    )
    version = "" if wish.version == "latest" else f"/{wish.version}"
    return f"{uri}/keys/{wish.name}{version}"


@dataclass(frozen=True)
class _Ahead:
    """What a command may look at where no run has begun: the cloud, and what is known."""

    conn: Any
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def result(self, step_id: str, name: str) -> Any:
        """A value that is known, or the name of the one that the step will tell."""
        return self.results.get(step_id, {}).get(name) or f"{name}-of-{step_id}".upper()


def _subscription(id: str) -> str:
    return "/".join(id.split("/")[:3])


def _group(id: str) -> str:
    """The resource group of something that may not be there."""
    where = ArmId.parse(id)
    return str(ArmId(where.subscription, where.group))


def _name(scope: str) -> str:
    where = scope.rstrip("/").split("/")
    return f"subscription {where[-1]}" if len(where) <= 3 else where[-1]
