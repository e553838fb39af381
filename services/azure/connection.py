"""The one way to Azure: one transport, one credential, clients made when first needed."""

import asyncio
import importlib
import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import msgspec
from azure.core import AsyncPipelineClient
from azure.core.pipeline import policies as core
from azure.core.rest import HttpRequest

from services.azure import identity, tls
from services.azure.clocks import Clocks
from services.azure.clouds import Cloud
from services.azure.devicecode import DeviceCodeSignIn
from services.azure.errors import AzureError, ErrorKind, answer_error, sentence, translated
from services.azure.events import Bus, ConnectionEvent, RequestDone
from services.azure.identity import Caller
from services.azure.policies import Inside, Journal, ReadOnlyGuard, RequestLog, Retry
from services.azure.throttle import Throttle, Turn
from services.azure.tokens import Tokens
from services.azure.transport import Timeouts, Transport

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.keyvault.keys.aio import KeyClient

__all__ = ["API_VERSIONS", "Answer", "Connection", "ConnectionEvent", "Timeouts"]

Client = TypeVar("Client")
Service = Literal["arm", "graph", "prices", "logs"]

API_VERSIONS = {
    "AuthorizationManagementClient": "2022-04-01",
    "ContainerInstanceManagementClient": "2023-05-01",
    "ContainerServiceClient": "2026-08-01",
    # 2023-04-01 is what the package was made for; it serves the newer one with raw bodies.
    "CosmosDBManagementClient": "2024-08-15",
    "KeyVaultManagementClient": "2026-02-01",
    "MachineLearningServicesMgmtClient": "2025-12-01",
    "ManagedServiceIdentityClient": "2024-11-30",
    "SearchManagementClient": "2025-05-01",
    "StorageManagementClient": "2025-08-01",
}
"""The api-version of each SDK client by class name; one that is absent takes its package's own
default, which the lock file pins. Versions: the newest stable ones that their documentation names; every Key Vault management
version before 2026-02-01 retires on 2027-02-27."""

