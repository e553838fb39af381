"""All that one look at a target read: everything that its diagnosis follows from."""

from datetime import datetime

import msgspec

from services.azure.clouds import Cloud
from services.checks.facts import Asked, Unknown
from services.diagnosis.clusters.facts import ClusterLive
from services.diagnosis.containers.facts import ContainerLive
from services.diagnosis.facts import Live
from services.model.diagnosis import Target
from services.model.resources import Caller, ContainerGroup, ResourceGroup, Workspace


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A target that is not there."""

    asked: Asked
    """The request that told so."""
    left: ResourceGroup | Unknown | None = None
    """The managed group of a workspace, where that is still there."""


There = Live | ClusterLive | ContainerLive | Gone | Workspace | ContainerGroup
"""Only a workspace or a group: one that no key of the customer's encrypts."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, by whom, where and when."""

    target: Target
    at: datetime
    """By ARM's clock; UTC."""
    cloud: Cloud
    caller: Caller
    there: There
    masked: bool = False
    """Whether names and ids were masked."""
