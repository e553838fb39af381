"""Diagnoses one target: reads each fact once, judges as facts arrive, writes nothing."""

from collections.abc import Awaitable, Callable, Mapping

from services.azure import workspaces
from services.azure.connection import Connection
from services.checks.reading import Reading
from services.diagnosis.absent import gone
from services.diagnosis.clusters import looking as clusters
from services.diagnosis.conclude import checks_of, conclude, left_out_of
from services.diagnosis.containers import looking as containers
from services.diagnosis.facts import Live, described, ids_in
from services.diagnosis.passes import Heard, Pass, examine, first
from services.diagnosis.readers import FIELDS, READERS
from services.diagnosis.registry import reads_of
from services.diagnosis.seen import Seen, There
from services.model.diagnosis import Diagnosis, Target, TargetKind
from services.model.resources import Caller, Workspace

ALWAYS = frozenset(
    {
        *("workspace", "subscription", "groups", "permissions", "identity", "cosmos"),
        *("deleted_vault", "deleted_key", "present", *FIELDS),
    }
)
"""Facts that are read about a workspace for tree, timeline and repairs too."""


async def diagnose(
    conn: Connection,
    target: Target,
    heard: Heard | None = None,
    *,
    ask_azure: bool = True,
    probe: bool = False,
) -> Diagnosis:
    """Everything that is wrong with a target, root causes first; see :func:`look`."""
    return conclude(await look(conn, target, heard, ask_azure=ask_azure, probe=probe))


async def look(
    conn: Connection,
    target: Target,
    heard: Heard | None = None,
    *,
    ask_azure: bool = True,
    probe: bool = False,
) -> Seen:
    """Read everything that a diagnosis follows from.

    ``heard`` is given each finding as soon as it is made: without its causes and repairs,
    which only all findings together tell. ``ask_azure``: let Azure's own diagnosis run too,
    which can take half a minute; only workspaces have one. ``probe``: wrap and unwrap random
    bytes as the caller. Raises AzureError where the target can't be read.
    """
    left_out = frozenset({*(() if ask_azure else ("remarks",)), *(() if probe else ("probe",))})
    return await _seen(conn, target, await LOOKS[target.kind](conn, target, heard, left_out))


async def _workspace(
    conn: Connection, target: Target, heard: Heard | None, left_out: frozenset[str]
) -> There:
    there, asked = await first(conn, target.id, workspaces.get_workspace)
    if there is None:
        return await gone(conn, target, asked)
    if there.encryption is None:
        return there
    what = Pass(
        intent=described(there),
        checks=checks_of(there, left_out),
        facts=wanted(there, left_out),
        readers=READERS,
        live=lambda made: _live(made, target),
        given={"workspace": (there, asked)},
        ids=lambda ids: ids_in(there, ids),
    )
    return await examine(conn, what, heard)


Looking = Callable[[Connection, Target, Heard | None, frozenset[str]], Awaitable[There]]
LOOKS: Mapping[TargetKind, Looking] = {
    "workspace": _workspace,
    "container-group": containers.look,
    "cluster": clusters.look,
    "disk-encryption-set": clusters.look,
}
"""By kind of target: reads everything about one, but for facts of these names."""


def wanted(there: Workspace, left_out: frozenset[str]) -> frozenset[str]:
    """Names of the facts that are read about a workspace, where some are left out."""
    checks = checks_of(there, left_out)
    read = {fact for check in checks for fact in reads_of(check)}
    return (ALWAYS | read) - left_out_of(there, left_out)


async def _seen(conn: Connection, target: Target, there: There) -> Seen:
    who = conn.caller or await conn.who()
    caller = Caller(
        object_id=who.object_id,
        tenant_id=who.tenant_id,
        name=who.name,
        kind=who.principal_type,
        app_id=who.app_id,
    )
    return Seen(target=target, at=conn.now(), cloud=conn.cloud, caller=caller, there=there)


def _live(made: Reading, target: Target) -> Live:
    """What has been read until now."""
    had = made.told()
    return Live(
        target=target,
        workspace=had["workspace"],
        intent=made.intent,
        facts=made.facts(),
        **{field: had[fact] for fact, field in FIELDS.items() if fact in had},
    )
