"""Reads back how everything is encrypted and compares it with the plan; writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from services.azure import cosmos, search, storage, workspaces
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.ids import ArmId, KeyId, same
from services.model.plan import Step
from services.model.resources import CosmosAccount, SearchService, StorageAccount, Workspace
from services.setup.compared import Line, key_line, line, told, untold
from services.setup.context import NOT_YET, Context, Observation

STAYS = "It only reads."
COSMOS_OK = "access to the configured customer managed key confirmed"
"""customerManagedKeyStatus of a healthy account, lower case (Cosmos DB CMK troubleshooting)."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Always read anew."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Read, compare, tell. Raises StepFailed where something is not as planned."""
    found = await workspaces.get_workspace(ctx.conn, step.target)
    what = "The workspace"
    do = "Diagnose the workspace; the encryption of a workspace can't be changed afterwards."
    if found is None:
        return told([line("workspace", "state", "there", "not there", good=False)], what, do)
    key_id: str = ctx.result("key", "id")
    lines = judge_workspace(found, step.params, key_id)
    if not step.params["service_side"] and found.managed_group:
        lines += await managed_lines(ctx.conn, step.target, found.managed_group, key_id)
    return told(lines, what, do, managed_group=found.managed_group)


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the workspace."""
    return f"az resource show --ids {step.target} --query properties.encryption"


def judge_workspace(found: Workspace, wish: dict[str, Any], key_id: str) -> list[Line]:
    """What the workspace itself says about its encryption."""
    used = found.encryption
    service_side = bool(wish["service_side"])
    lines = [line("workspace", "encryption.status", "Enabled", "Enabled" if used else "Disabled")]
    if used is None:
        return lines
    lines += [
        line(
            "workspace",
            "encryption.keyVaultArmId",
            wish["vault_id"],
            used.vault_id,
            good=same(used.vault_id, wish["vault_id"]),
        ),
        key_line("workspace", "encryption.keyIdentifier", key_id, used.key_id, version=True),
        line(
            "workspace",
            "enableServiceSideCMKEncryption",
            str(service_side).lower(),
            str(used.service_side).lower(),
        ),
        line(
            "workspace",
            "serviceProvisionedResourceGroup",
            "none" if service_side else "a name",
            found.managed_group or "none",
            good=bool(found.managed_group) is not service_side,
        ),
    ]
    return lines


def judge_cosmos(found: list[CosmosAccount], key_id: str) -> list[Line]:
    """Cosmos DB names the key without its version, and says whether it can use it."""
    if not found:
        return [line("Cosmos DB", "account", "one", "none", good=False)]
    lines = []
    for account in found:
        lines.append(key_line(account.name, "keyVaultKeyUri", key_id, account.key_id))
        status = account.key_status
        if status:
            good = COSMOS_OK in status.lower()
            lines.append(
                line(account.name, "customerManagedKeyStatus", "confirmed", status, good=good)
            )
        else:
            lines.append(untold(account.name, "customerManagedKeyStatus", "confirmed"))
    return lines


def judge_storage(found: list[StorageAccount], key_id: str) -> list[Line]:
    """Storage names key and version."""
    if not found:
        return [line("Storage", "account", "one", "none", good=False)]
    lines = []
    for account in found:
        source = account.key_source
        lines.append(
            line(
                account.name,
                "encryption.keySource",
                "Microsoft.Keyvault",
                source,
                good=source.lower() == "microsoft.keyvault",
            )
        )
        field = "encryption.currentVersionedKeyIdentifier"
        lines.append(key_line(account.name, field, key_id, account.key_id, version=True))
    return lines


def judge_search(found: list[SearchService], key_id: str) -> list[Line]:
    """AI Search tells its compliance, never its key."""
    if not found:
        return [line("AI Search", "service", "one", "none", good=False)]
    lines = []
    for service in found:
        field = "encryptionWithCmk.encryptionComplianceStatus"
        if service.compliance:
            lines.append(line(service.name, field, "Compliant", service.compliance))
        else:
            lines.append(untold(service.name, field, "Compliant"))
        lines.append(untold(service.name, "key", KeyId.parse(key_id).versionless))
    return lines


async def managed_lines(conn: Connection, id: str, group: str, key_id: str) -> list[Line]:
    """What Cosmos DB, AI Search and Storage of a workspace's managed group say; raises nothing."""
    subscription = ArmId.parse(id).subscription
    parts = await asyncio.gather(
        _read("Cosmos DB", cosmos.list_in_group(conn, subscription, group), judge_cosmos, key_id),
        _read("AI Search", search.list_in_group(conn, subscription, group), judge_search, key_id),
        _read("Storage", storage.list_in_group(conn, subscription, group), judge_storage, key_id),
    )
    return [line for part in parts for line in part]


async def _read(
    subject: str,
    call: Awaitable[Any],
    judge: Callable[[Any, str], list[Line]],
    key_id: str,
) -> list[Line]:
    try:
        return judge(await call, key_id)
    except AzureError as error:
        found = f"?? {error.what} {error.means}"
        return [
            Line(subject=subject, field="encryption", wanted=key_id, found=found, status="unknown")
        ]
