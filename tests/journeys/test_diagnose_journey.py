"""At three in the morning, by keyboard: open Diagnose, find the cause, repair it, see OK."""

from tests.journeys.walking import writes


def test_a_disabled_key_is_found_enabled_and_seen_to_be_ok(sandboxes, terminals):
    sandbox = sandboxes("broken/f05-key-version-disabled", speed=1000)
    terminal = terminals("--connect", str(sandbox.ready_file))
    terminal.wait_for("Diagnose", "Contoso-ML")
    terminal.press("d")
    terminal.wait_for("What does not work?", "mlw-prod")
    terminal.press("mlw-prod", "enter")
    text = terminal.wait_for("1 FAIL, 3 follow", "Evidence", "As of", absent="reading")
    first = next(line for line in text.splitlines() if line.startswith(" FAIL "))
    assert "Key cmk-ml, version 0d1ab1ed…, is disabled" in first
    assert "so: Cosmos DB" in text
    assert writes(sandbox) == [], "a diagnosis changes nothing"

    terminal.press("t")
    terminal.wait_for("[Timeline", "it is disabled now")
    terminal.press("t", "f")
    terminal.wait_for("Repair mlw-prod with 1 step?", "enable it")
    terminal.press("y")
    terminal.wait_for("Run ", "succeeded", "1 of 1 done")
    terminal.wait_for("Diagnosed again after the repair")
    terminal.press("esc")
    terminal.wait_for("OK now: The key is enabled", "Nothing fails", absent="FAIL")
    terminal.press("q")
    assert terminal.end() == 0
    (patched,) = writes(sandbox)
    assert patched["method"] == "PATCH"
    assert "/keys/cmk-ml/" in patched["path"]


def test_an_error_that_was_pasted_leads_to_the_cause(sandboxes, terminals):
    sandbox = sandboxes("broken/f08-grant-removed", speed=1000)
    terminal = terminals("--connect", str(sandbox.ready_file), "--read-only")
    terminal.wait_for("Diagnose", "Contoso-ML")
    terminal.press("d")
    terminal.wait_for("What does not work?", "mlw-prod")
    pasted = (
        '{"error": {"code": "Forbidden",\r  "message": "Caller is not authorized on resource'
        " /subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-sec/providers"
        '/Microsoft.KeyVault/vaults/kv-ml-prod",\r "innererror": {"code": "ForbiddenByRbac"}}}\r'
    )
    terminal.press(f"\x1b[200~{pasted}\x1b[201~")
    terminal.wait_for("Forbidden > ForbiddenByRbac", "Means", "kv-ml-prod")
    terminal.press("enter")
    terminal.wait_for("1 FAIL", "Azure Cosmos DB may not", "since", "As of", absent="reading")
    terminal.press("f")
    terminal.wait_for("Read-only: wrapkey was started with --read-only")
    assert writes(sandbox) == []
