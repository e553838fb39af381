"""Where wrapkey keeps its files, and what it remembers between two starts."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Self

import msgspec

from services.model.cost import Assumptions


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """Folders of wrapkey; each exists and only its owner may enter."""

    config: Path
    state: Path
    runs: Path
    """One journal and one lock for each run."""
    sandbox: Path
    """The sandbox's state and ready file."""

    @property
    def journal(self) -> Path:
        """The journal of all runs; made when the first run is."""
        return self.runs / "journal.sqlite"

    @classmethod
    def here(cls) -> Self:
        """The folders under WRAPKEY_HOME, else the platform's usual ones.

        Makes them with mode 0700 and takes away wider rights. Raises OSError where a folder
        can't be made or belongs to somebody else.
        """
        home = os.environ.get("WRAPKEY_HOME")
        if home:
            base = Path(home).expanduser().absolute()
            config, state = base / "config", base / "state"
            _private(base)
        else:
            import platformdirs

            config = Path(platformdirs.user_config_dir("wrapkey"))
            state = Path(platformdirs.user_state_dir("wrapkey"))
        made = cls(config=config, state=state, runs=state / "runs", sandbox=state / "sandbox")
        for folder in (made.config, made.state, made.runs, made.sandbox):
            _private(folder)
        return made


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def write(path: Path, data: bytes) -> None:
    """Replace a file in one step, mode 0600: a reader sees the old one or the new one.

    Raises OSError; then the old one is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The choices of last time. Ids and names only, never a credential."""

    subscription: str = ""
    tenant: str = ""
    region: str = ""
    credential: str = ""
    """Name of the way to sign in, as services.azure.credentials spells it."""
    theme: str = ""
    currency: str = "USD"
    assumptions: Assumptions = Assumptions()
    """Of the cost."""

    @classmethod
    def load(cls, paths: Paths) -> Self:
        """What was saved; the defaults where nothing was, or nothing readable."""
        try:
            return msgspec.json.decode((paths.config / _FILE).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return cls()

    def save(self, paths: Paths) -> None:
        """Keep it for next time; raises OSError."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        write(paths.config / _FILE, text + b"\n")

    def with_(self, **changes: Any) -> Self:
        """A copy with some choices changed."""
        return msgspec.structs.replace(self, **changes)


_FILE = "memory.json"
