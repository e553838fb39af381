"""What happened before a scenario opens: calls of people and services, each at its time.

``[history]`` says how many ``days`` ago the scenario's tables held; ``[[calls]]`` is what has
been called since, and the sandbox does it with its own handlers: rights, locks and policies
decide as ever, the activity log knows who called, and timed work runs in between.

A call: ``ago`` (how long before the scenario opens: ``90s``, ``20m``, ``3h``, ``2d``), ``by``
(a principal's name), ``call`` (method and address), ``body``, and ``refused = true`` for what
somebody tried in vain. An address begins with a subscription's name (``Contoso-ML/rg-sec/...``
or ``Contoso-ML/providers/...``), with ``/`` for Resource Manager and the control endpoint,
``/graph/`` for Microsoft Graph, or is ``https://VAULT/...`` for a vault's data plane.

In addresses and bodies ``{what:name}`` stands for what a file can't know; see :data:`_WORDS`.
``{time:-2d}`` alone is an instant in whole seconds, counted from when the scenario opens.
"""

import inspect
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox import activity, armid, directory, gate
from sandbox.keyvault import keystore
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import managedgroup
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.providers.subscriptions import subscription_id
from sandbox.roles import BUILT_IN
from sandbox.routing import ARM, VAULT, Api, RouteTable
from sandbox.server import plane_of
from sandbox.state import Json, Principal
from sandbox.world import World

_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_WORD = re.compile(r"\{(\w+):([^{}]+)\}")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CALL = frozenset({"ago", "by", "call", "body", "refused"})
_VERSIONS = {ARM: "2024-11-01", VAULT: "7.6"}


def play(world: World, apis: list[Api], calls: list[Json], days: float) -> None:
    """Do all calls at their times, then let the time until now pass.

    Raises ValueError for a call that can't be read or lies before the beginning, and for one
    whose outcome is not the one it says.
    """
    routes = RouteTable(apis)
    timed = sorted(calls, key=lambda call: -seconds(str(call.get("ago", "0s"))))
    for call in timed:
        ago = seconds(str(call["ago"]))
        if ago > days * _UNIT["d"]:
            raise ValueError(f"{call['call']}: {call['ago']} ago is before the history begins")
        world.clock.offset = -ago
        world.run_due()
        perform(world, routes, call)
    world.clock.offset = 0.0
    world.run_due()


def seconds(text: str) -> float:
    """``3h`` as seconds; raises ValueError."""
    match = _AGO.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration such as 90s, 20m, 3h or 2d")
    return float(match[1]) * _UNIT[match[2]]


def perform(world: World, routes: RouteTable, call: Json) -> None:
    """Do one call now, whatever its ``ago``; raises ValueError as :func:`play` does."""
    if not call.keys() <= _CALL:
        raise ValueError(f"a call has no {', '.join(sorted(call.keys() - _CALL))}")
    method, _, address = call["call"].partition(" ")
    who = directory.by_name(world, call["by"])
    if who is None:
        raise ValueError(f"{call['call']}: there is no principal {call['by']!r}")
    host, path = _address(world, str(_said(world, address)))
    plane, path = plane_of(host, path)
    path, _, query = path.partition("?")
    found = routes.find(plane, method, path)
    if found is None:
        raise ValueError(f"{call['call']}: nothing answers there")
    body = _said(world, call.get("body"))
    request = Request(
        method,
        host,
        path,
        {"api-version": _VERSIONS.get(plane, ""), **dict(parse_qsl(query))},
        {"authorization": "Bearer (a history)"},
        msgspec.json.encode(body) if body is not None else b"",
        id=str(uuid.UUID(world.state.new_id())),
        principal=who,
        claims=_claims(world, who),
        params=found[1],
        unread=True,
    )
    route = found[0]
    before = len(world.state.operations)
    refusal: Refusal | None = None
    try:
        if plane == ARM:
            gate.check(world, route, request)
        status = _finished(route.handler(world, request)).status
    except Refusal as error:
        refusal, status = error, error.status
    if plane == ARM and route.action and not route.action.endswith("/read") and request.scope:
        made = activity.note(
            world, request, route.action, status, refusal.error() if refusal else None
        )
        for operation in list(world.state.operations.values())[before:]:
            activity.started(operation, made)
    if bool(refusal) != bool(call.get("refused")):
        raise ValueError(f"{call['call']}: {refusal or 'was not refused'}")


