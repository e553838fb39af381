"""Container groups."""

from services.checks.check import ACI, Check, seen

_ACI = "Container Instances: encrypt deployment data"

CONTAINERS: tuple[Check, ...] = (
    seen(
        "containers-principal", "Azure Container Instance Service is in the tenant", "principal",
        "fail", "containers", failures=("F17", "F18", "F47"), kinds=ACI,
        repairs=("containers-principal",), source=_ACI,
    ),
    seen(
        "containers-grant", "Azure Container Instance Service may unwrap", "grant", "fix",
        "containers", "containers_roles", "vault", failures=("F19", "F20", "F47"), kinds=ACI,
        repairs=("grant-containers",), source=_ACI,
    ),
    seen(
        "group-flow", "Who unwraps the key gets through to the vault", "vault", "fail", "vault",
        failures=("F21", "F47"), kinds=ACI, source=_ACI,
    ),
    seen(
        "container-group", "No other container group has the name", "container group", "fail",
        "container_group", "vault", "key", kinds=ACI, source=_ACI,
    ),
    seen(
        "group-quota", "Group and cores fit", "quota", "fail", "group_usages", "container_group",
        failures=("F27",), kinds=ACI, source="Container Instances: quota limits",
    ),
    seen(
        "group-size", "The region gives a group that large", "quota", "fail", "group_limits",
        failures=("F27",), kinds=ACI, source="Container Instances: region availability",
    ),
    seen(
        "group-secrets", "Secret values can be read here", "container group", "warn",
        "absent_secrets", kinds=ACI,
        without="It looks at this machine; an estate has no part in it.",
    ),
)  # fmt: skip
