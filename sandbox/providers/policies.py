"""Azure Policy: definitions, assignments, and asking beforehand what they would refuse."""

from typing import Any

from sandbox import armid, policy
from sandbox.gate import authorize
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.Authorization")
insights = Api()
"""Microsoft.PolicyInsights; it needs no registration here."""

_BASE = "{scope}/providers/Microsoft.Authorization"
_DEFINITIONS = "policy_definitions"
_PREFIX = "/providers/Microsoft.Authorization/policyDefinitions/"
_READ = "Microsoft.Authorization/policyDefinitions/read"


def _deny(kind: str, condition: Json) -> Json:
    return {
        "if": {"allOf": [{"field": "type", "equals": kind}, condition]},
        "then": {"effect": "[parameters('effect')]"},
    }


_VAULT = "Microsoft.KeyVault/vaults"
_COSMOS = "Microsoft.DocumentDB/databaseAccounts"
_STORAGE = "Microsoft.Storage/storageAccounts"
_SEARCH = "Microsoft.Search/searchServices"
_WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
_CLUSTER = "Microsoft.ContainerService/managedClusters"
_GROUP = "Microsoft.ContainerInstance/containerGroups"
_KEY = "Microsoft.KeyVault.Data/vaults/keys"
_KEY_MODE = "Microsoft.KeyVault.Data"

BUILT_IN: dict[str, tuple[str, Json]] = {
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": (
        "Key vaults should have deletion protection enabled",
        _deny(
            _VAULT,
            {
                "anyOf": [
                    {"field": f"{_VAULT}/enableSoftDelete", "equals": "false"},
                    {"field": f"{_VAULT}/enablePurgeProtection", "notEquals": "true"},
                ]
            },
        ),
    ),
    "5450f5bd-9c72-4390-a9c4-a7aba4edfdd2": (
        "Cosmos DB database accounts should have local authentication methods disabled",
        _deny(_COSMOS, {"field": f"{_COSMOS}/disableLocalAuth", "notEquals": "true"}),
    ),
    "1f905d99-2ab7-462c-a6b0-f709acca6c8f": (
        "Azure Cosmos DB accounts should use customer-managed keys to encrypt data at rest",
        _deny(_COSMOS, {"field": f"{_COSMOS}/keyVaultKeyUri", "exists": "false"}),
    ),
    "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54": (
        "Storage accounts should prevent shared key access",
        _deny(_STORAGE, {"field": f"{_STORAGE}/allowSharedKeyAccess", "notEquals": "false"}),
    ),
    "b2982f36-99f2-4db5-8eff-283140c09693": (
        "Storage accounts should disable public network access",
        _deny(_STORAGE, {"field": f"{_STORAGE}/publicNetworkAccess", "notEquals": "Disabled"}),
    ),
    "ee980b6d-0eca-4501-8d54-f6290fd512c3": (
        "Azure AI Search services should disable public network access",
        _deny(_SEARCH, {"field": f"{_SEARCH}/publicNetworkAccess", "notEquals": "disabled"}),
    ),
    "438c38d2-3772-465a-a9cc-7a6666a275ce": (
        "Azure Machine Learning Workspaces should disable public network access",
        _deny(_WORKSPACE, {"field": f"{_WORKSPACE}/publicNetworkAccess", "notEquals": "Disabled"}),
    ),
    "405c5871-3e91-4644-8a63-58e19d68ff5b": (
        "Azure Key Vault should disable public network access",
        _deny(_VAULT, {"field": f"{_VAULT}/publicNetworkAccess", "notEquals": "Disabled"}),
    ),
    "7d7be79c-23ba-4033-84dd-45e2a5ccdd67": (
        "Both operating systems and data disks in Azure Kubernetes Service clusters should be"
        " encrypted by customer-managed keys",
        _deny(_CLUSTER, {"field": f"{_CLUSTER}/diskEncryptionSetID", "exists": "false"}),
    ),
    "993c2fcd-2b29-49d2-9eb0-df2c3a730c32": (
        "Azure Kubernetes Service Clusters should have local authentication methods disabled",
        _deny(_CLUSTER, {"field": f"{_CLUSTER}/disableLocalAccounts", "notEquals": "true"}),
    ),
    "0aa61e00-0a01-4a3c-9945-e93cffedf0e6": (
        "Azure Container Instance container group should use customer-managed key for encryption",
        _deny(_GROUP, {"field": f"{_GROUP}/encryptionProperties.keyName", "exists": "false"}),
    ),
    "8af8f826-edcb-4178-b35f-851ea6fea615": (
        "Azure Container Instance container group should deploy into a virtual network",
        _deny(
            _GROUP,
            {
                "allOf": [
                    {"field": f"{_GROUP}/ipAddress.type", "notEquals": "Private"},
                    {"field": f"{_GROUP}/subnetIds", "exists": "false"},
                ]
            },
        ),
    ),
    "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0": (
        "Key Vault keys should have an expiration date",
        _deny(_KEY, {"field": f"{_KEY}/attributes.expiresOn", "exists": "false"}),
    ),
}
"""Built-in definitions by their real ids; the rules are worded anew and only as strict as this
sandbox's documents allow to see."""


