"""From options to a signed-in Connection."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from screens.session import Options
from tui.attach import NoSandbox, Ready, alive, attach, read_ready
from tui.cli.output import talk

if TYPE_CHECKING:
    from services.azure.clouds import Cloud
    from services.azure.connection import Connection
    from services.azure.credentials import DeviceCode, Name, Probe
    from services.home import Memory, Paths

Prompt = Callable[["DeviceCode"], None]


async def ready_of(options: Options, home: Path, tell: Callable[[str], None]) -> Ready | None:
    """The sandbox that the options mean, started if need be; None when they mean none.

    Raises NoSandbox.
    """
    if options.connect:
        found = read_ready(Path(options.connect))
        if not await alive(found):
            raise NoSandbox(
                f"The sandbox of {options.connect} does not answer: it has ended, or starts just "
                "now. `wrapkey sandbox serve --ready-file FILE` starts one."
            )
        return found
    if options.sandbox:
        return await attach(home, scenario=options.scenario, speed=options.speed, talk=tell)
    return None


async def cloud_of(options: Options, ready: Ready | None) -> "Cloud":
    """The cloud to speak to; an address instead of a name is asked to describe its cloud.

    Raises AzureError; INVALID for an unknown name, a bad ready file, and an address that
    describes no cloud.
    """
    from services.azure.clouds import Cloud, cloud_named, discover
    from services.azure.transport import Timeouts, Transport

    if ready is not None:
        return Cloud.from_ready(ready)
    if not _is_address(options.cloud):
        return cloud_named(options.cloud)
    transport = Transport(Timeouts())
    try:
        return await discover(transport.session, options.cloud)
    finally:
        await transport.shut()


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


async def sign_in(cloud: "Cloud", credential: Any, *, read_only: bool) -> "Connection":
    """A connection whose caller is known; raises AzureError."""
    from services.azure.connection import Connection

    connection = await Connection.open(cloud, credential, read_only=read_only)
    try:
        await connection.who()
    except BaseException:
        await connection.close()
        raise
    return connection


def decide(answers: Mapping[str, "Probe"], preferred: str, *, all_in: bool) -> "Name | None":
    """The credential to use, from what has answered so far; None: wait, or nothing is ready.

    The one of last time goes first, then the usual order; one that has not answered yet holds
    back those after it. A device code is only used when somebody chooses it.
    """
    from services.azure.credentials import NAMES

    order = sorted((name for name in NAMES if name != "device-code"), key=preferred.__ne__)
    for name in order:
        answer = answers.get(name)
        if answer is None and not all_in:
            return None
        if answer is not None and answer.outcome == "ready":
            return name
    return None


async def probed(
    cloud: "Cloud",
    tenant: str,
    preferred: str,
    heard: Callable[["Probe"], None] = lambda _: None,
) -> "Name | None":
    """Ask every way to sign in, side by side; the first that can be decided for, or None."""
    from services.azure.credentials import probe

    answers: dict[str, Probe] = {}
    chosen: Name | None = None
    async for answer in probe(cloud, tenant):
        answers[answer.name] = answer
        heard(answer)
        if chosen := decide(answers, preferred, all_in=False):
            break
    return chosen or decide(answers, preferred, all_in=True)


def load_sdk() -> None:
    """Import what a sign-in needs; half a second, so never in the loop's own thread."""
    for name in ("services.azure.connection", "services.azure.credentials", "azure.identity.aio"):
        import_module(name)


@asynccontextmanager
async def connected(
    options: Options, paths: "Paths", memory: "Memory"
) -> "AsyncIterator[Connection]":
    """A connection for one command. Raises AzureError and NoSandbox.

    Without az, environment variables and managed identity it is said on stderr why each of
    them does not serve, and a device code is shown there, once for each process.
    """
    async with signed_in(options, paths, memory) as (connection, _):
        yield connection


@asynccontextmanager
async def signed_in(
    options: Options,
    paths: "Paths",
    memory: "Memory",
    check: Callable[["Name"], None] = lambda _: None,
) -> "AsyncIterator[tuple[Connection, Name]]":
    """As :func:`connected`, and by which way; a sandbox's principals have a secret each.

    ``check`` may refuse the way by an exception, before anybody has to enter a code.
    """
    ready = await ready_of(options, paths.sandbox, talk)
    cloud = await cloud_of(options, ready)
    name, credential = await _credential(options, memory, cloud, ready)
    check(name)
    connection = await sign_in(cloud, credential, read_only=options.read_only)
    try:
        yield connection, name
    finally:
        await connection.close()


async def _credential(
    options: Options, memory: "Memory", cloud: "Cloud", ready: Ready | None
) -> "tuple[Name, Any]":
    from services.azure.credentials import TITLES, credential_for, principal_from_ready

    tenant = memory.tenant if ready is None else str(ready.get("tenant_id", ""))
    name = way(options.credential)
    if ready is not None and name != "device-code":
        return "environment", principal_from_ready(ready, options.principal)
    answers: list[Probe] = []
    if name is None:
        name = await probed(cloud, tenant, memory.credential, answers.append)
    if name is None:
        for one in answers:
            if one.name != "device-code":
                talk(f"{TITLES[one.name]}: {one.outcome}. {one.reason}")
    name = name or "device-code"
    return name, credential_for(name, cloud, tenant, _show_code)


def way(name: str) -> "Name | None":
    """A way to sign in by its name; None for the empty one and for no name of any."""
    from services.azure.credentials import NAMES

    return next((one for one in NAMES if one == name), None)


def _show_code(code: "DeviceCode") -> None:
    talk(f"Open {code.address} in any browser and enter {code.code}")