def _address(world: World, text: str) -> tuple[str, str]:
    """Host and path of a call."""
    arm = world.addresses.arm.removeprefix("https://")
    if text.startswith("https://"):
        name, _, path = text.removeprefix("https://").partition("/")
        return f"{name}.{world.addresses.vault_suffix}", f"/{path}"
    if text.startswith("/"):
        return arm, text
    name, _, rest = text.partition("/")
    if rest.lower().startswith("providers/"):
        return arm, f"/subscriptions/{subscription_id(world, name)}/{rest}"
    return arm, scope_of(world, text)


def _claims(world: World, who: Principal) -> Json:
    """The claims of a token for any vault, as the person or app of the call."""
    return {
        "aud": f"https://{world.addresses.vault_suffix}",
        "iss": f"{world.addresses.authority}/{who.tenant_id}/",
        "tid": who.tenant_id,
        "oid": who.object_id,
        "appid": who.app_id,
        "exp": float("inf"),
        **({"upn": who.upn} if who.upn else {}),
    }


def _finished(answer: Any) -> Answer:
    """An answer, of handlers that are coroutines too: for nobody they wait for nothing."""
    if not inspect.iscoroutine(answer):
        return answer  # type: ignore[no-any-return]
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    answer.close()
    raise ValueError("the call waits for something, and a history can't")


def _said(world: World, value: Any) -> Any:
    """A value with its words replaced."""
    if isinstance(value, dict):
        return {str(_said(world, key)): _said(world, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_said(world, item) for item in value]
    if not isinstance(value, str):
        return value
    whole = _WORD.fullmatch(value)
    if whole and whole[1] == "time":
        back = whole[2].startswith("-")
        away = seconds(whole[2].lstrip("+-"))
        return int(world.clock.epoch() - world.clock.offset + (-away if back else away))
    return _WORD.sub(lambda match: _WORDS[match[1]](world, match[2]), value)


def _key(world: World, text: str, at: int) -> str:
    vault, _, name = text.partition("/")
    version = keystore.live(world, vault, name)["versions"][at]["version"]
    return f"{world.addresses.vault(vault)}/keys/{name}/{version}"


def _managed(world: World, text: str) -> str:
    for resource in world.state.resources.values():
        doc = resource.doc
        if doc["name"] == text and doc["type"].endswith("/workspaces"):
            return managedgroup.group_id(doc)
    raise KeyError(f"no workspace {text!r}")


def _object(world: World, text: str) -> str:
    who = directory.by_name(world, text)
    if who is None:
        raise KeyError(f"no principal {text!r}")
    return who.object_id


def _part(world: World, text: str) -> str:
    name, _, part = text.partition("/")
    group = _managed(world, name)
    kind = managedgroup.PARTS[part].kind.lower()
    for key, resource in world.state.resources.items():
        if armid.within(key, group) and f"/{kind}/" in key:
            return str(resource.doc["id"])
    raise KeyError(f"no {text!r}")


_WORDS: dict[str, Callable[[World, str], str]] = {
    "scope": scope_of,
    "subscription": subscription_id,
    "object": _object,
    "app": lambda world, text: world.state.principals[_object(world, text)].app_id,
    "role": lambda world, text: (
        "/providers/Microsoft.Authorization/roleDefinitions/" + BUILT_IN[text].id
    ),
    "vault": lambda world, text: world.addresses.vault(text),
    "newest": lambda world, text: _key(world, text, -1),
    "oldest": lambda world, text: _key(world, text, 0),
    "managed": _managed,
    "part": _part,
}
"""``scope`` (subscription/group) and ``subscription`` by name to an id; ``object``, ``app`` and
``role`` by name to an id; ``vault`` to its address; ``newest`` and ``oldest`` version of
``vault/key`` to a key identifier; ``managed``: a workspace's name to the id of its managed
group; ``part``: ``workspace/cosmos`` to the id of what is in it."""
