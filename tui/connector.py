"""Keeps the session of the application true: signs in, chooses, remembers."""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from screens.session import Session
from services.azure.errors import AzureError, ErrorKind
from tui.attach import NoSandbox, Ready
from tui.connect import cloud_of, load_sdk, probed, ready_of, sign_in, way

if TYPE_CHECKING:
    from services.azure.clouds import Cloud
    from services.azure.connection import Connection
    from services.azure.credentials import DeviceCode, Probe
    from services.model.resources import Subscription

_CODE: Literal["device-code"] = "device-code"


def preselected(
    known: tuple["Subscription", ...], asked: str, remembered: str, default: str = ""
) -> "Subscription | None":
    """The subscription to begin with: asked for, of last time, az's own, or the only one.

    Raises LookupError when one was asked for that can't be seen.
    """
    if asked:
        word = asked.strip().casefold()
        for one in known:
            if word in (one.id, one.name.casefold()):
                return one
        raise LookupError(asked)
    for id in (remembered, default):
        for one in known:
            if id and one.id == id:
                return one
    return known[0] if len(known) == 1 else None


class Connector:
    """The one that writes to the Session of the application."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._tenant = session.memory.tenant

    async def connect(self, only: str = "", tenant: str = "") -> None:
        """Sign in and read the subscriptions; what goes wrong becomes the session's error.

        ``only`` is the way to sign in, or in a sandbox the principal.
        """
        session = self.session
        session.error, session.code = None, None
        self._tenant = tenant or self._tenant
        try:
            await self._connect(only)
        except AzureError as error:
            self._failed(error)
        except NoSandbox as error:
            self._failed(_no_sandbox(error))

    async def _connect(self, only: str) -> None:
        session, options = self.session, self.session.options
        self._stage("sandbox" if session.is_sandbox else "signing in")
        loading = asyncio.create_task(asyncio.to_thread(load_sdk))
        ready = await ready_of(options, session.paths.sandbox, lambda _: None)
        await loading
        cloud = await cloud_of(options, ready)
        if ready is not None:
            session.speed = float(ready.get("speed") or 0)
            session.principals = principals(ready)
        self._stage("signing in")
        credential = await self._credential(cloud, ready, only)
        connection = await sign_in(cloud, credential, read_only=options.read_only)
        session.code = None
        old, session.connection = session.connection, connection
        if old is not None:
            await old.close()
        session.changed()
        await self._subscriptions(connection)
        self._stage("ready")

    async def _credential(self, cloud: "Cloud", ready: Ready | None, only: str) -> Any:
        from services.azure.credentials import credential_for, principal_from_ready
        from services.azure.devicecode import forget

        session = self.session
        only = only or session.options.credential
        tenant = self._tenant if ready is None else str(ready.get("tenant_id", ""))
        if only == _CODE:
            forget(cloud, tenant)
        if ready is not None and only == _CODE:
            session.way = _CODE
            return credential_for(_CODE, cloud, tenant, self._code)
        if ready is not None:
            principal = "" if way(only) else only
            session.way, session.principal = "environment", principal or session.options.principal
            return principal_from_ready(ready, session.principal)
        name = way(only)
        if name is None:
            session.probes.clear()
            name = await probed(cloud, self._tenant, session.memory.credential, self._heard)
        if name is None:
            raise _nobody()
        session.way = name
        self.remember(credential=name, tenant=self._tenant)
        return credential_for(name, cloud, self._tenant, self._code)

    async def _subscriptions(self, connection: "Connection") -> None:
        from services.azure.subscriptions import list_subscriptions

        session = self.session
        session.subscriptions = tuple(await list_subscriptions(connection))
        asked, remembered = session.options.subscription, session.memory.subscription
        try:
            session.subscription = preselected(
                session.subscriptions, asked, remembered, _az_default(connection)
            )
        except LookupError:
            session.subscription = None
            raise _unseen(asked, session.subscriptions) from None

    def _stage(self, stage: Any) -> None:
        self.session.stage = stage
        self.session.changed()

    def _heard(self, answer: "Probe") -> None:
        self.session.probes[answer.name] = answer
        self.session.changed()

    def _code(self, code: "DeviceCode") -> None:
        self.session.code = code
        self.session.changed()

    def _failed(self, error: AzureError) -> None:
        self.session.error, self.session.code = error, None
        self._stage("ready" if self.session.connection else "failed")

    def choose(self, id: str) -> None:
        """Work in this subscription from now on, and remember it."""
        for one in self.session.subscriptions:
            if one.id == id:
                self.session.subscription = one
                self.remember(subscription=id)
                self.session.changed()

    def choose_region(self, name: str) -> None:
        """Put new things into this region from now on, and remember it."""
        self.session.region = name
        self.remember(region=name)
        self.session.changed()

    def remember(self, **choices: Any) -> None:
        """Keep choices for next time; a home that can't be written to forgets them."""
        session = self.session
        session.memory = session.memory.with_(**choices)
        try:
            session.memory.save(session.paths)
        except OSError as error:
            session.note = f"Choices are not kept for next time: {error.strerror}."

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self.session.connection is not None:
            await self.session.connection.close()
            self.session.connection = None


def principals(ready: Ready) -> tuple[tuple[str, str], ...]:
    """Name and roles of everybody a sandbox knows."""
    return tuple(
        (str(one.get("name", "")), ", ".join(map(str, one.get("roles") or ())) or "no role")
        for one in ready.get("principals") or ()
    )


def _az_default(connection: "Connection") -> str:
    from services.azure.azcli import default

    found = None if connection.cloud.sandbox else default(connection.cloud)
    return found.subscription if found else ""


def _nobody() -> AzureError:
    return AzureError(
        ErrorKind.SIGN_IN,
        code="NoCredential",
        what="Nobody is signed in.",
        means="Neither az, nor environment variables, nor a managed identity can be used here.",
        do="The sign-in screen says why of each; a device code always works.",
        sent=False,
    )


def _no_sandbox(error: NoSandbox) -> AzureError:
    return AzureError(
        ErrorKind.UNKNOWN,
        code="NoSandbox",
        what="There is no sandbox to work in.",
        means=str(error),
        do="`wrapkey sandbox reset` forgets what it held; then try again.",
        sent=False,
    )


def _unseen(asked: str, known: tuple["Subscription", ...]) -> AzureError:
    names = ", ".join(one.name for one in known[:8]) or "none"
    return AzureError(
        ErrorKind.INVALID,
        code="UnknownSubscription",
        what=f"You can't see a subscription {asked}.",
        means=f"You can see: {names}.",
        do="Choose one of these, or sign in as somebody who can see it.",
        sent=False,
    )
