"""Failures that Resource Manager tells of any kind of resource."""

from services.failures.entries import Entry, code, text

_ERRORS = "Resource Manager: troubleshoot common deployment errors"

ENTRIES = (
    Entry(
        number="F22",
        title="The resource provider is not registered",
        signs=(
            code("MissingSubscriptionRegistration"),
            code("SubscriptionNotRegistered"),
            code(
                "NoRegisteredProviderFound",
                "",
                "This kind of resource is not offered in this region or at this API version.",
                "Choose a region where it is offered.",
            ),
        ),
        means="The subscription has not switched on this kind of resource.",
        repair="Register the resource provider; it takes a minute or two.",
        source="Resource Manager: resource providers and types",
    ),
    Entry(
        number="F23",
        title="Azure Policy denies it",
        signs=(
            code("RequestDisallowedByPolicy"),
            code("PolicyViolation"),
            text("was disallowed by policy"),
        ),
        means="An Azure Policy of your organisation denies this resource as it was asked for; a "
        "resource of the managed group is judged like any other.",
        repair="Change what the policy objects to, or ask its owner for an exemption. For the "
        "managed group only one at the subscription or above works.",
        source="Azure Policy: deny effect",
    ),
    Entry(
        number="F29",
        title="A lock is in the way",
        signs=(
            code("ScopeLocked"),
            code(
                "UnauthorizedApplicationId",
                "",
                "The lock belongs to a service of Azure, and only that one can take it away.",
                "Change or delete the resource that the lock protects.",
            ),
        ),
        means="A lock on the resource, its group or the subscription forbids this change.",
        repair="Ask the owner of the lock to remove it, or leave the resource as it is.",
        source="Resource Manager: lock resources",
    ),
    Entry(
        number="F39",
        title="Too many calls",
        signs=(
            code("Throttled"),
            code("TooManyRequests"),
            code("SubscriptionRequestsThrottled"),
            code("TenantRequestsThrottled"),
            text("too many requests"),
        ),
        means="Azure takes no more calls of this kind for a while. A vault that many services share "
        "runs into its limits first.",
        repair="Wait as long as Azure says, else 1, 2, 4, 8, 16 seconds; give each workload a vault "
        "of its own.",
        source="Key Vault: throttling guidance",
    ),
)

PLAIN = (
    Entry(
        number="",
        title="Two changes to a vault at the same time",
        signs=(
            code(
                "ConflictError",
                "parallel operations",
                "Somebody else changed the vault at the same moment.",
                "Look at what is there now, then try again.",
            ),
            code("ConflictError"),
        ),
        means="The vault's name is taken, possibly by a deleted vault that still holds it, or "
        "another change to it is going on.",
        repair="Look at what is there now; recover a deleted vault, or choose another name.",
        source="Key Vault: common error codes",
        subject="vault",
    ),
    Entry(
        number="",
        title="No vault answers at this address",
        signs=(code("VaultNotFound"),),
        means="No vault answers at this address: there is none of this name, or it was deleted.",
        repair="Check the name; a deleted vault can be recovered (az keyvault recover).",
        source="Key Vault: common error codes",
        subject="vault",
    ),
    Entry(
        number="",
        title="A right on another resource is missing",
        signs=(code("LinkedAuthorizationFailed"),),
        means="You may do this here, but not on another resource that it refers to.",
        repair="Ask for the named action on the linked resource.",
        source="Azure RBAC: troubleshooting",
    ),
    Entry(
        number="",
        title="None of your roles includes this",
        signs=(code("AuthorizationFailed"),),
        means="None of your roles includes this action at this scope; very new roles take some "
        "minutes. Azure answers the same for a group that does not exist.",
        repair="Ask for a role with this action, and check that the name is right.",
        source="Azure RBAC: troubleshooting",
    ),
    Entry(
        number="",
        title="The service can't take this now",
        signs=(code("ServiceUnavailable"),),
        means="The service can't take this request now; for Cosmos DB it often means that the "
        "region is closed to your subscription.",
        repair="Try later, choose another region, or ask for access to the region.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="A quota is used up",
        signs=(
            code("QuotaExceeded"),
            code(
                "OperationNotAllowed",
                "",
                "Azure does not allow this now; most often a quota is used up.",
                "Read the service's message for the limit, then free or raise it.",
            ),
        ),
        means="The subscription's quota for this is used up.",
        repair="Free what is no longer needed, ask for more quota, or choose another region.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="The resource group does not exist",
        signs=(code("ResourceGroupNotFound"),),
        means="The resource group does not exist in this subscription.",
        repair="Check the name, or create it.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="What this belongs to does not exist",
        signs=(code("ParentResourceNotFound"),),
        means="The resource this belongs to does not exist.",
        repair="Check the names of the parents.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="The subscription can't be seen",
        signs=(code("SubscriptionNotFound"),),
        means="This subscription does not exist, or this sign-in does not see it.",
        repair="Check the id, and that you signed in to the subscription's tenant.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="The subscription is disabled",
        signs=(code("ReadOnlyDisabledSubscription"),),
        means="The subscription is disabled and can only be read.",
        repair="Have the subscription enabled again in the billing pages.",
        source=_ERRORS,
    ),
    Entry(
        number="",
        title="The sign-in is of another tenant",
        signs=(code("InvalidAuthenticationTokenTenant"),),
        means="The sign-in belongs to another tenant than the subscription.",
        repair="Switch to the subscription's tenant and sign in again.",
        source="Azure RBAC: troubleshooting",
    ),
    Entry(
        number="",
        title="The sign-in has expired",
        signs=(code("ExpiredAuthenticationToken"),),
        means="The sign-in has expired.",
        repair="Sign in again.",
        source=_ERRORS,
    ),
)
"""Codes that are no failure of the catalogue, and are explained all the same."""
