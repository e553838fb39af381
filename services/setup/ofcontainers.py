"""The part of a plan that is a container group."""

import msgspec

from services.checks.facts import Unknown
from services.model.intent import ContainerGroupSetup
from services.model.plan import Step
from services.setup import grants
from services.setup.basis import Basis

ONCE = "How it is encrypted is settled for its whole life; another key takes another group."


def before(basis: Basis) -> list[Step]:
    """Who unwraps the key: the group's own identity, or the service's app."""
    return grants.identity(basis) if basis.ids.identity else grants.containers(basis)


def target(basis: Basis, intent: ContainerGroupSetup, needs: tuple[str, ...]) -> list[Step]:
    """The group, once all of these steps are done, and the look at how it is encrypted."""
    wish, id = intent.container_group, str(basis.ids.target)
    params = {
        "vault_uri": basis.uri,
        "identity": str(basis.ids.identity) if basis.ids.identity else "",
    }
    made = Step(
        id="containers",
        kind="container-group",
        title=f"container group {wish.name} with key {intent.key.name}",
        action="create",
        target=id,
        params={
            **params,
            "location": intent.region,
            "tags": intent.tags,
            "os": wish.os,
            "restart": wish.restart,
            "containers": msgspec.to_builtins(wish.containers),
        },
        needs=needs,
        irreversible=ONCE,
        expected_s=60,
    )
    there = basis.facts.container_group
    known = there is not None and not isinstance(there, Unknown) and there.state == "Succeeded"
    verify = Step(
        id="verify",
        kind="verify-group",
        title=f"read back how {wish.name} is encrypted",
        action="verify",
        target=id,
        params=params,
        needs=("containers", "key"),
        expected_s=2,
    )
    return [verify] if known else [made, verify]
