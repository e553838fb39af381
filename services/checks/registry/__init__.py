"""Every check there is: what it is about, what it reads, which failures it foresees.

The judges are found by the check's id; see services/checks/judges/. A failure scenario of
the sandbox is named after the check that sees it. Failure numbers are those of the failure
catalogue.
"""

from services.checks.check import Check
from services.checks.registry.access import ACCESS
from services.checks.registry.clusters import CLUSTERS
from services.checks.registry.containers import CONTAINERS
from services.checks.registry.guards import GUARDS
from services.checks.registry.key import KEY
from services.checks.registry.not_covered import NOT_COVERED
from services.checks.registry.place import PLACE
from services.checks.registry.room import ROOM
from services.checks.registry.vault import VAULT

__all__ = ["BY_ID", "CHECKS", "NOT_COVERED", "TRIPS"]

CHECKS: tuple[Check, ...] = (
    *(*PLACE, *VAULT, *KEY, *ACCESS, *GUARDS, *ROOM),
    *(*CONTAINERS, *CLUSTERS),
)
"""In the order in which they are shown."""

BY_ID = {check.id: check for check in CHECKS}

TRIPS = {name: check for check in CHECKS for name in (check.scenario, *check.further) if name}
"""The check that each scenario below failures/ trips."""
