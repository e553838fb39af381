"""How well an existing vault or key serves, and why: the words in the pickers.

Rules and their sources: the vault must be in the subscription and region of the
workspace and purge-protected (how-to-setup-customer-managed-keys; the region rule is
stated by the template and REST pages and silent elsewhere); a firewall that lets no
trusted service pass stops Cosmos DB (its status 4016); keys must be RSA with wrapKey
and unwrapKey (Cosmos DB statuses 4005 and 4018 otherwise).
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from services.model.resources import DeletedVault, KeyVersion, Vault

Word = Literal["ok", "fix", "warn", "no"]

SOON = timedelta(days=90)
"""A key that expires within this time is worth a warning."""

GOOD_BITS = 3072
"""The Machine Learning page recommends at least this many bits."""


class Fit(msgspec.Struct, frozen=True):
    """A judgement in one word and one reason."""

    word: Word
    because: str
    irreversible: str = ""
    """What a repair could not take back; empty where it could."""


def vault_fit(
    vault: Vault,
    region: str,
    tenant: str,
    *,
    mode: str = "own-resources",
    first_party: bool = False,
) -> Fit:
    """Whether ``vault`` can hold the key of what is set up in ``region``.

    ``mode`` is the workspace's encryption mode: service-side needs public access.
    ``first_party``: the app of Container Instances is to unwrap the key.
    """
    if vault.location.replace(" ", "").lower() != region.lower():
        return Fit("no", f"in {vault.location}")
    if tenant and vault.tenant_id and vault.tenant_id.lower() != tenant.lower():
        return Fit("no", "belongs to another tenant")
    if vault.state not in ("", "Succeeded", "RegisteringDns"):
        return Fit("no", f"not ready: {vault.state}")
    network = app_fit(vault) if first_party else network_fit(vault, mode=mode)
    if network.word == "no":
        return network
    if not vault.soft_delete:
        return Fit("fix", "soft delete is off", "Soft delete can't be turned off again.")
    if not vault.purge_protection:
        return Fit(
            "fix",
            "purge protection is off",
            "Purge protection can't be turned off again, and the vault's name stays taken for "
            f"{vault.retention_days} days after a delete.",
        )
    return network


def network_fit(vault: Vault, *, mode: str = "own-resources") -> Fit:
    """Whether the vault's network rules let the services reach the key."""
    closed = vault.public_access.lower() == "disabled" or vault.default_action.lower() == "deny"
    if vault.public_access.lower() == "securedbyperimeter":
        return Fit("no", "secured by a network perimeter")
    if mode == "service-side" and vault.public_access.lower() == "disabled":
        return Fit("no", "service-side needs public access")
    if closed and vault.bypass.lower() != "azureservices":
        return Fit("no", "network closed to Azure services")
    if closed:
        return Fit("warn", "only trusted services pass")
    return Fit("ok", "")


def app_fit(vault: Vault) -> Fit:
    """Whether the vault lets the app of Container Instances use a key, as far as is known.

    Source: page "Encrypt deployment data" (a firewall asks for an identity); that roles do
    not serve is reported by users (terraform-provider-azurerm issue 23305), UNVERIFIED today.
    """
    if vault.public_access.lower() == "disabled" or vault.default_action.lower() == "deny":
        return Fit("no", "the app passes no firewall")
    network = network_fit(vault)
    if network.word == "ok" and vault.rbac:
        return Fit("warn", "decides by roles, the app is documented for policies")
    return network


def deleted_fit(vault: DeletedVault) -> Fit:
    """A soft-deleted vault can't serve; the reason tells until when it can be recovered."""
    until = f" until {vault.purge_at:%-d %b %Y}" if vault.purge_at else ""
    return Fit("no", f"deleted{until}")


def key_fit(version: KeyVersion, now: datetime) -> Fit:
    """Whether this version of a key can encrypt; ``now`` is the vault's own Date."""
    refusal = _key_refusal(version, now)
    if refusal:
        return Fit("no", refusal)
    if version.expires and version.expires - now < SOON:
        days = (version.expires - now).days
        return Fit("warn", f"expires in {days} day{'' if days == 1 else 's'}")
    if version.bits and version.bits < GOOD_BITS:
        return Fit("warn", f"{version.bits} bits; {GOOD_BITS} recommended")
    return Fit("ok", "")


def _key_refusal(version: KeyVersion, now: datetime) -> str:
    if version.type and version.type not in ("RSA", "RSA-HSM"):
        return f"{version.type} keys can't wrap"
    if not version.enabled:
        return "disabled"
    if version.expires and version.expires <= now:
        return f"expired on {version.expires:%-d %b %Y}"
    if version.not_before and version.not_before > now:
        return f"not valid before {version.not_before:%-d %b %Y}"
    missing = [op for op in ("wrapKey", "unwrapKey") if version.ops and op not in version.ops]
    if missing:
        return f"{' and '.join(missing)} not allowed"
    return ""
