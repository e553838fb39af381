"""How Machine Learning builds a workspace with a customer-managed key, step by step.

Own resources: a managed resource group, then a Cosmos DB account, an AI Search service
and a storage account side by side, then the key on each of them, then the workspace.
Every step uses the rights, keys and quotas that exist when it is done, so what is missing
shows late, and what is repaired meanwhile counts.
"""

from collections.abc import Callable

from sandbox import activity, armid, operations, regions
from sandbox.protocol import Refusal
from sandbox.providers.managedgroup import (
    GROUP_WRITE,
    PARTS,
    BuildFailed,
    api,
    bad,
    begin,
    group_id,
    judge_rights,
    key_id,
    machine_learning,
    make_group,
    mode,
    part_id,
    part_write,
)
from sandbox.providers.managedkeys import apply_keys, take
from sandbox.registrations import MACHINE_LEARNING
from sandbox.state import Json, Operation, Resource
from sandbox.world import World

GROUP_S = 10.0
KEY_S = 60.0
FINISH_S = 60.0
PLAIN_S = 30.0
"""Azure seconds of the steps; with Cosmos DB's own 240 a workspace takes 6 to 7 minutes."""


def start(world: World, workspace: Resource, operation: Operation) -> None:
    """Put the first step on the calendar."""
    first = {"none": PLAIN_S, "own-resources": GROUP_S, "service-side": KEY_S}
    kind = mode(workspace.doc)
    world.after(first[kind], f"aml.{kind}", operation=operation.id)


@api.job("aml.none")
def plain_job(world: World, data: Json) -> None:
    """A workspace without a key of the customer's is done in one step."""
    _step(world, data, _succeed)


@api.job("aml.service-side")
def service_side_job(world: World, data: Json) -> None:
    """Service-side encryption: the key is used at once, there is no managed group."""

    def work(world: World, workspace: Resource, operation: Operation) -> None:
        judge_vault(world, workspace.doc)
        _judge_public(world, workspace.doc)
        judge_rights(world, workspace.doc)
        apply_keys(world, workspace, key_id(workspace.doc))
        _succeed(world, workspace, operation)

    _step(world, data, work)


@api.job("aml.own-resources")
def group_job(world: World, data: Json) -> None:
    """The managed resource group, and the start of everything in it."""

    def work(world: World, workspace: Resource, operation: Operation) -> None:
        judge_vault(world, workspace.doc)
        make_group(world, workspace)
        _log(world, operation, workspace, (GROUP_WRITE, group_id(workspace.doc), 201))
        failures = []
        for part in PARTS.values():
            where = part_id(workspace.doc, part)
            try:
                resource = begin(world, workspace, part)
            except Refusal as refusal:
                failures.append(refusal.error())
                write = (part_write(part), where, refusal.status)
                _log(world, operation, workspace, write, failures[-1])
            else:
                _log(world, operation, workspace, (part_write(part), where, 201))
                world.after(
                    part.provider.CREATE_S,
                    "aml.provisioned",
                    operation=operation.id,
                    part=part.name,
                    id=resource.doc["id"],
                )
        if failures:
            raise BuildFailed(failures[0])

    _step(world, data, work)


@api.job("aml.provisioned")
def provisioned_job(world: World, data: Json) -> None:
    """One managed resource is there; Cosmos DB takes the key as part of its creation."""
    part = PARTS[data["part"]]
    resource = world.resource(data["id"])
    if part.name != "cosmos":
        if resource:
            part.provider.finish(world, resource)
        return

    def work(world: World, workspace: Resource, operation: Operation) -> None:
        take(world, workspace, part, key_id(workspace.doc))
        world.after(KEY_S, "aml.keys", operation=operation.id)

    _step(world, data, work)
    if resource:
        failed = "cmk" not in resource.inner
        part.provider.finish(world, resource, "Failed" if failed else "Succeeded")


@api.job("aml.keys")
def keys_job(world: World, data: Json) -> None:
    """Search and storage take the key."""

    def work(world: World, workspace: Resource, operation: Operation) -> None:
        for name in ("storage", "search"):
            take(world, workspace, PARTS[name], key_id(workspace.doc))
        world.after(FINISH_S, "aml.finish", operation=operation.id)

    _step(world, data, work)


@api.job("aml.finish")
def finish_job(world: World, data: Json) -> None:
    """The workspace itself."""
    _step(world, data, _succeed)


def _step(world: World, data: Json, work: Callable[[World, Resource, Operation], None]) -> None:
    """Do one step of an operation that still runs; a failure ends it and the workspace."""
    operation = world.state.operations[data["operation"]]
    if operation.status != "InProgress":
        return
    workspace = world.resource(operation.target)
    if workspace is None:
        world.end_operation(
            operation.id, {"code": "Canceled", "message": "The workspace was deleted."}
        )
        return
    fault = operations.injected(world, operation.id)
    try:
        if fault:
            raise BuildFailed(fault)
        work(world, workspace, operation)
    except BuildFailed as failure:
        if failure.write:
            _log(world, operation, workspace, failure.write, failure.error)
        workspace.doc["properties"]["provisioningState"] = "Failed"
        world.end_operation(operation.id, failure.error)


def _log(
    world: World,
    operation: Operation,
    workspace: Resource,
    write: tuple[str, str, int],
    error: Json | None = None,
) -> None:
    """What Machine Learning writes stands in the activity log under its own name."""
    action, where, status = write
    activity.within(
        world,
        operation,
        caller=MACHINE_LEARNING,
        objectId=machine_learning(world, workspace.doc),
        operation=action,
        resourceId=where,
        status=status,
        error=error,
    )


def _succeed(world: World, workspace: Resource, operation: Operation) -> None:
    workspace.doc["properties"]["provisioningState"] = "Succeeded"
    world.end_operation(operation.id)


def judge_vault(world: World, doc: Json) -> None:
    """What Machine Learning asks of the vault before anything is made.

    Only the text about purge protection is known (azure-docs issue 108584); a vault that is
    not there is left to Cosmos DB, which says so in its own words.
    """
    settings = doc["properties"]["encryption"]["keyVaultProperties"]
    vault = world.resource(settings["keyVaultArmId"])
    if vault is None:
        return
    if not vault.doc["properties"].get("enablePurgeProtection"):
        raise BuildFailed(
            bad("CMK workspaces should have purge protection enabled on their CMK keyvault.")
        )
    if armid.subscription(vault.doc["id"]) != armid.subscription(doc["id"]):
        raise BuildFailed(
            bad("The CMK keyvault must be in the same subscription as the workspace.")
        )
    if regions.short(vault.doc["location"]) != regions.short(doc["location"]):
        raise BuildFailed(bad("The CMK keyvault must be in the same region as the workspace."))
    host = key_id(doc).removeprefix("https://").partition(".")[0]
    if host.lower() != str(vault.doc["name"]).lower():
        raise BuildFailed(bad("The key identifier does not belong to the CMK keyvault."))


def _judge_public(world: World, doc: Json) -> None:
    """Service-side encryption cannot use a vault without public access (concept page)."""
    vault = world.resource(doc["properties"]["encryption"]["keyVaultProperties"]["keyVaultArmId"])
    if vault and vault.doc["properties"].get("publicNetworkAccess", "Enabled") != "Enabled":
        raise BuildFailed(
            bad("Service-side encryption needs a CMK keyvault with public network access.")
        )
