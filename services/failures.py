"""What known failures mean, and the unpacker of the error bodies Azure nests them in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from services.text import plain

_DEPTH = 12
_JSON_LIMIT = 200_000


class Cause(NamedTuple):
    """The innermost error of a nested body."""

    code: str
    message: str
    path: tuple[str, ...]
    """Every code on the way in, outermost first."""


class Advice(NamedTuple):
    """Two sentences about a code: what it means and what to do."""

    means: str
    do: str


def innermost(error: object) -> Cause:
    """Find the error that says what really happened.

    Walks ``error``, ``details``, ``innererror``, ``additionalInfo`` and JSON inside message
    texts: deployment errors encode their cause twice, and Cosmos DB hides it behind
    ``Message: {...}``. A child without a message of its own (Key Vault's innererror) only
    adds its code to the path. Texts have passed plain().
    """
    return _walk(_decoded(error), (), _DEPTH)


def _walk(node: Any, path: tuple[str, ...], depth: int) -> Cause:
    if not isinstance(node, Mapping):
        return Cause(path[-1] if path else "", plain(node), path)
    if isinstance(node.get("error"), Mapping):
        node = node["error"]
    code = plain(node.get("code") or node.get("Code"), 200)
    message = _message(node)
    here = (*path, code) if code else path
    best = Cause(code, plain(message), here)
    if depth == 0:
        return best
    for child in _children(node, message):
        found = _walk(child, here, depth - 1)
        if found.message:
            return found
        if len(found.path) > len(best.path):
            best = best._replace(path=found.path)
    return best


def _message(node: Mapping[str, Any]) -> str:
    for field in ("message", "Message", "error_description"):
        if isinstance(node.get(field), str) and node[field]:
            return str(node[field])
    errors = node.get("Errors")
    return str(errors[0]) if isinstance(errors, list) and errors else ""


def _children(node: Mapping[str, Any], message: str) -> Iterator[Mapping[str, Any]]:
    for field in ("details", "Details"):
        items = node.get(field)
        if isinstance(items, list):
            yield from (item for item in items if isinstance(item, Mapping))
    embedded = _embedded(message)
    if embedded is not None:
        yield embedded
    for field in ("innererror", "innerError", "InnerError"):
        if isinstance(node.get(field), Mapping):
            yield node[field]


def _embedded(message: str) -> Mapping[str, Any] | None:
    """An error object written as JSON inside a message, after any words."""
    start = message.find("{")
    if start < 0 or len(message) > _JSON_LIMIT:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(message, start)
    except (ValueError, RecursionError):
        return None
    known = {"error", "code", "Code", "message", "Message", "Errors"}
    return found if isinstance(found, Mapping) and known & found.keys() else None


def _decoded(error: object) -> object:
    if isinstance(error, bytes):
        error = error.decode("utf-8", "replace")
    if isinstance(error, str) and error.lstrip().startswith("{") and len(error) <= _JSON_LIMIT:
        try:
            return json.loads(error)
        except (ValueError, RecursionError):
            return error
    return error


def advice(*codes: str) -> Advice | None:
    """What is known about the most specific of these codes; later ones are more specific."""
    for code in reversed(codes):
        known = ADVICE.get(code.lower())
        if known:
            return known
    return None


ADVICE = {
    "forbiddenbyrbac": Advice(
        "No role assignment on this vault gives you this key operation yet; a new one can take "
        "up to ten minutes to reach the vault. Owner and Contributor don't include keys.",
        "Ask for Key Vault Crypto Officer on the vault, or wait if it was just granted.",
    ),
    "forbiddenbypolicy": Advice(
        "The vault uses access policies, and none of them gives you this key operation.",
        "Ask the vault's owner to add the key permission to your access policy.",
    ),
    "forbiddenbyfirewall": Advice(
        "The vault's firewall does not know your network address.",
        "Run wrapkey from a permitted network, or have your address added to the firewall.",
    ),
    "forbiddenbyconnection": Advice(
        "The vault takes no calls from public networks.",
        "Run wrapkey from the network of its private endpoint.",
    ),
    "keydisabled": Advice(
        "The key or this version of it is switched off, so services can't unwrap their data key.",
        "Enable the version that is in use; services recover within about an hour.",
    ),
    "keynotyetvalidorexpired": Advice(
        "Outside its activation and expiry times a key wraps nothing new; what it wrapped before "
        "can still be read.",
        "Move the expiry, or make a new version and point the services to it.",
    ),
    "keyoperationforbidden": Advice(
        "The key's list of permitted operations leaves this one out.",
        "Use an RSA key that permits wrapKey and unwrapKey, or update its operations.",
    ),
    "objectisdeletedbutrecoverable": Advice(
        "A key of this name was deleted and still holds it until its retention ends.",
        "Recover the deleted key, or choose another name.",
    ),
    "objectisbeingdeleted": Advice(
        "A key of this name is just being deleted.",
        "Wait some seconds, then recover it or choose another name.",
    ),
    "vaultnotfound": Advice(
        "No vault answers at this address: there is none of this name, or it was deleted.",
        "Check the name; a deleted vault can be recovered (az keyvault recover).",
    ),
    "vaultalreadyexists": Advice(
        "Vault names are unique in all of Azure, and somebody has this one.",
        "Choose another name.",
    ),
    "vaultnamenotvalid": Advice(
        "A vault's name has 3 to 24 letters, digits and single hyphens and starts with a letter.",
        "Choose a name that follows the rule, for example kv-ml-prod.",
    ),
    "conflicterror": Advice(
        "The vault's name is taken, possibly by a deleted vault that still holds it.",
        "Recover the deleted vault, or choose another name.",
    ),
    "missingsubscriptionregistration": Advice(
        "The subscription has not switched on this kind of resource.",
        "Register the resource provider; it takes a minute or two.",
    ),
    "subscriptionnotregistered": Advice(
        "The subscription has not switched on this kind of resource.",
        "Register the resource provider; it takes a minute or two.",
    ),
    "noregisteredproviderfound": Advice(
        "This kind of resource is not offered in this region or at this API version.",
        "Choose a region where it is offered.",
    ),
    "requestdisallowedbypolicy": Advice(
        "An Azure Policy of your organisation denies this resource as it was asked for.",
        "Change what the policy objects to, or ask its owner for an exemption.",
    ),
    "scopelocked": Advice(
        "A lock on the resource, its group or the subscription forbids this change.",
        "Ask the owner of the lock to remove it, or leave the resource as it is.",
    ),
    "denyassignmentauthorizationfailed": Advice(
        "A deny assignment protects this; the managed group of a workspace has one.",
        "Change the workspace instead; its group follows.",
    ),
    "linkedauthorizationfailed": Advice(
        "You may do this here, but not on another resource that it refers to.",
        "Ask for the named action on the linked resource.",
    ),
    "authorizationfailed": Advice(
        "None of your roles includes this action at this scope; very new roles take some minutes. "
        "Azure answers the same for a group that does not exist.",
        "Ask for a role with this action, and check that the name is right.",
    ),
    "principalnotfound": Advice(
        "The directory does not know this object id yet; a new identity takes up to some minutes.",
        "Wait and try again, and check that it is the object id and not the app id.",
    ),
    "roleassignmentexists": Advice(
        "The same grant already exists under another name.", "Nothing needs to be done."
    ),
    "roleassignmentupdatenotpermitted": Advice(
        "An older grant uses the same name for a principal that is gone.",
        "Delete the old assignment, then grant again.",
    ),
    "insufficientresourcesavailable": Advice(
        "The region has no capacity left for this service at the moment.",
        "Choose another region or another tier, or try later.",
    ),
    "serviceunavailable": Advice(
        "The service can't take this request now; for Cosmos DB it often means that the region "
        "is closed to your subscription.",
        "Try later, choose another region, or ask for access to the region.",
    ),
    "servicequotaexceeded": Advice(
        "The subscription's quota for this service and tier is used up.",
        "Free what is no longer needed, ask for more quota, or choose another region.",
    ),
    "quotaexceeded": Advice(
        "The subscription's quota for this is used up.",
        "Free what is no longer needed, ask for more quota, or choose another region.",
    ),
    "containergroupquotareached": Advice(
        "The region's quota of container cores is used up.",
        "Delete old container groups, ask for more quota, or choose another region.",
    ),
    "skunotavailable": Advice(
        "This size is not offered to your subscription in this region.",
        "Choose another size or region.",
    ),
    "operationnotallowed": Advice(
        "Azure does not allow this now; most often a quota is used up.",
        "Read the service's message for the limit, then free or raise it.",
    ),
    "keyvaultaccessforbidden": Advice(
        "The disk encryption set's identity can't read, wrap and unwrap with the key.",
        "Grant its identity Key Vault Crypto Service Encryption User on the vault.",
    ),
    "resourcegroupnotfound": Advice(
        "The resource group does not exist in this subscription.", "Check the name, or create it."
    ),
    "parentresourcenotfound": Advice(
        "The resource this belongs to does not exist.", "Check the names of the parents."
    ),
    "subscriptionnotfound": Advice(
        "This subscription does not exist, or this sign-in does not see it.",
        "Check the id, and that you signed in to the subscription's tenant.",
    ),
    "readonlydisabledsubscription": Advice(
        "The subscription is disabled and can only be read.",
        "Have the subscription enabled again in the billing pages.",
    ),
    "invalidauthenticationtokentenant": Advice(
        "The sign-in belongs to another tenant than the subscription.",
        "Switch to the subscription's tenant and sign in again.",
    ),
    "akv10032": Advice(
        "The vault belongs to another tenant than the sign-in.",
        "Switch to the vault's tenant, or use a vault of this one.",
    ),
    "akv10022": Advice(
        "The vault refuses a token that was made for another service.",
        "Check that the vault's address and the cloud belong together.",
    ),
    "expiredauthenticationtoken": Advice("The sign-in has expired.", "Sign in again."),
}
"""What codes mean, in lower case; sources: Key Vault, Resource Manager and RBAC error pages."""