KEYS_API = "7.6"
"""Version of the keys data plane."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to :meth:`Connection.call`."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """Decoded JSON; None when there was none."""


class Connection:
    """Everything that talks to one cloud as one identity. Another tenant: another Connection."""

    def __init__(
        self, cloud: Cloud, credential: "AsyncTokenCredential", transport: Transport, **more: Any
    ) -> None:
        self.cloud = cloud
        self.caller: Caller | None = None
        self.read_only: bool = more.get("read_only", False)
        self.settings: Timeouts = more.get("settings", Timeouts())
        self.transport = transport
        self._tokens = Tokens(credential)
        self._bus = Bus()
        if isinstance(credential, DeviceCodeSignIn):
            credential.hear(self._bus.emit)
        self._clocks = Clocks()
        self._budgets = transport.budgets
        self._clients: dict[tuple[str, str], Any] = {}

    @classmethod
    async def open(
        cls,
        cloud: Cloud,
        credential: "AsyncTokenCredential",
        *,
        read_only: bool = False,
        ca_file: str | None = None,
        settings: Timeouts | None = None,
    ) -> Self:
        """Make a connection; sends nothing. Raises AzureError (TLS) for a bad CA file."""
        settings = settings or Timeouts()
        files = (cloud.ca_file, ca_file or "")
        await asyncio.to_thread(tls.context, *files)
        transport = Transport(settings, *files)
        return cls(cloud, credential, transport, read_only=read_only, settings=settings)

    def arm(self, client_class: type[Client], subscription: str | None = None) -> Client:
        """The SDK client (from an ``.aio`` package) for a subscription, made once."""
        name = f"{client_class.__module__}.{client_class.__qualname__}"
        key = (name, subscription or "")
        if key not in self._clients:
            self._clients[key] = self._make(client_class, subscription)
        made: Client = self._clients[key]
        return made

    def _make(self, client_class: type[Client], subscription: str | None) -> Client:
        options: dict[str, Any] = {
            "base_url": self.cloud.arm,
            "credential_scopes": [scope(self.cloud.arm_audience)],
            "transport": self.transport,
            "policies": self._policies(
                self.cloud.arm, self.cloud.arm_audience, _moniker(client_class)
            ),
        }
        version = API_VERSIONS.get(client_class.__name__)
        if version:
            options["api_version"] = version
        if "subscription_id" in inspect.signature(client_class.__init__).parameters:
            if not subscription:
                raise TypeError(f"{client_class.__name__} needs a subscription")
            options["subscription_id"] = subscription
        make: Callable[..., Client] = client_class
        return make(credential=self._tokens, **options)

    def keys(self, vault_uri: str) -> "KeyClient":
        """The keys client of a vault, made once. It signs in by the vault's own challenge."""
        uri = vault_uri.rstrip("/").lower()
        key = ("keys", uri)
        if key not in self._clients:
            from azure.keyvault.keys.aio import KeyClient

            from services.azure.challenge import AskAgain, forget

            forget(uri)  # it may have moved since another connection asked
            self._clients[key] = KeyClient(
                vault_url=uri,
                credential=self._tokens,
                api_version=KEYS_API,
                transport=self.transport,
                per_call_policies=[ReadOnlyGuard(self.read_only), AskAgain()],
                retry_policy=self._retry(),
                redirect_policy=core.AsyncRedirectPolicy(permit_redirects=False),
                per_retry_policies=self._inner(),
                user_agent_policy=_user_agent(_moniker(KeyClient)),
            )
        made: KeyClient = self._clients[key]
        return made

    def rest(self, service: Service) -> AsyncPipelineClient[Any, Any]:
        """A plain client with the same policies, for APIs without an SDK; see :meth:`call`."""
        key = ("rest", service)
        if key not in self._clients:
            base, audience = {
                "arm": (self.cloud.arm, self.cloud.arm_audience),
                "graph": (self.cloud.graph, self.cloud.graph_audience),
                "prices": (self.cloud.prices, ""),
                "logs": (self.cloud.logs, self.cloud.logs),
            }[service]
            self._clients[key] = AsyncPipelineClient(
                base, transport=self.transport, policies=self._policies(base, audience)
            )
        made: AsyncPipelineClient[Any, Any] = self._clients[key]
        return made

    async def call(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        what: str = "",
        missing_ok: bool = False,
    ) -> Answer:
        """One request without an SDK. ``path`` is absolute, or a whole URL (a nextLink).

        Raises AzureError for every status from 300 on, except 404 with ``missing_ok``.
        """
        client = self.rest(service)
        request = HttpRequest(
            method,
            client.format_url(path),
            params=dict(params or {}),
            headers=dict(headers or {}),
            content=None if json is None else msgspec.json.encode(json),
        )
        if json is not None:
            request.headers["Content-Type"] = "application/json"
        with translated(what):
            response = await client.send_request(request)
            if response.status_code >= 300 and not (missing_ok and response.status_code == 404):
                raise answer_error(response, what)
            body = response.content
            decoded = _decoded(body, sentence(what)) if body else None
        return Answer(status=response.status_code, headers=response.headers, body=decoded)

    async def who(self) -> Caller:
        """Who is signed in, from the claims of an ARM token; raises AzureError (SIGN_IN)."""
        with translated("sign in"):
            token = await self._tokens.get_token(scope(self.cloud.arm_audience))
        self.caller = identity.from_token(token.token)
        return self.caller

    def now(self, where: str = "") -> datetime:
        """The time (UTC) by the clock of a service, a host or an address; default: ARM's.

        Read from the Date of its last answer, else of ARM's: key dates and the age of a grant
        are judged by it. Before any answer it is this machine's own.
        """
        return self._clocks.now(*([where] if where else []), self.cloud.arm)

    def subscribe(self, listener: Callable[[ConnectionEvent], None]) -> Callable[[], None]:
        """Hear of each request and each throttled wait until the returned function is called."""
        return self._bus.subscribe(listener)

    @property
    def recent(self) -> tuple[RequestDone, ...]:
        """The last requests, oldest first."""
        return tuple(self._bus.recent)

    async def close(self) -> None:
        """Close every client, the credential and all sockets."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        await self._tokens.close()
        await self.transport.shut()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _policies(self, base: str, audience: str, moniker: str = "") -> list[Any]:
        """The whole pipeline of a client. It replaces the SDK's, which registers providers and
        sends a write again by itself, follows redirects and repeats on 500."""
        made: list[Any] = [
            ReadOnlyGuard(self.read_only),
            Inside(base),
            core.RequestIdPolicy(),
            core.HeadersPolicy(),
            _user_agent(moniker),
            core.ContentDecodePolicy(),
            core.CustomHookPolicy(),
            self._retry(),
            *self._inner(),
        ]
        if audience:
            from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy

            made.append(AsyncARMChallengeAuthenticationPolicy(self._tokens, scope(audience)))
        return made

    def _inner(self) -> list[Any]:
        throttle = Throttle(self._budgets, self._bus, self.settings.patience)
        return [throttle, Journal(), Turn(self._budgets), RequestLog(self._bus, self._clocks)]

    def _retry(self) -> Retry:
        settings = self.settings
        return Retry(settings.tries, settings.backoff, settings.patience, self._tokens.forget)


def scope(audience: str) -> str:
    """The OAuth scope of an audience."""
    return f"{audience.rstrip('/')}/.default"


def _user_agent(moniker: str) -> core.UserAgentPolicy:
    """Who asks: wrapkey, and the SDK it asks through, in the SDKs' own form."""
    if not moniker:
        return core.UserAgentPolicy(base_user_agent="wrapkey", user_agent_use_env=False)
    return core.UserAgentPolicy(sdk_moniker=moniker, user_agent="wrapkey", user_agent_use_env=False)


def _moniker(client_class: type[Any]) -> str:
    """``mgmt-keyvault/14.1.0`` for a client of azure.mgmt.keyvault."""
    package = client_class.__module__.split(".aio")[0]
    version = importlib.import_module(f"{package}._version").VERSION
    return f"{package.removeprefix('azure.').replace('.', '-')}/{version}"


def _decoded(body: bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AzureError(
            ErrorKind.UNKNOWN,
            code="NotJson",
            message=str(error),
            what=what,
            means="The answer is no JSON; a proxy or a sign-in page may stand between.",
            do="Check HTTPS_PROXY and whether the network asks for a sign-in of its own.",
            sent=True,
        ) from error
