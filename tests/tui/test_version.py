import subprocess
import sys
import tomllib
from pathlib import Path

from tui.version import VERSION

ROOT = Path(__file__).parents[2]

HEAVY = ("textual", "rich", "azure", "aiohttp", "msgspec", "sandbox", "services.azure")


def modules_after(*arguments: str) -> set[str]:
    """What a command line had imported when it ended."""
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        f"from tui.main import main\nsys.exit(main({list(arguments)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if name in HEAVY or name.split(".")[0] in HEAVY}


def test_version_is_the_one_of_the_project_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_version_imports_nothing():
    found = modules_after("--version")
    assert heavy(found) == set()
    assert "click" not in found


def test_help_imports_neither_screens_nor_sdk():
    assert heavy(modules_after("--help")) == set()


def test_info_as_json_imports_neither_screens_nor_sdk():
    found = heavy(modules_after("info", "--json"))
    assert {name for name in found if name.split(".")[0] in {"textual", "rich", "azure"}} == set()


def test_subscriptions_needs_no_textual(sandbox, tmp_path):
    import json

    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    found = modules_after("--connect", str(file), "subscriptions", "--json")
    assert "azure.core" in found
    assert not {name for name in found if name.split(".")[0] in {"textual", "rich"}}
