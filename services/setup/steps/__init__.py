"""One module for each kind of step, found by its name: observe, apply and command."""

from importlib import import_module
from typing import cast

from services.setup.context import Kind


def kind(name: str) -> Kind:
    """The module that knows how to do steps of this kind."""
    return cast(Kind, import_module(f"{__name__}.{name.replace('-', '_')}"))
