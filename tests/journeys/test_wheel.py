"""What is installed is whole: the wheel alone, in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.journeys.conftest import environment
from tests.journeys.terminal import Terminal

ROOT = Path(__file__).parents[2]
SOURCES = ("tui", "screens", "services", "sandbox", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of a fresh environment that holds the wheel and the locked dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)]
    subprocess.run([*pip, *build], check=True)
    [wheel] = folder.glob("wrapkey-*.whl")
    home = folder / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    # The dependencies of this environment, without its own wrapkey: a path in a .pth file does
    # not bring the .pth files of that path, and so not the editable install.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = home / "lib" / version / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_the_wheel_brings_its_own_files(installed, tmp_path):
    code = "import tui, sandbox; print(tui.__file__, sandbox.__file__)"
    code += "; from sandbox import scenario; print(*map(scenario.names, ['', *scenario.FOLDERS]))"
    code += "; scenario.read('broken/healthy')"
    shown = subprocess.run(
        [str(installed / "python"), "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout
    assert shown.count(str(installed.parent)) == 2, shown
    assert "'contoso'" in shown
    for one in ("key-enabled", "healthy-policies", "f05-f08-f14-all-three"):
        assert f"'{one}'" in shown


def test_the_app_opens_on_the_sandbox_of_the_wheel(installed, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    places = environment(home)
    terminal = Terminal(
        [str(installed / "wrapkey"), "--sandbox", "--scenario", "contoso", "--speed", "20"],
        environment=places,
        folder=tmp_path,
    )
    try:
        terminal.wait_for("SANDBOX x20", "Set up", "You are")
        terminal.press("q")
        assert terminal.end() == 0
        shown = subprocess.run(
            [str(installed / "wrapkey"), "--sandbox", "vaults", "--json"],
            env=places,
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        ).stdout
        assert "kv-ml-prod" in json.dumps(json.loads(shown))
    finally:
        stop = [str(installed / "wrapkey"), "sandbox", "stop"]
        subprocess.run(stop, env=places, check=True, cwd=tmp_path, stdout=subprocess.DEVNULL)
        if terminal.status is None:
            terminal.close()
        else:
            os.close(terminal._fd)
