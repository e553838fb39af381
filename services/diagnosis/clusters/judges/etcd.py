"""Encryption of etcd (KMS), which has nothing to do with the disks."""

from collections.abc import Iterator

from services.azure.authorization import CONTRIBUTOR, READER, role_name
from services.checks.facts import Unknown
from services.checks.fit import key_fit
from services.checks.rights import covers, has_permissions
from services.diagnosis.clusters.facts import ClusterLive, Kms, principal_of
from services.diagnosis.clusters.judges.nodes import OWNER
from services.diagnosis.findings import JudgeOf, found, told, unread
from services.ids import BadId, KeyId
from services.model.plan import Finding
from services.model.resources import Vault

_FIELD = "securityProfile.azureKeyVaultKms.keyId"
_LOST = (
    "Secrets of the cluster can't be read, and the API server can go down with them. Its disks are"
    " not concerned."
)
USERS = (
    "12338af0-0e69-4776-bea7-57ae8d297424",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
)
"""Built-in roles that encrypt and decrypt: Key Vault Crypto User, Crypto Officer, Administrator
("Azure built-in roles")."""
ETCD_USER = USERS[0]
PERMISSIONS = ("encrypt", "decrypt")
_NO_KEYS = (READER, CONTRIBUTOR, OWNER)
"""Roles that give nothing on a vault's data plane."""


def kms_key(live: ClusterLive) -> Iterator[Finding]:
    """Off by itself: said, with the command. On: the key is there and can be used."""
    there, kms = live.cluster, live.kms
    if there is None:
        return
    if kms is None:
        yield found(
            "kms-key",
            "skipped",
            there.id,
            "Secrets in etcd are encrypted with Microsoft's keys, not with yours",
            told(live, "cluster", _FIELD, "null"),
            meaning="That is another thing than the disks, with a key of its own. To turn it on,"
            " give the cluster's identity Key Vault Crypto User on the key, then:",
            repair=enable_command(live),
        )
        return
    if isinstance(kms.key, Unknown):
        yield unread("kms-key", kms.key_id, "The key for etcd could not be read", kms.key)
        return
    evidence = told(live, "kms", _FIELD, kms.key_id)
    name = _name(kms)
    if kms.key is None:
        gone = isinstance(kms.vault, Vault)
        yield found(
            "kms-key",
            "fail",
            kms.key_id,
            f"The key for etcd, {name}, is not in its vault"
            if gone
            else f"The vault of the key for etcd, {name}, is not there",
            evidence,
            failures=("F33", "F09" if gone else "F15"),
            meaning=_LOST,
            repair=_recover(kms),
        )
        return
    fit = key_fit(kms.key, live.facts.now)
    lacks = [one for one in PERMISSIONS if kms.key.ops and one not in kms.key.ops]
    if fit.word == "no" or lacks:
        why = f"it may not {' and '.join(lacks)}" if lacks else fit.because
        yield found(
            "kms-key",
            "fail",
            kms.key_id,
            f"The key for etcd, {name}, can't be used: {why}",
            evidence,
            told(live, "kms", "attributes.enabled", kms.key.enabled),
            failures=("F33", "F05" if not kms.key.enabled else "F44" if lacks else "F06"),
            meaning=_LOST,
            repair=f"az keyvault key set-attributes --id {kms.key_id} --enabled true, with a later"
            " --expires where it has ended",
        )


def kms_grant(live: ClusterLive) -> Iterator[Finding]:
    """Encrypt and decrypt: other rights than those of disks."""
    there, kms = live.cluster, live.kms
    if there is None or kms is None or kms.vault is None:
        return
    if isinstance(kms.vault, Unknown):
        title = f"Whether {there.name} may use the key for etcd is not known"
        yield unread("kms-grant", kms.key_id, title, kms.vault)
        return
    who, name = principal_of(live), _name(kms)
    if isinstance(kms.roles, Unknown):
        title = f"Whether {there.name} may use the key for etcd is not known"
        yield unread("kms-grant", kms.key_id, title, kms.roles)
        return
    scope = f"{kms.vault.id}/keys/{name}"
    mine = [
        one for one in kms.roles if one.principal_id == who.lower() and covers(one.scope, scope)
    ]
    by_role = any(one.role_id in USERS for one in mine)
    if by_role if kms.vault.rbac else has_permissions(kms.vault, who, PERMISSIONS):
        return
    others = [one for one in mine if one.role_id not in _NO_KEYS] if kms.vault.rbac else []
    named = ", ".join(role_name(one.role_id) for one in others)
    yield found(
        "kms-grant",
        "unknown" if others else "fail",
        kms.key_id,
        f"Whether {named} lets {there.name} encrypt and decrypt is not known"
        if others
        else f"Cluster {there.name} may not encrypt and decrypt with the key for etcd",
        told(live, "kms", "roleDefinitionId", named or "none"),
        meaning=f"{_LOST} Changes of the cluster fail"
        " (AzureKeyVaultKmsValidateIdentityPermissionCustomerError).",
        repair=f"az role assignment create --assignee-object-id {who or 'ID'}"
        f' --assignee-principal-type ServicePrincipal --role "Key Vault Crypto User" --scope {scope}'
        if kms.vault.rbac
        else f"az keyvault set-policy -n {kms.vault.name} --object-id {who or 'ID'}"
        " --key-permissions encrypt decrypt",
    )


def enable_command(live: ClusterLive) -> str:
    """What turns encryption of etcd with a key of one's own on."""
    id = live.cluster.id if live.cluster else live.target.id
    return (
        f"az aks update --ids {id} --enable-azure-keyvault-kms --azure-keyvault-kms-key-id KEY"
        " --azure-keyvault-kms-key-vault-network-access Public"
    )


def _name(kms: Kms) -> str:
    try:
        return KeyId.parse(kms.key_id).name
    except BadId:
        return kms.key_id


def _recover(kms: Kms) -> str:
    try:
        key = KeyId.parse(kms.key_id)
    except BadId:
        return ""
    if not isinstance(kms.vault, Vault):
        return f"az keyvault recover --name {key.vault}, then give access anew"
    if kms.deleted:
        return f"az keyvault key recover --vault-name {key.vault} --name {key.name}"
    return (
        f"Restore it from a backup: az keyvault key restore --vault-name {key.vault} --file BACKUP."
        " Without one, what etcd holds encrypted is lost: make the cluster anew."
    )


JUDGES: dict[str, JudgeOf[ClusterLive]] = {"kms-key": kms_key, "kms-grant": kms_grant}
