"""What a sandbox holds and was asked, and what a journal says, made comparable between two runs."""

import difflib
import pprint
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import carrying
import msgspec
from sandboxed import RunningSandbox

from sandbox.providers.disks import ROTATE_S
from services.runs.auditing import verify
from services.runs.journal import Journal

PASSING = ("operations", "jobs", "activity", "counter", "offset", "faults")
"""What tells how a state came about, not what there is."""
GUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
CLUSTER = re.compile(r"\b[0-9a-f]{24}\b|(?<=-)[0-9a-f]{8}(?=-vmss|\.(?:portal\.)?hcp\.)")
"""A cluster's resourceUID, which Azure makes up, and its first 8 characters in names."""
CIPHER = re.compile(r"-----BEGIN.*|[A-Za-z0-9+/]{200,}={0,2}", re.DOTALL)
"""Material of keys, and data keys wrapped by it: random in each run."""
ENDED = {"done", "skipped"}


class Estate:
    """A sandbox before a run. Ids that are known by then keep their value, later ones lose it."""

    def __init__(self, sandbox: RunningSandbox, plan: bytes) -> None:
        self._sandbox = sandbox
        self._known = frozenset(GUID.findall(repr(self._state()) + plan.decode()))

    def now(self) -> Any:
        """All that exists; equal for two runs that made the same.

        An hour later: an encryption set that follows its key looks once an hour for a newer
        version, and a run that was quicker than another would be compared with it before that.
        """
        self._sandbox.admin("POST", "clock", {"advance": ROTATE_S})
        state = self._state()
        tables = {k: v for k, v in state.pop("tables").items() if v and k not in PASSING}
        return self._plain({k: v for k, v in state.items() if k not in PASSING} | tables)

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._sandbox.admin("GET", "state")
        return state

    def took(self, *, cut: bool = False) -> Counter[str]:
        """The writes that the sandbox took, by method and path.

        ``cut``: one whose connection was cut had taken effect by then.
        """
        return self.count(
            f"{one['method']} {one['path']}"
            for one in self._sandbox.requests()
            if (cut or one["status"]) and one["status"] < 300 and carrying.is_write(one)
        )

    def count(self, writes: Iterable[str]) -> Counter[str]:
        """Of an object that Azure names, and of a role assignment for it, the id is no matter."""
        return Counter(self._plain(one) for one in writes)

    async def wrong(self, folder: Path, must: Counter[str], *, cut: bool = False) -> list[str]:
        """What a run that is over did not keep; ``must``: the writes that it needs."""
        found = kept(folder)
        if found is None:
            return ["the journal knows of no run"]
        steps = found.steps.items()
        said = [f"{step} is {status}" for step, status in steps if status not in ENDED]
        if found.status != "succeeded":
            said.append(f"the run is {found.status}")
        took = self.took(cut=cut)
        said += [
            f"{took[one]} times instead of {must[one]}: {one}"
            for one in took | must
            if took[one] != must[one]
        ]
        said += [f"not in the journal: {one}" for one in took - self.count(found.sent)]
        journal = await Journal.open(folder / "runs" / "journal.sqlite")
        try:
            verdict = await verify(journal)
        finally:
            await journal.close()
        if not verdict.ok or verdict.to_fill:
            said.append(f"the audit file: {verdict}")
        return said + leaks(files(folder), secrets(self._state()))

    def _plain(self, value: Any) -> Any:
        match value:
            case dict():
                # A list of pairs: names that differ only in an id must not fall into one.
                pairs = [(self._plain(name), self._part(name, one)) for name, one in value.items()]
                return sorted(pairs, key=repr)
            case list():
                return [self._plain(one) for one in value]
            case str():
                if CIPHER.fullmatch(value):
                    return "CIPHER"
                text = CLUSTER.sub("UID", TIME.sub("TIME", value))
                return GUID.sub(lambda found: self._id(found[0]), text)
            case int() | float() if value > 1e9:
                return "EPOCH"
        return value

    def _part(self, name: str, value: Any) -> Any:
        """Of two steps that add a policy at the same time, which came first is no matter."""
        found = self._plain(value)
        return sorted(found, key=repr) if name == "accessPolicies" else found

    def _id(self, found: str) -> str:
        return found if found in self._known else "ID"


class Kept(msgspec.Struct):
    """What a journal says of its one run."""

    status: str
    steps: dict[str, str]
    sent: list[str]
    """Writes, by method and path."""


def kept(folder: Path) -> Kept | None:
    """Read the journal in a folder; None where it knows of no run."""
    path = folder / "runs" / "journal.sqlite"
    if not path.exists():
        return None
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        if not database.execute("PRAGMA user_version").fetchone()[0]:
            return None
        runs = database.execute("SELECT status FROM runs").fetchall()
        steps = dict(database.execute("SELECT id, status FROM steps").fetchall())
        sent = database.execute("SELECT method || ' ' || path FROM writes").fetchall()
    finally:
        database.close()
    return Kept(runs[0][0], steps, [one for (one,) in sent]) if runs else None


def difference(calm: Any, now: Any) -> list[str]:
    """Lines of one estate that are not those of the other."""
    if calm == now:
        return []
    lines = [pprint.pformat(one, width=200).splitlines() for one in (calm, now)]
    return [one for one in difflib.ndiff(*lines) if one[0] in "+-"]


TOKEN = re.compile(r"eyJ[\w-]{10,}\.")
"""How a signed token begins."""


def secrets(state: dict[str, Any]) -> frozenset[str]:
    """What a sandbox's state holds and nobody may keep: client secrets and material of keys."""
    texts = _texts(state)
    lines = {line for one in texts if CIPHER.fullmatch(one) for line in one.split()}
    clients = {one["secret"] for one in state["principals"].values() if one["secret"]}
    return frozenset({*clients, *(one[:60] for one in lines if len(one) >= 60)})


def leaks(places: Iterable[tuple[str, str]], known: frozenset[str]) -> list[str]:
    """Which of these places, by name and text, holds a secret or a token."""
    return [
        f"a secret is in {place}"
        for place, text in places
        if TOKEN.search(text) or "PRIVATE KEY" in text or any(one in text for one in known)
    ]


def files(folder: Path) -> list[tuple[str, str]]:
    """Every file below a folder, as places for :func:`leaks`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path), path.read_bytes().decode("latin-1")) for path in paths]


def _texts(value: Any) -> list[str]:
    match value:
        case dict():
            return [text for pair in value.items() for one in pair for text in _texts(one)]
        case list():
            return [text for one in value for text in _texts(one)]
        case str():
            return [value]
    return []
