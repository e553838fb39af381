"""What a choice means, in plain words, with the user's own names.

Each text cites where its rule comes from. Where Microsoft's pages disagree the text
says so. Facts that nobody could check are called unverified.
"""

from collections.abc import Callable

import msgspec

from services.explain import cluster, containers
from services.explain.words import Explanation, Names
from services.model.intent import Kind

__all__ = ["TOPICS", "Explanation", "Names", "explain"]


def explain(topic: str, names: Names | None = None) -> Explanation:
    """The explanation of a topic; raises KeyError for a topic that is not in TOPICS."""
    given = names or Names()
    own = OTHERS.get(given.kind, {}).get(topic, TOPICS[topic])
    found = own(given)
    # a default such as "your vault" may begin a paragraph; a name stays as it is written
    paragraphs = tuple(
        f"Y{one[1:]}" if one.startswith("your ") else one for one in found.paragraphs
    )
    return msgspec.structs.replace(found, paragraphs=paragraphs)


def _wrap(n: Names) -> Explanation:
    return Explanation(
        "How a key in a vault protects a database",
        (
            f"{n.key} never leaves {n.vault}. Cosmos DB, AI Search and Storage each make a data "
            "key of their own and encrypt what they store with it.",
            f"Each sends its data key to {n.vault}, which encrypts it with {n.key}: that is wrap. "
            "To read data, the service asks the vault to decrypt the data key again: unwrap.",
            f"So whoever can stop the unwrap can stop every read. Disable {n.key} and, within "
            "about an hour, the services can't open their data; enable it and they can again. "
            "Purge it and nothing can.",
        ),
        "How to set up customer-managed keys for Azure Cosmos DB; Data encryption with Azure "
        "Machine Learning",
    )


def _where(n: Names) -> Explanation:
    return Explanation(
        "Why the region and the subscription matter",
        (
            f"Azure puts Cosmos DB, AI Search and Storage for {n.workspace} into {n.region}, so "
            "all of them must be offered there. The vault with the key must be in the same "
            "subscription.",
            "The template and REST pages also ask for the same region; the how-to page is silent. "
            "wrapkey treats it as required.",
            "Offered does not mean that Azure has room today: no API tells free capacity of "
            "Cosmos DB or AI Search before you create them.",
        ),
        "How to use customer-managed keys with Azure Machine Learning; quickstart "
        "machine-learning-workspace-cmk",
    )


def _vault(n: Names) -> Explanation:
    return Explanation(
        "What the vault must be",
        (
            f"The vault keeps {n.key} and answers every wrap and unwrap. A vault without "
            f"purge protection is refused, but only minutes after you asked: {n.vault} needs it on.",
            "The vault's firewall works on keys, not on settings. Closed to everybody but trusted "
            "services is documented to work by the services that use the key, although the "
            "vault's own table of trusted services leaves Cosmos DB out.",
        ),
        "How to use customer-managed keys with Azure Machine Learning; Virtual network service "
        "endpoints for Azure Key Vault",
    )


def _soft_delete(n: Names) -> Explanation:
    return Explanation(
        "Soft delete and purge protection",
        (
            f"Soft delete: a deleted vault or key stays recoverable for {n.retention_days} days "
            "and its name stays taken. The number of days can't be changed later.",
            "Purge protection: nobody, not even Microsoft, can delete it for good before those "
            "days are over. It can't be turned off again.",
            f"It matters here because one purge of {n.key} would make everything encrypted with "
            "it unreadable for ever.",
        ),
        "Azure Key Vault soft-delete overview",
    )


def _access_models(n: Names) -> Explanation:
    return Explanation(
        "Two ways to grant, and only one counts",
        (
            f"{n.vault} uses either role assignments (Azure RBAC) or access policies. Only the "
            "model that is switched on counts: a policy written on an RBAC vault is stored and "
            "ignored.",
            "Vaults created with the current API use RBAC unless told otherwise. Owner and "
            "Contributor manage such a vault but can't touch its keys; that takes a role with "
            "data actions, such as Key Vault Crypto Officer.",
            "A new role assignment takes some minutes to reach the vault; an access policy "
            "works at once.",
        ),
        "Access control default for Azure Key Vault (API version 2026-02-01); Azure RBAC guide "
        "for Key Vault",
    )


