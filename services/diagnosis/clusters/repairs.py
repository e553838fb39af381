"""What would make a finding about a cluster or a set good, where setup never has to do it."""

from collections.abc import Callable, Sequence

import msgspec

from services.azure.authorization import CRYPTO_USER, READER, role_name
from services.checks.facts import Facts, Unknown
from services.checks.rights import WRAP
from services.diagnosis.clusters.facts import ClusterLive, principal_of
from services.diagnosis.clusters.judges.etcd import ETCD_USER, PERMISSIONS
from services.diagnosis.clusters.judges.sets import used_set
from services.diagnosis.expiry import LONGER, iso, words
from services.diagnosis.mending import dated, enabled, extend, mended, setup_steps
from services.ids import ArmId, KeyId
from services.model.plan import Finding, Step
from services.model.resources import KeyVersion, Vault

LAST = ("nodes-start", "cluster-again")
"""Kinds of steps that need the disks to reach their key again."""
_NOT_OURS = (
    *(
        "encryption-set",
        "cluster",
        "verify",
        "key",
        "group",
        "group-vault",
        "group-set",
        "identity",
    ),
    "grant-reader",
)
"""Ids of setup's steps that would make or change what the intent only describes."""


def with_repairs(findings: Sequence[Finding], live: ClusterLive) -> tuple[Finding, ...]:
    """The findings, those that steps can repair with these steps."""
    planned = setup_steps(live, _facts(live), _NOT_OURS) if live.intent.key.name else ()
    used = used_set(live)
    if used is None or not used.principal_id:
        planned = tuple(step for step in planned if step.id != "grant-disks")
    made = mended(findings, live, planned, MAKERS)
    access = tuple(
        dict.fromkeys(
            step.id
            for one in made
            for step in (one.repair.steps if one.repair else ())
            if step.kind not in LAST
        )
    )
    return tuple(_ordered(one, access) for one in made)


def _ordered(finding: Finding, access: tuple[str, ...]) -> Finding:
    """Machines start, and Azure goes on, once everything else is repaired."""
    if finding.repair is None:
        return finding
    steps = tuple(
        msgspec.structs.replace(step, needs=access) if step.kind in LAST else step
        for step in finding.repair.steps
    )
    repair = msgspec.structs.replace(finding.repair, steps=steps)
    return msgspec.structs.replace(finding, repair=repair)


def _facts(live: ClusterLive) -> Facts:
    return msgspec.structs.replace(live.facts, encryption_set=live.encryption_set)


def _no_principal(finding: Finding, live: ClusterLive) -> tuple[Step, ...] | None:
    """Where the set's identity is gone, the new one is granted with it."""
    used = used_set(live)
    return None if used is not None and used.principal_id else ()


