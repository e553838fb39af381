"""Whether those who need the key may use it."""

from collections.abc import Iterator
from datetime import timedelta

from services.azure.authorization import CONTRIBUTOR, CRYPTO_USER, ROLES, role_name
from services.checks import needed
from services.checks.facts import Facts, Roles, Unknown, ids_of
from services.checks.findings import Judge, found, only, seen, skipped, unread
from services.checks.rights import granted, policy_of
from services.checks.users import CONTAINERS, KeyUser, may_use, user
from services.ids import ArmId
from services.model.intent import ContainerGroupSetup, Create, Intent, identity_of, kind_of, noun
from services.model.plan import Finding
from services.model.resources import Identity, Principal, Vault

SETTLED = timedelta(minutes=10)
"""Azure documents up to ten minutes until a role assignment counts."""

_ENABLE = "az ad sp update --id {id} --set accountEnabled=true"


def cosmos_principal(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Grants need the tenant's own object id of the app, and an app that is enabled."""
    app, told = facts.cloud.cosmos_app_id, intent.principals.cosmos_db
    if not needed.own_resources(intent):
        yield skipped(
            "cosmos-principal", app, "Service-side encryption needs no Cosmos DB of yours"
        )
        return
    yield from _app(facts, "cosmos", "Azure Cosmos DB", app_id=app, field="cosmos_db", told=told)


def ml_principal(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Machine Learning makes the managed group as its own app."""
    told = intent.principals.machine_learning
    name, app = "Azure Machine Learning", facts.cloud.ml_app_id
    yield from _app(facts, "ml", name, app_id=app, field="machine_learning", told=told)


def _app(
    facts: Facts, short: str, name: str, *, app_id: str, field: str, told: str
) -> Iterator[Finding]:
    check = f"{short}-principal"
    there: Principal | Unknown | None = getattr(facts, short)
    if isinstance(there, Unknown):
        ask = f"Ask somebody for it (az ad sp show --id {app_id} --query id) and put it into the"
        why = Unknown(f"{there.reason} {ask} intent: [principals] {field}.")
        yield unread(check, app_id, f"{name}'s object id in this tenant is unknown", why)
    elif told and (there is None or there.object_id != told.lower()):
        has = f"it is {there.object_id}" if there else "the tenant has none"
        yield found(
            check,
            "fail",
            app_id,
            f"principals.{field} is not {name} in this tenant: {has}",
            seen(facts, short, "id", there.object_id if there else "none"),
            meaning="A grant to another object id gives the service nothing. Correct the line, or"
            " take it out: you may read Microsoft Graph, which knows the right one.",
        )
    elif there is None:
        yield found(
            check,
            "fix",
            app_id,
            f"{name} is not in this tenant yet",
            seen(facts, short, "status", "404"),
            meaning="Access is given to its object id, which the tenant has no sooner than its"
            " service principal.",
            repair=f"A step makes it: az ad sp create --id {app_id}",
        )
    elif not there.enabled:
        yield found(
            check,
            "fail",
            app_id,
            f"{name} is disabled in this tenant",
            seen(facts, short, "accountEnabled", False),
            meaning="A disabled app gets no token, so it can't reach the key (Cosmos DB's status"
            " 4000).",
            repair=_ENABLE.format(id=there.object_id),
        )


def containers_principal(intent: ContainerGroupSetup, facts: Facts) -> Iterator[Finding]:
    """The app of Container Instances unwraps the key in the first-party flow."""
    told, app = intent.principals.container_instances, facts.cloud.container_app_id
    if intent.container_group.flow == "identity":
        yield skipped("containers-principal", app, "The group's own identity unwraps the key")
        return
    field = "container_instances"
    yield from _app(facts, "containers", CONTAINERS, app_id=app, field=field, told=told)


def _grant(short: str, without: str) -> Judge:
    """Who needs the key may use it, by the model that counts in the vault."""

    def judge(intent: Intent, facts: Facts) -> Iterator[Finding]:
        one = user(intent, facts, short)
        if one is None:
            yield skipped(f"{short}-grant", str(ids_of(intent).vault), without)
        else:
            yield from _granted(intent, facts, one)

    return judge


def _granted(intent: Intent, facts: Facts, one: KeyUser) -> Iterator[Finding]:
    check, vault = f"{one.short}-grant", facts.vault
    subject = f"{ids_of(intent).vault}/keys/{intent.key.name}"
    if isinstance(one.found, Unknown) or isinstance(vault, Unknown):
        title = f"Whether {one.name} may use the key is not known"
        yield unread(check, subject, title, Unknown("Its object id or the vault is not known."))
        return
    if isinstance(vault, Vault) and not vault.rbac:
        policy = policy_of(vault, one.object_id)
        told = seen(facts, "vault", "accessPolicies", " ".join(policy.keys) if policy else "none")
    elif isinstance(one.roles, Unknown):
        yield unread(check, subject, f"The roles of {one.name} could not be read", one.roles)
        return
    else:
        held = granted(one.roles, subject, one.object_id, CRYPTO_USER) if one.object_id else None
        role = held.role_id if held else "none"
        told = seen(facts, f"{one.short}_roles", "roleDefinitionId", role)
    if not may_use(intent, facts, one):
        does = "read, wrap and unwrap" if "wrapkey" in one.keys else "read and unwrap"
        yield found(
            check,
            "fix",
            subject,
            f"{one.name} may not {does} with key {intent.key.name} yet",
            told,
            meaning=_LATE[kind_of(intent)],
            repair="A step grants it, by the model that counts in the vault.",
        )


_LATE = {
    "workspace": "Without it the workspace fails after minutes (ForbiddenByRbac or"
    " ForbiddenByPolicy, Cosmos DB's status 4002).",
    "container-group": "Azure takes the group and it fails when it starts, because what it was"
    " told can't be encrypted.",
    "cluster": "Azure takes the cluster, and its nodes fail after minutes"
    " (CreateVMSSAgentPoolFailed with KeyVaultAccessForbidden).",
}
"""What comes of a missing grant, by kind of intent."""


def grant_to_app_id(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Key Vault and Resource Manager store a grant to an app id; nobody ever has it."""
    vault, app = facts.vault, facts.cloud.cosmos_app_id
    if not isinstance(vault, Vault):
        return
    if isinstance(facts.vault_roles, Unknown):
        title = "Role assignments to app ids could not be listed"
        yield unread("grant-to-app-id", vault.id, title, facts.vault_roles)
        return
    policy = policy_of(vault, app)
    if policy is None and not facts.vault_roles:
        return
    kind, fact = ("an access policy", "vault") if policy else ("a role assignment", "vault_roles")
    undo = f"az keyvault delete-policy -n {vault.name} --object-id {app}"
    if facts.vault_roles:
        undo = f"az role assignment delete --ids {facts.vault_roles[0].id}"
    yield found(
        "grant-to-app-id",
        "warn",
        vault.id,
        f"Vault {vault.name}: {kind} for the app id of Azure Cosmos DB",
        seen(facts, fact, "principalId", app),
        meaning="Microsoft's page calls the app id a principal id. A grant needs the object id of"
        " your own tenant: this one gives nobody anything. The plan grants the right one.",
        repair=f"Take the dead grant away: {undo}",
    )


def policy_on_rbac_vault(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Stored and ignored."""
    vault = facts.vault
    if not isinstance(vault, Vault) or not vault.rbac:
        return
    for name, who in (("Azure Cosmos DB", facts.cosmos), ("The identity", facts.identity)):
        object_id = ""
        if isinstance(who, Principal):
            object_id = who.object_id
        elif isinstance(who, Identity):
            object_id = who.principal_id
        policy = policy_of(vault, object_id) if object_id else None
        if policy is not None:
            yield found(
                "policy-on-rbac-vault",
                "warn",
                vault.id,
                f"{name} has an access policy on vault {vault.name}, which ignores policies",
                seen(facts, "vault", "properties.enableRbacAuthorization", True),
                seen(facts, "vault", "properties.accessPolicies", " ".join(policy.keys)),
                meaning="The vault works with role assignments, so the policy gives nothing. It"
                " looks granted and is not. The plan gives the role.",
                repair=f"Take the policy away: az keyvault delete-policy -n {vault.name}"
                f" --object-id {object_id}",
                part=object_id,
            )


def grant_propagation(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A vault honours a role assignment some minutes after Resource Manager knows it."""
    for fact, roles in (
        ("cosmos_roles", facts.cosmos_roles),
        ("identity_roles", facts.identity_roles),
    ):
        if isinstance(roles, Unknown):
            continue
        for one in roles:
            if one.created and timedelta() <= facts.now - one.created < SETTLED:
                minutes = int((facts.now - one.created).total_seconds() // 60)
                yield found(
                    "grant-propagation",
                    "warn",
                    one.scope,
                    f"{role_name(one.role_id)} was granted {minutes} min ago and may not count yet",
                    seen(facts, fact, "createdOn", one.created.isoformat()),
                    meaning="Azure documents up to ten minutes until a vault honours a role"
                    f" assignment. wrapkey sends the {noun(intent)} once more where that was the cause.",
                    part=one.id,
                )


def ml_contributor(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Machine Learning's own app makes the managed group in the subscription."""
    scope = str(ArmId(ids_of(intent).group.subscription))
    name = "Azure Machine Learning"
    if isinstance(facts.ml, Unknown) or isinstance(facts.ml_roles, Unknown):
        why = facts.ml if isinstance(facts.ml, Unknown) else facts.ml_roles
        assert isinstance(why, Unknown)
        yield unread("ml-contributor", scope, f"The roles of {name} are not known", why)
        return
    who = facts.ml.object_id if facts.ml else ""
    if not who or granted(facts.ml_roles, scope, who, CONTRIBUTOR) is None:
        yield found(
            "ml-contributor",
            "fix",
            scope,
            f"{name} is not Contributor of the subscription yet",
            seen(facts, "ml_roles", "roleDefinitionId", "none"),
            meaning="It makes the managed resource group as itself; without the role that fails"
            " after minutes (AuthorizationFailed for its app).",
            repair="A step gives it the role.",
        )


def identity_exists(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """There, or to be made."""
    id = ids_of(intent).identity
    if id is None:
        yield skipped("identity-exists", "system", "The workspace uses its own identity")
    elif isinstance(facts.identity, Unknown):
        title = f"Identity {id.name} could not be read"
        yield unread("identity-exists", str(id), title, facts.identity)
    elif facts.identity is None:
        made = isinstance(identity_of(intent), Create)
        yield found(
            "identity-exists",
            "fix" if made else "fail",
            str(id),
            f"Identity {id.name} is not there" + (" yet" if made else ""),
            seen(facts, "identity", "status", "404"),
            meaning=f"The {noun(intent)} works as this identity.",
            repair="A step makes it and assigns it."
            if made
            else f'Name one that exists, or let the plan make it: identity = {{ create = "{id.name}" }}',
        )


def role_words(roles: Roles) -> str:
    """What somebody has, in words."""
    if isinstance(roles, Unknown):
        return "which roles you have could not be read"
    if not roles:
        return "you have no role here"
    names = sorted(
        {f"{ROLES.get(one.role_id, one.role_id)} on {_short(one.scope)}" for one in roles}
    )
    return "you have " + ", ".join(names[:4]) + (" and more" if len(names) > 4 else "")


def _short(scope: str) -> str:
    return scope.rstrip("/").rpartition("/")[2] or "everything"


JUDGES: dict[str, Judge] = {
    "cosmos-principal": cosmos_principal,
    "cosmos-grant": _grant("cosmos", "Service-side encryption needs no Cosmos DB of yours"),
    "containers-grant": _grant("containers", "The group's own identity unwraps the key"),
    "disks-grant": _grant("disks", "Only clusters have one"),
    **only(ContainerGroupSetup, {"containers-principal": containers_principal}),
    "grant-to-app-id": grant_to_app_id,
    "policy-on-rbac-vault": policy_on_rbac_vault,
    "grant-propagation": grant_propagation,
    "ml-principal": ml_principal,
    "ml-contributor": ml_contributor,
    "identity-exists": identity_exists,
    "identity-grant": _grant("identity", "No user-assigned identity needs the key"),
}
