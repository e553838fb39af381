"""The clouds wrapkey can speak to, as data: endpoints, audiences, suffixes, app ids."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

from services import names
from services.azure.errors import AzureError, ErrorKind, translated
from services.text import plain

if TYPE_CHECKING:
    import aiohttp

METADATA = "/metadata/endpoints?api-version=2022-09-01"
"""Where every Azure Resource Manager describes its cloud; needs no sign-in."""

PRICES = "/api/retail/prices"
"""Path of the retail prices API."""

_COSMOS, _COSMOS_GOV, _ML, _CONTAINERS = names.APP_IDS


class Cloud(msgspec.Struct, frozen=True, kw_only=True):
    """One Azure: public, sovereign, or any that describes itself. URLs have no last slash."""

    name: str
    arm: str
    authority: str
    """Sign-in address with its scheme."""
    graph: str
    """Microsoft Graph without version; callers add ``/v1.0/...``."""
    vault_suffix: str
    """Host of a vault without its first label; may carry a port."""
    arm_audience: str
    graph_audience: str
    prices: str
    """Host of the retail prices API; callers add PRICES."""
    portal: str
    logs: str = "https://api.loganalytics.io"
    """The query API of Log Analytics, and its audience (request format page; the clouds of Azure
    PowerShell); empty where nobody tells it."""
    cosmos_app_id: str = _COSMOS
    """App id (not object id) of Azure Cosmos DB."""
    ml_app_id: str = _ML
    """App id (not object id) of Azure Machine Learning."""
    container_app_id: str = _CONTAINERS
    """App id (not object id) of Azure Container Instance Service."""
    storage_suffix: str = "core.windows.net"
    search_suffix: str = "search.windows.net"
    cosmos_suffix: str = "documents.azure.com"
    acr_suffix: str = "azurecr.io"
    ca_file: str = ""
    """PEM file with a further root certificate that this cloud's TLS needs."""
    sandbox: bool = False
    """A label for the screen; nothing behaves differently."""
    notes: tuple[str, ...] = ()
    """Facts about this cloud that no source confirms."""

    @property
    def vault_audience(self) -> str:
        """Audience of tokens for vaults: the suffix as a URL."""
        return f"https://{self.vault_suffix}"

    @property
    def public_authority(self) -> bool:
        """Whether Entra's instance discovery knows this cloud's authority."""
        return urlsplit(self.authority).netloc in _KNOWN_AUTHORITIES

    def vault_uri(self, name: str) -> str:
        """The address of a vault with this name."""
        return f"https://{name.lower()}.{self.vault_suffix}"

    @classmethod
    def from_metadata(cls, document: Any, arm: str, *, ca_file: str = "") -> Self:
        """A cloud as ``GET {arm}/metadata/endpoints`` describes it (2022-09-01: one object).

        What the document leaves out comes from the known cloud of the same name, else from
        the public one, and is named in ``notes``. Raises AzureError (INVALID) when the
        document is not such a description.
        """
        if not isinstance(document, Mapping):
            raise _not_a_cloud(arm)
        login = document.get("authentication")
        suffixes = document.get("suffixes")
        if not isinstance(login, Mapping) or not isinstance(suffixes, Mapping):
            raise _not_a_cloud(arm)
        name = plain(document.get("name")) or urlsplit(arm).netloc
        base = CLOUDS.get(name, AZURE_PUBLIC)
        authority = _url(login.get("loginEndpoint"))
        vaults = plain(suffixes.get("keyVaultDns")).strip("/.")
        if not authority or not vaults:
            raise _not_a_cloud(arm)
        audiences = [_url(item) for item in login.get("audiences") or []]
        graph = _url(document.get("microsoftGraphResourceId"))
        notes = list(base.notes if name in CLOUDS else ())
        if name not in CLOUDS:
            notes.append("app ids, prices and Cosmos DB suffix are the public cloud's: UNVERIFIED")
        return cls(
            name=name,
            arm=arm.rstrip("/"),
            authority=authority,
            graph=graph or base.graph,
            vault_suffix=vaults,
            arm_audience=_audience(audiences, arm),
            graph_audience=graph or base.graph_audience,
            prices=base.prices,
            portal=_url(document.get("portal")),
            logs=_url(document.get("logAnalyticsResourceId"))
            or (base.logs if name in CLOUDS else ""),
            cosmos_app_id=base.cosmos_app_id,
            ml_app_id=base.ml_app_id,
            container_app_id=base.container_app_id,
            storage_suffix=plain(suffixes.get("storage")) or base.storage_suffix,
            search_suffix=base.search_suffix,
            cosmos_suffix=base.cosmos_suffix,
            acr_suffix=plain(suffixes.get("acrLoginServer")) or base.acr_suffix,
            ca_file=ca_file,
            notes=tuple(notes),
        )

    @classmethod
    def from_ready(cls, ready: Mapping[str, Any]) -> Self:
        """The cloud of a running sandbox, from its JSON ready file.

        Raises AzureError (INVALID) naming the first field that is missing.
        """
        for field in ("arm", "authority", "graph", "key_vault_suffix", "prices", "ca_file"):
            if not isinstance(ready.get(field), str) or not ready[field]:
                raise _bad_ready(field)
        arm, graph = _url(ready["arm"]), _url(ready["graph"])
        given: dict[str, Any] = {
            field: plain(ready[field])
            for field in (
                "cosmos_app_id",
                "ml_app_id",
                "container_app_id",
                "storage_suffix",
                "search_suffix",
                "cosmos_suffix",
                "acr_suffix",
            )
            if ready.get(field)
        }
        return cls(
            name=plain(ready.get("name")) or "Sandbox",
            arm=arm,
            authority=_url(ready["authority"]),
            graph=graph,
            vault_suffix=plain(ready["key_vault_suffix"]).strip("/."),
            arm_audience=_url(ready.get("arm_audience")) or arm,
            graph_audience=_url(ready.get("graph_audience")) or graph,
            prices=_url(ready["prices"]).removesuffix(PRICES),
            portal=_url(ready.get("portal")),
            logs=_url(ready.get("log_analytics")),
            ca_file=str(ready["ca_file"]),
            sandbox=True,
            **given,
        )


