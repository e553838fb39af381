"""What keeps a run from being left to a process without a terminal."""

from pathlib import Path

import pytest

from screens.session import Options
from services.azure.credentials import NAMES
from tui import detached, farewell
from tui.cli.failed import BadInput
from tui.cli.options import CREDENTIALS
from tui.exits import Exit

INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-detached"
create = true
[key]
name = "cmk-ml"
create = true
[workspace]
name = "mlw-detached"
"""


def test_credentials_are_called_as_the_option_calls_them() -> None:
    assert CREDENTIALS == NAMES


def test_only_what_needs_no_person_can_be_left() -> None:
    assert [name for name in NAMES if detached.needs_person(name)] == ["device-code"]
    for name in NAMES:
        if name == "device-code":
            with pytest.raises(BadInput, match=r"az, environment variables.*tmux"):
                detached.refuse(name)
        else:
            detached.refuse(name)


def test_detach_with_a_device_code_is_refused_before_a_code_is_asked_for(
    call, connected, sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    words = ("apply", str(file), "--yes", "--detach", "--credential", "device-code")
    said = call(*words, *connected)
    assert said.code == Exit.BAD_INPUT
    assert "--detach is not possible" in said.err
    assert "tmux" in said.err
    assert "enter" not in said.err.partition("--detach")[0], "no code was shown"
    assert not sandbox.requests()


def test_the_other_process_signs_in_the_same_way() -> None:
    cloud = Options(cloud="AzureUSGovernment", read_only=True)
    assert farewell.flags(detached.signed_in_as(cloud, "azure-cli", "")) == [
        *("--cloud", "AzureUSGovernment"),
        *("--credential", "azure-cli"),
        "--read-only",
    ]
    pretend = Options(sandbox=True)
    assert farewell.flags(detached.signed_in_as(pretend, "environment", "contributor")) == [
        *("--sandbox", "--principal", "contributor")
    ]
    file = farewell.flags(Options(connect="ready.json"))
    assert file == ["--connect", str(Path("ready.json").absolute())]
    assert farewell.command("resume", "7f3a", Options()) == "wrapkey resume 7f3a"
