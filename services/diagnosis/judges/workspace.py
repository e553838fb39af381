"""The workspace itself, the key it names, and what it brought."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from services.azure import computes
from services.checks.facts import Unknown
from services.checks.fit import key_fit
from services.diagnosis.facts import Live, key_of
from services.diagnosis.findings import Judge, found, told, unread
from services.failures import classify
from services.ids import ArmId, KeyId, same
from services.model.plan import Finding
from services.model.resources import KeyVersion, Vault

BUSY = ("Creating", "Updating", "Deleting", "SoftDeleting", "Scaling")
"""Provisioning states in which something goes on."""


def workspace_state(live: Live) -> Iterator[Finding]:
    """Failed: the last creation or change did not succeed."""
    state, id = live.workspace.state, live.target.id
    if state in ("", "Succeeded"):
        return
    evidence = [told(live, "workspace", "properties.provisioningState", state)]
    if state in BUSY:
        yield found(
            "workspace-state",
            "warn",
            id,
            f"Workspace {live.target.name} is {state.lower()}",
            *evidence,
            meaning="Something changes it now; look again when that is done.",
        )
        return
    yield found(
        "workspace-state",
        "fail",
        id,
        f"Workspace {live.target.name}: {state}",
        *evidence,
        meaning="Its last creation or change failed.",
        repair="Repair the cause, then send the creation again.",
    )


def creation_error(live: Live) -> Iterator[Finding]:
    """What Azure said when the workspace failed; capacity, for example, is told nowhere else."""
    if live.workspace.state != "Failed":
        return
    id = live.target.id
    if isinstance(live.activity, Unknown):
        yield unread("creation-error", id, "What Azure refused could not be read", live.activity)
        return
    last = next(
        (one for one in live.activity if same(one.resource_id, id) and one.status == "Failed"), None
    )
    if last is None or not last.code:
        return
    entry = classify([last.code], last.message)
    yield found(
        "creation-error",
        "fail",
        id,
        f"Azure refused the workspace: {entry.title if entry else last.code}",
        told(live, "activity", "properties.statusMessage", f"{last.code}: {last.message}"),
        failures=(entry.number,) if entry and entry.number else (),
        meaning=entry.means if entry else last.message,
        repair=entry.repair if entry else "",
    )


def identity_assigned(live: Live) -> Iterator[Finding]:
    """The identity for the key must be one of the workspace's own."""
    used = live.workspace.encryption
    if used is None or not used.identity:
        return
    if not any(same(one, used.identity) for one in live.workspace.identities):
        name = ArmId.parse(used.identity).name
        yield found(
            "identity-assigned",
            "fail",
            used.identity,
            f"Identity {name} is not assigned to the workspace that names it for its key",
            told(live, "workspace", "encryption.identity.userAssignedIdentity", used.identity),
            told(live, "workspace", "identity.type", live.workspace.identity_type),
            meaning="The workspace can't act as this identity, so it reaches neither key nor"
            " storage as it.",
            repair="Assign it to the workspace, beside what it has.",
        )


def key_address(live: Live) -> Iterator[Finding]:
    """A key identifier of the workspace's own vault, in the workspace's subscription."""
    used, key = live.workspace.encryption, key_of(live.workspace)
    assert used is not None
    vault = live.facts.vault
    evidence = told(live, "workspace", "encryption.keyVaultProperties.keyIdentifier", used.key_id)
    if key is None or str(key).lower() != used.key_id.lower():
        yield found(
            "key-address",
            "fail",
            used.key_id,
            f"{used.key_id} is not the address of a key",
            evidence,
            failures=("F11",),
            meaning="It looks like https://VAULT/keys/NAME/VERSION, without a port or a last slash"
            " (Cosmos DB's status 4006).",
            repair="Give the workspace the key's own address: az resource update --ids"
            f" {live.target.id} --set properties.encryption.keyVaultProperties.keyIdentifier=ADDRESS",
        )
        return
    if isinstance(vault, Vault) and urlsplit(vault.uri).netloc.lower() != key.host:
        yield found(
            "key-address",
            "fail",
            used.key_id,
            f"The key's address is not one of vault {vault.name}",
            evidence,
            told(live, "vault", "properties.vaultUri", vault.uri),
            failures=("F43", "F46"),
            meaning="A workspace keeps the vault it was made with; only another key or version of"
            " that vault can be taken.",
            repair=f"Make a new version or key in vault {vault.name}, and rotate the workspace to it"
            " (wrapkey rotate).",
        )
    where = ArmId.parse(used.vault_id)
    if where.subscription != ArmId.parse(live.target.id).subscription:
        yield found(
            "key-address",
            "fail",
            used.vault_id,
            f"Vault {where.name} is in another subscription than the workspace",
            evidence,
            failures=("F43",),
            meaning="Machine Learning takes a vault of the workspace's own subscription only.",
            repair="Make the workspace anew with a vault of its own subscription; the vault of a"
            " workspace can't be changed.",
        )


