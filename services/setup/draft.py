"""What the user has decided so far in Set up; becomes an Intent when enough is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec

from services import names
from services.checks.fit import app_fit
from services.checks.repairs import choose
from services.ids import ArmId
from services.model.cost import Assumptions
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    Intent,
    KeyIntent,
    Kind,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)
from services.model.resources import KeyVersion, Subscription, Vault

IMAGE = "mcr.microsoft.com/azuredocs/aci-helloworld"
"""Microsoft's own example, which needs no registry of one's own."""

NOUNS: Mapping[Kind, str] = MappingProxyType(
    {"workspace": "workspace", "container-group": "container group", "cluster": "cluster"}
)
"""What is set up, in words."""

STEPS: Mapping[Kind, str] = MappingProxyType(
    {"workspace": "Workspace", "container-group": "Containers", "cluster": "Cluster"}
)
"""How the fifth step is called."""

_PREFIXES: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        "workspace": ("workspace", "mlw"),
        "container-group": ("container_group", "aci"),
        "cluster": ("cluster", "aks"),
    }
)
"""The naming rule, and how a proposed name begins."""


def _workspace() -> WorkspaceIntent:
    return WorkspaceIntent(name="mlw-ml")


def _container_group() -> ContainerGroupIntent:
    return ContainerGroupIntent(
        name="aci-ml", containers=[ContainerIntent(name="main", image=IMAGE)]
    )


def _cluster() -> ClusterIntent:
    return ClusterIntent(
        name="aks-ml", identity="", disk_encryption_set=DiskEncryptionSetIntent(name="des-ml")
    )


@dataclass
class Draft:
    """Choices page by page. Everything has a proposal, so that enter alone goes on."""

    subscription: Subscription
    region: str = ""
    group: str = "rg-ml"
    """Made when absent."""
    kind: Kind = "workspace"
    """What is set up."""
    tags: dict[str, str] = field(default_factory=dict)
    vault: Vault | None = None
    """An existing vault that was chosen."""
    new_vault: VaultIntent | None = None
    """A vault to be made; the last of the two that was chosen counts."""
    key_name: str = ""
    key: KeyVersion | None = None
    """An existing version that was chosen."""
    new_key: KeyIntent | None = None
    workspace: WorkspaceIntent = field(default_factory=_workspace)
    container_group: ContainerGroupIntent = field(default_factory=_container_group)
    """Its identity may be empty: then the proposed one; see :attr:`identity`."""
    cluster: ClusterIntent = field(default_factory=_cluster)
    """Its identity may be empty: then the proposed one."""
    assumptions: Assumptions = field(default_factory=Assumptions)
    """Of the cost; no part of the intent."""
    currency: str = "USD"
    repairs: dict[str, bool] = field(default_factory=dict)
    """By check: whether its repair was taken into the plan, or left out of it."""

    def choose_kind(self, kind: Kind) -> None:
        """Set up this; what was chosen about the repairs of another kind is forgotten."""
        if kind != self.kind:
            self.kind, self.repairs = kind, {}

    def choose_flow(self, *, first_party: bool) -> None:
        """Let the service's own app unwrap a container group's key, or an identity."""
        self.container_group = msgspec.structs.replace(
            self.container_group,
            flow="first-party" if first_party else "identity",
            identity="" if first_party else self.container_group.identity,
        )

    @property
    def first_party_problem(self) -> str:
        """Why the app can't unwrap a key of the chosen vault; empty where it may.

        Of a vault that exists, :func:`services.checks.fit.app_fit` tells more.
        """
        wish = self.new_vault
        if wish is None:
            fit = app_fit(self.vault) if self.vault is not None else None
            return f"{self.vault_name}: {fit.because}" if fit and fit.word == "no" else ""
        if wish.access == "rbac":
            return f"the new vault {wish.name} is to decide by roles"
        return f"the new vault {wish.name} is to be closed" if wish.network != "public" else ""

    def choose_vault(self, vault: Vault) -> None:
        """Use a vault that exists; a key of another vault is forgotten."""
        if self.vault is None or self.vault.id != vault.id:
            self.key, self.key_name = None, ""
            self.repairs = {}
        self.vault, self.new_vault = vault, None

    def create_vault(self, wish: VaultIntent) -> None:
        """Make a vault; it has no key yet, so an existing key is forgotten."""
        self.vault, self.new_vault = None, wish
        self.key, self.key_name = None, ""
        self.repairs = {}

    def choose_key(self, name: str, version: KeyVersion) -> None:
        """Use a version of a key that exists; what was chosen about another is forgotten."""
        if self.key is None or self.key.id != version.id:
            self.repairs = {
                check: yes for check, yes in self.repairs.items() if not check.startswith("key-")
            }
        self.key_name, self.key, self.new_key = name, version, None

    def create_key(self, wish: KeyIntent) -> None:
        """Make a key."""
        self.key_name, self.key, self.new_key = wish.name, None, wish

    @property
    def vault_name(self) -> str:
        """Name of the vault that was chosen, or an empty string."""
        if self.vault is not None:
            return self.vault.name
        return self.new_vault.name if self.new_vault else ""

    @property
    def premium(self) -> bool:
        """Whether the vault can hold keys in hardware."""
        if self.vault is not None:
            return self.vault.sku == "premium"
        return self.new_vault is not None and self.new_vault.sku == "premium"

    def proposed_vault(self) -> str:
        """A name for a new vault: always the same one for the same group."""
        group = ArmId(self.subscription.id, self.group)
        return names.derived("vault", str(group))

    def proposed_name(self) -> str:
        """A name for what is set up, from its group's."""
        rule, prefix = _PREFIXES[self.kind]
        tail = self.group.lower().removeprefix("rg-").removeprefix("rg")
        name = f"{prefix}-{tail}"[:33]
        return name if names.problem(rule, name) is None else f"{prefix}-ml"

    def proposed_identity(self) -> str:
        """A name for a new user-assigned identity: always the same one for the same group."""
        return names.derived("identity", str(ArmId(self.subscription.id, self.group)))

    @property
    def name(self) -> str:
        """Of what is set up."""
        return self._target.name

    @property
    def first_party(self) -> bool:
        """Whether the service's own app is to unwrap the key, which needs no identity."""
        return self.kind == "container-group" and self.container_group.flow == "first-party"

    @property
    def identity(self) -> str | Create:
        """Of what is set up: system, an ARM id, one to create; empty in the first-party flow."""
        if self.first_party:
            return ""
        return self._target.identity or Create(create=self.proposed_identity())

    @identity.setter
    def identity(self, wish: str | Create) -> None:
        match self.kind:
            case "workspace":
                self.workspace = msgspec.structs.replace(self.workspace, identity=wish)
            case "container-group":
                self.container_group = msgspec.structs.replace(
                    self.container_group, identity=wish, flow="identity"
                )
            case "cluster":
                self.cluster = msgspec.structs.replace(self.cluster, identity=wish)

    @property
    def _target(self) -> WorkspaceIntent | ContainerGroupIntent | ClusterIntent:
        match self.kind:
            case "workspace":
                return self.workspace
            case "container-group":
                return self.container_group
            case "cluster":
                return self.cluster

    def intent(self) -> Intent:
        """The decisions as an intent; ValueError when vault or key is still open."""
        made = self._setup(
            subscription=self.subscription.id,
            region=self.region,
            resource_group=self.group,
            tags=self.tags,
            vault=self._vault_intent(),
            key=self._key_intent(),
        )
        for check, yes in self.repairs.items():
            made = choose(made, check, yes)
        return made

    def _setup(self, **wish: Any) -> Intent:
        match self.kind:
            case "workspace":
                return WorkspaceSetup(**wish, workspace=self.workspace)
            case "container-group":
                group = msgspec.structs.replace(self.container_group, identity=self.identity)
                return ContainerGroupSetup(**wish, container_group=group)
            case "cluster":
                cluster = msgspec.structs.replace(self.cluster, identity=self.identity)
                return ClusterSetup(**wish, cluster=cluster)

    def _vault_intent(self) -> VaultIntent:
        if self.new_vault is not None:
            return self.new_vault
        if self.vault is None:
            raise ValueError("no vault is chosen yet")
        return VaultIntent(
            name=self.vault.name,
            resource_group=ArmId.parse(self.vault.id).group,
            create=False,
            # What can't be undone is nobody's proposal: it is taken into the plan with its own yes.
            repair=self.vault.purge_protection and self.vault.soft_delete,
            access="rbac" if self.vault.rbac else "policies",
            retention_days=self.vault.retention_days,
            sku="premium" if self.vault.sku == "premium" else "standard",
        )

    def _key_intent(self) -> KeyIntent:
        if self.new_key is not None:
            return self.new_key
        if self.key is None:
            raise ValueError("no key is chosen yet")
        return KeyIntent(
            name=self.key_name,
            version=self.key.version or "latest",
            type="RSA-HSM" if self.key.type == "RSA-HSM" else "RSA",
        )


def identity_word(wish: str | Create) -> str:
    """The identity of what is set up, in a few words."""
    if isinstance(wish, Create):
        return f"new user-assigned identity {wish.create}"
    if wish == "system":
        return "system-assigned"
    if not wish:
        return "none: the service's own app"
    return f"user-assigned identity {ArmId.parse(wish).name}"


def decided(draft: Draft) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each step of Set up with the names that are settled there."""
    key = (draft.key_name,) if draft.key_name else ()
    vault = (draft.vault_name,) if draft.vault_name else ()
    return (
        ("Where", (NOUNS[draft.kind], draft.subscription.name, draft.region, draft.group)),
        ("Vault", (*vault, *(("new",) if draft.new_vault else ()))),
        ("Key", (*key, *(("new",) if draft.new_key else ()))),
        ("Access", (identity_word(draft.identity),)),
        (STEPS[draft.kind], (draft.name,)),
        ("Review", ()),
    )
