"""The main job on a real terminal, by keyboard: from nothing to an encrypted workspace."""

import re

from tests.journeys.walking import to_review_with_a_new_vault, writes

WORKSPACE = "/providers/microsoft.machinelearningservices/workspaces/"


def finish(terminal, seconds: float = 120) -> None:
    """From the review to a finished run."""
    terminal.wait_for("REVIEW", "Nothing has been changed yet")
    terminal.press("a")
    terminal.wait_for("Apply", "can't be undone")
    terminal.press("y")
    terminal.wait_for("Run ")
    text = terminal.wait_for("succeeded", "Finished in", seconds=seconds)
    assert " FAIL " not in text


def retype(terminal, before: str, after: str) -> None:
    """Replace what stands in a field."""
    terminal.wait_for(before)
    terminal.press("ctrl+u")
    terminal.wait_for("Example:")  # the rule of an empty field
    terminal.press(after)
    terminal.wait_for(after)


def test_from_nothing_to_an_encrypted_workspace(sandboxes, terminals):
    sandbox = sandboxes("empty")
    terminal = terminals("--connect", str(sandbox.ready_file))
    to_review_with_a_new_vault(terminal)
    finish(terminal)
    terminal.press("q")
    assert terminal.end() == 0

    made = [one for one in writes(sandbox) if WORKSPACE in one["path"].lower()]
    assert [one["method"] for one in made] == ["PUT"]
    for one in writes(sandbox):
        if "/graph/" not in one["path"]:  # Graph has no SDK here, only the same pipeline
            assert "azsdk-python-" in one["user_agent"], (one["method"], one["path"])


def test_a_vault_that_lacks_purge_protection_is_repaired(sandboxes, terminals):
    sandbox = sandboxes("contoso")
    terminal = terminals("--connect", str(sandbox.ready_file), "--subscription", "Contoso-ML")
    terminal.wait_for("Set up", "Contoso-ML")
    terminal.press("n")
    terminal.wait_for("Where will it be?", "all four services")
    terminal.press("enter")
    terminal.wait_for("Which vault holds the key?", "kv-ml-prod")
    terminal.press("/", "kv-data")
    terminal.wait_for("1 of", "purge protection is off")
    terminal.press("enter")
    terminal.wait_for("enter choose")
    terminal.press("enter")
    terminal.wait_for("Which key of kv-data?", "+ a new key")
    terminal.press("c")
    terminal.wait_for("A new key")
    retype(terminal, "cmk-ml", "cmk-journey")
    terminal.press("enter")
    terminal.wait_for("Who gets what", "Azure Cosmos DB")
    terminal.press("enter")
    terminal.wait_for("The workspace")
    retype(terminal, "mlw-ml", "mlw-journey")
    terminal.press("enter")
    terminal.wait_for("Settle first", "turn on purge protection")
    terminal.press("f")
    terminal.wait_for("Take it into the plan?", "Purge protection stays on for good")
    terminal.press("y")
    finish(terminal)
    terminal.press("q")
    assert terminal.end() == 0

    patched = [one for one in writes(sandbox) if re.search(r"vaults/kv-data$", one["path"])]
    assert [one["method"] for one in patched] == ["PATCH"]
