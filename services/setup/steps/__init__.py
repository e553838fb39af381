"""One module for each kind of step, found by its name: observe, apply and command.

Those that make something have an undo besides; others may say in ``STAYS`` why what they did
can't be taken back.
"""

from importlib import import_module
from typing import cast

from services.setup.context import Kind
from services.setup.undoing import Undoable


def kind(name: str) -> Kind:
    """The module that knows how to do steps of this kind."""
    return cast(Kind, import_module(f"{__name__}.{name.replace('-', '_')}"))


def undoable(name: str) -> Undoable | None:
    """The module that knows how to take back what such a step made; None where nothing can be."""
    module = kind(name)
    return cast(Undoable, module) if hasattr(module, "undo") else None


def stays(name: str) -> str:
    """Why what such a step did is not taken back; empty where it did nothing that lasts."""
    return str(getattr(kind(name), "STAYS", ""))
