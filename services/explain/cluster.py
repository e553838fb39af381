"""What is different where a cluster is set up. Source: Kubernetes Service and disk pages."""

from collections.abc import Callable

from services.explain.words import Explanation, Names

BYOK = "Bring your own keys with Azure disks in AKS"
DISKS = "Server-side encryption of Azure Disk Storage"


def _where(n: Names) -> Explanation:
    return Explanation(
        "Where a cluster runs",
        (
            "Vault, disk encryption set and disks must be in one region, so Kubernetes Service "
            f"and disk encryption sets must both be offered in {n.region}. Set and disks must be "
            "in one subscription too.",
            "Offered does not mean that there is room today: the review reads what is left of "
            "your quota of cores, and which sizes are kept from you.",
        ),
        f"{BYOK}; {DISKS}",
    )


def _vault(n: Names) -> Explanation:
    return Explanation(
        "What the vault must be",
        (
            f"The vault keeps {n.key} and answers every wrap and unwrap. A disk encryption set "
            f"takes {n.key} only from a vault with soft delete and purge protection.",
            "The vault must be in the region of the set.",
        ),
        DISKS,
    )


def _key(n: Names) -> Explanation:
    return Explanation(
        "Which key, and what happens without it",
        (
            "RSA of 2048, 3072 or 4096 bits, in software or hardware. A set that follows new "
            "versions names the key without a version and takes a new one within an hour.",
            f"While {n.key} is disabled, expired or out of reach, machines that use its disks "
            "shut down, and about an hour later reading and writing fails. They start again when "
            "the key is back.",
        ),
        DISKS,
    )


def _access(n: Names) -> Explanation:
    return Explanation(
        "Who gets what, and why",
        (
            f"You need key rights on {n.vault} to create {n.key}; being Owner of the subscription "
            "does not give them on an RBAC vault.",
            f"The identity of the disk encryption set gets get, wrapKey and unwrapKey on {n.key}: "
            "the set wraps the data key of each disk. It exists once the set does.",
            "The identity of the cluster gets Reader on the set. Without it OS disks still work, "
            "and every new data disk fails.",
        ),
        f"{BYOK}; azuredisk-csi-driver issue 2609",
    )


def _review(n: Names) -> Explanation:
    return Explanation(
        "What apply will do",
        (
            "Nothing has been changed yet. The list is in the order of dependencies; steps that "
            "do not depend on each other run at the same time.",
            "Each step looks first and is skipped when it is already true, so applying twice "
            "makes nothing twice.",
            f"Which set encrypts the OS disks of {n.workspace} is settled for its whole life; "
            "another set takes another cluster. Data disks follow a StorageClass, later too.",
        ),
        BYOK,
    )


def _cost(n: Names) -> Explanation:
    return Explanation(
        "What an encrypted cluster costs",
        (
            f"The nodes of {n.workspace} and their OS disks cost what they cost without a key of "
            f"your own; the set costs nothing. Operations on {n.vault} cost little, and a key has "
            "a price of its own only where it lives in hardware.",
            "?? is a price that the list of Azure does not tell under the name wrapkey knows. It "
            "is in no sum: the bill is higher than the sum by that much.",
            "Discounts, reservations, taxes and traffic are not counted.",
        ),
        "Azure Retail Prices; Azure Kubernetes Service pricing",
    )


def _run(n: Names) -> Explanation:
    return Explanation(
        "What is happening",
        (
            "Every line is a step of the plan; its time is measured, not estimated. The run "
            "belongs to wrapkey, not to this screen: leave the screen and it goes on.",
            "WAIT says what it waits for: Azure's throttling, a grant that has not reached the "
            "vault yet, or a person with rights you do not have.",
            f"{n.workspace} itself takes minutes: Azure makes its network and machines in a group "
            "of their own.",
        ),
        "Azure RBAC troubleshooting (propagation up to 10 minutes)",
    )


def _undo(n: Names) -> Explanation:
    return Explanation(
        "What an undo takes back",
        (
            "Only what this run made, in reverse: what stands on something goes before it. What "
            "was there before, has changed since, or is used by others stays.",
            f"{n.workspace} has no soft delete: its machines and their disks are gone with it.",
            "The key and the vaults stay unless you ask for them too: what the key protects "
            "can't be read while it is deleted. A deleted vault can be recovered; its name stays "
            "taken until its retention is over.",
        ),
        "Azure Key Vault soft-delete overview",
    )


def cluster(n: Names) -> Explanation:
    """The page on the cluster."""
    return Explanation(
        "What can't be changed later, and what can be added",
        (
            f"Which disk encryption set encrypts the OS disks of {n.workspace} can only be "
            "chosen while the cluster is created. New node pools inherit it.",
            "Data disks are encrypted by a StorageClass that names the set: at any time, for new "
            "volumes only. Disks that exist are detached and changed one by one, by Compute.",
            "Microsoft's older page says that a cluster can be encrypted at any time. Today that "
            "holds for new data disks alone: an existing cluster keeps its OS disks as they are.",
            "The older page asks for Kubernetes 1.17, today's for 1.24, since when the disk drivers "
            "are part of it. Every version on offer is newer.",
            "Ephemeral OS disks live on the node: a new key version reaches them when the node "
            "is made anew, by scaling its pool to nothing and back or by a node image upgrade.",
            "Secrets in etcd are another matter, encrypted through KMS with a key of their own.",
        ),
        BYOK,
    )


TOPICS: dict[str, Callable[[Names], Explanation]] = {
    "where": _where,
    "vault": _vault,
    "key": _key,
    "access": _access,
    "workspace": cluster,
    "review": _review,
    "cost": _cost,
    "run": _run,
    "undo": _undo,
}
"""In place of what is said about a workspace."""
