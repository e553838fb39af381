"""ARM's request limits: a token bucket for each principal, subscription and kind of request.

Azure's defaults are per principal and subscription: 250 reads refilled at 25 a second, 200
writes at 10, 200 deletes at 10 (Resource Manager's throttling page). The sandbox's are far
more generous; a scenario sets ``[settings.throttle.reads]`` with ``burst`` and ``per_s``.
"""

import math
import time

from sandbox.protocol import GatewayRefusal, Request
from sandbox.world import World

_DEFAULT = {
    "reads": (16500.0, 2000.0),
    "writes": (12000.0, 1000.0),
    "deletes": (12000.0, 1000.0),
}
_KINDS = {"PUT": "writes", "PATCH": "writes", "POST": "writes", "DELETE": "deletes"}


class Throttle:
    """The buckets. They live on real time: the waiting is the client's."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], list[float]] = {}

    def clear(self) -> None:
        """Fill every bucket again."""
        self._buckets.clear()

    def take(self, world: World, request: Request, subscription: str) -> tuple[str, int]:
        """Take one token; returns the kind of request and how many are left.

        Raises a 429 with Retry-After when the bucket is empty.
        """
        kind = _KINDS.get(request.method, "reads")
        burst, rate = _DEFAULT[kind]
        settings = world.state.settings.get("throttle")
        if settings and kind in settings:
            burst = float(settings[kind].get("burst", burst))
            rate = float(settings[kind].get("per_s", rate))
        now = time.monotonic()
        key = (request.caller.object_id, subscription, kind)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = [burst, now]
        left = min(burst, bucket[0] + (now - bucket[1]) * rate)
        bucket[1] = now
        if left < 1:
            bucket[0] = left
            wait = max(1, math.ceil((1 - left) / rate)) if rate > 0 else 3600
            raise GatewayRefusal(
                429,
                "SubscriptionRequestsThrottled",
                f"Number of '{kind[:-1]}' requests for subscription '{subscription}' actor"
                f" '{request.caller.object_id}' exceeded. Please try again after '{wait}' seconds"
                " after additional tokens are available. Refer to"
                " https://aka.ms/arm-throttling for additional information.",
                headers={"Retry-After": str(wait)},
            )
        bucket[0] = left - 1
        return kind, int(left - 1)