def _object_id(n: Names) -> Explanation:
    return Explanation(
        "Object id, not app id",
        (
            "Azure Cosmos DB has one app id everywhere, but in each tenant it has its own object "
            "id. Grants need the object id.",
            "Some pages call the app id a principal id. A grant to it is accepted and grants "
            "nobody.",
            "wrapkey asks Microsoft Graph for the object id in your tenant and grants that one "
            f"get, wrapKey and unwrapKey on {n.key}.",
        ),
        "How to set up customer-managed keys for Azure Cosmos DB; Assign an Azure Key Vault "
        "access policy",
    )


def _key(n: Names) -> Explanation:
    return Explanation(
        "Which key, and how large",
        (
            "Only RSA keys can wrap, 2048, 3072 or 4096 bits. The Machine Learning page "
            "recommends at least 3072. RSA-HSM keeps the key in hardware and needs a premium "
            "vault.",
            "Operations with 3072 and 4096 bits are billed as advanced: five times the price of "
            "2048 per operation, which stays small in practice.",
            f"An expiry date on {n.key} without a rotation policy is a trap: after it, wrap is "
            "refused, new data can't be encrypted, and Cosmos DB reports 4018, while unwrap "
            "still works for a while.",
        ),
        "How to use customer-managed keys with Azure Machine Learning; About keys; Key Vault "
        "pricing",
    )


def _access(n: Names) -> Explanation:
    return Explanation(
        "Who gets what, and why",
        (
            f"You need key rights on {n.vault} to create {n.key}; being Owner of the subscription "
            "does not give them on an RBAC vault.",
            f"Azure Cosmos DB gets get, wrapKey and unwrapKey on {n.key}, and nothing else.",
            "The Azure Machine Learning app needs Contributor on the subscription, because it "
            "creates the managed resource group.",
            "A user-assigned identity, when you choose one, gets the same three key rights. "
            "Whether the identity alone would be enough is unverified; wrapkey grants both.",
        ),
        "How to use customer-managed keys with Azure Machine Learning; Manage workspaces with "
        "REST; Terraform azurerm_machine_learning_workspace",
    )


def _modes(n: Names) -> Explanation:
    return Explanation(
        "Two encryption modes",
        (
            "Resources in your subscription: Azure creates a managed resource group with Cosmos "
            f"DB, AI Search and Storage, all encrypted with {n.key} and billed to you. You can "
            "see them but not change them. The key can be rotated within the same vault.",
            "Service-side: your data is in Microsoft's shared resources, each document encrypted "
            "with your key. No managed group, lower cost, fewer policy conflicts. But no key "
            "rotation, no data labeling, and the vault must keep public network access. The "
            "concept page still calls this mode a preview; the API is general.",
            "The mode is chosen at creation and can't be changed.",
        ),
        "Customer-managed keys for Azure Machine Learning (concept)",
    )


def _hbi(n: Names) -> Explanation:
    return Explanation(
        "High business impact (hbi_workspace)",
        (
            f"With it, Microsoft collects less diagnostic data from {n.workspace}, and the "
            "scratch disk of compute clusters is encrypted and wiped between jobs.",
            "It never puts your key on compute OS disks: they use Microsoft's keys. The pages "
            "disagree whether that needs this switch.",
            "It can only be chosen when the workspace is created.",
        ),
        "Data encryption with Azure Machine Learning; Customer-managed keys for Azure Machine "
        "Learning (concept)",
    )


def _workspace(n: Names) -> Explanation:
    mode, hbi = _modes(n), _hbi(n)
    return Explanation(
        "What can't be changed later",
        (
            f"Encryption with your own key can only be chosen while {n.workspace} is created.",
            *mode.paragraphs,
            *hbi.paragraphs[:2],
        ),
        mode.source,
    )


def _review(n: Names) -> Explanation:
    return Explanation(
        "What apply will do",
        (
            "Nothing has been changed yet. The list is in the order of dependencies; steps that "
            "do not depend on each other run at the same time.",
            "Each step looks first and is skipped when it is already true, so applying twice "
            "makes nothing twice.",
            f"The managed resource group of {n.workspace} can't be edited or moved, and goes only "
            "with the workspace. A deleted workspace blocks its name for 14 days, and its "
            "managed group is billed until it is purged.",
        ),
        "How to use customer-managed keys with Azure Machine Learning; Recover workspace data "
        "after soft delete",
    )


