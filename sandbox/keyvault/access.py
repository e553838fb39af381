"""Who may use a vault's data plane: sign-in, network, then roles or access policies.

The order is the service's: the challenge comes before any look at the request
(keyvault-data/01), the firewall refuses a caller it names, permissions come last.
"""

import ipaddress
import time
from dataclasses import dataclass

from sandbox import rbac
from sandbox.protocol import Request, VaultRefusal
from sandbox.state import Json, Principal, Resource
from sandbox.world import World

CLIENT_ADDRESS = "203.0.113.7"
"""The public address every person and program calls from, as firewalls see it, unless the
setting ``client_address`` names another. Loopback has no public address of its own."""

PERMISSIONS: dict[str, tuple[str, str]] = {
    "get": ("get", "keys/read"),
    "list": ("list", "keys/read"),
    "create": ("create", "keys/create/action"),
    "import": ("import", "keys/import/action"),
    "update": ("update", "keys/update/action"),
    "delete": ("delete", "keys/delete"),
    "recover": ("recover", "keys/recover/action"),
    "purge": ("purge", "keys/purge/action"),
    "backup": ("backup", "keys/backup/action"),
    "restore": ("restore", "keys/restore/action"),
    "rotate": ("rotate", "keys/rotate/action"),
    "getrotationpolicy": ("getrotationpolicy", "keyrotationpolicies/read"),
    "setrotationpolicy": ("setrotationpolicy", "keyrotationpolicies/write"),
    "encrypt": ("encrypt", "keys/encrypt/action"),
    "decrypt": ("decrypt", "keys/decrypt/action"),
    "sign": ("sign", "keys/sign/action"),
    "verify": ("verify", "keys/verify/action"),
    "wrapKey": ("wrapKey", "keys/wrap/action"),
    "unwrapKey": ("unwrapKey", "keys/unwrap/action"),
}
"""Operation to its access-policy permission and its data action (KV rbac-guide)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the vault's texts name them."""

    object_id: str
    app_id: str
    issuer: str
    address: str
    """Client address; empty for an Azure service, whose address no rule can name."""
    trusted: bool = False
    """A trusted service: networkAcls.bypass lets it in."""

    @property
    def text(self) -> str:
        """``appid=..;oid=..;iss=..``."""
        return f"appid={self.app_id};oid={self.object_id};iss={self.issuer}"


def challenge(world: World, tenant_id: str, message: str) -> VaultRefusal:
    """401 with the address to sign in at; resource is the host less its first label."""
    header = (
        f'Bearer authorization="{world.addresses.authority}/{tenant_id}", '
        f'resource="https://{world.addresses.vault_suffix}"'
    )
    return VaultRefusal(401, "Unauthorized", message, headers={"WWW-Authenticate": header})


def sign_in(world: World, request: Request, vault: Resource) -> Caller:
    """The caller of a request, or the challenge (401) for a token that will not do."""
    tenant = vault.doc["properties"]["tenantId"]

    def refuse(message: str) -> VaultRefusal:
        return challenge(world, tenant, message)

    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse("AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.")
    claims = request.claims
    if not claims:
        raise refuse("AKV10046: Unable to resolve the key used for signature validation.")
    wanted = f"https://{world.addresses.vault_suffix}"
    if str(claims.get("aud", "")).rstrip("/") != wanted:
        raise refuse(f"AKV10022: Invalid audience. Expected {wanted}, found: {claims.get('aud')}.")
    issuer = _issuer(world, tenant)
    if str(claims.get("tid", "")).lower() != tenant.lower():
        raise refuse(
            f"AKV10032: Invalid issuer. Expected one of {issuer}, found {claims.get('iss')}."
        )
    # Tokens live on real time, as for ARM; the code in brackets is unverified.
    if float(claims.get("exp", 0)) <= time.time():
        raise refuse("[TokenExpired] Error validating token: the token has expired.")
    principal = world.principal(str(claims.get("oid", "")))
    if principal is None or not principal.enabled:
        raise refuse("AKV10046: Unable to resolve the caller of the token.")
    address = world.state.settings.get("client_address", CLIENT_ADDRESS)
    return Caller(
        principal.object_id, str(claims.get("appid", "")), str(claims.get("iss")), address
    )


def service(world: World, vault: Resource, principal: Principal, *, trusted: bool) -> Caller:
    """An Azure service calling as a principal; 401 from a tenant that is not the vault's."""
    tenant = vault.doc["properties"]["tenantId"]
    issuer = _issuer(world, principal.tenant_id)
    if principal.tenant_id.lower() != tenant.lower():
        expected = _issuer(world, tenant)
        message = f"AKV10032: Invalid issuer. Expected one of {expected}, found {issuer}."
        raise challenge(world, tenant, message)
    return Caller(principal.object_id, principal.app_id, issuer, "", trusted)


