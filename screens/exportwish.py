"""Asks what an export shall name instead: a key, a disk encryption set, a name, a kind of disk."""

from typing import Any

import msgspec

from screens.base import Page
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import Column, Row
from services.azure import disks
from services.azure.errors import AzureError
from services.exports import reading
from services.exports.model import NAME, SKUS, ExportKind, Wish
from services.ids import ArmId, BadId, KeyId, same
from services.model.diagnosis import Target

OPTIONS = (Column("What", 16), Column("Now"))
KEYS = (Column("Key"), Column("Address"))
SETS = (Column("Name"), Column("Group"), Column("Region", 11))
KINDS = (Column("Kind of disk"),)
OTHER = "other"
ADDRESS = "https://VAULT/keys/NAME, with a version where it shall be that one"


async def ask_wish(page: Page[Any], kind: ExportKind, target: Target, wish: Wish) -> Wish:
    """What the person wishes now; the same where nothing was chosen. Call it from a worker."""
    if kind != "storage-class":
        key = await _key(page, target, wish.key)
        return msgspec.structs.replace(wish, key=key or wish.key)
    chosen = await page.app.push_screen_wait(
        Picker("Change what?", OPTIONS, _options(target, wish))
    )
    if chosen == "set":
        found = await _set(page, target, wish.encryption_set)
        return msgspec.structs.replace(wish, encryption_set=found or wish.encryption_set)
    if chosen == "name":
        name = await page.app.push_screen_wait(Prompt("Its name", value=wish.name, rule=_name))
        return msgspec.structs.replace(wish, name=name or wish.name)
    if chosen == "sku":
        rows = [Row(one, (one,)) for one in SKUS]
        sku = await page.app.push_screen_wait(Picker("Kind of disk", KINDS, rows, chosen=wish.sku))
        return msgspec.structs.replace(wish, sku=sku or wish.sku)
    return wish


def _options(target: Target, wish: Wish) -> list[Row]:
    """What of a StorageClass can be changed; a set by itself is the one."""
    own = "the cluster's own" if target.kind == "cluster" else "this one"
    named = wish.encryption_set.rpartition("/")[2] or own
    fixed = "" if target.kind == "cluster" else "it is written out of this set"
    return [
        Row("name", ("Name", wish.name)),
        Row("sku", ("Kind of disk", wish.sku)),
        Row("set", ("Encryption set", named), data=fixed),
    ]


async def _key(page: Page[Any], target: Target, now: str) -> str:
    """One of the keys beside the one in use, or an address; empty where none was chosen."""
    near, label = list[str](), "Address of the key"
    try:
        near = await reading.keys_beside(page.shell.session.live, target.kind, target.id)
    except AzureError as error:
        label = f"{error.what} {label}"  # a toast would lie over the field
    if near:
        rows = [Row(one, (KeyId.parse(one).name, one), one) for one in near]
        rows.append(Row(OTHER, ("another one", "by its address")))
        chosen = await page.app.push_screen_wait(Picker("Which key?", KEYS, rows, chosen=now))
        if chosen != OTHER:
            return chosen
    return await page.app.push_screen_wait(Prompt(label, value=now, rule=_address))


async def _set(page: Page[Any], target: Target, now: str) -> str:
    """A disk encryption set of the cluster's subscription; empty where none was chosen."""
    try:
        found = await disks.list_sets(page.shell.session.live, ArmId.parse(target.id).subscription)
    except AzureError as error:
        page.shell.say(f"{error.what} {error.means} {error.do}", bad=True)
        return ""
    if not found:
        page.shell.say("There is no disk encryption set in the cluster's subscription.")
        return ""
    rows = [
        Row(one.id, (one.name, ArmId.parse(one.id).group, one.location), one.id) for one in found
    ]
    chosen = next((one.id for one in found if same(one.id, now)), "")
    return await page.app.push_screen_wait(Picker("Which set?", SETS, rows, chosen=chosen))


def _name(text: str) -> str:
    """The rule of a name in Kubernetes; empty where it is kept."""
    return "" if NAME.match(text) else "lower-case letters, digits, hyphens and dots"


def _address(text: str) -> str:
    """What is wrong with the address of a key; empty where nothing is."""
    try:
        KeyId.parse(text)
    except BadId:
        return ADDRESS
    return ""
