"""The control endpoint, for people and tests. It is not part of any Azure.

Providers may add routes of their own on the ADMIN plane; these here need the server.
"""

from collections.abc import Callable

from sandbox import directory, faults, scenario
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import signin
from sandbox.routing import ADMIN, Api
from sandbox.server import Server
from sandbox.state import save
from sandbox.world import World


def api(server: Server, apis: list[Api], stop: Callable[[], None], seed: int) -> Api:
    """The routes under ``/admin``."""
    made = Api(plane=ADMIN)
    _add_requests(made, server)
    _add_clock(made)
    _add_settings(made)
    _add_faults(made)

    @made.route("POST", "/admin/reset")
    def reset(world: World, request: Request) -> Answer:
        name = str(request.json().get("scenario") or world.state.scenario)
        try:
            scenario.open_into(world, apis, name, seed)
        except scenario.ScenarioError as error:
            raise Refusal(400, "InvalidScenario", str(error)) from None
        server.clear()
        return Answer(200, {"scenario": name})

    @made.route("POST", "/admin/stop")
    def end(world: World, request: Request) -> Answer:
        stop()
        return Answer(202, {"status": "stopping"})

    @made.route("GET", "/admin/state")
    def state(world: World, request: Request) -> Answer:
        return Answer(200, save(world.state), {"Content-Type": "application/json"})

    @made.route("POST", "/admin/approve")
    def approve(world: World, request: Request) -> Answer:
        body = request.json()
        code = str(body.get("user_code", ""))
        entry = signin.code_entry(world, code)
        if entry is None:
            raise Refusal(404, "NotFound", f"there is no device code {code!r}")
        principal = directory.by_name(world, str(body.get("principal", "")))
        if principal is None and not body.get("decline"):
            raise Refusal(404, "NotFound", f"there is no principal {body.get('principal')!r}")
        signin.settle(world, entry, None if body.get("decline") else principal)
        return Answer(200, {"status": "declined" if body.get("decline") else "approved"})

    return made


def _add_requests(made: Api, server: Server) -> None:
    @made.route("GET", "/admin/requests")
    def requests(world: World, request: Request) -> Answer:
        return Answer(200, {"value": server.recorder.entries()})

    @made.route("DELETE", "/admin/requests")
    def forget(world: World, request: Request) -> Answer:
        server.recorder.clear()
        return Answer(204)


def _add_clock(made: Api) -> None:
    def told(world: World) -> Answer:
        return Answer(
            200,
            {"now": world.clock.iso(), "offset": world.clock.offset, "speed": world.clock.speed},
        )

    @made.route("GET", "/admin/clock")
    def clock(world: World, request: Request) -> Answer:
        return told(world)

    @made.route("POST", "/admin/clock")
    def jump(world: World, request: Request) -> Answer:
        body = request.json()
        name = "advance" if "advance" in body else "offset"
        seconds = body.get(name)
        if not isinstance(seconds, int | float) or (name == "advance" and seconds < 0):
            raise Refusal(
                400,
                "InvalidClock",
                "advance must be a number of seconds, 0 or more; offset (from real time) any",
            )
        world.clock.offset = seconds + (world.clock.offset if name == "advance" else 0)
        world.state.offset = world.clock.offset
        world.run_due()
        return told(world)


def _add_settings(made: Api) -> None:
    @made.route("GET", "/admin/settings")
    def settings(world: World, request: Request) -> Answer:
        return Answer(200, world.state.settings)

    @made.route("POST", "/admin/settings")
    def change(world: World, request: Request) -> Answer:
        """For example ``token_lifetime_s``, ``propagation_s`` or ``throttle``; null removes."""
        for name, value in request.json().items():
            if value is None:
                world.state.settings.pop(name, None)
            else:
                world.state.settings[name] = value
        return Answer(200, world.state.settings)


def _add_faults(made: Api) -> None:
    @made.route("GET", "/admin/faults")
    def listing(world: World, request: Request) -> Answer:
        return Answer(200, {"value": faults.listing(world)})

    @made.route("POST", "/admin/faults")
    def order(world: World, request: Request) -> Answer:
        body = request.json()
        for item in [faults.parse(value) for value in body.get("faults", [body])]:
            faults.add(world, item)
        return Answer(200, {"value": faults.listing(world)})

    @made.route("DELETE", "/admin/faults")
    def clear(world: World, request: Request) -> Answer:
        faults.clear(world)
        return Answer(204)
