"""Long-running operations: their addresses and the bodies that polling gets.

Which service uses which style is recorded in ``docs/limits.md`` and each provider.
"""

from sandbox import armid
from sandbox.protocol import Answer, GatewayRefusal, Request
from sandbox.state import Json, Operation
from sandbox.world import World


def url(  # noqa: PLR0917 - the parts of an address, in their order
    world: World,
    operation: Operation,
    namespace: str,
    location: str,
    segment: str,
    api_version: str,
    query: str = "",
) -> str:
    """``{arm}/subscriptions/S/providers/NS/locations/L/SEGMENT/ID?api-version=V[&query]``."""
    subscription = armid.segments(operation.target)[1]
    tail = f"&{query}" if query else ""
    return (
        f"{world.addresses.arm}/subscriptions/{subscription}/providers/{namespace}"
        f"/locations/{location}/{segment}/{operation.id}?api-version={api_version}{tail}"
    )


def async_headers(  # noqa: PLR0917 - the parts of an address, in their order
    world: World,
    operation: Operation,
    namespace: str,
    location: str,
    segment: str,
    api_version: str,
    *,
    asynchronous: str | None = "",
    result: str | None = "",
    retry_after: int | None = None,
) -> dict[str, str]:
    """Azure-AsyncOperation and Location of an accepted request.

    ``asynchronous`` and ``result`` are what each address carries after the api-version
    (``type=async`` and ``type=location`` for Machine Learning, ``monitor=true`` for the
    Location of Compute); None leaves that header out. ``retry_after`` is in real seconds.
    """
    headers: dict[str, str] = {}
    place = (world, operation, namespace, location, segment, api_version)
    if asynchronous is not None:
        headers["Azure-AsyncOperation"] = url(*place, asynchronous)
    if result is not None:
        headers["Location"] = url(*place, result)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return headers


def find(world: World, operation_id: str) -> Operation:
    """The operation; refuses an unknown one with 404, as ARM does."""
    operation = world.state.operations.get(operation_id)
    if operation is None:
        raise GatewayRefusal(
            404, "NotFound", f"The operation with id '{operation_id}' was not found."
        )
    return operation


def status(operation: Operation, *, progress: bool = False) -> Json:
    """``{"status": ...}`` with ``error`` when it failed.

    ``progress`` adds ``percentComplete: 100.0`` at the end (Machine Learning).
    """
    body: Json = {"status": operation.status}
    if progress and operation.status == "Succeeded":
        body["percentComplete"] = 100.0
    if operation.error:
        body["error"] = operation.error
    return body


def named_status(world: World, operation: Operation) -> Json:
    """The style of AKS and Compute: name, status, startTime, and endTime once it has ended."""
    body: Json = {
        "name": operation.id,
        "status": operation.status,
        "startTime": world.clock.iso(operation.started),
    }
    if operation.ended:
        body["endTime"] = world.clock.iso(operation.ended)
    if operation.error:
        body["error"] = operation.error
    return body


def location_answer(
    world: World, request: Request, operation: Operation, *, done: int = 200
) -> Answer:
    """What polling a Location gets: 202 with the same address, then the result.

    ``done`` is the status at the end (200 or 204). A failure is 409 with the error, unless
    the operation's ``inner["http"]`` names another status.
    """
    if operation.status == "InProgress":
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        again = f"{world.addresses.arm}{request.path}?{query}"
        return Answer(202, None, {"Location": again})
    if operation.error:
        return Answer(int(operation.inner.get("http", 409)), {"error": operation.error})
    return Answer(done if done == 204 else 200, operation.result)


def injected(world: World, operation_id: str) -> Json | None:
    """The error a fault wants this operation to end with, or None.

    A provider's job asks before it does its work, so that a failed operation leaves the
    resource as a failure of the service would.
    """
    operation = world.state.operations.get(operation_id)
    error: Json | None = operation.inner.get("fault") if operation else None
    return error