def _set_identity(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    """Make the identity again, grant it the key, and give it to the set once more."""
    used = used_set(live)
    if used is None or not used.identities or isinstance(live.set_identity, Unknown):
        return ()
    id = ArmId.parse(used.identities[0])
    made = Step(
        id="identity",
        kind="identity",
        title=f"managed identity {id.name}",
        action="create",
        target=str(id),
        params={"location": used.location, "tags": {}, "create": True},
        expected_s=5,
    )
    given = Step(
        id="set-identity",
        kind="set-identity",
        title=f"disk encryption set {used.name}: work as {id.name}",
        action="change",
        target=used.id,
        params={"identity": str(id)},
        needs=("identity", "grant-set"),
        expected_s=10,
    )
    return (made, *_grant_new(live, id.name), given)


def _grant_new(live: ClusterLive, name: str) -> tuple[Step, ...]:
    """The key for an identity that the run makes first."""
    vault = live.facts.vault
    if not isinstance(vault, Vault):
        return ()
    scope = f"{vault.id}/keys/{live.intent.key.name}"
    rbac = {"role_id": CRYPTO_USER, "scope": scope, "wait": True}
    policy = {"tenant_id": vault.tenant_id, "keys": list(WRAP)}
    return (
        Step(
            id="grant-set",
            kind="grant-role" if vault.rbac else "grant-policy",
            title=f"{live.intent.key.name}: wrap and unwrap for {name}",
            action="grant",
            target=scope if vault.rbac else vault.id,
            params={
                "principal": "",
                "principal_from": "identity",
                "principal_type": "ServicePrincipal",
                "name": name,
                **(rbac if vault.rbac else policy),
            },
            needs=("identity",),
            expected_s=60 if vault.rbac else 2,
            vault=vault.name,
        ),
    )


def _newest(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    """Enable the newest version, or give it dates in which it can be used."""
    newest = live.facts.newest_key
    if not isinstance(newest, KeyVersion):
        return ()
    return (
        enabled(newest, live) if not newest.enabled else (dated(newest, live, "key-extend-newest"),)
    )


def _reader(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    used, who = used_set(live), principal_of(live)
    if used is None or not who or live.cluster is None or finding.status != "fail":
        return ()
    name = live.cluster.name
    return (
        _role(
            used.id,
            who,
            READER,
            name=name,
            id="grant-reader",
            title=f"{used.name}: Reader for {name}",
        ),
    )


def _role(
    scope: str, who: str, role: str, *, name: str, id: str, title: str, vault: str = ""
) -> Step:
    return Step(
        id=id,
        kind="grant-role",
        title=title,
        action="grant",
        target=scope,
        params={
            "principal": who,
            "principal_from": "",
            "principal_type": "ServicePrincipal",
            "name": name,
            "role_id": role,
            "scope": scope,
            "wait": bool(vault),
        },
        expected_s=60 if vault else 3,
        vault=vault,
    )


def _start(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    """Only once the disks reach their key: a machine whose key is lost does not boot."""
    name = ArmId.parse(finding.subject).name
    return (
        Step(
            id=f"start-{name}",
            kind="nodes-start",
            title=f"start the machines of {name} through Compute (not verified for AKS)",
            action="change",
            target=finding.subject,
            expected_s=60,
        ),
    )


def _again(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    if live.cluster is None or finding.status != "fail":
        return ()
    return (
        Step(
            id="cluster-again",
            kind="cluster-again",
            title=f"let Azure go on with cluster {live.cluster.name}",
            action="change",
            target=live.cluster.id,
            params={"identities": list(live.cluster.identities)},
            expected_s=240,
        ),
    )


def _kms_key(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    """Enable, extend or recover the key for etcd."""
    kms = live.kms
    if kms is None or finding.status != "fail" or not isinstance(kms.vault, Vault):
        return ()
    key, vault = KeyId.parse(kms.key_id), kms.vault
    common = {"vault_uri": vault.uri, "name": key.name, "version": key.version}
    if kms.key is None and kms.deleted:
        return (
            Step(
                id="kms-recover",
                kind="key-recover",
                title=f"key {key.name}: recover it",
                action="change",
                target=f"{vault.uri}/keys/{key.name}",
                params={"vault_uri": vault.uri, "name": key.name},
                expected_s=10,
                vault=vault.name,
            ),
        )
    if not isinstance(kms.key, KeyVersion):
        return ()
    lacks = [one for one in PERMISSIONS if kms.key.ops and one not in kms.key.ops]
    if not kms.key.enabled or lacks:
        return (
            Step(
                id="kms-enable",
                kind="key-change",
                title=words(key.name, key.version, "enable it for etcd"),
                action="change",
                target=kms.key_id,
                params={**common, "enable": not kms.key.enabled, "ops": lacks},
                expected_s=2,
                vault=vault.name,
            ),
        )
    return (_kms_extend(live, kms.key, key, vault),)


def _kms_extend(live: ClusterLive, version: KeyVersion, key: KeyId, vault: Vault) -> Step:
    now = live.facts.now.replace(microsecond=0)
    late = version.expires is not None and version.expires <= now
    early = version.not_before is not None and version.not_before > now
    what = f"let it expire on {now + LONGER:%-d %b %Y}" if late else "let it be used from now on"
    return Step(
        id="kms-extend",
        kind="key-extend",
        title=words(key.name, key.version, what),
        action="change",
        target=version.id,
        params={
            "vault_uri": vault.uri,
            "name": key.name,
            "version": key.version,
            "not_before": iso(now) if early else "",
            "expires": iso(now + LONGER) if late else "",
        },
        expected_s=2,
        vault=vault.name,
    )


def _kms_grant(finding: Finding, live: ClusterLive) -> tuple[Step, ...]:
    kms, who, there = live.kms, principal_of(live), live.cluster
    if kms is None or there is None or not isinstance(kms.vault, Vault) or not who:
        return ()
    if finding.status != "fail":
        return ()
    name, vault = KeyId.parse(kms.key_id).name, kms.vault
    if vault.rbac:
        title = f"{name}: {role_name(ETCD_USER)} for {there.name}"
        scope = f"{vault.id}/keys/{name}"
        return (
            _role(
                scope,
                who,
                ETCD_USER,
                name=there.name,
                id="grant-kms",
                title=title,
                vault=vault.name,
            ),
        )
    return (
        Step(
            id="grant-kms",
            kind="grant-policy",
            title=f"{vault.name}: encrypt and decrypt for {there.name}",
            action="grant",
            target=vault.id,
            params={
                "principal": who,
                "principal_from": "",
                "principal_type": "ServicePrincipal",
                "name": there.name,
                "tenant_id": vault.tenant_id,
                "keys": list(PERMISSIONS),
            },
            expected_s=2,
            vault=vault.name,
        ),
    )


MAKERS: dict[str, Callable[[Finding, ClusterLive], tuple[Step, ...] | None]] = {
    "disks-grant": _no_principal,
    "set-identity": _set_identity,
    "set-newest": _newest,
    "key-dates": extend,
    "cluster-reads-set": _reader,
    "kms-key": _kms_key,
    "kms-grant": _kms_grant,
    "nodes-running": _start,
    "pools-made": _again,
    "cluster-state": _again,
}
