"""What each field of an intent must be like, and what the fields ask of each other."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from services import names
from services.ids import ArmId, BadId

Check = Callable[[Any], str | None]


class FieldRule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one field; ``check`` gives a sentence where a value breaks it."""

    example: str
    """A value as TOML."""
    check: Check | None = None
    create: Check | None = None
    """For the name in ``{ create = "name" }``."""
    about: str = ""
    """What the field is for, in docs/intent.md."""


def _named(kind: str) -> Check:
    return partial(names.problem, kind)


def _maybe(check: Check) -> Check:
    """Like ``check``, but empty is allowed."""
    return lambda value: check(value) if value != "" else None


def _one_of(words: tuple[str, ...], kind: str) -> Check:
    """One of these words, or the ARM id of a resource of this type."""

    def check(value: str) -> str | None:
        if value in words:
            return None
        choice = " or ".join(f'"{word}"' for word in words)
        text = f'{choice}, {{ create = "name" }}, or an Azure id of type {kind}'
        try:
            id = ArmId.parse(value)
        except BadId as error:
            return f"{text} is wanted: {error}"
        if id.type.lower() != kind.lower() or not id.group:
            return f"{text} is wanted, this is an id of type {id.type or 'none'}"
        return None

    return check


def _object_id(text: str) -> str | None:
    return names.problem("guid", text) or names.app_id_problem(text)


def _retention(days: int) -> str | None:
    return names.retention_problem(days)


def _resource_tags(tags: dict[str, str]) -> str | None:
    return names.tags_problem(tags, "resource")


def _key_tags(tags: dict[str, str]) -> str | None:
    return names.tags_problem(tags, "key")


def _cloud(name: str) -> str | None:
    known = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
    if name == "" or name in known or name.isidentifier():
        return None
    return f"a cloud's name is wanted, for example {', '.join(known)}"


_GUID = '"00000000-0000-0000-0000-000000000000"'