@api.seed("policies")
def seed(world: World, item: Json) -> None:
    """``scope``, ``name``, ``definition`` (a built-in GUID) or ``rule``, ``display_name``,
    ``effect`` (Deny unless given)."""
    scope = armid.canonical(scope_of(world, item["scope"]))
    definition = str(item.get("definition", ""))
    if "rule" in item:
        definition = f"{scope}{_PREFIX}{item['name']}"
        _define(world, definition, str(item.get("display_name") or item["name"]), item["rule"])
    properties = {
        "policyDefinitionId": definition if "/" in definition else _PREFIX + definition,
        "displayName": item.get("display_name", ""),
        "parameters": {"effect": {"value": item.get("effect", "Deny")}},
    }
    _assign(
        world, f"{scope}/providers/Microsoft.Authorization/policyAssignments/{item['name']}",
        properties,
    )  # fmt: skip


def _define(world: World, definition_id: str, name: str, rule: Json) -> Json:
    entry = {"id": definition_id, "displayName": name, "rule": rule, "type": "Custom"}
    world.state.table(_DEFINITIONS)[definition_id.lower()] = entry
    return entry


def _definition(world: World, definition_id: str) -> Json | None:
    own: Json | None = world.state.table(_DEFINITIONS).get(definition_id.lower())
    built_in = BUILT_IN.get(armid.name(definition_id).lower())
    if own or not built_in:
        return own
    name, rule = built_in
    return {
        "id": _PREFIX + armid.name(definition_id).lower(),
        "displayName": name,
        "rule": rule,
        "type": "BuiltIn",
        "mode": _KEY_MODE if _of_keys(rule) else "Indexed",
    }


def _of_keys(rule: Json) -> bool:
    """Whether a rule is about keys in vaults: neither a PUT to ARM nor the question what
    would be refused sees those."""
    return bool(rule["if"]["allOf"][0]["equals"] == _KEY)


def _shown_definition(entry: Json) -> Json:
    return {
        "properties": {
            "displayName": entry["displayName"],
            "policyType": entry["type"],
            "mode": entry.get("mode", "Indexed"),
            "parameters": {"effect": {"type": "String", "defaultValue": "Audit"}},
            "policyRule": entry["rule"],
        },
        "id": entry["id"],
        "type": "Microsoft.Authorization/policyDefinitions",
        "name": armid.name(entry["id"]),
    }


def _may_read(world: World, request: Request) -> None:
    """The built-in definitions, which are at no scope, are for everybody to read."""
    scope = request.params["scope"]
    if scope:
        authorize(world, request, _READ, armid.canonical(scope))


@api.route("GET", f"{_BASE}/policyDefinitions", action="")
def definitions(world: World, request: Request) -> Answer:
    """The built-in ones and those of the scope and above."""
    _may_read(world, request)
    above = tuple(
        f"{at.rstrip('/')}{_PREFIX.lower()}" for at in armid.ancestors(request.params["scope"])
    )
    own = [entry for key, entry in world.state.table(_DEFINITIONS).items() if key.startswith(above)]
    built_in = [_definition(world, _PREFIX + name) for name in BUILT_IN]
    return Answer(200, {"value": [_shown_definition(one) for one in [*own, *built_in] if one]})


@api.route("GET", f"{_BASE}/policyDefinitions/{{name}}", action="")
def definition(world: World, request: Request) -> Answer:
    """A definition with its rule."""
    _may_read(world, request)
    found = _definition(world, armid.canonical(request.path))
    if found is None:
        name = request.params["name"]
        raise Refusal(
            404, "PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found."
        )
    return Answer(200, _shown_definition(found))


