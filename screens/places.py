"""The places a person can go to: Home's entries, ``:`` names and palette entries, once.

A place appears when its journey exists. The screen is imported when it is first opened.
"""

from importlib import import_module
from typing import NamedTuple

from textual.screen import Screen


class Place(NamedTuple):
    """One screen that can be gone to."""

    name: str
    """What follows the colon."""
    title: str
    line: str
    """What one does there, as Home and the palette say it."""
    screen: str
    """``module:Class``; the class takes no arguments."""
    key: str = ""
    """Letter on Home, the one of screens.keys; empty: not an entry of Home."""


PLACES: tuple[Place, ...] = (
    Place("home", "Home", "what wrapkey can do", "screens.home:Home"),
    Place(
        "setup",
        "Set up",
        "an encrypted workspace, container group or cluster",
        "screens.setup.where:Where",
        "setup",
    ),
    Place(
        "diagnose",
        "Diagnose",
        "why an encrypted deployment does not work",
        "screens.diagnose.start:Start",
        "diagnose",
    ),
    Place(
        "rotate",
        "Rotate",
        "move what a key encrypts to another version",
        "screens.rotate:RotateStart",
        "rotate",
    ),
    Place(
        "browse",
        "Browse",
        "subscriptions, vaults, keys, and what they encrypt",
        "screens.browse.subscriptions:Subscriptions",
        "browse",
    ),
    Place("vaults", "Vaults", "every vault you can see", "screens.browse.vaults:Vaults"),
    Place(
        "workspaces",
        "Workspaces",
        "every workspace, and whose key encrypts it",
        "screens.browse.workspaces:Workspaces",
    ),
    Place(
        "container-groups",
        "Container groups",
        "every container group, and its key",
        "screens.browse.deployed:ContainerGroups",
    ),
    Place(
        "encryption-sets",
        "Disk encryption sets",
        "every set, and how it follows its key",
        "screens.browse.deployed:EncryptionSets",
    ),
    Place(
        "clusters",
        "Clusters",
        "every cluster, and the set of its disks",
        "screens.browse.deployed:Clusters",
    ),
    Place("runs", "Runs", "what was done, and what is going on", "screens.runs:Runs", "runs"),
    Place("sign-in", "Sign in", "who is signed in, and as whom else", "screens.sign_in:SignIn"),
)


def find(name: str) -> Place | None:
    """The place of this name, or the only one that begins with it."""
    name = name.strip().lstrip(":").casefold()
    exact = [place for place in PLACES if place.name == name]
    begun = [place for place in PLACES if name and place.name.startswith(name)]
    found = exact or begun
    return found[0] if len(found) == 1 else None


def build(place: Place) -> Screen[None]:
    """A new screen for this place."""
    module, _, name = place.screen.partition(":")
    screen: Screen[None] = getattr(import_module(module), name)()
    return screen
