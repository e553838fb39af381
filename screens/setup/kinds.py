"""Which page asks about what is set up: one for each kind, imported when it is opened."""

from importlib import import_module

from screens.setup.page import SetupPage
from services.model.intent import Kind
from services.setup.draft import Draft

PAGES: dict[Kind, str] = {
    "workspace": "screens.setup.workspace:WorkspacePage",
    "container-group": "screens.setup.container_group:ContainerGroupPage",
    "cluster": "screens.setup.cluster:ClusterPage",
}
"""Kind to ``module:Class``; the class takes the draft."""


def page_of(draft: Draft) -> SetupPage:
    """The fifth page of Set up, for what the draft is of."""
    module, _, name = PAGES[draft.kind].partition(":")
    page: SetupPage = getattr(import_module(module), name)(draft)
    return page
