"""A sandbox that runs in a thread, for the tests of all rooms."""

import asyncio
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import requests
from aiohttp.abc import AbstractResolver, ResolveResult

from sandbox.keyvault import material
from sandbox.scenario import open_into
from sandbox.serve import Options
from sandbox.serve import Sandbox as Server
from sandbox.world import World

SPEED = 2000.0


class Loopback(AbstractResolver):
    """Answers every ``*.localhost`` name with loopback (RFC 6761)."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        if host != "localhost" and not host.endswith(".localhost"):
            raise OSError(f"tests reach nothing but the sandbox, not {host}")
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)
        ]

    async def close(self) -> None:
        return None


class Dealt:
    """Key material by the sandbox's own hand, made once for all estates of a process.

    Making RSA keys was a third of all CPU time of tests that repair a workspace. No two keys of
    one estate are alike, and the next estate is dealt the same ones again.
    """

    def __init__(self) -> None:
        self._make = material.generate
        self._made: dict[tuple[str, int, str, int], str] = {}
        self._next: Counter[tuple[str, int, str]] = Counter()
        self._lock = threading.Lock()

    def anew(self) -> None:
        """Deal from the beginning."""
        with self._lock:
            self._next.clear()

    def generate(self, kty: str, bits: int, curve: str) -> str:
        """A key that this estate does not have yet, as material.generate makes it."""
        what = (kty.removesuffix("-HSM"), bits, curve)
        with self._lock:
            at = self._next[what]
            self._next[what] += 1
        pem = self._made.get((*what, at))
        if pem is None:
            pem = self._made[(*what, at)] = self._make(*what)
        return pem


DEALT = Dealt()
material.generate = DEALT.generate


class RunningSandbox:
    """A sandbox in a thread of its own."""

    def __init__(self, home: Path, scenario: str = "empty", speed: float = SPEED) -> None:
        self.speed = speed
        self._options = Options(home=home, scenario=scenario, speed=speed)
        self._loop = asyncio.new_event_loop()
        self._server = Server(self._options)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self.ready: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._http: requests.Session | None = None
        self._thread.start()
        self._started.wait()
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        try:
            self.ready = await self._server.start()
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._started.set()
        await self._server.stopping.wait()
        await self._server.stop()

    def close(self) -> None:
        """End it, in order."""
        if self._http:
            self._http.close()
        self._loop.call_soon_threadsafe(self._server.stopping.set)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    @property
    def world(self) -> World:
        """The state and the clock. Read it when no request is under way."""
        return self._server.world

    @property
    def arm(self) -> str:
        """ARM's address."""
        return str(self.ready["arm"])

    @property
    def ca_file(self) -> str:
        """The file that clients have to trust."""
        return str(self.ready["ca_file"])

    @property
    def subscription(self) -> str:
        """The first subscription's id."""
        return next(iter(self.world.state.subscriptions))

    def on_loop(self, work: Any) -> Any:
        """Call something where the server runs, between two requests."""

        async def call() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def reset(self, scenario: str = "empty") -> None:
        """Open a scenario, as POST admin/reset does."""
        from sandbox.providers import APIS

        def work() -> None:
            DEALT.anew()
            open_into(self.world, APIS, scenario, self._options.seed)
            self._server.server.clear()

        self.on_loop(work)
        # The vault SDK remembers for the process which tenant a vault's address signs in to.
        known = sys.modules.get("azure.keyvault.keys._shared.http_challenge_cache")
        if known:
            known.clear()

    def advance(self, seconds: float) -> None:
        """Let seconds of the sandbox's clock pass at once."""
        self.admin("POST", "clock", {"advance": seconds})

    def session(self) -> aiohttp.ClientSession:
        """An aiohttp session that trusts the CA and finds ``*.localhost``."""
        import ssl

        context = ssl.create_default_context(cafile=self.ca_file)
        connector = aiohttp.TCPConnector(resolver=Loopback(), ssl=context)
        return aiohttp.ClientSession(connector=connector)

    def principal(self, name: str) -> dict[str, Any]:
        """One of the cast, from the ready document."""
        return next(item for item in self.ready["principals"] if item["name"] == name)

    def audience(self, name: str) -> str:
        """A service's audience by its short name: arm, vault or graph."""
        suffix = self.ready["key_vault_suffix"]
        return {"arm": self.arm, "vault": f"https://{suffix}", "graph": self.ready["graph"]}[name]

    def token(self, principal: str = "admin", audience: str = "arm", tenant: str = "") -> str:
        """An access token, made without asking Entra (its own tests do that)."""
        tenant = tenant or self.ready["tenant_id"]
        found = next(
            item
            for item in self.world.state.principals.values()
            if item.name == principal and item.tenant_id == tenant
        )
        assert self.world.issuer is not None
        return self.world.issuer.access_token(found, self.audience(audience), 3600)

    def http(self) -> requests.Session:
        """A plain HTTP client for ``localhost``, kept open."""
        if self._http is None:
            self._http = requests.Session()
            self._http.verify = self.ca_file
            self._http.trust_env = False
        return self._http

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        principal: str = "admin",
        version: str = "2022-12-01",
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """One ARM request; ``path`` may bring its own query."""
        mark = "&" if "?" in path else "?"
        query = f"{mark}api-version={version}" if version else ""
        return self.http().request(
            method,
            f"{self.arm}{path}{query}",
            json=body,
            headers={"Authorization": f"Bearer {self.token(principal)}", **(headers or {})},
            timeout=10,
        )

    def graph(
        self, method: str, path: str, body: Any = None, *, principal: str = "admin"
    ) -> requests.Response:
        """One Microsoft Graph request."""
        token = self.token(principal, "graph")
        return self.http().request(
            method,
            f"{self.ready['graph']}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control endpoint; its JSON."""
        response = self.http().request(
            method, f"{self.ready['admin']}/{path}", json=body, timeout=30
        )
        assert response.status_code < 400, response.text
        return response.json() if response.content else None

    def requests(self) -> list[dict[str, Any]]:
        """What the sandbox was asked since the last reset."""
        found: list[dict[str, Any]] = self.admin("GET", "requests")["value"]
        return found
