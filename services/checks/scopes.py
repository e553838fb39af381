"""What holds at a scope: pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from services.model.resources import Permission


def covers(outer: str, inner: str) -> bool:
    """Whether what is set at scope ``outer`` counts at scope ``inner``: the same or above it."""
    above, below = outer.rstrip("/").lower(), inner.rstrip("/").lower()
    return above in ("", below) or below.startswith(above + "/")


def allows(permissions: Iterable[Permission], action: str, *, data: bool = False) -> bool:
    """Whether any block of permissions allows an action and does not take it back."""
    wanted = action.lower()
    return any(
        _any(block.data_actions if data else block.actions, wanted)
        and not _any(block.not_data_actions if data else block.not_actions, wanted)
        for block in permissions
    )


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action, pattern.lower()) for pattern in patterns)
