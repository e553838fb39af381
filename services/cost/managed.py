"""The real SKUs of what Azure made for a workspace, read from its managed group."""

import asyncio

from services.azure import calls, search, storage
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.ids import ArmId
from services.model.cost import Found
from services.model.resources import SearchService, StorageAccount, Workspace


async def read(conn: Connection, workspace: Workspace) -> Found:
    """What was really made; empty for a workspace without a managed group.

    What can't be read stays assumed and ``problem`` says why. The RU/s of Cosmos DB stand at
    each container and change by the hour: they stay assumed. Raises nothing.
    """
    if not workspace.managed_group:
        return Found()
    where = (ArmId.parse(workspace.id).subscription, workspace.managed_group)
    searches, accounts = await asyncio.gather(
        search.list_in_group(conn, *where),
        storage.list_in_group(conn, *where),
        return_exceptions=True,
    )
    problems = []
    for answer in (searches, accounts):
        if isinstance(answer, AzureError):
            problems.append(f"{answer.what} {answer.means}")
        elif isinstance(answer, BaseException):
            raise answer
    made = searches[0] if isinstance(searches, list) and searches else None
    account = accounts[0] if isinstance(accounts, list) and accounts else None
    return found(made, account, " ".join(problems))


def found(made: SearchService | None, account: StorageAccount | None, problem: str = "") -> Found:
    """What the nouns tell of prices."""
    properties = calls.part(made.raw, "properties") if made else {}
    return Found(
        search_sku=made.sku if made else "",
        replicas=calls.number(properties.get("replicaCount")),
        partitions=calls.number(properties.get("partitionCount")),
        storage_sku=account.sku if account else "",
        problem=problem,
    )
