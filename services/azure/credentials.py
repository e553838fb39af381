"""Ways to sign in: which there are, what each says when asked, and the credential of one."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from services.azure import azcli, identity
from services.azure.clouds import Cloud
from services.azure.devicecode import DeviceCode, DeviceCodeSignIn, signed_in_before
from services.azure.errors import AzureError, ErrorKind, translated
from services.azure.identity import Caller
from services.azure.tokens import Late, load
from services.azure.transport import Transport
from services.text import plain

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

__all__ = ["NAMES", "DeviceCode", "Limits", "Name", "Probe", "credential_for", "probe"]

Name = Literal["azure-cli", "environment", "managed-identity", "device-code"]
NAMES: tuple[Name, ...] = ("azure-cli", "environment", "managed-identity", "device-code")
"""In the order in which a ready one is preferred."""

TITLES: dict[Name, str] = {
    "azure-cli": "Azure CLI",
    "environment": "Environment variables",
    "managed-identity": "Managed identity",
    "device-code": "Device code",
}

Outcome = Literal["ready", "unavailable", "failed", "timed out"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long each way to sign in may take to answer, in seconds."""

    azure_cli: float = 20.0
    """Starting az on a slow disk takes more than the ten seconds others allow."""
    environment: float = 15.0
    managed_identity: float = 2.0
    """Outside Azure nobody answers at its address at all."""
    device_code: float = 5.0

    def of(self, name: Name) -> float:
        """The limit of one way."""
        limit: float = getattr(self, name.replace("-", "_"))
        return limit


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What one way to sign in said."""

    name: Name
    outcome: Outcome
    reason: str
    """One sentence."""
    caller: Caller | None = None
    """Who it signs in; None for a device code that nobody has entered yet."""
    seconds: float = 0.0


async def probe(
    cloud: Cloud,
    tenant: str = "",
    limits: Limits | None = None,
    names: tuple[Name, ...] = NAMES,
) -> AsyncIterator[Probe]:
    """Ask every way to sign in at the same time; yields each answer when it comes.

    None waits for another, and none longer than its own limit. Raises nothing: what went
    wrong is the answer's outcome and reason.
    """
    await asyncio.to_thread(load)
    limits = limits or Limits()
    tasks = [asyncio.create_task(_ask(name, cloud, tenant, limits)) for name in names]
    try:
        for answer in asyncio.as_completed(tasks):
            yield await answer
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(name: Name, cloud: Cloud, tenant: str, limits: Limits) -> Probe:
    started, limit = time.monotonic(), limits.of(name)

    def said(outcome: Outcome, reason: str, caller: Caller | None = None) -> Probe:
        took = time.monotonic() - started
        return Probe(name=name, outcome=outcome, reason=reason, caller=caller, seconds=took)

    if name == "device-code" and not signed_in_before(cloud, tenant):
        return said("ready", "Shows a code to enter in any browser.")
    missing = _missing(name, cloud)
    if missing:
        return said("unavailable", missing)
    try:
        # az has the same limit inside, where it also ends the process; that one comes first.
        async with asyncio.timeout(limit + (1 if name == "azure-cli" else 0)):
            caller = await _caller(name, cloud, tenant, limits)
    except TimeoutError:
        return said("timed out", _too_slow(name, limit))
    except AzureError as error:
        if error.kind is ErrorKind.TIMEOUT:
            return said("timed out", _too_slow(name, limit))
        outcome: Outcome = "unavailable" if error.code == "CredentialUnavailableError" else "failed"
        return said(outcome, _reason(error))
    return said("ready", f"Signed in as {caller.name}.", caller)


async def _caller(name: Name, cloud: Cloud, tenant: str, limits: Limits) -> Caller:
    with translated(f"sign in with {TITLES[name]}"):
        credential = credential_for(name, cloud, tenant, limits=limits)
        try:
            token = await credential.get_token(f"{cloud.arm_audience}/.default")
        finally:
            await credential.close()
    return identity.from_token(token.token)


def _missing(name: Name, cloud: Cloud) -> str:
    """Why a way can't work here, as far as that can be told without asking anybody."""
    if name == "azure-cli":
        return azcli.unusable(cloud)
    if name == "environment" and _environment_kind() is None:
        return (
            "Set AZURE_TENANT_ID and AZURE_CLIENT_ID, and one of AZURE_CLIENT_SECRET, "
            "AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE."
        )
    return ""


def _too_slow(name: Name, limit: float) -> str:
    if name == "managed-identity":
        return f"Nobody answered within {limit:g} s: this machine is probably not in Azure."
    return f"No answer within {limit:g} s."


def _reason(error: AzureError) -> str:
    """One sentence; the whole text stays with the error of a chosen way."""
    silent = error.kind in (ErrorKind.NETWORK, ErrorKind.TLS, ErrorKind.TIMEOUT)
    if silent or error.code.startswith("AADSTS") or not error.message:
        return error.means
    return plain(error.message.split(". ")[0].split(" To mitigate")[0], 200).rstrip(".") + "."


