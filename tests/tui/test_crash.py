import stat

import pytest

from services.home import Paths
from tui import crash
from tui.cli import failed as failed_
from tui.exits import Exit


def fails(token):
    secret_local = f"local-{token}"
    raise RuntimeError(f"no luck with {len(secret_local)} and client_secret=hunter2-{token}")


def report_of(token, tmp_path):
    with pytest.raises(RuntimeError) as caught:
        fails(token)
    return crash.report(caught.value, tmp_path / "state")


def test_report_has_the_stack_but_no_values(tmp_path):
    path = report_of("eyJhbGciOiJub25lIn0.eyJvaWQiOiIxIn0.sig", tmp_path)
    text = path.read_text()
    assert "in fails" in text
    assert "local-" not in text
    assert "hunter2" not in text
    assert "eyJ" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    ["token eyJhbGciOiJub25lIn0", "Bearer abcdefghijklmnop", "password: hunter2", "?sig=hunter2&a"],
)
def test_no_value_that_may_be_a_secret_is_written(text):
    kept = crash.redact(f"  first\n{text}\n  last").split("\n")
    assert (kept[0], kept[2]) == ("  first", "  last")
    assert not any(one in kept[1] for one in ("eyJ", "abcdef", "hunter2"))


def test_unexpected_exception_ends_a_command_with_1(call, monkeypatch, capsys, home):
    from tui.cli import about

    def broken(_):
        token = "eyJ-very-secret"
        raise KeyError(len(token))

    monkeypatch.setattr(about, "gather", broken)
    said = call("info")
    assert said.code == Exit.BUG
    assert "Traceback" not in said.err
    assert "fault of its own" in said.err
    (report,) = Paths.here().state.glob("crash-*.txt")
    assert "very-secret" not in report.read_text().replace('token = "eyJ-very-secret"', "")


def test_a_report_that_cannot_be_written_is_said(monkeypatch, capsys):
    def refused(*_):
        raise OSError("no space")

    monkeypatch.setattr(crash, "report", refused)
    assert failed_.failed(ValueError("x")) is Exit.BUG
    assert "No report could be written." in capsys.readouterr().err
