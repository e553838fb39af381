"""The frame of every data-plane request: find the vault, let the caller in, answer.

Handlers get a :class:`Call` and run after sign-in, firewall and permission. They are plain
functions, so that they are atomic; what needs key material returns :class:`Shown`, and the
frame makes missing material in a thread before the answer is written.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import audit
from sandbox.keyvault import access, keystore, keyview, material, names, paging
from sandbox.protocol import Answer, Refusal, Request, VaultRefusal
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

PAGE = 25
"""Most items in a page, and how many without ``maxresults`` (KV rest reference)."""
SERVICE_VERSION = "1.9.3070.2"
_API_VERSION = re.compile(r"\d+\.\d+(-preview(\.\d+)?)?|\d{4}-\d{2}-\d{2}(-preview)?")
_CRYPTO = {
    name.lower(): name for name in ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
}


@dataclass
class Call:
    """One admitted request."""

    world: World
    request: Request
    vault: Resource
    caller: access.Caller
    operation: str
    """The permission it was checked for."""
    body: Json

    @property
    def key(self) -> str:
        """The key's name in the path, or an empty string."""
        return self.request.params.get("key", "")

    @property
    def version(self) -> str:
        """The version in the path, or an empty string."""
        return self.request.params.get("version", "")

    def live(self) -> Json:
        """The living key of the path."""
        return keystore.live(self.world, self.vault.doc["name"], self.key)

    def deleted(self) -> Json:
        """The soft-deleted key of the path."""
        return keystore.deleted(self.world, self.vault.doc["name"], self.key)

    def item(self, key: Json, one: Json, *, versioned: bool) -> Json:
        """A key's line in a list."""
        version = self.request.api_version
        return keyview.item(self.world, self.vault, key, one, version, versioned=versioned)


@dataclass
class Shown:
    """A version to be answered with, once it has its material."""

    key: Json
    version: Json
    body: Callable[[Call, Json, Json], Json] | None = None
    """What to answer; None is the key bundle."""


Inner = Callable[[Call], Answer | Shown]


def operation(api: Api, method: str, pattern: str, permission: str) -> Callable[[Inner], Inner]:
    """Register a data-plane operation; an empty permission is the path's ``{operation}``."""

    def register(inner: Inner) -> Inner:
        async def handler(world: World, request: Request) -> Answer:
            return await _run(world, request, inner, permission)

        api.route(method, pattern)(handler)
        return inner

    return register


async def _run(world: World, request: Request, inner: Inner, permission: str) -> Answer:
    vault = named_vault(world, request)
    headers = {
        "x-ms-keyvault-region": vault.doc["location"].replace(" ", "").lower(),
        "x-ms-keyvault-service-version": SERVICE_VERSION,
    }
    caller: access.Caller | None = None
    try:
        caller = access.sign_in(world, request, vault)
        call = admit(world, request, vault, caller, permission)
        result = inner(call)
        answer = result if isinstance(result, Answer) else await _show(call, result)
        _log(world, request, vault, caller, permission=permission)
    except Refusal as refusal:
        if caller:
            _log(world, request, vault, caller, permission=permission, refusal=refusal)
        refusal.headers = {**headers, **_network_info(world), **refusal.headers}
        raise
    answer.headers = {**headers, **_network_info(world), **answer.headers}
    return answer


def _permission(request: Request, permission: str) -> str:
    return permission or _CRYPTO.get(request.params["operation"].lower(), "")


def _log(
    world: World,
    request: Request,
    vault: Resource,
    caller: access.Caller,
    *,
    permission: str,
    refusal: Refusal | None = None,
) -> None:
    name = _permission(request, permission)
    if name:
        url = f"https://{request.host}{request.path}?api-version={request.api_version}"
        operation = audit.operation_name(name, request.path)
        audit.note(world, vault, caller, operation, url=url, request=request, refusal=refusal)


def _network_info(world: World) -> dict[str, str]:
    address = world.state.settings.get("client_address", access.CLIENT_ADDRESS)
    info = f"conn_type=Ipv4;addr={address};act_addr_fam=InterNetwork;"
    return {"x-ms-keyvault-network-info": info}


async def _show(call: Call, shown: Shown) -> Answer:
    one = shown.version
    if call.request.unread:
        return Answer(200)
    if not one["pem"]:
        pem = await asyncio.to_thread(material.generate, one["kty"], one["bits"], one["crv"])
        if not one["pem"]:  # somebody else's request may have been quicker
            one["pem"] = pem
        call.world.changed = True
    if shown.body:
        return Answer(200, shown.body(call, shown.key, one))
    version = call.request.api_version
    return Answer(200, keyview.bundle(call.world, call.vault, shown.key, one, version))


def named_vault(world: World, request: Request) -> Resource:
    """The vault of the request's host, once its name resolves."""
    name = request.host.partition(".")[0]
    vault = names.find(world, name)
    if vault is None or vault.doc["properties"]["provisioningState"] == "RegisteringDns":
        raise no_such_host(request.host)
    return vault


def no_such_host(host: str) -> VaultRefusal:
    """What stands for a name that does not resolve.

    A vault that is not there has no DNS name, so Azure answers nothing at all. The sandbox's
    hosts all resolve to loopback; 421 Misdirected Request is what HTTP has for it.
    """
    return VaultRefusal(
        421, "VaultNotFound", f"No vault answers at {host}: in Azure this name does not resolve."
    )


def admit(
    world: World, request: Request, vault: Resource, caller: access.Caller, permission: str
) -> Call:
    """Firewall, api-version, permission, body of who has signed in; in the service's order."""
    access.check_network(vault, caller)
    if not _API_VERSION.fullmatch(request.api_version):
        raise material.bad_parameter("The request URI has no valid api-version parameter.")
    name = _permission(request, permission)
    if not name:
        raise VaultRefusal(404, "NotFound", "The request URI names no operation of a key.")
    access.check_permission(world, vault, caller, name, request.params.get("key", ""))
    return Call(world, request, vault, caller, name, _body(request))


def _body(request: Request) -> Json:
    try:
        return request.json()
    except Refusal:
        raise material.bad_parameter("The request body is not a JSON object.") from None


def nextpage(call: Call, items: list[tuple[str, Json]]) -> Answer:
    """One page of named items; ``nextLink`` is null at the end (recorded: keyvault-data/09)."""
    query = call.request.query
    wanted = query.get("maxresults", "")
    if wanted and not (wanted.isdecimal() and 1 <= int(wanted) <= PAGE):
        raise material.bad_parameter(f"maxresults is a number from 1 to {PAGE}.")
    size = int(wanted) if wanted else PAGE
    after = _marker(query.get("$skiptoken", ""))
    left = [pair for pair in items if pair[0].lower() > after]
    shown, link = left[:size], None
    if len(left) > size:
        marker = paging.token(shown[-1][0].lower())
        tail = f"&maxresults={wanted}" if wanted else ""
        address = call.world.addresses.vault(call.vault.doc["name"].lower())
        version = call.request.api_version
        path = call.request.path.rstrip("/")
        link = f"{address}{path}?api-version={version}&$skiptoken={marker}{tail}"
    body: dict[str, Any] = {"value": [line for _, line in shown], "nextLink": link}
    return Answer(200, body)


def _marker(token: str) -> str:
    try:
        return paging.last_name(token)
    except ValueError:
        raise material.bad_parameter("The $skiptoken is not valid.") from None
