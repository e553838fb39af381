"""The part of a plan that gives access: to the caller, to Azure's apps, to an identity."""

from services.azure.authorization import (
    BLOB_CONTRIBUTOR,
    CONTRIBUTOR,
    CRYPTO_OFFICER,
    CRYPTO_USER,
    READER,
    VAULT_ADMINISTRATOR,
    role_name,
)
from services.checks.facts import Unknown
from services.checks.needed import own_resources
from services.checks.rights import CREATE_KEY, MANAGE, allows, granted, has_permissions
from services.checks.users import CONTAINERS, may_use, reads_set, user
from services.ids import ArmId
from services.model.intent import Create, identity_of
from services.model.plan import Step
from services.model.resources import Identity, Principal, RoleAssignment
from services.setup.basis import Basis, register
from services.setup.repairs import takes, takes_key

_FIELDS = {
    "cosmos": "cosmos_db",
    "ml": "machine_learning",
    "containers": "container_instances",
}
"""Where the intent names an object id that Microsoft Graph does not tell the caller."""
_FURTHER_ROLES = {"storage": (BLOB_CONTRIBUTOR,), "secrets_vault": (VAULT_ADMINISTRATOR,)}


def own_rights(basis: Basis) -> list[Step]:
    """The caller's own rights on keys, where they are needed to make the key."""
    if basis.closed or not _makes_key(basis) or _may_create_keys(basis):
        return []
    me, wish = basis.facts.caller, basis.intent.vault
    common = {"principal": me.object_id, "principal_type": me.kind, "name": me.name}
    rbac = {"role_id": CRYPTO_OFFICER, "vault_uri": basis.uri, "key": basis.intent.key.name}
    policy = {"tenant_id": basis.facts.tenant, "keys": list(MANAGE)}
    what = role_name(CRYPTO_OFFICER) if basis.rbac else "permission to manage keys"
    return [
        Step(
            id="key-rights",
            kind="own-rights" if basis.rbac else "grant-policy",
            title=f"{wish.name}: {what} for you ({me.name})",
            action="grant",
            target=str(basis.ids.vault),
            params={**common, **(rbac if basis.rbac else policy)},
            needs=("vault",),
            expected_s=60 if basis.rbac else 2,
            vault=wish.name,
        )
    ]


def _makes_key(basis: Basis) -> bool:
    if takes_key(basis):
        return True
    if basis.vault is None:
        # role assignments do not come back with a vault
        return basis.intent.key.create or takes(basis, "vault-deleted")
    # a key that could not be read may be there: only rights will tell
    return basis.facts.key is None or isinstance(basis.facts.key, Unknown)


def _may_create_keys(basis: Basis) -> bool:
    me = basis.facts.caller.object_id
    if not basis.rbac:
        return basis.vault is not None and has_permissions(basis.vault, me, MANAGE)
    rights = basis.facts.rights
    return not isinstance(rights, Unknown) and allows(rights, CREATE_KEY, data=True)


def apps(basis: Basis) -> list[Step]:
    """Azure's own apps: Cosmos DB reaches the key, Machine Learning makes the group."""
    made: list[Step] = []
    cloud = basis.facts.cloud
    if own_resources(basis.intent):
        made += _app(basis, "cosmos", "Azure Cosmos DB", cloud.cosmos_app_id, basis.facts.cosmos)
        made += on_key(basis, "cosmos")
    if not _ml_contributes(basis):
        made += _app(basis, "ml", "Azure Machine Learning", cloud.ml_app_id, basis.facts.ml)
        made.append(_ml_grant(basis))
    return made


def containers(basis: Basis) -> list[Step]:
    """The app of Container Instances, in the first-party flow, and its way to the key."""
    app = basis.facts.cloud.container_app_id
    made = _app(basis, "containers", CONTAINERS, app, basis.facts.containers)
    return made + on_key(basis, "containers")


_NAMESPACES = {
    "cosmos": "Microsoft.DocumentDB",
    "ml": "Microsoft.MachineLearningServices",
    "containers": "Microsoft.ContainerInstance",
}
"""Whose registration may bring the app into the tenant."""


def _app(
    basis: Basis, short: str, name: str, app_id: str, found: Principal | Unknown | None
) -> list[Step]:
    if isinstance(found, Principal):
        return []
    return [
        Step(
            id=f"{short}-principal",
            kind="principal",
            title=f"service principal of {name}",
            action="create",
            target=app_id,
            params={"app_id": app_id, "name": name, "field": _FIELDS[short]},
            needs=(register(_NAMESPACES[short]),),
            expected_s=3,
        )
    ]