def newest_version(live: Live) -> Iterator[Finding]:
    """Cosmos DB follows the newest version by itself, whatever the workspace names."""
    key, newest = live.facts.key, live.facts.newest_key
    if isinstance(newest, Unknown):
        yield unread(
            "newest-version", live.target.id, "The key's newest version could not be read", newest
        )
    elif isinstance(newest, KeyVersion) and isinstance(key, KeyVersion):
        if newest.version == key.version:
            return
        fit = key_fit(newest, live.facts.now)
        evidence = told(live, "newest_key", "key.kid", newest.id)
        name = live.intent.key.name
        if fit.word == "no":
            yield found(
                "newest-version",
                "fail",
                newest.id,
                f"The newest version of key {name}, {newest.version[:8]}…, can't be used:"
                f" {fit.because}",
                evidence,
                told(live, "newest_key", "attributes.enabled", newest.enabled),
                meaning="Cosmos DB always takes the newest version, not the one that the workspace"
                " names.",
            )
        else:
            yield found(
                "newest-version",
                "warn",
                newest.id,
                f"Key {name} has a newer version than the one that the workspace names",
                evidence,
                failures=("F45",),
                meaning="Cosmos DB follows the newest version; the workspace, Storage and AI Search"
                " keep the one they were given until the workspace is moved.",
            )


_BACK = (
    "Recover it under the same name and in the same group; what can't be recovered can't be"
    " replaced in the workspace."
)
_RECOVER = {
    "vaults": "az keyvault recover --name {name} --subscription {sub}   # then give the workspace's"
    " identity its role on it again: role assignments do not come back, access policies do",
    "storageAccounts": "A deleted account can often be recovered for 14 days (portal, Storage"
    " accounts, Restore), where no other of its name was made since. " + _BACK,
}
"""By type: how it comes back ("Recover a deleted storage account"; Key Vault soft delete)."""


def own_resources(live: Live) -> Iterator[Finding]:
    """Storage, vault for secrets, insights and registry that the workspace names."""
    for id, one in live.own.items():
        where = ArmId.parse(id)
        kind = where.type.rpartition("/")[2]
        if isinstance(one, Unknown):
            yield unread("own-resources", id, f"{kind} {where.name} could not be read", one)
        elif one is None:
            yield found(
                "own-resources",
                "fail",
                id,
                f"{where.name} ({kind}) of the workspace is gone",
                told(live, "own", "status", "404"),
                failures=("F56",) if kind == "vaults" else (),
                meaning="The workspace can't work without what it was made with; jobs, models and"
                " secrets that were kept there are not reachable.",
                repair=_RECOVER.get(kind, _BACK).format(name=where.name, sub=where.subscription),
            )
        elif one.state.lower() == "failed":
            yield found(
                "own-resources",
                "warn",
                id,
                f"{where.name} ({kind}) of the workspace is Failed",
                told(live, "own", "properties.provisioningState", one.state),
            )


def own_storage_key(live: Live) -> Iterator[Finding]:
    """The key of the workspace's own storage account, where it has one of its own."""
    for one in live.own_keys:
        name, key = ArmId.parse(one.account).name, one.key
        evidence = told(live, "own", "encryption.currentVersionedKeyIdentifier", one.key_id)
        used = KeyId.parse(one.key_id)
        part = f"{used.name}/{used.version}"
        if isinstance(key, Unknown):
            title = f"The key of storage {name} could not be read"
            yield unread("own-storage-key", one.account, title, key, part=part)
            continue
        fit = key_fit(key, live.facts.now) if key is not None else None
        if fit is not None and fit.word != "no":
            continue
        yield found(
            "own-storage-key",
            "fail",
            one.account,
            f"Storage {name} of the workspace can't use its own key:"
            f" {fit.because if fit else 'it is not in its vault'}",
            evidence,
            told(live, "own_keys", "attributes.enabled", key.enabled if key else "404"),
            meaning="Files, jobs and models in that account can't be read; the workspace's own key"
            " is another one.",
            repair=f"az keyvault key set-attributes --id {one.key_id} --enabled true, with a later"
            " --expires where it has ended"
            if key is not None
            else f"az keyvault key recover --vault-name {used.vault} --name {used.name}",
            part=part,
        )


