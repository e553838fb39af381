"""Key Vault management: soft-deleted vaults and the availability of names."""

from datetime import UTC, datetime

from sandbox import operations, regions
from sandbox.keyvault import lifecycle, names, rules
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.vaults import PROVIDER, SUBSCRIPTION, page
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.KeyVault")

LOCATION = f"{SUBSCRIPTION}{PROVIDER}/locations/{{location}}"
PURGED = "keyvault.purged"


def _doc(kept: Json) -> Json:
    vault = kept["doc"]
    subscription = kept["vaultId"].split("/")[2]
    place = regions.short(kept["location"])
    properties: Json = {
        "vaultId": kept["vaultId"],
        "location": kept["location"],
        "tags": vault.get("tags", {}),
        "deletionDate": lifecycle.day_stamp(kept["deleted"]),
        "scheduledPurgeDate": lifecycle.day_stamp(kept["purge"]),
    }
    if vault["properties"].get("enablePurgeProtection"):
        properties["purgeProtectionEnabled"] = True
    return {
        "id": f"/subscriptions/{subscription}{PROVIDER}/locations/{place}"
        f"/deletedVaults/{kept['name']}",
        "name": kept["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }


def _kept(world: World, request: Request) -> Json:
    name = request.params["vault"]
    kept = names.deleted(world, name)
    if (
        kept is None
        or kept["vaultId"].split("/")[2].lower() != request.params["subscription"].lower()
        or regions.short(kept["location"]) != regions.short(request.params["location"])
    ):
        raise lifecycle.deleted_not_found(name)
    return kept


@api.route("GET", f"{SUBSCRIPTION}{PROVIDER}/deletedVaults")
def list_deleted(world: World, request: Request) -> Answer:
    """Soft-deleted vaults of a subscription."""
    prefix = f"/subscriptions/{request.params['subscription'].lower()}/"
    table = world.state.table(names.DELETED)
    items = [
        (name, name)
        for name, kept in sorted(table.items())
        if kept["vaultId"].lower().startswith(prefix)
    ]
    chosen, link = page(world, request, items)
    body: Json = {"value": [_doc(table[name]) for name in chosen]}
    return Answer(200, {**body, "nextLink": link} if link else body)


@api.route("GET", f"{LOCATION}/deletedVaults/{{vault}}")
def get_deleted(world: World, request: Request) -> Answer:
    """One soft-deleted vault."""
    return Answer(200, _doc(_kept(world, request)))


@api.route("POST", f"{LOCATION}/deletedVaults/{{vault}}/purge")
def purge(world: World, request: Request) -> Answer:
    """Purge: 202 with a Location and nothing else (recorded: keyvault-mgmt/15).

    Purge protection refuses with MethodNotAllowed (azure-docs#55427, AzureTRE#1446).
    """
    kept = _kept(world, request)
    if kept["doc"]["properties"].get("enablePurgeProtection"):
        raise Refusal(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    operation = world.start_operation(kept["vaultId"])
    world.after(
        lifecycle.PURGE_S,
        PURGED,
        operation=operation.id,
        name=kept["name"].lower(),
        deleted=kept["deleted"],
    )
    place = (regions.short(kept["location"]), "operationResults", request.api_version)
    headers = operations.async_headers(
        world, operation, "Microsoft.KeyVault", *place, asynchronous=None
    )
    return Answer(202, None, headers)


@api.job(PURGED)
def purged(world: World, data: Json) -> None:
    """End of a purge: what was deleted then is gone, unless the service failed."""
    error = operations.injected(world, data["operation"])
    if error is None:
        purge_due(world, data)
    world.end_operation(data["operation"], error)


@api.job(lifecycle.PURGE_DUE)
def purge_due(world: World, data: Json) -> None:
    """The retention time is over; nothing happens to a vault recovered in the meantime."""
    kept = names.deleted(world, data["name"])
    if kept and kept["deleted"] == data["deleted"]:
        lifecycle.forget(world, data["name"])


@api.route("GET", f"{LOCATION}/operationResults/{{operation}}")
def operation_result(world: World, request: Request) -> Answer:
    """Polls of a purge: 202 NotStarted with the same Location, then 200 Succeeded."""
    operation = operations.find(world, request.params["operation"])
    answer = operations.location_answer(world, request, operation)
    if operation.error is None:
        started = datetime.fromtimestamp(operation.started, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        status = "NotStarted" if operation.status == "InProgress" else operation.status
        answer.body = {"createdDateTime": started, "status": status}
    return answer


@api.route(
    "POST",
    f"{SUBSCRIPTION}{PROVIDER}/checkNameAvailability",
    action="Microsoft.KeyVault/checkNameAvailability/read",
)
def check_name_availability(world: World, request: Request) -> Answer:
    """Whether a vault may have a name; names of deleted vaults are taken too."""
    name = str(request.json().get("name", ""))
    return _availability(name, bool(names.find(world, name) or names.deleted(world, name)))


@api.route(
    "POST",
    f"{SUBSCRIPTION}{PROVIDER}/checkMhsmNameAvailability",
    action="Microsoft.KeyVault/checkMhsmNameAvailability/read",
)
def check_hsm_name_availability(world: World, request: Request) -> Answer:
    """Whether a managed HSM may have a name: there are none, so only the name counts.

    ``az keyvault check-name`` asks for this and never for the vault's.
    """
    return _availability(str(request.json().get("name", "")), taken=False)


def _availability(name: str, taken: bool) -> Answer:
    try:
        rules.check_name(name)
    except Refusal as refusal:
        reason = {"reason": "AccountNameInvalid", "message": refusal.message}
        return Answer(200, {"nameAvailable": False, **reason})
    if taken:
        message = f"The name '{name}' is already in use."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})