async def discover(session: "aiohttp.ClientSession", arm: str, *, ca_file: str = "") -> Cloud:
    """Read a cloud's own description from its ARM address; raises AzureError."""
    arm = arm.rstrip("/")
    with translated(what=f"read the description of the cloud at {plain(arm)}"):
        async with session.get(arm + METADATA, allow_redirects=False) as answer:
            if answer.status != 200:
                raise _not_a_cloud(arm, answer.status)
            text = await answer.read()
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_a_cloud(arm) from error
    return Cloud.from_metadata(document, arm, ca_file=ca_file)


def _url(value: object) -> str:
    text = plain(value).strip().rstrip("/")
    return text if not text or "://" in text else f"https://{text}"


def _audience(audiences: list[str], arm: str) -> str:
    """ARM's own address where it is an audience, else the first one offered."""
    own = arm.rstrip("/")
    return own if own in audiences or not audiences else audiences[0]


def _not_a_cloud(arm: str, status: int | None = None) -> AzureError:
    return AzureError(
        ErrorKind.INVALID,
        code="NotACloud",
        message=f"no cloud description at {plain(arm)}{METADATA}",
        status=status,
        host=urlsplit(arm).netloc,
        what=f"{plain(arm)} does not describe an Azure cloud.",
        means="Its /metadata/endpoints page is missing or has another shape, so nobody knows "
        "where to sign in.",
        do="Check the address of the cloud's Resource Manager, or name a known cloud.",
    )


def _bad_ready(field: str) -> AzureError:
    return AzureError(
        ErrorKind.INVALID,
        code="BadReadyFile",
        message=f"the field {field} is missing or not a text",
        what="The connect file can't be used.",
        means=f"It has no usable field {field}; a sandbox's ready file has it.",
        do="Start the sandbox again with --ready-file and connect with the file it writes.",
    )


AZURE_PUBLIC = Cloud(
    name="AzureCloud",
    arm="https://management.azure.com",
    authority="https://login.microsoftonline.com",
    graph="https://graph.microsoft.com",
    vault_suffix="vault.azure.net",
    arm_audience="https://management.azure.com",
    graph_audience="https://graph.microsoft.com",
    prices="https://prices.azure.com",
    portal="https://portal.azure.com",
)
AZURE_US_GOV = Cloud(
    name="AzureUSGovernment",
    arm="https://management.usgovcloudapi.net",
    authority="https://login.microsoftonline.us",
    graph="https://graph.microsoft.us",
    vault_suffix="vault.usgovcloudapi.net",
    arm_audience="https://management.usgovcloudapi.net",
    graph_audience="https://graph.microsoft.us",
    prices="https://prices.azure.com",
    portal="https://portal.azure.us",
    logs="https://api.loganalytics.us",
    cosmos_app_id=_COSMOS_GOV,
    storage_suffix="core.usgovcloudapi.net",
    search_suffix="search.azure.us",
    cosmos_suffix="documents.azure.us",
    acr_suffix="azurecr.us",
    notes=(
        "the app id of Azure Machine Learning is the public cloud's: UNVERIFIED",
        "service-side encryption and Container Instances deployments: UNVERIFIED",
        "DoD tenants use https://dod-graph.microsoft.us",
    ),
)
AZURE_CHINA = Cloud(
    name="AzureChinaCloud",
    arm="https://management.chinacloudapi.cn",
    authority="https://login.chinacloudapi.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    vault_suffix="vault.azure.cn",
    arm_audience="https://management.chinacloudapi.cn",
    graph_audience="https://microsoftgraph.chinacloudapi.cn",
    prices="https://prices.azure.com",
    portal="https://portal.azure.cn",
    logs="https://api.loganalytics.azure.cn",
    storage_suffix="core.chinacloudapi.cn",
    search_suffix="search.azure.cn",
    cosmos_suffix="documents.azure.cn",
    acr_suffix="azurecr.cn",
    notes=(
        "the app id of Azure Cosmos DB comes from a document of 2020",
        "the app id of Azure Machine Learning is the public cloud's: UNVERIFIED",
        "service-side encryption and Container Instances deployments: UNVERIFIED",
        "whether prices.azure.com covers this cloud: UNVERIFIED",
        "the newer sign-in address login.partner.microsoftonline.cn: UNVERIFIED",
    ),
)

CLOUDS = {cloud.name: cloud for cloud in (AZURE_PUBLIC, AZURE_US_GOV, AZURE_CHINA)}
_KNOWN_AUTHORITIES = frozenset(urlsplit(cloud.authority).netloc for cloud in CLOUDS.values())


def cloud_named(name: str) -> Cloud:
    """A known cloud by its name, in any spelling; raises AzureError (INVALID)."""
    for known, cloud in CLOUDS.items():
        if known.lower() == name.strip().lower():
            return cloud
    raise AzureError(
        ErrorKind.INVALID,
        code="UnknownCloud",
        message=f"unknown cloud {plain(name, 80)}",
        what=f"There is no cloud named {plain(name, 80)}.",
        means=f"The known names are {', '.join(CLOUDS)}.",
        do="Use one of these names, or the https:// address of your own cloud's Resource Manager.",
    )
