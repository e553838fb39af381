"""Key Vault management: vaults and their access policies.

Every api-version gets the same shape. A PUT answers 200 at once with RegisteringDns and an
address without a trailing slash; what follows has the slash (recorded: keyvault-mgmt).
"""

from sandbox import armid, cascade, tracked
from sandbox.keyvault import keystore, lifecycle, names, paging, policies, rules
from sandbox.keyvault.names import Place, find
from sandbox.protocol import Answer, Request
from sandbox.providers import keyrotation
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = ["api", "find"]

api = Api("Microsoft.KeyVault")

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
PROVIDER = "/providers/Microsoft.KeyVault"
VAULT = f"{GROUP}{PROVIDER}/vaults/{{vault}}"
PAGE = 1000
"""Vaults in a page when ``$top`` names no number."""


def vault_of(world: World, request: Request) -> Resource:
    """The vault that a request's path names; 404 from the gateway where there is none."""
    params = request.params
    vault = world.resource(
        f"/subscriptions/{params['subscription']}/resourceGroups/{params['group']}"
        f"/providers/Microsoft.KeyVault/vaults/{params['vault']}"
    )
    if vault is None:
        raise armid.not_found(request)
    return vault


def _place(world: World, request: Request, location: str) -> Place:
    """Where a PUT puts its vault; the group keeps the spelling it was made with."""
    params = request.params
    group = world.state.groups.get(armid.group_id(request.path))
    name = group.doc["name"] if group else params["group"]
    parent = f"/subscriptions/{params['subscription'].lower()}/resourceGroups/{name}"
    vault_id = f"{parent}/providers/Microsoft.KeyVault/vaults/{params['vault']}"
    return Place(vault_id, params["vault"], location)


@api.route("PUT", VAULT)
def put(world: World, request: Request) -> Answer:
    """Create, update or (createMode recover) recover a vault."""
    name = request.params["vault"]
    rules.check_name(name)
    body = request.json()
    tracked.placed(world, request, body)
    sent = rules.properties_of(body)
    place = _place(world, request, body["location"])
    current = world.resource(place.vault_id)
    if current:
        return _update(world, request, current, body, whole=True)
    if str(sent.get("createMode", "default")).lower() == "recover":
        vault = lifecycle.recover(world, place, rules.tags_of(body.get("tags")), request.caller)
        for key in keystore.keys_of(world, place.name).values():
            keyrotation.schedule(world, place.name, key)
        return Answer(200, vault.doc)
    tenant = tracked.tenant(world, request.path)
    properties = rules.new_properties(sent, request.api_version, tenant)
    tags = rules.tags_of(body.get("tags"))
    names.check_free(world, place)
    return _create(world, request, place, tags, properties)


def _create(world: World, request: Request, place: Place, tags: Json, properties: Json) -> Answer:
    address = world.addresses.vault(place.name.lower())
    properties = rules.ordered(
        {**properties, "vaultUri": f"{address}/", "provisioningState": "RegisteringDns"}
    )
    doc = {
        "id": place.vault_id,
        "name": place.name,
        "type": "Microsoft.KeyVault/vaults",
        "location": place.location,
        "tags": tags,
        "systemData": lifecycle.stamp(world, request.caller),
        "properties": properties,
    }
    lifecycle.create(world, place.vault_id, doc)
    return Answer(200, {**doc, "properties": {**properties, "vaultUri": address}})


def _update(world: World, request: Request, vault: Resource, body: Json, *, whole: bool) -> Answer:
    doc = vault.doc
    tenant = tracked.tenant(world, request.path)
    sent = rules.properties_of(body)
    tags = rules.tags_of(body.get("tags"))
    properties = rules.changed_properties(doc["properties"], sent, tenant, whole=whole)
    doc["properties"] = properties
    if whole or body.get("tags") is not None:
        doc["tags"] = tags
    doc["systemData"] = lifecycle.stamp(world, request.caller, doc.get("systemData"))
    return Answer(200, doc)


@api.route("PATCH", VAULT)
def patch(world: World, request: Request) -> Answer:
    """Change what the body names; synchronous."""
    return _update(world, request, vault_of(world, request), request.json(), whole=False)


@api.route("GET", VAULT)
def get(world: World, request: Request) -> Answer:
    """One vault."""
    return Answer(200, vault_of(world, request).doc)


@api.route("DELETE", VAULT)
def delete(world: World, request: Request) -> Answer:
    """Soft-delete a vault; 204 where there is none."""
    vault = world.resource(request.path)
    if vault is None:
        return Answer(204)
    cascade.delete(world, vault.doc["id"])
    return Answer(200)