def credential_for(
    name: Name,
    cloud: Cloud,
    tenant: str = "",
    prompt: Callable[[DeviceCode], None] | None = None,
    limits: Limits | None = None,
) -> "AsyncTokenCredential":
    """The credential of one way to sign in; asks nobody yet. Closing it closes its sockets.

    ``prompt`` hears the code and the address of a device code, in the loop's thread, whenever
    a new sign-in is needed. Raises AzureError (SIGN_IN) where the way is not set up.
    """
    if name == "device-code":
        return DeviceCodeSignIn(cloud, tenant, prompt)
    missing = _missing(name, cloud)
    if missing:
        raise AzureError(
            ErrorKind.SIGN_IN,
            code="CredentialUnavailableError",
            message=missing,
            what=f"Could not sign in with {TITLES[name]}.",
            means=missing,
            do="Set it up, or choose another way to sign in.",
            sent=False,
        )
    if name == "azure-cli":
        return Late(lambda _: azcli.credential(tenant, (limits or Limits()).azure_cli))
    if name == "managed-identity":
        return Late(_managed_identity)
    return _from_environment(cloud, tenant)


def principal_from_ready(ready: Mapping[str, Any], name: str = "") -> "AsyncTokenCredential":
    """The credential of a principal of a sandbox, from its ready file; default: the admin.

    Raises AzureError (INVALID) naming the ones there are.
    """
    cast = [item for item in ready.get("principals") or [] if isinstance(item, Mapping)]
    wanted = name or "admin"
    for item in cast:
        if str(item.get("name", "")).lower() == wanted.lower():
            return _secret(
                Cloud.from_ready(ready),
                str(item.get("tenant_id") or ready.get("tenant_id") or ""),
                str(item.get("client_id", "")),
                str(item.get("client_secret", "")),
            )
    known = ", ".join(plain(item.get("name"), 60) for item in cast) or "nobody"
    raise AzureError(
        ErrorKind.INVALID,
        code="UnknownPrincipal",
        message=f"no principal {plain(wanted, 60)}",
        what=f"There is no principal named {plain(wanted, 60)}.",
        means=f"This sandbox knows {known}.",
        do="Name one of these with --principal.",
    )


def _entra(cloud: Cloud, transport: Transport) -> dict[str, Any]:
    """What every Entra credential needs: where to sign in, and our trust in certificates."""
    return {
        "authority": cloud.authority,
        # Instance discovery asks login.microsoftonline.com, which knows only public clouds.
        "disable_instance_discovery": not cloud.public_authority,
        "additionally_allowed_tenants": ["*"],
        "transport": transport,
        "retry_total": 2,
    }


def _secret(cloud: Cloud, tenant: str, client_id: str, secret: str) -> "AsyncTokenCredential":
    def make(transport: Transport) -> Any:
        from azure.identity.aio import ClientSecretCredential

        return ClientSecretCredential(tenant, client_id, secret, **_entra(cloud, transport))

    return Late(make, cloud.ca_file)


def _environment_kind() -> Literal["secret", "certificate", "workload"] | None:
    if not (os.environ.get("AZURE_TENANT_ID") and os.environ.get("AZURE_CLIENT_ID")):
        return None
    if os.environ.get("AZURE_CLIENT_SECRET"):
        return "secret"
    if os.environ.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        return "certificate"
    return "workload" if os.environ.get("AZURE_FEDERATED_TOKEN_FILE") else None


def _from_environment(cloud: Cloud, tenant: str) -> "AsyncTokenCredential":
    home = tenant or os.environ["AZURE_TENANT_ID"]
    client_id = os.environ["AZURE_CLIENT_ID"]
    kind = _environment_kind()
    if kind == "secret":
        return _secret(cloud, home, client_id, os.environ["AZURE_CLIENT_SECRET"])

    def make(transport: Transport) -> Any:
        from azure.identity.aio import CertificateCredential, WorkloadIdentityCredential

        if kind == "certificate":
            return _certificate(CertificateCredential, home, client_id, _entra(cloud, transport))
        return WorkloadIdentityCredential(
            tenant_id=home,
            client_id=client_id,
            token_file_path=os.environ["AZURE_FEDERATED_TOKEN_FILE"],
            **_entra(cloud, transport),
        )

    return Late(make, cloud.ca_file)


def _certificate(kind: Any, tenant: str, client_id: str, options: dict[str, Any]) -> Any:
    path = os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]
    password = os.environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")
    try:
        return kind(tenant, client_id, path, password=password, **options)
    except (ValueError, OSError) as error:
        raise AzureError(
            ErrorKind.SIGN_IN,
            code="BadCertificate",
            message=str(error),
            means=f"The certificate {plain(path, 200)} can't be read with the given password.",
            do="Check AZURE_CLIENT_CERTIFICATE_PATH and AZURE_CLIENT_CERTIFICATE_PASSWORD.",
            sent=False,
        ) from error


def _managed_identity(_: Transport) -> Any:
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.identity.aio import ManagedIdentityCredential

    # The address is link-local: a proxy could only answer for a machine of its own.
    direct = AioHttpTransport(use_env_settings=False)
    client_id = os.environ.get("AZURE_CLIENT_ID") or None
    return ManagedIdentityCredential(client_id=client_id, transport=direct)
