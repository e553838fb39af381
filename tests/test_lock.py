"""The lock file names packages, versions and hashes, and no place to get them from."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


def pinned() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", LOCK, re.MULTILINE))


def test_every_package_is_pinned_with_hashes():
    blocks = re.split(r"^(?=[a-z0-9][a-z0-9._-]*==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pinned()) > 40
    assert all("--hash=sha256:" in block for block in blocks)


def test_no_index_and_no_path_is_named():
    assert not re.search(r"https?:|file:/|--index|--extra-index|--find-links|--trusted", LOCK)
    for line in LOCK.splitlines():
        assert re.match(r"^(#|    # |    #\s|    --hash=sha256:[0-9a-f]{64}|[a-z0-9]|$)", line), (
            line
        )


def test_what_the_project_asks_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower() for one in wanted}
    assert names <= set(pinned())
