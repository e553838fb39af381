"""wrapkey opened in a pretend terminal, on the sandbox of the test."""

import copy
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opening import settled
from sandboxed import RunningSandbox
from textual.pilot import Pilot

from screens.session import Options, Session
from services.home import Memory, Paths
from tui.app import Wrapkey

Opened = Callable[..., AbstractAsyncContextManager[tuple[Wrapkey, Pilot[int]]]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    for name in ("WRAPKEY_CONNECT", "NO_COLOR", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path / "home"


@pytest.fixture
def opened(running_sandbox: RunningSandbox, tmp_path: Path) -> Opened:
    """Open the application: ``async with opened(scenario="contoso") as (app, pilot)``.

    It is signed in, unless ``ready=False``. ``prepare`` may change the state of the sandbox
    and its ready document before that.
    """

    @asynccontextmanager
    async def open_(
        scenario: str = "empty",
        size: tuple[int, int] = (80, 24),
        ready: bool = True,
        prepare: Callable[[RunningSandbox, dict[str, Any]], None] | None = None,
        **options: Any,
    ) -> AsyncIterator[tuple[Wrapkey, Pilot[int]]]:
        running_sandbox.reset(scenario)
        document = copy.deepcopy(running_sandbox.ready)
        if prepare is not None:
            prepare(running_sandbox, document)
        file = tmp_path / "ready.json"
        file.write_text(json.dumps(document))
        paths = Paths.here()
        given = Options(**{"connect": str(file), **options})
        app = Wrapkey(Session(given, paths, Memory.load(paths)))
        async with app.run_test(size=size, notifications=True) as pilot:
            if ready:
                await settled(app)
                await pilot.pause()
            yield app, pilot

    return open_
