"""The sign-in, the subscription, its providers and the region."""

from services.checks.check import Check, seen

_CMK = "how-to-setup-customer-managed-keys"

PLACE: tuple[Check, ...] = (
    seen(
        "cloud", "This is the cloud of the intent", "sign-in", "fail",
        without="It compares the intent with the sign-in; no estate can cause it.",
    ),
    seen(
        "tenant", "This is the tenant of the intent", "sign-in", "fail", "subscription",
        without="It compares the intent with the sign-in; no estate can cause it.",
    ),
    seen(
        "subscription", "You see the subscription", "subscription", "fail", "subscription",
        without="It names a subscription that is not there; no estate can hold that.",
    ),
    seen(
        "provider-registered", "The resource providers are registered", "subscription", "fix",
        "providers", failures=("F22",), repairs=("register-",), source=_CMK,
    ),
    seen(
        "region-offered", "The region offers every service", "region", "fail", "providers",
        failures=("F22",), source="Resource Manager: resource providers and types",
    ),
)  # fmt: skip