def _issuer(world: World, tenant_id: str) -> str:
    return f"{world.addresses.authority}/{tenant_id}/"


def check_network(vault: Resource, caller: Caller) -> None:
    """The firewall: publicNetworkAccess, then networkAcls, and who may pass both (403)."""
    properties = vault.doc["properties"]
    rules = properties.get("networkAcls") or {}
    public = properties.get("publicNetworkAccess", "Enabled")
    # The bypass holds with public access off, not inside a network security perimeter. What the
    # service says to whom an enforced perimeter keeps out was not found: it is said as for a
    # vault that is secured by one.
    inside = any(one["mode"] == "Enforced" for one in vault.inner.get("perimeters", ()))
    bypass = rules.get("bypass", "AzureServices") == "AzureServices"
    if caller.trusted and bypass and public != "SecuredByPerimeter" and not inside:
        return
    if public != "Enabled" or inside:
        raise VaultRefusal(
            403,
            "Forbidden",
            "Public network access is disabled and request is not from a trusted service nor via "
            f"an approved private link.\r\nCaller: {caller.text}\r\n{_vault_line(vault)}",
            "ForbiddenByConnection",
        )
    if rules.get("defaultAction", "Allow") == "Allow" or _named(rules, caller.address):
        return
    raise VaultRefusal(
        403,
        "Forbidden",
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {caller.address or '(Azure service)'}\r\nCaller: {caller.text}\r\n"
        f"{_vault_line(vault)}",
        "ForbiddenByFirewall",
    )


def _named(rules: Json, address: str) -> bool:
    if not address:
        return False
    host = ipaddress.ip_address(address)
    return any(
        host in ipaddress.ip_network(rule["value"], strict=False)
        for rule in rules.get("ipRules", [])
    )


def _vault_line(vault: Resource) -> str:
    return f"Vault: {vault.doc['name'].lower()};location={vault.doc['location']}"


def check_permission(
    world: World, vault: Resource, caller: Caller, operation: str, key: str = ""
) -> None:
    """Roles on an RBAC vault, access policies on any other; never both (403)."""
    permission, action = PERMISSIONS[operation]
    if not vault.doc["properties"].get("enableRbacAuthorization"):
        if not _policy_grants(world, vault, caller, permission):
            raise _forbidden_by_policy(vault, caller, permission)
        return
    action = f"Microsoft.KeyVault/vaults/{action}"
    scope = f"{vault.doc['id']}/keys/{key}" if key else vault.doc["id"]
    if not rbac.allows(world, caller.object_id, action, scope, data=True):
        raise _forbidden_by_rbac(vault, caller, action, scope)


def _policy_grants(world: World, vault: Resource, caller: Caller, permission: str) -> bool:
    principal = world.principal(caller.object_id)
    groups = principal.groups if principal else []
    who = {caller.object_id.lower(), *(group.lower() for group in groups)}
    for policy in vault.doc["properties"].get("accessPolicies", []):
        application = policy.get("applicationId")
        if policy["objectId"].lower() not in who:
            continue
        if application and application.lower() != caller.app_id.lower():
            continue
        granted = {name.lower() for name in policy["permissions"].get("keys", [])}
        if granted & {"all", permission.lower()}:
            return True
    return False


def _forbidden_by_policy(vault: Resource, caller: Caller, permission: str) -> VaultRefusal:
    """Recorded: keyvault-data/38, and azure-sdk-for-js#17391 for keys."""
    where = f"{vault.doc['name']};location={vault.doc['location']}"
    return VaultRefusal(
        403,
        "Forbidden",
        f"The user, group or application '{caller.text}' does not have keys {permission} "
        f"permission on key vault '{where}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287",
        "ForbiddenByPolicy",
    )


def _forbidden_by_rbac(vault: Resource, caller: Caller, action: str, scope: str) -> VaultRefusal:
    """Recorded: keyvault-data/36, the blank after the last null included."""
    below = scope[len(vault.doc["id"]) :]
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please "
        "observe propagation time.",
        f"Caller: {caller.text}",
        f"Action: '{action}'",
        f"Resource: '{vault.doc['id'].lower()}{below}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: null ",
        f"{_vault_line(vault)}",
        "",
    )
    return VaultRefusal(403, "Forbidden", "\r\n".join(lines), "ForbiddenByRbac")
