"""What is different where a container group is set up. Source: Container Instances pages."""

from collections.abc import Callable

from services.explain.words import Explanation, Names

ACI = "Encrypt deployment data with Azure Container Instances"


def _where(n: Names) -> Explanation:
    return Explanation(
        "Where a container group runs",
        (
            f"Container Instances must be offered in {n.region}, and the vault with the key is "
            "planned into the same subscription and region.",
            "Who unwraps the key is chosen here, because it decides which vaults can serve: an "
            "identity of the group passes a vault's firewall that is open to trusted services; "
            "the service's own app is documented for access policies alone.",
            "No page lists regions for customer-managed keys. Offered does not mean that there "
            "is room today.",
        ),
        ACI,
    )


def _vault(n: Names) -> Explanation:
    return Explanation(
        "What the vault must be",
        (
            f"The vault keeps {n.key} and answers every unwrap. Container Instances recommend "
            "soft delete and purge protection and do not enforce them; wrapkey plans both, "
            "because one purge would make the data unreadable for ever.",
            "Behind a firewall only a user-assigned identity reaches the key, where the vault "
            "lets trusted services pass. A vault with a private endpoint alone does not serve.",
            "The service's own app is documented for access policies. Users report that it was "
            "refused although a role was there; whether it works today is unverified.",
        ),
        f"{ACI}; terraform-provider-azurerm issues 19741 and 23305",
    )


def _key(n: Names) -> Explanation:
    return Explanation(
        "Which key, and which version",
        (
            "Only RSA keys serve. A group names one version of the key for its whole life: a "
            "newer version, or another key, takes a new group.",
            f"While that version of {n.key} is disabled or out of reach, a group that starts "
            "fails: its data can't be unwrapped.",
        ),
        ACI,
    )


def _access(n: Names) -> Explanation:
    return Explanation(
        "Who gets what, and why",
        (
            f"You need key rights on {n.vault} to create {n.key}; being Owner of the subscription "
            "does not give them on an RBAC vault.",
            "An identity of the group unwraps the data key as itself: it gets get and unwrap, or "
            "the role Key Vault Crypto Service Encryption User. It works behind a firewall too.",
            "Without an identity the app Azure Container Instance Service does. It has one app id "
            "everywhere and an object id of its own in each tenant; where it is missing, a step "
            "makes it appear.",
        ),
        f"{ACI}; whether exactly that role suffices is unverified",
    )


def containers(n: Names) -> Explanation:
    """The page on the containers."""
    return Explanation(
        "What can't be changed later",
        (
            f"How {n.workspace} is encrypted can only be chosen while it is created: which key, "
            "which version, and who unwraps it. Anything else means to delete it and make it "
            "anew; what ran in it is gone.",
            "Encrypted is what the service keeps of the deployment: its configuration, its "
            "environment, what it knows of volumes. What lies in shares that you mount is not.",
            "Containers of a group share one host, one address and their life. A region gives a "
            "group a largest size; a group with ports gets a public address.",
            "A secure variable is never written down: wrapkey keeps where it comes from, an "
            "environment variable or a file, or asks for it when the group is made. Azure shows "
            "it to nobody again.",
        ),
        f"{ACI}; Resource availability for Azure Container Instances",
    )


def _review(n: Names) -> Explanation:
    return Explanation(
        "What apply will do",
        (
            "Nothing has been changed yet. The list is in the order of dependencies; steps that "
            "do not depend on each other run at the same time.",
            "Each step looks first and is skipped when it is already true, so applying twice "
            "makes nothing twice.",
            f"{n.workspace} is encrypted from its first byte or never: there is no way to add a "
            "key later. It has no soft delete. A group that failed holds quota until it is "
            "deleted.",
        ),
        ACI,
    )


def _cost(n: Names) -> Explanation:
    return Explanation(
        "What an encrypted container group costs",
        (
            f"Seconds of cores and of memory while {n.workspace} runs, the same with and without "
            f"a key of your own. Operations on {n.vault} cost little, and a key has a price of "
            "its own only where it lives in hardware.",
            "How many hours a month it runs is assumed, and stands at its line.",
            "?? is a price that the list of Azure does not tell under the name wrapkey knows. It "
            "is in no sum: the bill is higher than the sum by that much.",
            "Discounts, reservations, taxes and traffic are not counted.",
        ),
        "Azure Retail Prices; Container Instances pricing",
    )


def _run(n: Names) -> Explanation:
    return Explanation(
        "What is happening",
        (
            "Every line is a step of the plan; its time is measured, not estimated. The run "
            "belongs to wrapkey, not to this screen: leave the screen and it goes on.",
            "WAIT says what it waits for: Azure's throttling, a grant that has not reached the "
            "vault yet, or a person with rights you do not have.",
            f"While {n.workspace} is made, its events stand beside it: image pulled, container "
            "started. At the end come the last lines that its first container wrote.",
        ),
        "Azure RBAC troubleshooting (propagation up to 10 minutes); Container Instances: "
        "troubleshoot common issues",
    )


def _undo(n: Names) -> Explanation:
    return Explanation(
        "What an undo takes back",
        (
            "Only what this run made, in reverse: what stands on something goes before it. What "
            "was there before, has changed since, or is used by others stays.",
            f"{n.workspace} has no soft delete: what ran in it is gone.",
            "The key and the vaults stay unless you ask for them too: what the key protects "
            "can't be read while it is deleted. A deleted vault can be recovered; its name stays "
            "taken until its retention is over.",
        ),
        "Azure Key Vault soft-delete overview",
    )


TOPICS: dict[str, Callable[[Names], Explanation]] = {
    "where": _where,
    "vault": _vault,
    "key": _key,
    "access": _access,
    "workspace": containers,
    "review": _review,
    "cost": _cost,
    "run": _run,
    "undo": _undo,
}
"""In place of what is said about a workspace."""
