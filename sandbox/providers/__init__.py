"""All resource providers, each one module with an ``api``.

The order is the order in which a scenario's tables are read.
"""

from sandbox.routing import Api

APIS: list[Api] = []
