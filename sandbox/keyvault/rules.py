"""What Key Vault's management plane accepts in a vault, and how it writes one down.

Pure functions over JSON. Texts are the service's own where a report or a recording shows
them; where none was found the docstring of the rule says so.
"""

import ipaddress
import re
from typing import Any

from sandbox.keyvault.policies import access_policies, bad_request
from sandbox.protocol import Refusal
from sandbox.state import Json

DEFAULT_RETENTION_DAYS = 90
RBAC_DEFAULT_SINCE = "2026-02-01"
"""First api-version whose new vaults use RBAC unless told otherwise (KV access-control-default)."""

_NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_FLAGS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")
_NETWORK_ACCESS = ("Enabled", "Disabled", "SecuredByPerimeter")
_ORDER = (
    "sku",
    "tenantId",
    "networkAcls",
    "accessPolicies",
    *_FLAGS,
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
    "privateEndpointConnections",
    "vaultUri",
    "provisioningState",
    "publicNetworkAccess",
)


def check_name(name: str) -> None:
    """Refuse a name that is no vault name (KV common-error-codes: VaultNameNotValid)."""
    if not _NAME.fullmatch(name):
        raise Refusal(
            400,
            "VaultNameNotValid",
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric "
            "characters. The name must begin with a letter, end with a letter or digit, and not "
            "contain consecutive hyphens. Follow this link for more information: "
            "https://go.microsoft.com/fwlink/?linkid=2147742",
        )


def new_properties(sent: Json, api_version: str, tenant_id: str) -> Json:
    """The properties of a vault made from a PUT body's ``properties``, without its address.

    Raises Refusal (400) for what Azure refuses.
    """
    _require(sent, "tenantId", "sku")
    _check_tenant(sent, tenant_id)
    _check_one_way(sent)
    properties: Json = {
        "sku": _sku(sent["sku"]),
        "tenantId": sent["tenantId"],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": DEFAULT_RETENTION_DAYS,
        "publicNetworkAccess": "Enabled",
    }
    if api_version[:10] >= RBAC_DEFAULT_SINCE:
        properties["enableRbacAuthorization"] = True
    if sent.get("softDeleteRetentionInDays") is not None:
        properties["softDeleteRetentionInDays"] = _retention(sent["softDeleteRetentionInDays"])
    _take_optional(properties, sent)
    _take_policies(properties, sent)
    return ordered(properties)


def changed_properties(current: Json, sent: Json, tenant_id: str, *, whole: bool) -> Json:
    """The properties after a PUT (``whole``) or PATCH on an existing vault.

    What a PUT leaves out keeps its value where the service says it is one-way or was set
    for good; access policies are replaced as a whole (KV troubleshooting-access-issues).
    """
    if whole:
        _require(sent, "tenantId", "sku")
    if sent.get("tenantId") is not None:
        _check_tenant(sent, tenant_id)
    _check_one_way(sent)
    days = sent.get("softDeleteRetentionInDays")
    if days is not None and days != current["softDeleteRetentionInDays"]:
        raise bad_request(
            'The property "softDeleteRetentionInDays" has been set already and it can\'t be '
            "modified."
        )
    properties = dict(current)
    if sent.get("sku") is not None:
        properties["sku"] = _sku(sent["sku"])
    if sent.get("tenantId") is not None:
        properties["tenantId"] = sent["tenantId"]
    _take_optional(properties, sent)
    if whole or sent.get("accessPolicies") is not None:
        _take_policies(properties, sent)
    return ordered(properties)


def properties_of(body: Json) -> Json:
    """The ``properties`` of a body, empty when it has none."""
    sent = body.get("properties")
    if sent is not None and not isinstance(sent, dict):
        raise bad_request("An invalid value was provided for 'properties'.")
    return sent or {}


def tags_of(sent: Any) -> Json:
    """Tags as kept; refuses what is no object of strings."""
    if sent is None:
        return {}
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise bad_request("An invalid value was provided for 'tags'.")
    return dict(sent)


def ordered(properties: Json) -> Json:
    """The same properties in the order the service writes them; None is left out."""
    return {key: properties[key] for key in _ORDER if properties.get(key) is not None}


