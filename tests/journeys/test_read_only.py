"""Read-only in the application: the whole journey is walked, and nothing is written."""

from tests.journeys.walking import to_review_with_a_new_vault, writes


def test_a_read_only_application_writes_nothing(sandboxes, terminals):
    sandbox = sandboxes("empty")
    terminal = terminals("--connect", str(sandbox.ready_file), "--read-only")
    to_review_with_a_new_vault(terminal)
    terminal.press("a")
    terminal.wait_for("started with --read-only", "writes nothing")
    terminal.press("q")
    assert terminal.end() == 0
    assert not writes(sandbox)
