"""Sign-in by device code: a code and an address, entered in any browser on any machine."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from services.azure import tls
from services.azure.clouds import Cloud
from services.azure.errors import AzureError, ErrorKind
from services.azure.events import SignedIn, SignInAsked
from services.text import plain


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a person must type where."""

    code: str
    address: str
    expires: datetime
    """UTC."""


_sign_ins: dict[tuple[str, str], "_SignIn"] = {}
"""The sign-ins of this process, by authority and tenant; in memory only."""


class _SignIn:
    """azure-identity's credential, which exists only for threads, and who hears its codes."""

    def __init__(self, cloud: Cloud, tenant: str) -> None:
        from azure.core.pipeline.transport import RequestsTransport
        from azure.identity import DeviceCodeCredential

        self.done = False
        self.lock = threading.Lock()
        self.show: Callable[[DeviceCode], None] = lambda _: None
        self.credential = DeviceCodeCredential(
            tenant_id=tenant or "organizations",
            authority=cloud.authority,
            disable_instance_discovery=not cloud.public_authority,
            additionally_allowed_tenants=["*"],
            prompt_callback=self._prompt,
            transport=RequestsTransport(
                session=tls.requests_session(cloud.ca_file), session_owner=False
            ),
        )

    def _prompt(self, address: str, code: str, expires: datetime) -> None:
        self.show(DeviceCode(code=plain(code, 40), address=plain(address, 300), expires=expires))

    def token(
        self, scopes: tuple[str, ...], options: TokenRequestOptions, show: Callable[..., None]
    ) -> AccessTokenInfo:
        """Blocks until the code was entered or has expired; one caller at a time.

        azure-identity keeps tokens for continuous access evaluation in a cache of their own, so
        a client that asks for one (Key Vault's) would ask for a second code: none is asked for.
        """
        wanted = TokenRequestOptions(**options)
        wanted.pop("enable_cae", None)
        with self.lock:
            self.show = show
            found = self.credential.get_token_info(*scopes, options=wanted)
            self.done = True
            return found


def signed_in_before(cloud: Cloud, tenant: str) -> bool:
    """Whether somebody has entered a code for this tenant in this process."""
    found = _sign_ins.get((cloud.authority, tenant))
    return found is not None and found.done


def forget(cloud: Cloud, tenant: str) -> None:
    """Ask for a new code next time: somebody else may want to sign in."""
    _sign_ins.pop((cloud.authority, tenant), None)


class DeviceCodeSignIn:
    """An async credential over the sync one, in a daemon thread: quitting never waits for it.

    A plain thread would keep the process alive until the code expires, 15 minutes.
    """

    def __init__(
        self, cloud: Cloud, tenant: str, prompt: Callable[[DeviceCode], None] | None
    ) -> None:
        self._cloud = cloud
        self._tenant = tenant
        self._prompt = prompt
        self._hear: Callable[[SignInAsked | SignedIn], None] | None = None

    def hear(self, listener: Callable[[SignInAsked | SignedIn], None]) -> None:
        """Tell ``listener`` of each code that is asked for, and when it was entered."""
        self._hear = listener

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token in azure-core's older form."""
        known = TokenRequestOptions()
        if options.get("claims"):
            known["claims"] = options["claims"]
        if options.get("tenant_id"):
            known["tenant_id"] = options["tenant_id"]
        found = await self.get_token_info(*scopes, options=known)
        return AccessToken(found.token, found.expires_on)

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """A token; asks for a code only where the sign-in of this process does not suffice.

        Raises what azure-identity raises, and AzureError (SIGN_IN) where a code is needed
        and nobody could be shown it.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[AccessTokenInfo] = loop.create_future()
        key = (self._cloud.authority, self._tenant)
        if key not in _sign_ins:
            _sign_ins[key] = await asyncio.to_thread(_SignIn, self._cloud, self._tenant)
        sign_in = _sign_ins[key]

        def settle(found: AccessTokenInfo | None, error: Exception | None) -> None:
            if answer.done():
                return
            if found is not None:
                answer.set_result(found)
            elif error is not None:
                answer.set_exception(error)

        asked = False

        def tell(code: DeviceCode) -> None:
            nonlocal asked
            asked = True
            if self._prompt is not None:
                self._prompt(code)
            if self._hear is not None:
                self._hear(SignInAsked(address=code.address, code=code.code, expires=code.expires))

        def show(code: DeviceCode) -> None:
            if self._prompt is None:
                raise _nobody_to_show()
            loop.call_soon_threadsafe(tell, code)

        def work() -> None:
            found, failure = None, None
            try:
                found = sign_in.token(scopes, options or {}, show)
            except Exception as error:  # handed to whoever awaits
                failure = error
            # A closed loop: wrapkey has quit while the code was open, nobody waits any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, found, failure)

        threading.Thread(target=work, name="device-code", daemon=True).start()
        try:
            found = await answer
            if asked and self._hear is not None:
                self._hear(SignedIn())
            return found
        except asyncio.CancelledError:
            # The thread holds its sign-in until the code expires; the next one starts anew.
            if not sign_in.done and _sign_ins.get(key) is sign_in:
                del _sign_ins[key]
            raise

    async def close(self) -> None:
        """Nothing to close: the sign-in serves the whole process."""

    async def __aenter__(self) -> "DeviceCodeSignIn":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def _nobody_to_show() -> AzureError:
    return AzureError(
        ErrorKind.SIGN_IN,
        code="CodeNeeded",
        message="a device code is needed",
        means="The sign-in has ended, and a new code has to be entered in a browser.",
        do="Sign in again with the device code.",
        sent=False,
    )