RULES: dict[str, FieldRule] = {
    "kind": FieldRule(example='"workspace"', about="What to set up."),
    "subscription": FieldRule(
        example=_GUID, check=_named("guid"), about="Of the vault and of the workspace."
    ),
    "region": FieldRule(
        example='"westeurope"', check=_named("region"), about="Of the vault and the workspace."
    ),
    "resource_group": FieldRule(
        example='"rg-ml"', check=_named("resource_group"), about="Made when absent."
    ),
    "tags": FieldRule(
        example='{ team = "ml" }', check=_resource_tags, about="Put on everything that is made."
    ),
    "cloud": FieldRule(
        example='"AzureCloud"', check=_cloud, about="Refuses to run against another cloud."
    ),
    "tenant": FieldRule(
        example=_GUID, check=_maybe(_named("guid")), about="Refuses to run in another tenant."
    ),
    "vault.name": FieldRule(
        example='"kv-ml-prod"', check=_named("vault"), about="The vault that holds the key."
    ),
    "vault.resource_group": FieldRule(
        example='"rg-sec"',
        check=_maybe(_named("resource_group")),
        about="Empty: the intent's resource group.",
    ),
    "vault.create": FieldRule(example="true", about="Make the vault when it is absent."),
    "vault.repair": FieldRule(
        example="true", about="The plan may repair it: turn on purge protection, for good."
    ),
    "vault.sku": FieldRule(example='"standard"', about="When made: premium for RSA-HSM keys."),
    "vault.access": FieldRule(
        example='"rbac"', about="When made: role assignments or access policies."
    ),
    "vault.retention_days": FieldRule(
        example="90", check=_retention, about="When made: days a deleted vault is kept, 7 to 90."
    ),
    "vault.network": FieldRule(
        example='"public"', about="When made: open, or closed but for trusted services."
    ),
    "key.name": FieldRule(
        example='"cmk-ml"', check=_named("key"), about="The key that encrypts the workspace."
    ),
    "key.create": FieldRule(example="true", about="Make the key when it is absent."),
    "key.version": FieldRule(
        example='"latest"',
        check=_named("key_version"),
        about="latest is settled when the plan is made; or 32 hex digits.",
    ),
    "key.type": FieldRule(example='"RSA"', about="RSA-HSM needs a premium vault."),
    "key.bits": FieldRule(example="3072", about="Size; 3072 or more is recommended."),
    "key.not_before": FieldRule(example="2026-12-01T00:00:00Z", about="Not used before."),
    "key.expires": FieldRule(
        example="2027-12-01T00:00:00Z", about="Wraps nothing afterwards: renew it in time."
    ),
    "key.rotate_every": FieldRule(
        example='"P1Y"',
        check=_maybe(_named("duration")),
        about="Key Vault makes a new version so often.",
    ),
    "key.notify_before": FieldRule(
        example='"P30D"',
        check=_maybe(_named("duration")),
        about="Key Vault sends an event so long before expiry.",
    ),
    "key.tags": FieldRule(example='{ owner = "sec" }', check=_key_tags, about="Put on the key."),
    "workspace.name": FieldRule(
        example='"mlw-prod"', check=_named("workspace"), about="The workspace."
    ),
    "workspace.encryption": FieldRule(
        example='"own-resources"',
        about="A managed resource group of your own, or encryption on the service's side.",
    ),
    "workspace.identity": FieldRule(
        example='{ create = "uai-ml" }',
        check=_one_of(("system",), "Microsoft.ManagedIdentity/userAssignedIdentities"),
        create=_named("identity"),
        about="The system's, one to create, or the id of a user-assigned one.",
    ),
    "workspace.hbi": FieldRule(
        example="false", about="High business impact: fewer diagnostics to Microsoft."
    ),
    "workspace.public_network": FieldRule(
        example="true", about="Whether the workspace is reached from public networks."
    ),
    "workspace.storage": FieldRule(
        example='"new"',
        check=_one_of(("new",), "Microsoft.Storage/storageAccounts"),
        create=_named("storage"),
        about="Its storage account.",
    ),
    "workspace.insights": FieldRule(
        example='"new"',
        check=_one_of(("new",), "Microsoft.Insights/components"),
        create=_named("insights"),
        about="Its Application Insights.",
    ),
    "workspace.secrets_vault": FieldRule(
        example='"new"',
        check=_one_of(("new", "same"), "Microsoft.KeyVault/vaults"),
        create=_named("vault"),
        about="The vault for its own secrets; same is the key's vault.",
    ),
    "workspace.registry": FieldRule(
        example='"none"',
        check=_one_of(("none", "new"), "Microsoft.ContainerRegistry/registries"),
        create=_named("registry"),
        about="Its container registry.",
    ),
    "workspace.description": FieldRule(
        example='"Models of team ML"',
        check=_maybe(_named("description")),
        about="Shown in the studio.",
    ),
    "principals.cosmos_db": FieldRule(
        example=_GUID,
        check=_maybe(_object_id),
        about="Object id of Azure Cosmos DB in the tenant, where you may not read Microsoft Graph.",
    ),
    "principals.machine_learning": FieldRule(
        example=_GUID,
        check=_maybe(_object_id),
        about="Object id of Azure Machine Learning, likewise.",
    ),
    "repairs.provider_registered": FieldRule(
        example="true", about="Register resource providers that are not."
    ),
    "repairs.cosmos_grant": FieldRule(
        example="true", about="Let Azure Cosmos DB read, wrap and unwrap."
    ),
    "repairs.ml_contributor": FieldRule(
        example="true", about="Make Azure Machine Learning Contributor on the subscription."
    ),
    "repairs.identity_grant": FieldRule(
        example="true", about="Let the user-assigned identity use the key."
    ),
    "repairs.vault_deleted": FieldRule(
        example="false",
        about="Recover the deleted vault that holds the name, with its keys. What it grants by"
        " roles does not come back.",
    ),
    "repairs.vault_network": FieldRule(
        example="false", about="Let Azure's trusted services pass the vault's firewall."
    ),
    "repairs.key_deleted": FieldRule(
        example="false", about="Recover the deleted key that holds the name, with its versions."
    ),
    "repairs.key_enabled": FieldRule(
        example="false", about="Enable the version of the key that is used."
    ),
    "repairs.key_operations": FieldRule(
        example="false", about="Allow the key what it lacks of wrap, unwrap, encrypt, decrypt."
    ),
}
"""By dotted path, in the order of the file."""


def between(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What fields ask of each other: path, rule and "" for each break.

    Only for data whose single fields are right.
    """
    vault, key, workspace = data["vault"], data["key"], data["workspace"]
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


def _dates(key: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    start, end = key.get("not_before"), key.get("expires")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        yield "key.expires", "a key must expire after it becomes valid (key.not_before)", ""
    if key.get("notify_before") and end is None:
        yield "key.notify_before", "a notice before expiry needs key.expires", ""
    if not key.get("create"):
        for field in ("not_before", "expires", "rotate_every", "notify_before"):
            if key.get(field):
                yield f"key.{field}", "only a key that is made takes this: key.create = true", ""