def attached_clusters(live: Live) -> Iterator[Finding]:
    """Clusters that are gone; what encrypts the disks of the others is said in the tree."""
    check = "attached-clusters"
    if isinstance(live.computes, Unknown):
        title = "What is attached to the workspace could not be read"
        yield unread(check, live.target.id, title, live.computes)
        return
    for one in live.computes:
        name, id = ArmId.parse(one.compute.cluster).name, one.compute.id
        if isinstance(one.cluster, Unknown):
            yield unread(check, id, f"Attached cluster {name} could not be read", one.cluster)
        elif one.cluster is None:
            yield found(
                check,
                "warn",
                id,
                f"Cluster {name}, attached as {one.compute.name}, is gone",
                told(live, "computes", "properties.resourceId", one.compute.cluster),
                meaning="Nothing can be deployed to it from the workspace. The workspace's own data"
                " and key have nothing to do with it.",
                repair=computes.detach_command(one.compute.name, live.target.id),
            )


def azure_diagnose(live: Live) -> Iterator[Finding]:
    """What Azure's own operation says; it never looks at the customer-managed key."""
    if isinstance(live.remarks, Unknown):
        yield unread(
            "azure-diagnose",
            live.target.id,
            "Azure's own diagnosis could not be asked",
            live.remarks,
        )
        return
    for one in live.remarks:
        if one.level.lower() == "information":
            continue
        yield found(
            "azure-diagnose",
            "fail" if one.level.lower() == "error" else "warn",
            live.target.id,
            f"Azure's diagnosis: {one.message or one.code}",
            told(live, "remarks", f"{one.about}.code", one.code),
            meaning="Azure looks at the workspace's own resources and network here, not at the key.",
            part=f"{one.about}:{one.code}:{one.message[:60]}",
        )


def key_probe(live: Live) -> Iterator[Finding]:
    """A live round trip of random bytes as the caller; it says nothing of anybody else."""
    tried, key = live.probe, live.facts.key
    if tried is None or not isinstance(key, KeyVersion):
        return
    evidence = told(live, "probe", "innererror.code", tried.code or "200")
    name = live.intent.key.name
    if not tried.code:
        yield found(
            "key-probe",
            "ok",
            key.id,
            f"Key {name} wraps and unwraps for you",
            evidence,
            meaning="This shows that the key works, not that Cosmos DB may use it.",
        )
    elif tried.refused:
        why = Unknown(f"You may not use the key yourself ({tried.code}).")
        yield unread("key-probe", key.id, f"Whether key {name} works could not be tried", why)
    else:
        yield found(
            "key-probe",
            "fail",
            key.id,
            f"Key {name} does not wrap and unwrap: {tried.code}",
            evidence,
            meaning=tried.message,
        )


def grants_nobody(live: Live) -> Iterator[Finding]:
    """Grants to ids that the tenant does not know: deleted principals, or app ids."""
    people, vault = live.principals, live.facts.vault
    if isinstance(people, Unknown) or isinstance(live.grants, Unknown):
        why = people if isinstance(people, Unknown) else live.grants
        assert isinstance(why, Unknown)
        title = "Who the vault's grants are for could not be read"
        yield unread("grants-nobody", live.target.id, title, why)
        return
    apps = (live.facts.cloud.cosmos_app_id, live.facts.cloud.ml_app_id)
    lost = {one.principal_id for one in live.grants}
    if isinstance(vault, Vault) and not vault.rbac:
        lost = {one.object_id for one in vault.policies}
    for id in sorted(lost - set(people) - set(apps)):
        yield found(
            "grants-nobody",
            "warn",
            id,
            f"A grant on the vault is for {id}, which nobody is",
            told(live, "principals", "id", "not found"),
            meaning="Its principal was deleted, or it is an app id or an id of another tenant. It"
            " gives nothing.",
        )


JUDGES: dict[str, Judge] = {
    "creation-error": creation_error,
    "identity-assigned": identity_assigned,
    "key-address": key_address,
    "newest-version": newest_version,
    "own-resources": own_resources,
    "own-storage-key": own_storage_key,
    "attached-clusters": attached_clusters,
    "azure-diagnose": azure_diagnose,
    "key-probe": key_probe,
    "grants-nobody": grants_nobody,
    "workspace-state": workspace_state,
}
