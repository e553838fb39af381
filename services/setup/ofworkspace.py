"""The part of a plan that is a workspace, with what it stands on besides the key."""

import msgspec

from services.checks.facts import Unknown
from services.model.intent import Create, WorkspaceSetup
from services.model.plan import Step
from services.setup import grants
from services.setup.basis import Basis


def before(basis: Basis) -> list[Step]:
    """Everything that has to be there before the workspace is made."""
    made = [*grants.apps(basis), *grants.identity(basis)]
    return [*made, *_dependencies(basis), *grants.identity_roles(basis)]


def target(basis: Basis, intent: WorkspaceSetup, needs: tuple[str, ...]) -> list[Step]:
    """The workspace, once all of these steps are done, and the look at how it is encrypted."""
    return [*_workspace(basis, intent, needs), _verify(basis, intent)]


def settled(intent: WorkspaceSetup, names: dict[str, str]) -> WorkspaceSetup:
    """The intent with every derived name written out."""
    named = {
        field: Create(create=names[field])
        for field in ("storage", "insights", "secrets_vault", "registry")
        if getattr(intent.workspace, field) == "new"
    }
    workspace = msgspec.structs.replace(intent.workspace, **named)
    return msgspec.structs.replace(intent, workspace=workspace)


def _dependencies(basis: Basis) -> list[Step]:
    return [
        step
        for step in basis.needed.steps(basis.intent, basis.facts.tenant)
        if step.target.lower() not in basis.facts.present
    ]


def _workspace(basis: Basis, intent: WorkspaceSetup, needs: tuple[str, ...]) -> list[Step]:
    wish = intent.workspace
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
            target=str(basis.ids.target),
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
            expected_s=510,
        )
    ]


def _verify(basis: Basis, intent: WorkspaceSetup) -> Step:
    name = intent.workspace.name
    return Step(
        id="verify",
        kind="verify",
        title=f"read back how {name} is encrypted",
        action="verify",
        target=str(basis.ids.target),
        params={
            "vault_id": str(basis.ids.vault),
            "vault_uri": basis.uri,
            "service_side": intent.workspace.encryption == "service-side",
        },
        needs=("workspace", "key"),
        expected_s=5,
    )
