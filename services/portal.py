"""Addresses in the Azure portal. They are shown and copied, never opened."""

from urllib.parse import quote

from services.azure.clouds import Cloud
from services.ids import ArmId, BadId, KeyId


def resource(cloud: Cloud, id: str, tenant: str = "") -> str:
    """The page of a subscription, group or resource by its ARM id.

    ``tenant`` (id or domain) makes the portal open the right directory. Empty where the
    cloud names no portal, or the id is none.
    """
    try:
        return _page(cloud, tenant, f"resource{quote(str(ArmId.parse(id)))}")
    except BadId:
        return ""


def key(cloud: Cloud, id: str, tenant: str = "") -> str:
    """The page of a key or of one version by its identifier; empty like :func:`resource`."""
    try:
        return _page(cloud, tenant, f"asset/Microsoft_Azure_KeyVault/Key/{KeyId.parse(id)}")
    except BadId:
        return ""


def _page(cloud: Cloud, tenant: str, path: str) -> str:
    directory = f"@{quote(tenant, safe='')}/" if tenant else ""
    return f"{cloud.portal}/#{directory}{path}" if cloud.portal else ""
