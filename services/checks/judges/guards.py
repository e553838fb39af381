"""Locks and policies: what refuses whoever asks."""

from collections.abc import Iterator

from services.azure.policy import PolicyAssignment, PolicyHit
from services.checks.facts import Facts, Ids, Unknown, ids_of
from services.checks.findings import Judge, found, seen, skipped, unread
from services.checks.rights import covers
from services.ids import ArmId
from services.model.intent import Intent, noun
from services.model.plan import Finding
from services.model.resources import KeyVersion, Lock

MANAGED = {
    "1f905d99-2ab7-462c-a6b0-f709acca6c8f": "Cosmos DB: customer-managed keys",
    "5450f5bd-9c72-4390-a9c4-a7aba4edfdd2": "Cosmos DB: local authentication",
    "0b7ef78e-a035-4f23-b9bd-aff122a1b1cf": "Cosmos DB: throughput",
    "862e97cf-49fc-4a5c-9de4-40d4e2e7c8eb": "Cosmos DB: firewall",
    "797b37f7-06b8-444c-b1ad-fc62867f335a": "Cosmos DB: public network access",
    "12339a85-a25c-4f17-9f82-4766f13f5c4c": "Cosmos DB: access from data centers",
    "356da939-f20a-4bb9-86f8-5db445b0e354": "AI Search: customer-managed keys",
    "6300012e-e9a4-4649-b41f-a85f5c43be91": "AI Search: local authentication",
    "ee980b6d-0eca-4501-8d54-f6290fd512c3": "AI Search: public network access",
    "a049bf77-880b-470f-ba6d-9f21c530cf83": "AI Search: sku with private link",
    "b2982f36-99f2-4db5-8eff-283140c09693": "Storage: public network access",
    "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54": "Storage: shared keys",
    "34c877ad-507e-4c82-993e-3452a6e0ad3c": "Storage: network rules",
    "2a1a9cdf-e04d-429a-8416-3bfb72a1b26f": "Storage: virtual network rules",
    "7433c107-6db4-4ad1-b57a-a76dce0154a1": "Storage: allowed skus",
    "fe83a0eb-a853-422d-aac2-1bffd182c5d0": "Storage: TLS version",
    "4733ea7b-a883-42fe-8cac-97454c2a9e4a": "Storage: infrastructure encryption",
    "ba769a63-b8cc-4b2d-abf6-ac33c7204be8": "Machine Learning: customer-managed keys",
    "438c38d2-3772-465a-a9cc-7a6666a275ce": "Machine Learning: public network access",
    "5f0c7d88-c7de-45b8-ac49-db49e72eaa78": "Machine Learning: user-assigned identity",
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": "Key Vault: deletion protection",
    "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d": "Key Vault: soft delete",
    "12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5": "Key Vault: role assignments",
    "55615ac9-af46-4a59-874e-391cc3dfb490": "Key Vault: firewall",
    "405c5871-3e91-4644-8a63-58e19d68ff5b": "Key Vault: public network access",
    "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9": "Key Vault: private link",
}
"""Built-in definitions that concern a workspace or what Azure makes for it, by their ids."""

DENIES_BY_DEFAULT = {
    "862e97cf-49fc-4a5c-9de4-40d4e2e7c8eb",
    "0b7ef78e-a035-4f23-b9bd-aff122a1b1cf",
    "356da939-f20a-4bb9-86f8-5db445b0e354",
    "7433c107-6db4-4ad1-b57a-a76dce0154a1",
}
"""Of these, those whose effect is Deny unless the assignment says otherwise; Audit else."""

EXPIRY = "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0"
KEY_TYPE = "75c4f823-d65c-4f29-a733-01d0077fdbcb"
MIN_BITS = "82067dbb-e53b-4e06-b631-546d197452d9"
IN_HSM = "587c79fe-dd04-4a5e-9d0b-f89598c7261b"
KEYS = {
    EXPIRY: "keys must have an expiry date",
    KEY_TYPE: "keys must be of an allowed type",
    MIN_BITS: "RSA keys must have a minimum size",
    IN_HSM: "keys must be in hardware",
    "49a22571-d204-4c91-a7b6-09b1a586fbc9": "keys may live only so long",
    "c26e4b24-cf98-4c67-b48b-5a25c4c69eb9": "keys may be active only so long",
    "5ff38825-c5d8-47c5-b70e-069a21955146": "keys need so many days to their expiry",
}
"""Built-in definitions on the data plane of keys; checkPolicyRestrictions does not see them."""

