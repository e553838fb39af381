"""All resource providers, each one module with an ``api``.

The order is the order in which a scenario's tables are read.
"""

from sandbox.providers import (
    identities,
    insights,
    loganalytics,
    prices,
    registries,
    resourcegraph,
    resources,
)
from sandbox.routing import Api

APIS: list[Api] = [
    identities.api,
    loganalytics.api,
    insights.api,
    registries.api,
    resources.api,
    resourcegraph.api,
    prices.api,
]
