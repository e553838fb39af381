"""docs/intent.schema.json, made from the types of an intent and the naming rules."""

from typing import Any

import msgspec

from services import names
from services.intents.fields import RULES
from services.model.intent import (
    SETUPS,
    ClusterIntent,
    ContainerGroupIntent,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    Intent,
    KeyIntent,
    PrincipalsIntent,
    RepairsIntent,
    VaultIntent,
    WorkspaceIntent,
)
from services.model.intent import Struct as Part

TABLES: dict[str, type[Part]] = {
    "vault": VaultIntent,
    "key": KeyIntent,
    "workspace": WorkspaceIntent,
    "container_group": ContainerGroupIntent,
    "container_group.containers": ContainerIntent,
    "cluster": ClusterIntent,
    "cluster.disk_encryption_set": DiskEncryptionSetIntent,
    "principals": PrincipalsIntent,
    "repairs": RepairsIntent,
}
"""Every table below the top of an intent, by its path in TOML."""
_KINDS = {
    "guid": ("subscription", "principals.cosmos_db", "principals.machine_learning"),
    "region": ("region",),
    "resource_group": ("resource_group", "vault.resource_group"),
    "vault": ("vault.name",),
    "key": ("key.name",),
    "workspace": ("workspace.name",),
    "container_group": ("container_group.name",),
    "container": ("container_group.containers.name",),
    "cluster": ("cluster.name",),
    "encryption_set": ("cluster.disk_encryption_set.name",),
}
"""Paths of the fields whose length a naming rule bounds."""


def intent_schema() -> str:
    """The JSON Schema of an intent, for editors that know schemas of TOML."""
    (schema,), parts = msgspec.json.schema_components([Intent], ref_template="#/$defs/{name}")
    kinds: list[type[Part]] = [*SETUPS.values(), *TABLES.values(), Create]
    for part in kinds:
        parts[part.__name__]["additionalProperties"] = False
    for kind, paths in _KINDS.items():
        rule = names.RULES[kind]
        for field in (one for path in paths for one in _fields(parts, path)):
            field["minLength"] = 0 if field.get("default") == "" else rule.low
            field["maxLength"] = rule.high
    for path, told in RULES.items():
        for field in _fields(parts, path):
            field["description"] = told.about
    for days in _fields(parts, "vault.retention_days"):
        days.update(minimum=7, maximum=90)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wrapkey intent",
        **schema,
        "$defs": parts,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _fields(parts: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """A field in every kind of intent that has it."""
    table, _, name = path.rpartition(".")
    kinds = [TABLES[table]] if table else [*SETUPS.values()]
    return [parts[kind.__name__]["properties"][name] for kind in kinds]
