"""Notifications that can't hold the application up."""

from dataclasses import dataclass

from textual.notifications import Notification

LEAST_S = 0.05
"""Shortest time that a toast is given."""


@dataclass
class Said(Notification):
    """A notification whose toast always has time left.

    Textual gives a toast, when a screen comes up, what is left of its notification's time. One
    that ends in that very moment has less than nothing left, and Textual's timer for a negative
    time never lets anything else run.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it is taken away, never none."""
        return max(super().time_left, LEAST_S)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return super().time_left <= 0
