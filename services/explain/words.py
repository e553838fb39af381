"""What every explanation is made of."""

import msgspec

from services.model.intent import Kind


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """The user's own names; the defaults read well when nothing is chosen yet."""

    kind: Kind = "workspace"
    """What is set up."""
    vault: str = "your vault"
    key: str = "your key"
    workspace: str = "your workspace"
    """Name of what is set up, whatever its kind."""
    group: str = "your resource group"
    region: str = "its region"
    retention_days: int = 90


class Explanation(msgspec.Struct, frozen=True):
    """One topic explained."""

    title: str
    paragraphs: tuple[str, ...]
    source: str
