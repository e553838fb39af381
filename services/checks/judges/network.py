"""What stands around a vault besides its firewall: private endpoints and network perimeters."""

from collections.abc import Iterator

from services.checks.facts import Facts, Unknown
from services.checks.findings import Judge, found, seen, skipped, unread
from services.model.intent import Intent, noun
from services.model.plan import Finding
from services.model.resources import Vault

_MODE = "properties.resourceAssociation.accessMode"


def vault_perimeter(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """In an enforced perimeter the bypass for trusted services does not count."""
    vault = facts.vault
    if not isinstance(vault, Vault):
        yield skipped("vault-perimeter", intent.vault.name, "The vault is not there yet")
        return
    if isinstance(facts.perimeters, Unknown):
        title = f"Whether vault {vault.name} is in a network perimeter could not be read"
        yield unread("vault-perimeter", vault.id, title, facts.perimeters)
        return
    for one in facts.perimeters:
        if one.mode.lower() == "enforced":
            yield found(
                "vault-perimeter",
                "fail",
                vault.id,
                f"Network perimeter {one.name} shuts services out of vault {vault.name}",
                seen(facts, "perimeters", _MODE, one.mode),
                meaning="An enforced perimeter lets in what its own rules name. The vault's firewall"
                " and its bypass for trusted services do not count, so Cosmos DB ends with 4016."
                " Whether a rule lets Cosmos DB in, nobody documents.",
                repair="Let the perimeter's administrator set the association to Transition, or"
                " choose another vault.",
                part=one.name,
            )
        else:
            yield found(
                "vault-perimeter",
                "warn",
                vault.id,
                f"Vault {vault.name} is in network perimeter {one.name}, not enforced yet",
                seen(facts, "perimeters", _MODE, one.mode),
                meaning="Until it is enforced the vault's own firewall decides. From then on trusted"
                f" services are shut out and the {noun(intent)} loses its key.",
                repair="Agree with the perimeter's administrator before anything is made.",
                part=one.name,
            )


def vault_endpoints(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A private endpoint lets its own network in, and only once it is approved."""
    vault = facts.vault
    if not isinstance(vault, Vault):
        return
    shut = vault.public_access.lower() != "enabled" or vault.default_action.lower() == "deny"
    for one in vault.endpoints:
        if shut and one.status.lower() != "approved":
            yield found(
                "vault-endpoints",
                "warn",
                vault.id,
                f"Private endpoint {one.name} of vault {vault.name} is not approved: {one.status}",
                seen(
                    facts,
                    "vault",
                    "properties.privateEndpointConnections.privateLinkServiceConnectionState.status",
                    one.status,
                ),
                meaning="Who comes through it is refused (ForbiddenByConnection). Cosmos DB does not"
                " use it: services pass by the bypass alone.",
                repair="az keyvault private-endpoint-connection approve --id " + one.id,
                part=one.name,
            )


JUDGES: dict[str, Judge] = {
    "vault-perimeter": vault_perimeter,
    "vault-endpoints": vault_endpoints,
}
