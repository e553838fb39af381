"""Container Instances."""

import msgspec

from services.model.resources.noun import Noun


class GroupEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a container group or of one of its containers."""

    name: str
    message: str
    type: str
    """Normal or Warning."""
    count: int = 1
    container: str = ""


class ContainerState(msgspec.Struct, frozen=True, kw_only=True):
    """A container of a group as its instance view tells it."""

    name: str
    state: str = ""
    """Waiting, Running or Terminated; empty before the group has a host."""
    detail: str = ""
    """For example Completed, Error or CrashLoopBackOff."""


class ContainerGroup(Noun, frozen=True, kw_only=True):
    """A group of Container Instances. Values of secure variables are never told."""

    id: str
    name: str
    location: str
    state: str
    """provisioningState."""
    view: str = ""
    """State of its instance view: Pending, Running, Succeeded, Failed, Stopped."""
    events: tuple[GroupEvent, ...] = ()
    containers: tuple[ContainerState, ...] = ()
    os: str = ""
    vault_uri: str = ""
    """Base URL of the key's vault; empty where Microsoft's keys encrypt."""
    key: str = ""
    key_version: str = ""
    identity: str = ""
    """ARM id of the identity that unwraps the key; empty: the service's own app does."""
    identities: tuple[str, ...] = ()
    principals: dict[str, str] = msgspec.field(default_factory=dict)
    """Object id that it works as, by the id of an identity of its own, both in lower case."""
    address: str = ""
    cores: float = 0.0
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class GroupLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest container group that a region gives an operating system."""

    os: str
    cores: float
    memory_gb: float
