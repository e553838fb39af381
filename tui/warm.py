"""Imports the SDK modules in a thread after the first paint, so that no key waits for them.

A daemon thread: leaving never waits for an import that nobody needs any more.
"""

from importlib import import_module

MODULES = (
    "services.azure.connection",
    "services.azure.credentials",
    "azure.identity.aio",
    "azure.mgmt.resource.subscriptions.aio",
    "azure.mgmt.keyvault.aio",
    "azure.keyvault.keys.aio",
    "azure.mgmt.resource.resources.aio",
    "azure.mgmt.authorization.aio",
    "azure.mgmt.msi.aio",
    "azure.mgmt.machinelearningservices.aio",
    "azure.mgmt.monitor.aio",
    "azure.mgmt.storage.aio",
    "azure.mgmt.search.aio",
    "azure.mgmt.cosmosdb.aio",
    "services.azure.challenge",
    "screens.run",
    "screens.leave",
    "screens.widgets.confirm",
    "screens.widgets.inspect",
    "tui.resuming",
    "tui.watching",
    "tui.detached",
    "tui.crash",
)
"""In the order in which a person comes to need them; the last are what a run is left with, which
must not be read from a disk on which wrapkey was upgraded meanwhile."""


def warm() -> None:
    """Import them all."""
    for name in MODULES:
        import_module(name)
