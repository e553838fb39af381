"""Container registries."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import NameCheck

API = "2023-07-01"


async def check_name(conn: Connection, subscription: str, name: str) -> NameCheck:
    """Whether a registry's name is free in the whole cloud; raises AzureError."""
    answer = await conn.call(
        "arm",
        "POST",
        f"/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry"
        "/checkNameAvailability",
        params={"api-version": API},
        json={"name": name, "type": "Microsoft.ContainerRegistry/registries"},
        what="check a registry's name",
    )
    return calls.name_check(answer.body if isinstance(answer.body, dict) else {})
