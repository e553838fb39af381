"""From an intent and what was read to a plan: pure but for :func:`make_plan`.

A step that is known to be true already is left out. What could not be read is planned:
every step observes before it writes. Durations are recorded or documented ones
(Cosmos DB accounts 8.5 min, vault names 10 to 30 s, registrations about a minute).
"""

from datetime import UTC, datetime

import msgspec

from services.azure.authorization import (
    BLOB_CONTRIBUTOR,
    CONTRIBUTOR,
    CRYPTO_OFFICER,
    CRYPTO_USER,
    VAULT_ADMINISTRATOR,
    role_name,
)
from services.azure.connection import Connection
from services.checks import preflight
from services.checks.facts import Facts, Ids, Unknown, ids_of, read
from services.ids import ArmId
from services.model.intent import Create, Intent
from services.model.plan import Plan, Step
from services.model.resources import Identity, Principal, RoleAssignment, Vault
from services.setup.dependencies import Dependencies, dependencies_of
from services.setup.rights import (
    CREATE_KEY,
    MANAGE,
    WRAP,
    allows,
    granted,
    has_permissions,
)

FOR_GOOD = (
    "Purge protection stays on for good: after a delete the vault can't be purged, and its"
    " name stays taken for {days} days."
)


async def make_plan(conn: Connection, intent: Intent) -> Plan:
    """Read what the intent depends on and plan it; writes nothing.

    Raises AzureError when not even the caller can be told.
    """
    further = dependencies_of(intent).further
    return build(intent, await read(conn, intent, further))


def build(intent: Intent, facts: Facts) -> Plan:
    """The plan for an intent, given the facts."""
    needed = dependencies_of(intent)
    builder = _Builder(intent, facts, ids_of(intent), needed)
    steps = builder.steps()
    there = {step.id for step in steps}
    return Plan(
        intent=intent,
        steps=tuple(
            msgspec.structs.replace(step, needs=tuple(need for need in step.needs if need in there))
            for step in steps
        ),
        findings=preflight.judge(intent, facts),
        names=needed.names,
        caller=facts.caller.object_id,
    )


def settled(plan: Plan) -> Intent:
    """The plan's intent with every derived name written out."""
    named = {
        field: Create(create=plan.names[field])
        for field in ("storage", "insights", "secrets_vault", "registry")
        if getattr(plan.intent.workspace, field) == "new"
    }
    workspace = msgspec.structs.replace(plan.intent.workspace, **named)
    return msgspec.structs.replace(plan.intent, workspace=workspace)


def namespaces(intent: Intent) -> list[str]:
    """The resource providers a plan needs; the first five are named by Microsoft's page."""
    found = [
        "Microsoft.MachineLearningServices",
        "Microsoft.Storage",
        "Microsoft.KeyVault",
        "Microsoft.DocumentDB",
        "Microsoft.Search",
        "Microsoft.Insights",
    ]
    if intent.workspace.insights == "new" or isinstance(intent.workspace.insights, Create):
        found.append("Microsoft.OperationalInsights")
    if intent.workspace.registry != "none":
        found.append("Microsoft.ContainerRegistry")
    if intent.workspace.identity != "system":
        found.append("Microsoft.ManagedIdentity")
    return found


def _register(namespace: str) -> str:
    return f"register-{namespace.rpartition('.')[2].lower()}"


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


