"""Access policies of a vault: what is kept of them, and changing them one by one."""

from typing import Any

from sandbox.protocol import Refusal
from sandbox.state import Json

MAX_POLICIES = 1024
"""Access policies in one vault (Key Vault, assign an access policy)."""


def bad_request(message: str) -> Refusal:
    """400 BadRequest, the code of every refusal of a body."""
    return Refusal(400, "BadRequest", message)


def access_policies(sent: Any) -> list[Json]:
    """Access policies as kept, checked for their parts and their number."""
    if not isinstance(sent, list):
        raise bad_request("An invalid value was provided for 'accessPolicies'.")
    if len(sent) > MAX_POLICIES:
        raise bad_request(f"A vault can have at most {MAX_POLICIES} access policies.")
    return [_policy(policy) for policy in sent]


def _policy(sent: Any) -> Json:
    permissions = sent.get("permissions") if isinstance(sent, dict) else None
    if (
        not isinstance(permissions, dict)
        or not all(isinstance(sent.get(part), str) for part in ("tenantId", "objectId"))
        or not all(_words(names) for names in permissions.values())
    ):
        raise bad_request("An invalid value was provided for 'accessPolicies'.")
    kept: Json = {"tenantId": sent["tenantId"], "objectId": sent["objectId"]}
    if sent.get("applicationId"):
        kept["applicationId"] = str(sent["applicationId"])
    granted = {kind: list(names) for kind, names in permissions.items() if names is not None}
    return {**kept, "permissions": granted}


def _words(names: Any) -> bool:
    """Whether these are permissions, or none given."""
    return names is None or (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
    )


def merge_policies(current: list[Json], change: list[Json], kind: str) -> list[Json]:
    """The policies after ``accessPolicies/add``, ``replace`` or ``remove``.

    add joins permissions of the same principal, replace puts the entry in place of the old,
    remove takes permissions away, and the entry with them when none is left.
    """
    entries = {_owner(policy): policy for policy in current}
    for policy in access_policies(change):
        owner = _owner(policy)
        known = entries.get(owner)
        if kind == "replace" or (kind == "add" and known is None):
            entries[owner] = policy
        elif kind == "add" and known is not None:
            entries[owner] = {**known, "permissions": _joined(known, policy)}
        elif known is not None:
            left = _taken(known, policy)
            if left:
                entries[owner] = {**known, "permissions": left}
            else:
                del entries[owner]
    return access_policies(list(entries.values()))


def _owner(policy: Json) -> tuple[str, str, str]:
    parts = ("tenantId", "objectId", "applicationId")
    tenant, principal, application = (str(policy.get(part, "")).lower() for part in parts)
    return tenant, principal, application


def _joined(known: Json, added: Json) -> Json:
    permissions = {kind: list(names) for kind, names in known["permissions"].items()}
    for kind, names in added["permissions"].items():
        have = permissions.setdefault(kind, [])
        low = {name.lower() for name in have}
        have += [name for name in names if name.lower() not in low]
    return permissions


def _taken(known: Json, removed: Json) -> Json:
    permissions: Json = {}
    for kind, names in known["permissions"].items():
        gone = {name.lower() for name in removed["permissions"].get(kind, [])}
        left = [name for name in names if name.lower() not in gone]
        if left:
            permissions[kind] = left
    return permissions