@api.route("PUT", f"{_BASE}/policyDefinitions/{{name}}")
def define(world: World, request: Request) -> Answer:
    """A definition of one's own; a rule that can't be evaluated here is refused."""
    properties = request.json().get("properties", {})
    rule = properties.get("policyRule")
    try:
        policy.holds(rule["if"], {"type": ""})
        str(rule["then"]["effect"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(400, "InvalidPolicyRule", f"The policy rule is invalid: {error}") from None
    name = properties.get("displayName") or request.params["name"]
    entry = _define(world, armid.canonical(request.path), name, rule)
    return Answer(201, _shown_definition(entry))


def _assign(world: World, assignment_id: str, properties: Json) -> Json:
    wanted = str(properties.get("policyDefinitionId", ""))
    found = _definition(world, wanted)
    if found is None:
        raise Refusal(
            400,
            "InvalidPolicyDefinitionId",
            f"The policy definition '{wanted}' of the assignment could not be found.",
        )
    scope, _, name = assignment_id.rpartition(
        "/providers/Microsoft.Authorization/policyAssignments/"
    )
    entry = {
        "id": assignment_id,
        "name": name,
        "scope": scope or "/",
        "displayName": properties.get("displayName") or found["displayName"],
        "policyDefinitionId": found["id"],
        "notScopes": properties.get("notScopes", []),
        "parameters": properties.get("parameters", {}),
        "enforcementMode": properties.get("enforcementMode", "Default"),
    }
    effect = str(found["rule"]["then"]["effect"])
    if effect.startswith("[parameters("):
        effect = str(entry["parameters"].get("effect", {}).get("value", "Audit"))
    if entry["enforcementMode"] == "DoNotEnforce":
        effect = "Audit"
    entry["rule"] = {"if": found["rule"]["if"], "then": {"effect": effect}}
    world.state.table(policy.TABLE)[assignment_id.lower()] = entry
    return entry


def _shown(entry: Json) -> Json:
    names = (
        "displayName", "policyDefinitionId", "scope", "notScopes", "parameters", "enforcementMode",
    )  # fmt: skip
    return {
        "properties": {name: entry[name] for name in names},
        "id": entry["id"],
        "type": "Microsoft.Authorization/policyAssignments",
        "name": entry["name"],
    }


@api.route("GET", f"{_BASE}/policyAssignments")
def listing(world: World, request: Request) -> Answer:
    """Those that count at the scope and those below it; ``atScope()`` only the former."""
    scope = request.params["scope"]
    at_scope = "atscope()" in request.query.get("$filter", "").lower()
    value = []
    for entry in world.state.table(policy.TABLE).values():
        below = not at_scope and armid.within(entry["scope"], scope)
        if armid.within(scope, entry["scope"]) or below:
            value.append(_shown(entry))
    return Answer(200, {"value": value})


@api.route("GET", f"{_BASE}/policyAssignments/{{name}}")
def get(world: World, request: Request) -> Answer:
    """One assignment."""
    found = world.state.table(policy.TABLE).get(armid.canonical(request.path).lower())
    if found is None:
        name = request.params["name"]
        raise Refusal(
            404, "PolicyAssignmentNotFound", f"The policy assignment '{name}' is not found."
        )
    return Answer(200, _shown(found))


@api.route("PUT", f"{_BASE}/policyAssignments/{{name}}")
def assign(world: World, request: Request) -> Answer:
    """It counts at once here; Azure needs up to half an hour."""
    properties = request.json().get("properties", {})
    return Answer(201, _shown(_assign(world, armid.canonical(request.path), properties)))


@api.route("DELETE", f"{_BASE}/policyAssignments/{{name}}")
def unassign(world: World, request: Request) -> Answer:
    """200 with what was deleted, 204 when there was none."""
    gone = world.state.table(policy.TABLE).pop(armid.canonical(request.path).lower(), None)
    return Answer(200, _shown(gone)) if gone else Answer(204)


@insights.route(
    "POST",
    "{scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
    action="Microsoft.PolicyInsights/checkPolicyRestrictions/read",
)
def restrictions(world: World, request: Request) -> Answer:
    """What policies would refuse: the content given, and candidate values of fields."""
    body = request.json()
    details = body.get("resourceDetails", {})
    content = details.get("resourceContent")
    if not isinstance(content, dict):
        raise Refusal(400, "InvalidRequest", "resourceDetails.resourceContent is required.")
    scope = str(details.get("scope") or request.params["scope"])
    evaluations = [
        {
            "policyInfo": _info(entry),
            "evaluationResult": "NonCompliant",
            "evaluationDetails": {"evaluatedExpressions": []},
            "effectDetails": {"policyEffect": "Deny"},
        }
        for entry in policy.denials(world, scope, content)
    ]
    fields = [
        {"field": field["field"], "restrictions": found}
        for field in body.get("pendingFields", [])
        if (found := _field(world, scope, content, field))
    ]
    return Answer(
        200,
        {
            "fieldRestrictions": fields,
            "contentEvaluationResult": {"policyEvaluations": evaluations},
        },
    )


def _field(world: World, scope: str, content: Json, field: Json) -> list[Json]:
    """The candidate values of a field that a policy which looks at the field denies."""
    name = str(field["field"])
    denied: dict[str, tuple[Json, list[Any]]] = {}
    for value in field.get("values", []):
        for entry in policy.denials(world, scope, {**content, name: value}):
            if policy.looks_at(entry["rule"]["if"], name):
                denied.setdefault(entry["id"], (entry, []))[1].append(value)
    return [
        {"result": "Deny", "values": values, "policy": _info(entry)}
        for entry, values in denied.values()
    ]


def _info(entry: Json) -> Json:
    return {
        "policyDefinitionId": entry["policyDefinitionId"],
        "policyAssignmentId": entry["id"],
    }
