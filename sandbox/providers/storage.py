"""Microsoft.Storage: accounts, their keys, their encryption, and the quota of a region."""

import base64
import hashlib
import re

from sandbox import armid, assigned, operations, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.storagekeys import (
    change_encryption,
    error_of,
    take_key,
    take_key_unseen,
    tell,
)
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = [
    "CREATE_S",
    "api",
    "error_of",
    "finish",
    "make",
    "refuse_full",
    "take_key",
    "take_key_unseen",
    "tell",
]

api = Api("Microsoft.Storage")

ACCOUNTS = "/providers/Microsoft.Storage/storageAccounts"
OF_GROUP = "/subscriptions/{s}/resourceGroups/{g}" + ACCOUNTS
CREATE_S = 20.0
"""Azure seconds an account takes."""
LIMIT = 250
"""Accounts per region and subscription (recorded usages)."""
JSON = {"Content-Type": "application/json"}
"""The service answers without a charset."""

_NAME = re.compile(r"[a-z0-9]{3,24}")
_KINDS = ("Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage")


def limit(world: World, location: str) -> int:
    """The quota of a region; ``settings.quota.storage.<region>`` changes it."""
    quota = world.state.settings.get("quota", {}).get("storage", {})
    return int(quota.get(regions.short(location), LIMIT))


def used(world: World, subscription: str, location: str) -> int:
    """How many accounts a subscription has in a region."""
    here = regions.short(location)
    scope = f"/subscriptions/{subscription}"
    return sum(1 for one in _accounts(world, scope) if one.doc["location"] == here)


def refuse_full(world: World, subscription: str, location: str) -> None:
    """Raise what the service says when a region's quota is used up."""
    most = limit(world, location)
    if used(world, subscription, location) >= most:
        raise Refusal(
            409,
            "MaxStorageAccountsCountPerSubscriptionExceeded",
            f"Subscription {subscription} already contains {most} storage accounts in location "
            f"{regions.short(location)} and the maximum allowed is {most}.",
        )


def make(
    world: World,
    resource_id: str,
    location: str,
    *,
    sku: str = "Standard_LRS",
    kind: str = "StorageV2",
    hns: bool = False,
    managed_by: str = "",
) -> Resource:
    """Put an account into the state, still being created; :func:`finish` ends it."""
    name = armid.name(resource_id)
    service = {"keyType": "Account", "enabled": True, "lastEnabledTime": world.iso()}
    doc: Json = {
        "sku": {"name": sku, "tier": sku.partition("_")[0]},
        "kind": kind,
        "id": resource_id,
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": regions.short(location),
        "tags": {},
        "properties": {
            "privateEndpointConnections": [],
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "isHnsEnabled": hns,
            "networkAcls": {
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": "Allow",
            },
            "supportsHttpsTrafficOnly": True,
            "encryption": {
                "services": {"file": dict(service), "blob": dict(service)},
                "keySource": "Microsoft.Storage",
            },
            "accessTier": "Hot",
            "provisioningState": "Creating",
            "creationTime": world.iso(),
            "primaryEndpoints": {
                part: f"https://{name}.{part}.core.windows.net/"
                for part in ("dfs", "web", "blob", "queue", "table", "file")
            },
            "primaryLocation": regions.short(location),
            "statusOfPrimary": "available",
        },
    }
    resource = Resource(doc, world.epoch(), managed_by=managed_by)
    world.state.resources[resource_id.lower()] = resource
    return resource


def finish(world: World, resource: Resource, state: str = "Succeeded") -> None:
    """End an account's creation."""
    resource.doc["properties"]["provisioningState"] = state


@api.route("PUT", OF_GROUP + "/{name}")
def put_account(world: World, request: Request) -> Answer:
    """Create an account (202 with Location, then 200), or change one (200)."""
    account_id = armid.canonical(request.path)
    body = request.json()
    present = world.resource(account_id)
    if present:
        return _change(world, request, present, body)
    name, location = armid.name(account_id), tracked.placed(world, request, body)
    sku, kind = str(body.get("sku", {}).get("name", "")), str(body.get("kind", ""))
    _refuse_name(world, name)
    if kind not in _KINDS:
        raise Refusal(
            400,
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: kind.",
        )
    refuse_full(world, request.params["s"], location)
    hns = bool(body.get("properties", {}).get("isHnsEnabled", False))
    resource = make(world, account_id, location, sku=sku, kind=kind, hns=hns)
    try:
        _change(world, request, resource, body)
    except Refusal:
        del world.state.resources[account_id.lower()]
        raise
    operation = world.start_operation(account_id)
    world.after(CREATE_S, "storage.created", operation=operation.id)
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.Storage",
        location,
        "asyncoperations",
        request.api_version,
        asynchronous=None,
        result="monitor=true",
    )
    return Answer(202, None, headers)


@api.job("storage.created")
def created(world: World, data: Json) -> None:
    """End the creation of an account of the user's own."""
    operation = world.state.operations[data["operation"]]
    resource = world.resource(operation.target)
    fault = operations.injected(world, operation.id)
    if resource is not None:
        finish(world, resource, "Failed" if fault else "Succeeded")
    world.end_operation(operation.id, fault)


