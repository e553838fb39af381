"""A run as its page drives it, whoever carries it out: this process, another one, or nobody."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from services.runs.view import RunView

Carrier = Literal["us", "another", "nobody"]

RESUMABLE = ("interrupted", "stopped", "failed")
"""How a run stands that can go on."""


class Carried(Protocol):
    """What the Run page needs. Only ``us`` and ``another`` hear pause, stop and retry."""

    view: RunView

    @property
    def carrier(self) -> Carrier:
        """Who carries it out now."""

    @property
    def problem(self) -> str:
        """Why it can't be followed any further; empty while it can."""

    def subscribe(self, listener: Callable[[], None], /) -> Callable[[], None]:
        """Hear of every change from now on; the answer ends that."""

    async def pause(self) -> None:
        """Send no new write."""

    async def proceed(self) -> None:
        """End a pause."""

    async def give(self, source: str, value: str, /) -> bool:
        """Give a secret that a step waits for; False where another process carries the run out."""

    async def stop(self) -> None:
        """Begin nothing more; writes on their way are awaited."""

    async def retry(self, step: str, /) -> None:
        """Try a failed or waiting step again."""

    async def values(self, step: str, /) -> dict[str, Any]:
        """What a step has found and left for others."""
