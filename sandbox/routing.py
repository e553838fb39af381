"""Routes and timed work that a provider registers, and the table that finds them.

Paths are matched without regard to case; ``{name}`` matches one segment. Extension
resources (role assignments, locks, ...) exist at any scope: their pattern starts with
``{scope}`` and everything before the last ``/providers/`` becomes that parameter.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.protocol import Answer, Request
from sandbox.state import Json

if TYPE_CHECKING:
    from sandbox.world import World

Handler = Callable[["World", Request], Answer | Awaitable[Answer]]
JobHandler = Callable[["World", Json], None]
SeedHandler = Callable[["World", Json], None]

ARM = "arm"
"""Token for ARM needed; the action is checked at the resource's scope."""
GRAPH = "graph"
"""Token for Microsoft Graph needed."""
VAULT = "vault"
"""A vault's own host; the provider checks the token itself (challenge first)."""
LOGS = "logs"
"""The query API of Log Analytics, on its own host; the provider checks the token itself."""
OPEN = "open"
"""No sign-in: Entra, metadata, retail prices."""
ADMIN = "admin"
"""The control endpoint for people and tests."""


@dataclass(frozen=True, slots=True)
class Route:
    """One registered operation."""

    method: str
    pattern: str
    handler: Handler
    plane: str
    action: str
    """The ARM action checked at the scope; empty where none is checked."""
    namespace: str
    """Provider that must be registered for writes; empty where none is needed."""


@dataclass
class Api:
    """What one provider module offers."""

    namespace: str = ""
    """The resource provider namespace, for example Microsoft.KeyVault."""
    plane: str = ARM
    routes: list[Route] = field(default_factory=list)
    jobs: dict[str, JobHandler] = field(default_factory=dict)
    seeds: dict[str, SeedHandler] = field(default_factory=dict)
    """How an item of a scenario's ``[[name]]`` tables becomes state."""

    def route(
        self, method: str, pattern: str, *, action: str | None = None, plane: str | None = None
    ) -> Callable[[Handler], Handler]:
        """Register a handler. The action is derived from the pattern unless given."""
        plane = plane or self.plane

        def register(handler: Handler) -> Handler:
            checked = action
            if checked is None:
                checked = derive_action(method, pattern) if plane == ARM else ""
            self.routes.append(Route(method, pattern, handler, plane, checked, self.namespace))
            return handler

        return register

    def job(self, kind: str) -> Callable[[JobHandler], JobHandler]:
        """Register the work done when a :class:`sandbox.state.Job` of this kind is due."""

        def register(handler: JobHandler) -> JobHandler:
            self.jobs[kind] = handler
            return handler

        return register

    def seed(self, table: str) -> Callable[[SeedHandler], SeedHandler]:
        """Register how one item of a scenario's ``[[table]]`` is put into the state."""

        def register(handler: SeedHandler) -> SeedHandler:
            self.seeds[table] = handler
            return handler

        return register


def derive_action(method: str, pattern: str) -> str:
    """The ARM action of an operation, by Azure's own naming.

    ``GET .../providers/Microsoft.KeyVault/vaults/{v}`` is
    ``Microsoft.KeyVault/vaults/read``; a POST ends in its verb and ``/action``.
    """
    verb = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
    _head, marker, tail = pattern.rpartition("/providers/")
    if marker:
        words = [part for part in tail.split("/") if not part.startswith("{")]
    else:
        words = ["Microsoft.Resources"]
        words += [part for part in pattern.split("/") if part and not part.startswith("{")]
    name = "/".join(words)
    return f"{name}/action" if method == "POST" else f"{name}/{verb[method]}"


@dataclass
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)


class RouteTable:
    """Finds the route of a request; one tree for each plane."""

    def __init__(self, apis: list[Api]) -> None:
        self._roots: dict[str, _Node] = {}
        self._extensions = _Node()
        self._extension_namespaces: set[str] = set()
        for api in apis:
            for route in api.routes:
                self._add(route)

    def _add(self, route: Route) -> None:
        pattern = route.pattern
        node = self._roots.setdefault(route.plane, _Node())
        if pattern.startswith("{scope}"):
            pattern = pattern.removeprefix("{scope}")
            node = self._extensions
            self._extension_namespaces.add(_segments(pattern)[1].lower())
        names: list[str] = []
        for segment in _segments(pattern):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment.lower(), _Node())
        node.routes[route.method] = route
        node.names[route.method] = tuple(names)

    def find(self, plane: str, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its parameters, or None where nothing is registered.

        HEAD finds the GET route where it has none of its own.
        """
        segments = _segments(path)
        if plane == ARM:
            lowered = [segment.lower() for segment in segments]
            for at in range(len(lowered) - 2, -1, -1):
                if lowered[at] == "providers":
                    if lowered[at + 1] not in self._extension_namespaces:
                        break
                    found = _walk(self._extensions, segments[at:], method)
                    if found:
                        scope = "/".join(["", *segments[:at]])
                        return found[0], {"scope": scope, **found[1]}
                    break
        root = self._roots.get(plane)
        return _walk(root, segments, method) if root else None

    def methods(self, plane: str, path: str) -> list[str]:
        """The methods for which an address has a route."""
        return [method for method in _METHODS if self.find(plane, method, path)]


_METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _walk(node: _Node, segments: list[str], method: str) -> tuple[Route, dict[str, str]] | None:
    return _descend(node, segments, 0, method, ())


def _descend(
    node: _Node, segments: list[str], at: int, method: str, values: tuple[str, ...]
) -> tuple[Route, dict[str, str]] | None:
    if at == len(segments):
        key = method if method in node.routes else "GET" if method == "HEAD" else method
        route = node.routes.get(key)
        return (route, dict(zip(node.names[key], values, strict=True))) if route else None
    child = node.literals.get(segments[at].lower())
    if child:
        found = _descend(child, segments, at + 1, method, values)
        if found:
            return found
    if node.parameter:
        return _descend(node.parameter, segments, at + 1, method, (*values, segments[at]))
    return None
