"""What all rooms' tests share: a running sandbox."""

import gc
from collections.abc import Iterator

import pytest
from sandboxed import RunningSandbox


def pytest_collection_finish() -> None:
    """Look for garbage seldom: the packages of Azure are many objects that all stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Look once more, so that pytest's five looks at its end have nothing left to look at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for all tests of a process."""
    sandbox = RunningSandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox, opened anew with scenario ``empty`` at speed 2000."""
    running_sandbox.reset("empty")
    return running_sandbox
