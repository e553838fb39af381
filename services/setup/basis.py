"""What every part of a plan is worked out from."""

from dataclasses import dataclass

from services.checks.facts import Facts, Ids, ids_of
from services.model.intent import Intent
from services.model.resources import Vault
from services.setup.dependencies import Dependencies, dependencies_of


@dataclass(frozen=True)
class Basis:
    """An intent with its facts, and what follows from both at once."""

    intent: Intent
    facts: Facts
    ids: Ids
    needed: Dependencies
    vault: Vault | None
    """The vault as it was read; None where it is to be made or could not be read."""
    rbac: bool
    """Whether role assignments decide in the vault, as it is or will be."""
    closed: bool
    """Whether the vault's firewall keeps this machine out, now or once it is made."""
    uri: str
    """Of the vault, without a trailing slash."""


def basis_of(intent: Intent, facts: Facts) -> Basis:
    """Work it out."""
    vault = facts.vault if isinstance(facts.vault, Vault) else None
    closing = vault is None and intent.vault.network == "trusted-services"
    return Basis(
        intent=intent,
        facts=facts,
        ids=ids_of(intent),
        needed=dependencies_of(intent),
        vault=vault,
        rbac=vault.rbac if vault else intent.vault.access == "rbac",
        closed=closing or not facts.reachable,
        uri=vault.uri if vault else facts.cloud.vault_uri(intent.vault.name),
    )


def register(namespace: str) -> str:
    """The id of the step that registers a resource provider."""
    return f"register-{namespace.rpartition('.')[2].lower()}"