def _require(sent: Json, *names: str) -> None:
    for name in names:
        if sent.get(name) is None:
            # Status and code as for other bodies; the wording was not found in a report.
            raise bad_request(f"The parameter {name} is not specified.")


def _check_tenant(sent: Json, tenant_id: str) -> None:
    if str(sent["tenantId"]).lower() != tenant_id.lower():
        # The vault's tenant is the subscription's (wording not found in a report).
        raise bad_request("An invalid value was provided for 'tenantId'.")


def _check_one_way(sent: Json) -> None:
    """Soft delete can't be off; purge protection can't even be sent as false."""
    if sent.get("enablePurgeProtection") is False:
        raise bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge '
            "protection for a vault is an irreversible action."
        )
    if sent.get("enableSoftDelete") is False:
        raise bad_request(
            'The property "enableSoftDelete" cannot be set to false. Enabling the soft delete '
            "functionality for a vault is an irreversible action."
        )


def _sku(value: Any) -> Json:
    name = str(value.get("name", "")).lower() if isinstance(value, dict) else ""
    if name not in ("standard", "premium"):
        raise bad_request("An invalid value was provided for 'sku'.")
    return {"family": "A", "name": name}


def _retention(days: Any) -> int:
    if type(days) is not int or not 7 <= days <= 90:
        raise bad_request(
            f'The property "softDeleteRetentionInDays" has an invalid value {days!r}. It must be '
            "a number of days from 7 to 90."
        )
    return days


def _take_optional(properties: Json, sent: Json) -> None:
    for flag in (*_FLAGS, "enableRbacAuthorization", "enablePurgeProtection"):
        if sent.get(flag) is not None:
            if not isinstance(sent[flag], bool):
                raise bad_request(f"An invalid value was provided for '{flag}'.")
            properties[flag] = sent[flag]
    access = sent.get("publicNetworkAccess")
    if access is not None:
        known = {name.lower(): name for name in _NETWORK_ACCESS}
        if str(access).lower() not in known:
            raise bad_request("An invalid value was provided for 'publicNetworkAccess'.")
        properties["publicNetworkAccess"] = known[str(access).lower()]
    if sent.get("networkAcls") is not None:
        properties["networkAcls"] = network_acls(sent["networkAcls"])


def _take_policies(properties: Json, sent: Json) -> None:
    policies = sent.get("accessPolicies")
    if policies is None:
        if not properties.get("enableRbacAuthorization"):
            raise bad_request("The parameter accessPolicies is not specified.")
        properties.setdefault("accessPolicies", [])
        return
    properties["accessPolicies"] = access_policies(policies)


def network_acls(sent: Json) -> Json:
    """Firewall rules as kept: single addresses get ``/32``, missing lists are empty."""
    if not isinstance(sent, dict):
        raise bad_request("An invalid value was provided for 'networkAcls'.")
    rules = [{"value": _network(value)} for value in _members(sent, "ipRules", "value")]
    subnets = [{"id": value} for value in _members(sent, "virtualNetworkRules", "id")]
    bypass = _one_of(sent.get("bypass") or "AzureServices", "bypass", "AzureServices", "None")
    action = _one_of(sent.get("defaultAction") or "Allow", "defaultAction", "Allow", "Deny")
    return {
        "bypass": bypass,
        "defaultAction": action,
        "ipRules": rules,
        "virtualNetworkRules": subnets,
    }


def _members(sent: Json, name: str, member: str) -> list[str]:
    """One string out of each rule of a list."""
    rules = sent.get(name) or []
    if not isinstance(rules, list) or not all(
        isinstance(rule, dict) and isinstance(rule.get(member), str) for rule in rules
    ):
        raise bad_request(f"An invalid value was provided for '{name}'.")
    return [rule[member] for rule in rules]


def _one_of(value: str, name: str, *allowed: str) -> str:
    for spelling in allowed:
        if str(value).lower() == spelling.lower():
            return spelling
    raise bad_request(f"An invalid value was provided for '{name}'.")


def _network(value: str) -> str:
    try:
        ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise bad_request(f"The IP rule '{value}' is not an IPv4 address or CIDR range.") from None
    return value if "/" in value else f"{value}/32"