@api.route(
    "GET",
    "/subscriptions/{s}/providers/Microsoft.Storage/locations/{location}/asyncoperations/{id}",
    action="",
)
def poll(world: World, request: Request) -> Answer:
    """202 while an account is being created, then the account."""
    operation = operations.find(world, request.params["id"])
    resource = world.resource(operation.target)
    operation.result = resource.doc if resource else None
    return operations.location_answer(world, request, operation, done=200 if resource else 204)


@api.route("PATCH", OF_GROUP + "/{name}")
def patch_account(world: World, request: Request) -> Answer:
    """Change an account at once (recorded: storage/01)."""
    return _change(world, request, tracked.existing(world, request), request.json())


@api.route("GET", OF_GROUP + "/{name}")
def get_account(world: World, request: Request) -> Answer:
    """One account."""
    return Answer(200, tracked.existing(world, request).doc, JSON)


@api.route("GET", OF_GROUP)
@api.route("GET", "/subscriptions/{s}" + ACCOUNTS)
def list_accounts(world: World, request: Request) -> Answer:
    """Accounts of a resource group or subscription."""
    found = _accounts(world, request.path.lower().partition("/providers/")[0])
    return Answer(200, {"value": [resource.doc for resource in found]}, JSON)


@api.route("DELETE", OF_GROUP + "/{name}")
def delete_account(world: World, request: Request) -> Answer:
    """Delete an account at once, 204 where there is none."""
    gone = world.state.resources.pop(armid.canonical(request.path).lower(), None)
    return Answer(200) if gone else Answer(204)


@api.route("POST", OF_GROUP + "/{name}/listKeys")
def list_keys(world: World, request: Request) -> Answer:
    """The two access keys; made from the id, so that they stay the same."""
    resource = world.resource(request.path.rpartition("/")[0])
    if resource is None:
        raise armid.not_found(request)
    keys = []
    for name in ("key1", "key2"):
        digest = hashlib.sha512(f"{world.state.seed}:{resource.doc['id']}:{name}".encode())
        value = base64.b64encode(digest.digest()).decode()
        stamp = resource.doc["properties"]["creationTime"]
        keys.append({"creationTime": stamp, "keyName": name, "value": value, "permissions": "FULL"})
    return Answer(200, {"keys": keys}, JSON)


@api.route("POST", "/subscriptions/{s}/providers/Microsoft.Storage/checkNameAvailability")
def check_name(world: World, request: Request) -> Answer:
    """Whether a name is well formed and free."""
    try:
        _refuse_name(world, str(request.json().get("name", "")))
    except Refusal as refusal:
        reason = "AccountNameInvalid" if refusal.code == "AccountNameInvalid" else "AlreadyExists"
        body = {"nameAvailable": False, "reason": reason, "message": refusal.message}
        return Answer(200, body, JSON)
    return Answer(200, {"nameAvailable": True}, JSON)


@api.route("GET", "/subscriptions/{s}/providers/Microsoft.Storage/locations/{location}/usages")
def list_usages(world: World, request: Request) -> Answer:
    """Used and allowed accounts of a region: one item, no id (recorded: storage/03)."""
    location = request.params["location"]
    item = {
        "unit": "Count",
        "currentValue": used(world, request.params["s"], location),
        "limit": limit(world, location),
        "name": {"value": "StorageAccounts", "localizedValue": "Storage Accounts"},
    }
    return Answer(200, {"value": [item]}, JSON)


@api.seed("storage")
def seed_account(world: World, item: Json) -> None:
    """``[[storage]]``: name, subscription, group, location; optional sku, kind, hns."""
    group = scope_of(world, f"{item['subscription']}/{item['group']}")
    account_id = f"{group}{ACCOUNTS}/{item['name']}"
    finish(
        world,
        make(
            world,
            account_id,
            item["location"],
            sku=item.get("sku", "Standard_LRS"),
            kind=item.get("kind", "StorageV2"),
            hns=item.get("hns", False),
        ),
    )


def _change(world: World, request: Request, resource: Resource, body: Json) -> Answer:
    """Apply what a PUT or PATCH says; a new key is tried at once."""
    properties, wanted = resource.doc["properties"], body.get("properties", {})
    if body.get("identity"):
        assigned.judge_linked(world, request, body["identity"])
        resource.doc["identity"] = assigned.assign(world, resource.doc, body["identity"])
    if body.get("tags") is not None:
        resource.doc["tags"] = body["tags"]
    for name in (
        "networkAcls",
        "publicNetworkAccess",
        "minimumTlsVersion",
        "allowBlobPublicAccess",
        "allowSharedKeyAccess",
        "supportsHttpsTrafficOnly",
        "accessTier",
    ):
        if name in wanted:
            properties[name] = wanted[name]
    change_encryption(world, resource, wanted.get("encryption") or {})
    return Answer(200, resource.doc, JSON)


def _accounts(world: World, scope: str) -> list[Resource]:
    return list(tracked.below(world, scope, "Microsoft.Storage/storageAccounts"))


def _refuse_name(world: World, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Refusal(
            400,
            "AccountNameInvalid",
            f"{name} is not a valid storage account name. Storage account name must be between 3 "
            "and 24 characters in length and use numbers and lower-case letters only.",
        )
    tail = f"/storageaccounts/{name.lower()}"
    if any(key.endswith(tail) for key in world.state.resources):
        raise Refusal(
            409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
        )