def on_key(basis: Basis, short: str) -> list[Step]:
    """What somebody needs of the key; on the vault where the plan makes the vault.

    A new vault holds this key alone, and a grant on it need not wait for the key. On a
    vault that was there the grant is on the key only.
    """
    one = user(basis.intent, basis.facts, short)
    if one is None or may_use(basis.intent, basis.facts, one):
        return []
    whole = basis.vault is None
    scope = str(basis.ids.vault)
    if not whole:
        scope += f"/keys/{basis.intent.key.name}"
    where = basis.intent.vault.name if whole or not basis.rbac else basis.intent.key.name
    rbac = {"role_id": CRYPTO_USER, "scope": scope, "wait": True}
    policy = {"tenant_id": basis.facts.tenant, "keys": list(one.keys)}
    common = {
        "principal": one.object_id,
        "principal_from": "" if one.object_id else one.source,
        "principal_type": "ServicePrincipal",
        "name": one.name,
    }
    verbs = "wrap and unwrap" if basis.rbac or "wrapkey" in one.keys else "get and unwrap"
    return [
        Step(
            id=f"grant-{short}",
            kind="grant-role" if basis.rbac else "grant-policy",
            title=f"{where}: {verbs} for {one.name}",
            action="grant",
            target=scope if basis.rbac else str(basis.ids.vault),
            params={**common, **(rbac if basis.rbac else policy)},
            needs=("vault", one.source)
            if whole or not basis.rbac
            else ("vault", one.source, "key"),
            expected_s=60 if basis.rbac else 2,
            vault=basis.intent.vault.name,
        )
    ]


def _has_role(
    roles: tuple[RoleAssignment, ...] | Unknown, scope: str, object_id: str, role_id: str
) -> bool:
    return not isinstance(roles, Unknown) and bool(granted(roles, scope, object_id, role_id))


def _ml_contributes(basis: Basis) -> bool:
    found = basis.facts.ml
    scope = str(ArmId(basis.ids.group.subscription))
    return isinstance(found, Principal) and _has_role(
        basis.facts.ml_roles, scope, found.object_id, CONTRIBUTOR
    )


def _ml_grant(basis: Basis) -> Step:
    found = basis.facts.ml
    known = found.object_id if isinstance(found, Principal) else ""
    scope = str(ArmId(basis.ids.group.subscription))
    return Step(
        id="grant-ml-contributor",
        kind="grant-role",
        title="subscription: Contributor for Azure Machine Learning",
        action="grant",
        target=scope,
        params={
            "principal": known,
            "principal_from": "" if known else "ml-principal",
            "principal_type": "ServicePrincipal",
            "name": "Azure Machine Learning",
            "role_id": CONTRIBUTOR,
            "scope": scope,
            "wait": False,
        },
        needs=("ml-principal", register("Microsoft.MachineLearningServices")),
        expected_s=3,
    )


def identity(basis: Basis) -> list[Step]:
    """A user-assigned identity and its way to the key, where the intent has one."""
    id = basis.ids.identity
    if id is None:
        return []
    made = []
    if not isinstance(basis.facts.identity, Identity):
        made.append(
            Step(
                id="identity",
                kind="identity",
                title=f"managed identity {id.name}",
                action="create",
                target=str(id),
                params={
                    "location": basis.intent.region,
                    "tags": basis.intent.tags,
                    "create": isinstance(identity_of(basis.intent), Create),
                },
                needs=("group", register("Microsoft.ManagedIdentity")),
                expected_s=5,
            )
        )
    return made + on_key(basis, "identity")


def identity_roles(basis: Basis) -> list[Step]:
    """What a user-assigned identity needs on the workspace's own resources.

    "Set up authentication": Contributor on each, Storage Blob Data Contributor on the
    storage account, Key Vault Administrator on the vault for secrets.
    """
    id = basis.ids.identity
    if id is None:
        return []
    wanted = [
        (short, target, role)
        for short, target in basis.needed.targets.items()
        for role in (CONTRIBUTOR, *_FURTHER_ROLES.get(short, ()))
    ]
    known = _identity_id(basis)
    return [
        Step(
            id=f"grant-identity-{short.replace('_', '-')}-{place}",
            kind="grant-role",
            title=f"{ArmId.parse(target).name}: {role_name(role)} for {id.name}",
            action="grant",
            target=target,
            params={
                "principal": known,
                "principal_from": "" if known else "identity",
                "principal_type": "ServicePrincipal",
                "name": id.name,
                "role_id": role,
                "scope": target,
                "wait": False,
            },
            needs=("identity", short.replace("_", "-"), "vault"),
            expected_s=3,
            vault=ArmId.parse(target).name if short == "secrets_vault" else "",
        )
        for place, (short, target, role) in enumerate(wanted, 1)
    ]


def reader(basis: Basis) -> list[Step]:
    """The cluster reads its disk encryption set (azuredisk-csi-driver issue 2609)."""
    id, scope, known = basis.ids.identity, str(basis.ids.encryption_set), _identity_id(basis)
    if id is None or reads_set(basis.ids, basis.facts):
        return []
    return [
        Step(
            id="grant-reader",
            kind="grant-role",
            title=f"{ArmId.parse(scope).name}: {role_name(READER)} for {id.name}",
            action="grant",
            target=scope,
            params={
                "principal": known,
                "principal_from": "" if known else "identity",
                "principal_type": "ServicePrincipal",
                "name": id.name,
                "role_id": READER,
                "scope": scope,
                "wait": False,
            },
            needs=("identity", "encryption-set"),
            expected_s=3,
        )
    ]


def _identity_id(basis: Basis) -> str:
    found = basis.facts.identity
    return found.principal_id if isinstance(found, Identity) else ""
