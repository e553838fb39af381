"""What would make a finding about a container group good, where setup never has to do it."""

from collections.abc import Callable, Sequence

from services.diagnosis.containers.facts import ContainerLive, has_run
from services.diagnosis.mending import extend, mended, nothing, setup_steps
from services.model.plan import Finding, Step

_NOT_OURS = ("containers", "verify", "key", "identity", "group", "group-vault")
"""Ids of setup's steps that would make what the intent only describes."""
_ACCESS = (
    *("vault", "vault-recover", "vault-bypass", "key-recover", "key-enable", "key-extend"),
    *("key-operations", "containers-principal", "grant-containers", "grant-identity"),
)
"""Ids of steps after which the group reaches its key again."""


def with_repairs(findings: Sequence[Finding], live: ContainerLive) -> tuple[Finding, ...]:
    """The findings, those that steps can repair with these steps."""
    planned = setup_steps(live, live.facts, _NOT_OURS) if live.intent.vault.resource_group else ()
    return mended(findings, live, planned, MAKERS)


def _start(finding: Finding, live: ContainerLive) -> tuple[Step, ...]:
    """Start a group that ran before; what was never made can only be made anew."""
    group = live.group
    if group.state.lower() == "failed" and not has_run(group):
        return ()
    return (
        Step(
            id="container-start",
            kind="container-start",
            title=f"container group {group.name}: start it",
            action="change",
            target=group.id,
            needs=_ACCESS,
            expected_s=30,
        ),
    )


def _no_identity(finding: Finding, live: ContainerLive) -> tuple[Step, ...] | None:
    """An identity that is gone can be granted nothing."""
    return () if live.facts.identity is None else None


MAKERS: dict[str, Callable[[Finding, ContainerLive], tuple[Step, ...] | None]] = {
    "group-runs": _start,
    "group-quota": nothing,
    "identity-exists": nothing,
    "identity-grant": _no_identity,
    "key-dates": extend,
}
