"""What the fields of an intent ask of each other."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.intents.fields import Told


def between(data: dict[str, Any]) -> Iterator[Told]:
    """What fields ask of each other: each break of a rule.

    Only for data whose single fields are right.
    """
    vault, key = data["vault"], data["key"]
    if key.get("type") == "RSA-HSM" and vault.get("create") and vault.get("sku") != "premium":
        yield "key.type", 'RSA-HSM keys need a premium vault. Example: vault.sku = "premium"', ""
    if vault.get("create") and not key.get("create"):
        yield (
            "key.create",
            "a vault that may have to be made holds no key yet: key.create = true",
            "",
        )
    if key.get("create") and key.get("version", "latest") != "latest":
        yield "key.version", 'a key to be made has no version yet: version = "latest"', ""
    yield from _dates(key)
    if "workspace" in data:
        yield from _workspace(data["workspace"], vault, key)
    if "container_group" in data:
        yield from _group(data["container_group"], vault)
    if "cluster" in data:
        yield from _cluster(data["cluster"])


def _workspace(
    workspace: dict[str, Any], vault: dict[str, Any], key: dict[str, Any]
) -> Iterator[Told]:
    if workspace.get("encryption") == "service-side":
        if key.get("rotate_every"):
            yield (
                "key.rotate_every",
                "service-side encryption does not support key rotation; leave it out",
                "",
            )
        if vault.get("create") and vault.get("network") == "trusted-services":
            yield (
                "vault.network",
                'service-side encryption needs a vault with public access: network = "public"',
                "",
            )
    names_seen = workspace.get("secrets_vault")
    if isinstance(names_seen, dict) and names_seen["create"].lower() == vault["name"].lower():
        yield "workspace.secrets_vault", 'the key\'s own vault is written "same"', ""


def _group(group: dict[str, Any], vault: dict[str, Any]) -> Iterator[Told]:
    own, identity = group.get("flow") != "first-party", group.get("identity", "")
    if own and not identity:
        text = "the identity flow needs one"
        yield "container_group.identity", f'{text}: identity = {{ create = "uai-aci" }}', ""
    if not own and identity:
        text = "the service's own app unwraps the key; leave the identity out"
        yield "container_group.identity", text, ""
    if not own and vault.get("create") and vault.get("access", "rbac") == "rbac":
        text = "the first-party flow is known to work with access policies alone"
        yield "vault.access", f'{text}: access = "policies"', ""
    if not own and vault.get("create") and vault.get("network") == "trusted-services":
        text = "behind a firewall only the identity flow reaches the key"
        yield "vault.network", f'{text}: network = "public"', ""
    seen: set[str] = set()
    ports: set[int] = set()
    for place, one in enumerate(group["containers"]):
        at = f"container_group.containers[{place}]"
        if one["name"] in seen:
            yield f"{at}.name", "each container of a group has a name of its own", ""
        if ports.intersection(one.get("ports", [])):
            yield f"{at}.ports", "containers of a group share one address: each port once", ""
        both = set(one.get("env", {})) & set(one.get("secure_env", {}))
        if both:
            yield f"{at}.secure_env", f"{min(both)} stands in env too", ""
        seen.add(one["name"])
        ports.update(one.get("ports", []))


def _cluster(cluster: dict[str, Any]) -> Iterator[Told]:
    wish = cluster["disk_encryption_set"]
    made = ("encryption", "rotate_to_latest")
    for field in made if wish.get("create") is False else ():
        if field in wish:
            text = "only a set that is made takes this: create = true"
            yield f"cluster.disk_encryption_set.{field}", text, ""
    if wish.get("create") is not False and wish.get("resource_group"):
        text = "a set that is made lies in the intent's group: leave it out, or create = false"
        yield "cluster.disk_encryption_set.resource_group", text, ""


def _dates(key: dict[str, Any]) -> Iterator[Told]:
    start, end = key.get("not_before"), key.get("expires")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        yield "key.expires", "a key must expire after it becomes valid (key.not_before)", ""
    if key.get("notify_before") and end is None:
        yield "key.notify_before", "a notice before expiry needs key.expires", ""
    if not key.get("create"):
        for field in ("not_before", "expires", "rotate_every", "notify_before"):
            if key.get(field):
                yield f"key.{field}", "only a key that is made takes this: key.create = true", ""