class _Builder:
    """One intent with its facts; every method gives the steps of one part."""

    def __init__(self, intent: Intent, facts: Facts, ids: Ids, needed: Dependencies) -> None:
        self.intent = intent
        self.facts = facts
        self.ids = ids
        self.needed = needed
        found = facts.vault
        self.vault = found if isinstance(found, Vault) else None
        self.rbac = self.vault.rbac if self.vault else intent.vault.access == "rbac"
        new_closed = self.vault is None and intent.vault.network == "trusted-services"
        self.closed = new_closed or not facts.reachable
        self.uri = self.vault.uri if self.vault else facts.cloud.vault_uri(intent.vault.name)

    def steps(self) -> list[Step]:
        made = [*self.registrations(), *self.groups(), *self.vaults(), *self.own_rights()]
        made += [*self.key(), *self.apps(), *self.identity(), *self.dependencies()]
        made += self.identity_roles()
        leaves = tuple(step.id for step in made)
        return [*made, *self.workspace(leaves), self.verify()]

    def registrations(self) -> list[Step]:
        states = self.facts.providers
        known = {} if isinstance(states, Unknown) else states
        return [
            Step(
                id=_register(namespace),
                kind="register",
                title=f"register provider {namespace}",
                action="change",
                target=f"{ArmId(self.ids.group.subscription)}/providers/{namespace}",
                params={"namespace": namespace},
                expected_s=60,
            )
            for namespace in namespaces(self.intent)
            if known.get(namespace.lower()) != "Registered"
        ]

    def groups(self) -> list[Step]:
        wanted = {"group": self.ids.group}
        if self.ids.vault_group.group.lower() != self.ids.group.group.lower() and not self.vault:
            wanted["group-vault"] = self.ids.vault_group
        return [
            Step(
                id=step,
                kind="group",
                title=f"resource group {id.group} in {self.intent.region}",
                action="create",
                target=str(id),
                params={"location": self.intent.region, "tags": self.intent.tags},
                expected_s=2,
            )
            for step, id in wanted.items()
            if self.facts.groups.get(id.group.lower()) is None
            or isinstance(self.facts.groups[id.group.lower()], Unknown)
        ]

    def vaults(self) -> list[Step]:
        wish = self.intent.vault
        if self.vault is None:
            return [self.new_vault()] if wish.create else []
        if self.vault.purge_protection or not wish.repair:
            return []
        return [
            Step(
                id="vault-repair",
                kind="vault-repair",
                title=f"vault {wish.name}: turn on purge protection",
                action="change",
                target=str(self.ids.vault),
                irreversible=FOR_GOOD.format(days=self.vault.retention_days),
                expected_s=3,
                vault=wish.name,
            )
        ]

    def new_vault(self) -> Step:
        wish = self.intent.vault
        model = "role assignments" if wish.access == "rbac" else "access policies"
        return Step(
            id="vault",
            kind="vault",
            title=f"vault {wish.name} in {self.intent.region}, purge-protected, with {model}",
            action="create",
            target=str(self.ids.vault),
            params={
                "location": self.intent.region,
                "tenant_id": self.facts.tenant,
                "sku": wish.sku,
                "rbac": wish.access == "rbac",
                "retention_days": wish.retention_days,
                "network": wish.network,
                "tags": self.intent.tags,
            },
            needs=("group-vault", "group", _register("Microsoft.KeyVault")),
            irreversible=FOR_GOOD.format(days=wish.retention_days),
            expected_s=30,
            vault=wish.name,
        )

    def own_rights(self) -> list[Step]:
        """The caller's own rights on keys, where they are needed to make the key."""
        if self.closed or not self.makes_key() or self.may_create_keys():
            return []
        me, wish = self.facts.caller, self.intent.vault
        common = {"principal": me.object_id, "principal_type": me.kind, "name": me.name}
        rbac = {"role_id": CRYPTO_OFFICER, "vault_uri": self.uri, "key": self.intent.key.name}
        policy = {"tenant_id": self.facts.tenant, "keys": list(MANAGE)}
        what = role_name(CRYPTO_OFFICER) if self.rbac else "permission to manage keys"
        return [
            Step(
                id="key-rights",
                kind="own-rights" if self.rbac else "grant-policy",
                title=f"access: you ({me.name}) get {what} on {wish.name}",
                action="grant",
                target=str(self.ids.vault),
                params={**common, **(rbac if self.rbac else policy)},
                needs=("vault",),
                expected_s=60 if self.rbac else 2,
                vault=wish.name,
            )
        ]

    def makes_key(self) -> bool:
        if self.vault is None:
            return self.intent.key.create
        # a key that could not be read may be there: only rights will tell
        return self.facts.key is None or isinstance(self.facts.key, Unknown)

    def may_create_keys(self) -> bool:
        me = self.facts.caller.object_id
        if not self.rbac:
            return self.vault is not None and has_permissions(self.vault, me, MANAGE)
        rights = self.facts.rights
        return not isinstance(rights, Unknown) and allows(rights, CREATE_KEY, data=True)

    def key(self) -> list[Step]:
        wish, found = self.intent.key, self.facts.key
        pinned = "" if wish.version == "latest" else wish.version
        absent = found is None
        if found is not None and not isinstance(found, Unknown):
            pinned = found.version
        size = f"{wish.type} {wish.bits}"
        which = f"version {pinned[:8]}…" if pinned else "its newest version"
        return [
            Step(
                id="key",
                kind="key-arm" if self.closed else "key",
                title=f"key {wish.name} ({size})" if absent else f"use key {wish.name}, {which}",
                action="create" if absent else "verify",
                target=f"{self.uri}/keys/{wish.name}",
                params={
                    "vault_id": str(self.ids.vault),
                    "vault_uri": self.uri,
                    "name": wish.name,
                    "version": pinned,
                    "create": wish.create,
                    "type": wish.type,
                    "bits": wish.bits,
                    "not_before": _iso(wish.not_before),
                    "expires": _iso(wish.expires),
                    "rotate_every": wish.rotate_every,
                    "notify_before": wish.notify_before,
                    "tags": wish.tags,
                },
                needs=("vault", "key-rights"),
                expected_s=2,
                vault=self.intent.vault.name,
            )
        ]

    def apps(self) -> list[Step]:
        """Azure's own apps: Cosmos DB reaches the key, Machine Learning makes the group."""
        made: list[Step] = []
        cloud = self.facts.cloud
        if self.intent.workspace.encryption == "own-resources":
            made += self.app("cosmos", "Azure Cosmos DB", cloud.cosmos_app_id, self.facts.cosmos)
            made += self.key_grant("cosmos", "Azure Cosmos DB", "cosmos-principal")
        ml = self.facts.ml
        if not isinstance(ml, Unknown) and not self.ml_contributes():
            made += self.app("ml", "Azure Machine Learning", cloud.ml_app_id, ml)
            made.append(self.ml_grant())
        return made

    def app(
        self, short: str, name: str, app_id: str, found: Principal | Unknown | None
    ) -> list[Step]:
        if isinstance(found, Principal):
            return []
        namespace = "DocumentDB" if short == "cosmos" else "MachineLearningServices"
        return [
            Step(
                id=f"{short}-principal",
                kind="principal",
                title=f"{name} in this tenant (its service principal)",
                action="create",
                target=app_id,
                params={"app_id": app_id, "name": name},
                needs=(f"register-{namespace.lower()}",),
                expected_s=3,
            )
        ]

    def key_grant(self, short: str, name: str, source: str) -> list[Step]:
        """Read, wrap and unwrap for somebody; on the vault where the plan makes the vault.

        A new vault holds this key alone, and a grant on it need not wait for the key. On a
        vault that was there the grant is on the key only.
        """
        object_id = self.known_principal(short)
        if self.is_granted(short, object_id):
            return []
        whole = self.vault is None
        scope = str(self.ids.vault)
        if not whole:
            scope += f"/keys/{self.intent.key.name}"
        where = self.intent.vault.name if whole or not self.rbac else self.intent.key.name
        rbac = {"role_id": CRYPTO_USER, "scope": scope, "wait": True}
        policy = {"tenant_id": self.facts.tenant, "keys": list(WRAP)}
        common = {
            "principal": object_id,
            "principal_from": "" if object_id else source,
            "principal_type": "ServicePrincipal",
            "name": name,
        }
        return [
            Step(
                id=f"grant-{short}",
                kind="grant-role" if self.rbac else "grant-policy",
                title=f"access: {name} gets read, wrap and unwrap on {where}",
                action="grant",
                target=scope if self.rbac else str(self.ids.vault),
                params={**common, **(rbac if self.rbac else policy)},
                needs=("vault", source) if whole or not self.rbac else ("vault", source, "key"),
                expected_s=60 if self.rbac else 2,
                vault=self.intent.vault.name,
            )
        ]

    def known_principal(self, short: str) -> str:
        if short == "identity":
            found = self.facts.identity
            return found.principal_id if isinstance(found, Identity) else ""
        app = self.facts.cosmos
        return app.object_id if isinstance(app, Principal) else ""

    def is_granted(self, short: str, object_id: str) -> bool:
        if self.vault is None or not object_id:
            return False
        if not self.rbac:
            return has_permissions(self.vault, object_id, WRAP)
        roles = self.facts.identity_roles if short == "identity" else self.facts.cosmos_roles
        scope = f"{self.ids.vault}/keys/{self.intent.key.name}"
        return self.has_role(roles, scope, object_id, CRYPTO_USER)

    @staticmethod
    def has_role(
        roles: tuple[RoleAssignment, ...] | Unknown, scope: str, object_id: str, role_id: str
    ) -> bool:
        return not isinstance(roles, Unknown) and bool(granted(roles, scope, object_id, role_id))

    def ml_contributes(self) -> bool:
        found = self.facts.ml
        scope = str(ArmId(self.ids.group.subscription))
        return isinstance(found, Principal) and self.has_role(
            self.facts.ml_roles, scope, found.object_id, CONTRIBUTOR
        )

    def ml_grant(self) -> Step:
        found = self.facts.ml
        known = found.object_id if isinstance(found, Principal) else ""
        scope = str(ArmId(self.ids.group.subscription))
        return Step(
            id="grant-ml-contributor",
            kind="grant-role",
            title="access: Azure Machine Learning gets Contributor on the subscription,"
            " to make the managed group",
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
            needs=("ml-principal", _register("Microsoft.MachineLearningServices")),
            expected_s=3,
        )

    def identity(self) -> list[Step]:
        id = self.ids.identity
        if id is None:
            return []
        made = []
        if not isinstance(self.facts.identity, Identity):
            made.append(
                Step(
                    id="identity",
                    kind="identity",
                    title=f"managed identity {id.name}",
                    action="create",
                    target=str(id),
                    params={
                        "location": self.intent.region,
                        "tags": self.intent.tags,
                        "create": isinstance(self.intent.workspace.identity, Create),
                    },
                    needs=("group", _register("Microsoft.ManagedIdentity")),
                    expected_s=5,
                )
            )
        return made + self.key_grant("identity", id.name, "identity")

    def dependencies(self) -> list[Step]:
        return [
            step
            for step in self.needed.steps(self.intent, self.facts.tenant)
            if step.target.lower() not in self.facts.present
        ]

    def identity_roles(self) -> list[Step]:
        """What a user-assigned identity needs on the workspace's own resources.

        "Set up authentication": Contributor on each, Storage Blob Data Contributor on the
        storage account, Key Vault Administrator on the vault for secrets.
        """
        id = self.ids.identity
        if id is None:
            return []
        wanted = [
            (short, target, role)
            for short, target in self.needed.targets.items()
            for role in (CONTRIBUTOR, *_FURTHER_ROLES.get(short, ()))
        ]
        known = self.known_principal("identity")
        return [
            Step(
                id=f"grant-identity-{short.replace('_', '-')}-{place}",
                kind="grant-role",
                title=f"access: {id.name} gets {role_name(role)} on {ArmId.parse(target).name}",
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

    def workspace(self, needs: tuple[str, ...]) -> list[Step]:
        wish = self.intent.workspace
        found = self.facts.workspace
        if found is not None and not isinstance(found, Unknown) and found.state == "Succeeded":
            return []
        identity = str(self.ids.identity) if self.ids.identity else ""
        return [
            Step(
                id="workspace",
                kind="workspace",
                title=f"workspace {wish.name} with key {self.intent.key.name}",
                action="create",
                target=str(self.ids.workspace),
                params={
                    "location": self.intent.region,
                    "tags": self.intent.tags,
                    "service_side": wish.encryption == "service-side",
                    "vault_id": str(self.ids.vault),
                    "identity": identity,
                    "hbi": wish.hbi,
                    "public_network": wish.public_network,
                    "description": wish.description,
                    **self.needed.targets,
                },
                needs=needs,
                irreversible="How it is encrypted is settled for its whole life.",
                expected_s=510,
            )
        ]

    def verify(self) -> Step:
        name = self.intent.workspace.name
        return Step(
            id="verify",
            kind="verify",
            title=f"read back how {name} is encrypted",
            action="verify",
            target=str(self.ids.workspace),
            params={
                "vault_id": str(self.ids.vault),
                "vault_uri": self.uri,
                "service_side": self.intent.workspace.encryption == "service-side",
            },
            needs=("workspace", "key"),
            expected_s=5,
        )


_FURTHER_ROLES = {"storage": (BLOB_CONTRIBUTOR,), "secrets_vault": (VAULT_ADMINISTRATOR,)}
