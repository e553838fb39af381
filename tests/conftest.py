"""What all rooms' tests share: a running sandbox."""

from collections.abc import Iterator

import pytest
from sandboxed import RunningSandbox


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
