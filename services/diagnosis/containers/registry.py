"""The checks of container groups: what is read, and what they explain."""

from services.checks.check import ACI, Check
from services.diagnosis.checklist import Shared, own, shared

_ACI = "Container Instances: encrypt deployment data"
_QUOTA = "Container Instances: quota limits"

_GONE = (
    "What the group was told (its containers, variables and volumes) is kept encrypted with this"
    " key. A group needs it whenever it starts; no page says what becomes of one that runs."
)
_ANEW = (
    "A group is tied to vault, key and version for life: delete it and make it anew with another"
    " key (wrapkey apply). What its containers wrote outside of mounted volumes is lost."
)
_BACKUP = (
    "Where somebody kept a backup of the key: az keyvault key restore --vault-name {vault} --file"
    f" BACKUP (same subscription and geography), then give access anew. Else {_ANEW[0].lower()}"
    f"{_ANEW[1:]}"
)

SHARED: dict[str, Shared] = dict(
    (
        shared(
            "vault-deleted", "F56", "F02", "F15", "F47",
            meaning=f"{_GONE} Role assignments do not come back with the vault.",
        ),
        shared(
            "vault-exists", "F15", "F12", "F47", meaning=_GONE,
            repair=f"A purged vault does not come back: make one of its name again. {_BACKUP}",
        ),
        shared("vault-tenant", "F41", "F38", "F47"),
        shared(
            "vault-protection", "F01",
            meaning="A key that is deleted could be destroyed for good. Container Instances"
            " recommend purge protection and do not demand it.",
            creation=True,
        ),
        shared("vault-network", "F14", "F21", "F47", meaning=_GONE),
        shared(
            "group-flow", "F14", "F21", "F47",
            meaning="The service's own app is let through no firewall; a group's own identity is."
            " How a group reaches its key is settled when it is made.",
            repair="Open the vault's firewall (az keyvault update --name {vault} --default-action"
            " Allow), or delete the group and make it anew with an identity (wrapkey apply, flow ="
            ' "identity").',
        ),
        shared("vault-network-you", "F21"),
        shared("vault-lock", "F56"),
        shared(
            "key-deleted", "F04", "F09", "F47",
            meaning=f"{_GONE} A deleted key can be recovered with all its versions until it is"
            " purged.",
        ),
        shared("key-exists", "F09", "F47", meaning=_GONE, repair=_BACKUP),
        shared("key-enabled", "F05", "F47", meaning=_GONE),
        shared(
            "key-dates", "F06",
            meaning="Key Vault still unwraps with a key that has expired; whether Container"
            " Instances start a group with one is documented nowhere.",
            creation=True,
        ),
        shared("key-operations", "F44", "F47", meaning=_GONE),
        shared(
            "key-type", "F44", "F47",
            repair=f"The type of a key can't be changed. {_ANEW}",
        ),
        shared("containers-principal", "F17", "F47", meaning=_GONE),
        shared("containers-grant", "F47", "F19", "F20", meaning=_GONE),
        shared(
            "identity-exists", "F51", "F47",
            meaning=f"{_GONE} An identity that is made again with the same name is another"
            " principal, and the group keeps the old one.",
            repair="Azure never tells a group's secret values, so wrapkey can't send it again with"
            f" a new identity. {_ANEW}",
        ),
        shared("identity-grant", "F51", "F47", "F19", "F20", meaning=_GONE),
        shared(
            "provider-registered", "F22",
            meaning="Azure refuses groups that are made; what is there goes on.",
        ),
        shared("lock-read-only", "F29"),
        shared("group-quota", "F27", creation=True),
    )
)  # fmt: skip
"""By id: preflight's checks that hold once a container group is there."""

OWN: tuple[Check, ...] = (
    own(
        "group-key", "The group names a key of a vault", "key", "fail", "container_group",
        failures=("F11", "F47"), source=_ACI, kinds=ACI,
        without="Azure refuses such a group; its own tests judge it.",
    ),
    own(
        "group-identity", "The identity for the key is the group's own", "identity", "fail",
        "container_group", "identity", failures=("F51", "F47"), source=_ACI, kinds=ACI,
        without="Azure refuses such a group; its own tests judge it.",
    ),
    own(
        "group-version", "The group's version of the key is the newest", "key", "warn",
        "container_group", "key", "newest_key", failures=("F45",), source=_ACI, kinds=ACI,
        scenario="broken/containers-healthy-rotated",
    ),
    own(
        "group-events", "The group's events tell of no failure", "container group", "fail",
        "container_group", failures=("F47",),
        source="Container Instances: troubleshoot common issues", kinds=ACI,
        scenario="broken/containers-failed-by-key",
    ),
    own(
        "group-runs", "The group runs", "container group", "fail", "container_group",
        failures=("F47",), source="Container Instances: container states", kinds=ACI,
        scenario="broken/containers-restart-failed",
    ),
    own(
        "group-stale", "No group that has ended holds cores", "quota", "warn", "neighbours",
        "group_usages", failures=("F27",), source=_QUOTA, kinds=ACI,
        scenario="broken/containers-stale-groups",
    ),
)  # fmt: skip

_KEY = (
    *("vault-deleted", "vault-exists", "vault-tenant", "vault-network", "group-flow", "group-key"),
    *("key-deleted", "key-exists", "key-enabled", "key-operations", "key-type"),
    *("containers-principal", "containers-grant", "identity-exists", "identity-grant"),
    "group-identity",
)
"""Everything between the group and its key."""
_NO_VAULT = ("vault-deleted", "vault-exists", "vault-tenant")

EXPLAINED: dict[str, tuple[str, ...]] = {
    "containers-grant": (*_NO_VAULT, "containers-principal"),
    "group-identity": ("identity-exists",),
    "group-events": _KEY,
    "group-runs": (*_KEY, "group-events"),
}
"""Which finding explains which; see services/diagnosis/causes.py."""