def _cost(n: Names) -> Explanation:
    return Explanation(
        "What an encrypted workspace costs",
        (
            f"A key of your own costs little: operations on {n.vault}, and a price for each key "
            "only where it lives in hardware. What costs is what Azure puts beside it: with own "
            f"resources {n.workspace} gets a Cosmos DB account, an AI Search service and a "
            "storage account of its own, billed to your subscription.",
            "Azure decides how large they are and documents neither the AI Search SKU nor the "
            "RU/s. So there is a low and a high end, and what was assumed stands at each line. "
            "Once the workspace exists, the SKUs it really got are read.",
            "?? is a price that the list of Azure does not tell under the name wrapkey knows. It "
            "is in no sum: the bill is higher than the sum by that much.",
            "A deleted workspace is kept for 14 days, and what Azure made for it costs on until "
            "then. Discounts, reservations, taxes and traffic are not counted.",
        ),
        "Azure Retail Prices; Customer-managed keys for Azure Machine Learning; Recover a "
        "workspace with soft delete",
    )


def _run(n: Names) -> Explanation:
    return Explanation(
        "What is happening",
        (
            "Every line is a step of the plan; its time is measured, not estimated. The run "
            "belongs to wrapkey, not to this screen: leave the screen and it goes on.",
            "WAIT says what it waits for: Azure's throttling, a grant that has not reached the "
            "vault yet, or a person with rights you do not have.",
            f"While {n.workspace} is made, the resources of its managed group appear as Azure "
            "makes them.",
        ),
        "Azure RBAC troubleshooting (propagation up to 10 minutes)",
    )


def _runs(n: Names) -> Explanation:
    return Explanation(
        "What a run is",
        (
            "A run is a plan being carried out. Each request that changes something is written "
            "into a journal on this machine before it is sent, so a run may lose its terminal "
            "or its process, and nothing is made twice.",
            "running: a process carries it out, maybe another one than this. Enter watches it.",
            "interrupted: its process is gone. What Azure had begun goes on there. c looks at "
            "what is there now, shows what has changed, and goes on from there.",
            "stopped and failed: the same, after the cause is gone. Enter says which step it was.",
        ),
        "wrapkey: docs/runs.md",
    )


def _undo(n: Names) -> Explanation:
    return Explanation(
        "What an undo takes back",
        (
            "Only what this run made, in reverse: what stands on something goes before it. What "
            "was there before, has changed since, or is used by others stays.",
            f"{n.workspace}, once deleted, can be recovered for 14 days. Until then its name is "
            "taken, and its managed resource group stays and costs as before.",
            "The key and the vaults stay unless you ask for them too: what the key protects "
            "can't be read while it is deleted. A deleted vault can be recovered; its name stays "
            "taken until its retention is over.",
        ),
        "Recover a workspace with soft delete; Azure Key Vault soft-delete overview",
    )


def _browse(n: Names) -> Explanation:
    return Explanation(
        "What you are looking at",
        (
            "Subscriptions hold vaults, and what keys encrypt; vaults hold keys; keys have versions. "
            "A workspace, a container group or a disk encryption set with your own key names one "
            f"key in one vault, for example {n.key} in {n.vault}; a cluster names a set.",
            "Nothing is changed here. Lists show what you may read; what you may not read is "
            "not listed by Azure at all.",
        ),
        "Azure Resource Graph overview",
    )


TOPICS: dict[str, Callable[[Names], Explanation]] = {
    "wrap": _wrap,
    "where": _where,
    "vault": _vault,
    "soft-delete": _soft_delete,
    "access-models": _access_models,
    "object-id": _object_id,
    "key": _key,
    "access": _access,
    "modes": _modes,
    "hbi": _hbi,
    "workspace": _workspace,
    "review": _review,
    "cost": _cost,
    "run": _run,
    "runs": _runs,
    "undo": _undo,
    "browse": _browse,
}
"""Topic to the function that writes it."""

OTHERS: dict[Kind, dict[str, Callable[[Names], Explanation]]] = {
    "container-group": containers.TOPICS,
    "cluster": cluster.TOPICS,
}
"""What is said in its place about another kind."""
