"""Where wrapkey keeps its files, and the little it remembers between starts."""

import os
from pathlib import Path
from typing import Self

import msgspec
from platformdirs import user_config_path, user_state_path

_MEMORY = "memory.json"


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """Folders, all 0700 and made when they are asked for by :meth:`here`."""

    config: Path
    state: Path
    runs: Path
    """Journal and locks of runs."""
    sandbox: Path
    """State, certificate and ready file of this home's sandbox."""

    @classmethod
    def here(cls) -> Self:
        """Below WRAPKEY_HOME when that is set, else where the system keeps such things."""
        home = os.environ.get("WRAPKEY_HOME")
        config = Path(home, "config") if home else user_config_path("wrapkey")
        state = Path(home, "state") if home else user_state_path("wrapkey")
        paths = cls(config=config, state=state, runs=state / "runs", sandbox=state / "sandbox")
        for folder in (config, state, paths.runs, paths.sandbox):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return paths


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen last. Names and ids only, never a credential."""

    subscription: str = ""
    tenant: str = ""
    region: str = ""
    credential: str = ""
    """Name of the credential that answered last."""
    theme: str = ""

    @classmethod
    def load(cls, paths: Paths) -> Self:
        """What was remembered; nothing when there is no file or it can't be read."""
        try:
            return msgspec.json.decode((paths.config / _MEMORY).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return cls()

    def save(self, paths: Paths) -> None:
        """Write it (0600), whole or not at all; raises OSError."""
        path = paths.config / _MEMORY
        beside = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(self))
        beside.replace(path)
