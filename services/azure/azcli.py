"""The Azure CLI's own settings, read without starting it; no token is read."""

import configparser
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from services.azure.clouds import CLOUDS, Cloud
from services.text import plain

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class Default(msgspec.Struct, frozen=True, kw_only=True):
    """What ``az account show`` would name."""

    subscription: str
    """GUID."""
    subscription_name: str
    tenant: str
    user: str
    cloud: str


def folder() -> Path:
    """Where az keeps its settings: AZURE_CONFIG_DIR, else ``~/.azure``."""
    named = os.environ.get("AZURE_CONFIG_DIR")
    return Path(named) if named else Path.home() / ".azure"


def default(cloud: Cloud) -> Default | None:
    """az's default subscription in this cloud, to be preselected; None where there is none."""
    try:
        text = (folder() / "azureProfile.json").read_bytes()
        profile = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"))
    except (OSError, msgspec.DecodeError):
        return None
    listed = profile.get("subscriptions") if isinstance(profile, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("isDefault"):
            found = _default(item)
            return found if _arm(found.cloud) in (cloud.arm, "") else None
    return None


def _default(item: dict[str, Any]) -> Default:
    user = item.get("user")
    return Default(
        subscription=plain(item.get("id"), 100).lower(),
        subscription_name=plain(item.get("name"), 200),
        tenant=plain(item.get("tenantId"), 100).lower(),
        user=plain(user.get("name"), 200) if isinstance(user, dict) else "",
        cloud=plain(item.get("environmentName"), 100) or "AzureCloud",
    )


def unusable(cloud: Cloud) -> str:
    """Why az can't sign in to this cloud, as a sentence; empty when it may.

    An az that is set to another cloud is not asked: it would carry this cloud's address to
    a sign-in page of the other.
    """
    if shutil.which("az") is None:
        return "The Azure CLI (az) is not installed, or not on PATH."
    name = active_cloud()
    arm = _arm(name)
    if arm and arm != cloud.arm:
        return f"az is set to {name}; az cloud set --name changes that."
    return ""


def active_cloud() -> str:
    """The name of the cloud az works in."""
    return (
        os.environ.get("AZURE_CLOUD_NAME")
        or plain(_read("config").get("cloud", "name", fallback=""), 100)
        or "AzureCloud"
    )


def _arm(name: str) -> str:
    """ARM's address in one of az's clouds; empty when unknown.

    az takes clouds it does not know from the address in ARM_CLOUD_METADATA_URL.
    """
    if name in CLOUDS:
        return CLOUDS[name].arm
    text = _read("clouds.config").get(name, "endpoint_resource_manager", fallback="")
    if not text:
        parts = urlsplit(os.environ.get("ARM_CLOUD_METADATA_URL", ""))
        text = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return plain(text, 300).rstrip("/")


def _read(file: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read(folder() / file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        # az itself starts anew from a file it can't read.
        return configparser.RawConfigParser()
    return parser


def credential(tenant: str, limit: float) -> "AsyncTokenCredential":
    """The credential that asks az for each token, and ends it after ``limit`` seconds."""
    from azure.identity.aio import AzureCliCredential

    options: dict[str, Any] = {"process_timeout": limit}  # declared int, used as seconds
    return AzureCliCredential(tenant_id=tenant, additionally_allowed_tenants=["*"], **options)
