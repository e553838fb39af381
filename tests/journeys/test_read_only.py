"""Read-only in the application: the whole journey is walked, and nothing is written."""

from tests.journeys.test_setup import writes

ASKING = ("/oauth2/", "checknameavailability", "getbyids", "microsoft.resourcegraph/resources")


def test_a_read_only_application_writes_nothing(sandboxes, terminals):
    sandbox = sandboxes("empty")
    terminal = terminals("--connect", str(sandbox.ready_file), "--read-only")
    terminal.wait_for("Set up", "Contoso-ML")
    terminal.press("n")
    terminal.wait_for("Where will it be?", "westeurope", "all four services")
    terminal.press("enter")
    terminal.wait_for("Which vault holds the key?", "+ a new vault")
    terminal.press("enter")
    terminal.wait_for("A new vault", "Retention")
    terminal.press("enter")
    terminal.wait_for("A new key", "3072")
    terminal.press("enter")
    terminal.wait_for("Who gets what", "Azure Cosmos DB")
    terminal.press("enter")
    terminal.wait_for("The workspace", "mlw-ml")
    terminal.press("enter")
    terminal.wait_for("REVIEW", "Nothing has been changed yet")
    terminal.press("a")
    terminal.wait_for("started with --read-only", "writes nothing")
    terminal.press("q")
    assert terminal.end() == 0
    sent = [one["path"].lower() for one in writes(sandbox)]
    assert not [path for path in sent if not any(word in path for word in ASKING)]