_EXEMPT = (
    "Ask for an exemption at the subscription or above it: the managed group takes none, because"
    " Azure denies changes there. Or encrypt service-side, which makes no managed group."
)


def lock_read_only(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A read-only lock refuses writes, and POSTs that read keys."""
    ids = ids_of(intent)
    if isinstance(facts.locks, Unknown):
        subject = str(ArmId(ids.group.subscription))
        yield unread("lock-read-only", subject, "Locks could not be read", facts.locks)
        return
    for lock in facts.locks:
        if lock.level.lower() == "readonly" and _in_the_way(lock, ids):
            yield found(
                "lock-read-only",
                "fail",
                lock.scope,
                f"Lock {lock.name} makes {_name(lock.scope)} read-only",
                seen(facts, "locks", "properties.level", lock.level),
                meaning="Nothing can be made or changed there (ScopeLocked), whatever your roles"
                " say." + (f" Its note: {lock.notes}" if lock.notes else ""),
                repair=f"az lock delete --ids {lock.id}",
                part=lock.name,
            )


def _in_the_way(lock: Lock, ids: Ids) -> bool:
    made = (ids.group, ids.vault, *([ids.encryption_set] if ids.encryption_set else []))
    return any(covers(lock.scope, str(one)) for one in made)


def lock_delete(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """It also keeps a failed workspace and its managed group from being cleaned up."""
    ids = ids_of(intent)
    if isinstance(facts.locks, Unknown):
        subject = str(ids.group)
        yield unread("lock-delete", subject, "Locks could not be read", facts.locks)
        return
    for lock in facts.locks:
        if lock.level.lower() == "cannotdelete" and covers(lock.scope, str(ids.group)):
            yield found(
                "lock-delete",
                "warn",
                lock.scope,
                f"Lock {lock.name} keeps anything in {_name(lock.scope)} from being deleted",
                seen(facts, "locks", "properties.level", lock.level),
                meaning=f"The {noun(intent)} can be made. Deleting it, or cleaning up after a failure,"
                " is refused until the lock is gone; a lock on the vault alone would serve better.",
                repair=f"az lock delete --ids {lock.id}",
                part=lock.name,
            )


def _name(scope: str) -> str:
    id = ArmId.parse(scope) if scope.lower().startswith("/subscriptions/") else None
    return (id.name if id and (id.group or id.type) else "the subscription") if id else scope


def _policy(check: str, what: str, fact: str, repair: str) -> Judge:
    """A judge of what Azure Policy says about one thing."""

    def judge(intent: Intent, facts: Facts) -> Iterator[Finding]:
        subject = str(ArmId(intent.subscription.lower()))
        told = facts.policies.get(fact)
        if told is None:
            yield skipped(check, subject, f"Nothing to ask Azure Policy about: no {what} is made")
        elif isinstance(told, Unknown):
            title = f"What Azure Policy says of the {what} could not be asked"
            yield unread(check, subject, title, told)
        else:
            for hit in told:
                yield from _hit(check, facts, hit, what=what, fact=fact, repair=repair)

    return judge


def _hit(
    check: str, facts: Facts, hit: PolicyHit, *, what: str, fact: str, repair: str
) -> Iterator[Finding]:
    assigned = _assignment(facts, hit)
    effect = (hit.effect or _effect(assigned)).lower()
    if effect not in ("deny", ""):
        return
    name = assigned.name if assigned else hit.assignment.rpartition("/")[2]
    denies = effect == "deny"
    yield found(
        check,
        "fail" if denies else "warn",
        hit.assignment,
        f"Azure Policy {'denies' if denies else 'may deny'} the {what}: {name}",
        seen(facts, fact, "evaluationResult", "NonCompliant"),
        seen(facts, fact, "policyDefinitionId", hit.definition),
        meaning=f"The {what} is judged by what such a resource usually has; for what Azure makes in"
        " the managed group no source tells the exact body."
        if check in ("policy-cosmos", "policy-search", "policy-storage")
        else "Azure refuses it with RequestDisallowedByPolicy."
        + ("" if denies else " Azure does not tell the policy's effect."),
        repair=repair,
        part=hit.field,
    )


def _assignment(facts: Facts, hit: PolicyHit) -> PolicyAssignment | None:
    if isinstance(facts.policy_assignments, Unknown):
        return None
    wanted = hit.assignment.lower()
    return next((one for one in facts.policy_assignments if one.id.lower() == wanted), None)


def _effect(one: PolicyAssignment | None) -> str:
    """An assignment's effect; empty where neither it nor a known default tells."""
    if one is None:
        return ""
    if not one.enforced:
        return "Audit"
    definition = one.definition.rpartition("/")[2].lower()
    default = "Deny" if definition in DENIES_BY_DEFAULT else "Audit"
    return one.effect or (default if definition in MANAGED else "")


def policy_definitions(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The ids are Azure's own, the same in every tenant."""
    subject = str(ArmId(intent.subscription.lower()))
    if isinstance(facts.policy_assignments, Unknown):
        title = "Policy assignments could not be listed"
        yield unread("policy-definitions", subject, title, facts.policy_assignments)
        return
    for one in facts.policy_assignments:
        known = MANAGED.get(one.definition.rpartition("/")[2].lower())
        if known and _effect(one).lower() == "deny":
            yield found(
                "policy-definitions",
                "warn",
                one.id,
                f"A policy that is known to stop workspaces is assigned: {one.name} ({known})",
                seen(facts, "policy_assignments", "policyDefinitionId", one.definition),
                seen(facts, "policy_assignments", "effect", _effect(one)),
                meaning="Whether it denies what Azure makes is judged by the checks of each"
                " resource; what Azure sends there is not documented.",
                repair=_EXEMPT,
            )


def policy_key(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Judged where the rule is plain; named where only its parameters would tell."""
    subject = f"{facts.cloud.vault_uri(intent.vault.name)}/keys/{intent.key.name}"
    if isinstance(facts.policy_assignments, Unknown):
        title = "Policy assignments could not be listed"
        yield unread("policy-key", subject, title, facts.policy_assignments)
        return
    if isinstance(facts.key, KeyVersion):
        yield skipped("policy-key", subject, "The key is there: policies judge it when it changes")
        return
    for one in facts.policy_assignments:
        definition = one.definition.rpartition("/")[2].lower()
        if (
            definition in KEYS
            and one.effect.lower() == "deny"
            and not _meets(intent, definition, one)
        ):
            yield found(
                "policy-key",
                "warn",
                one.id,
                f"Policy {one.name}: {KEYS[definition]}",
                seen(facts, "policy_assignments", "policyDefinitionId", one.definition),
                meaning="Policies on keys are judged by the vault itself, not by Resource Manager:"
                " making the key may be refused (403).",
                repair="Look at the policy's parameters, and choose type, size and dates of the key"
                " by them.",
            )


def _meets(intent: Intent, definition: str, one: PolicyAssignment) -> bool:
    """Whether the key to be made is surely fine."""
    wish = intent.key
    if definition == EXPIRY:
        return wish.expires is not None
    if definition == IN_HSM:
        return wish.type == "RSA-HSM"
    if definition == KEY_TYPE:
        allowed = one.parameters.get("allowedKeyTypes")
        return isinstance(allowed, list) and wish.type in allowed
    if definition == MIN_BITS:
        least = one.parameters.get("minimumRSAKeySize")
        return isinstance(least, int) and wish.bits >= least
    return False


_ASK = "Ask for an exemption, or change what the policy looks at."

JUDGES: dict[str, Judge] = {
    "lock-read-only": lock_read_only,
    "lock-delete": lock_delete,
    "policy-workspace": _policy("policy-workspace", "workspace", "policy_workspace", _ASK),
    "policy-vault": _policy("policy-vault", "vault", "policy_vault", _ASK),
    "policy-dependencies": _policy(
        "policy-dependencies", "workspace's own resource", "policy_dependencies", _ASK
    ),
    "policy-cosmos": _policy("policy-cosmos", "Cosmos DB account", "policy_cosmos", _EXEMPT),
    "policy-search": _policy("policy-search", "AI Search service", "policy_search", _EXEMPT),
    "policy-storage": _policy("policy-storage", "storage account", "policy_storage", _EXEMPT),
    "policy-container-group": _policy(
        "policy-container-group", "container group", "policy_container_group", _ASK
    ),
    "policy-encryption-set": _policy(
        "policy-encryption-set", "disk encryption set", "policy_encryption_set", _ASK
    ),
    "policy-cluster": _policy("policy-cluster", "cluster", "policy_cluster", _ASK),
    "policy-definitions": policy_definitions,
    "policy-key": policy_key,
}