@api.job(lifecycle.DNS_READY)
def dns_ready(world: World, data: Json) -> None:
    """The name resolves now, if the vault is still the one that was made then."""
    vault = world.state.resources.get(data["vault"])
    if vault and vault.created == data["created"]:
        vault.doc["properties"]["provisioningState"] = "Succeeded"


@api.route("GET", f"{GROUP}{PROVIDER}/vaults")
def list_in_group(world: World, request: Request) -> Answer:
    """Vaults of a resource group."""
    return _list(world, request, GROUP.format(**request.params))


@api.route("GET", f"{SUBSCRIPTION}{PROVIDER}/vaults")
def list_in_subscription(world: World, request: Request) -> Answer:
    """Vaults of a subscription."""
    return _list(world, request, SUBSCRIPTION.format(**request.params))


def _list(world: World, request: Request, scope: str) -> Answer:
    ids = names.vault_ids(world, scope)
    found = [(armid.name(vault_id), vault_id) for vault_id in ids]
    chosen, link = page(world, request, found)
    resources = world.state.resources
    body: Json = {"value": [resources[vault_id].doc for vault_id in chosen]}
    return Answer(200, {**body, "nextLink": link} if link else body)


def page(
    world: World, request: Request, items: list[tuple[str, str]]
) -> tuple[list[str], str | None]:
    """One page of (name, value) pairs in order of name, and the address of the next.

    Every page with something in it links to another, so the last one is empty, as recorded
    (keyvault-mgmt/19 and 23); the token is the last shown name in base64.
    """
    top = request.query.get("$top", "")
    if top and not (top.isdecimal() and int(top) > 0):
        raise policies.bad_request(f"The value '{top}' of $top is not a positive number.")
    size = min(int(top), PAGE) if top else PAGE
    after = _token_name(request.query.get("$skiptoken", ""))
    chosen = [pair for pair in items if pair[0] > after][:size]
    if not chosen:
        return [], None
    token = paging.token(chosen[-1][0])
    tail = f"&$top={top}" if top else ""
    path = armid.canonical(request.path)
    link = f"{world.addresses.arm}{path}?api-version={request.api_version}{tail}&$skiptoken={token}"
    return [value for _, value in chosen], link


def _token_name(token: str) -> str:
    try:
        return paging.last_name(token)
    except ValueError:
        raise policies.bad_request("The value of $skiptoken is not valid.") from None


@api.route("PUT", f"{VAULT}/accessPolicies/{{operation}}")
def change_policies(world: World, request: Request) -> Answer:
    """Add, replace or remove access policies; on an RBAC vault they are kept without effect."""
    kind = request.params["operation"].lower()
    if kind not in ("add", "replace", "remove"):
        raise policies.bad_request(f"The access policy operation '{kind}' is not valid.")
    vault = vault_of(world, request)
    change = rules.properties_of(request.json()).get("accessPolicies")
    if change is None:
        raise policies.bad_request("The parameter accessPolicies is not specified.")
    properties = vault.doc["properties"]
    merged = policies.merge_policies(properties.get("accessPolicies", []), change, kind)
    vault.doc["properties"] = rules.ordered({**properties, "accessPolicies": merged})
    vault.doc["systemData"] = lifecycle.stamp(world, request.caller, vault.doc.get("systemData"))
    body = {
        "id": f"{vault.doc['id']}/accessPolicies/",
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "location": vault.doc["location"],
        "properties": {"accessPolicies": merged},
    }
    return Answer(200, body)


@api.route("GET", f"{VAULT}/privateLinkResources")
def private_links(world: World, request: Request) -> Answer:
    """What a private endpoint can connect to: the vault itself."""
    vault = vault_of(world, request)
    kind = "Microsoft.KeyVault/vaults/privateLinkResources"
    zone = "privatelink.vaultcore.azure.net"
    properties = {"groupId": "vault", "requiredMembers": ["default"], "requiredZoneNames": [zone]}
    resource = {
        "id": f"{vault.doc['id']}/privateLinkResources/vault",
        "name": "vault",
        "type": kind,
        "properties": properties,
    }
    return Answer(200, {"value": [resource]})


@api.route("GET", f"{SUBSCRIPTION}{PROVIDER}/managedHSMs")
@api.route("GET", f"{GROUP}{PROVIDER}/managedHSMs")
@api.route("GET", f"{SUBSCRIPTION}{PROVIDER}/deletedManagedHSMs")
def no_hsms(world: World, request: Request) -> Answer:
    """Managed HSMs are not simulated: there are none."""
    return Answer(200, {"value": []})
