"""A cluster on a real terminal, by keyboard at 80x24: from nothing to encrypted OS disks."""

from tests.journeys.walking import writes

CLUSTER = "/providers/microsoft.containerservice/managedclusters/"


def to_the_cluster(terminal) -> None:
    """From Home to the fifth page, taking every proposal but what is set up."""
    terminal.wait_for("Set up", "Contoso-ML")
    terminal.press("n")
    terminal.wait_for("Where will it be?", "westeurope", "all four services")
    terminal.press("up", "up", "up", "up", "enter")
    terminal.wait_for("What is it?", "Kubernetes Service")
    terminal.press("down", "down", "enter")
    terminal.wait_for("both services are offered", "5 Cluster")
    terminal.press("down", "down", "down", "down")
    terminal.wait_for("enter continue")
    terminal.press("enter")
    terminal.wait_for("Which vault holds the key?", "+ a new vault")
    terminal.press("enter")
    terminal.wait_for("A new vault", "Retention")
    terminal.press("enter")
    terminal.wait_for("A new key", "3072")
    terminal.press("enter")
    terminal.wait_for("Who gets what", "Continue to the cluster", "on kv-")
    terminal.press("enter")
    terminal.wait_for("The cluster", "for the cluster's whole life", "lowest allowed")


def test_from_nothing_to_a_cluster_with_encrypted_disks(sandboxes, terminals):
    sandbox = sandboxes("empty")
    terminal = terminals("--connect", str(sandbox.ready_file))
    to_the_cluster(terminal)
    terminal.press("down", "down", "enter")
    terminal.wait_for("Which tier of the cluster?", "99.9 to 99.95")
    terminal.press("down", "enter")
    terminal.wait_for("Tier                  standard")
    terminal.press("down", "enter")
    terminal.wait_for("Which size has each node?", "Standard_D4ds_v5")
    terminal.press("/", "D4ds")
    terminal.wait_for("1 of 12")
    terminal.press("enter", "enter")
    terminal.wait_for("ephemeral disks too")
    terminal.press("down", "down", "enter")
    terminal.wait_for("Which zones?", "spread over all of them")
    terminal.press("down", "enter")
    terminal.wait_for("1, 2, 3")
    terminal.press(*["down"] * 6)
    terminal.wait_for("enter continue")
    terminal.press("enter")
    terminal.wait_for("REVIEW", "Nothing has been changed yet", "USD/month")
    terminal.press("a")
    terminal.wait_for("Apply", "can't be undone")
    terminal.press("y")
    text = terminal.wait_for("succeeded", "Finished in", "values as planned", seconds=120)
    assert " FAIL " not in text
    terminal.press("q")
    assert terminal.end() == 0

    made = [one for one in writes(sandbox) if CLUSTER in one["path"].lower()]
    assert [one["method"] for one in made] == ["PUT"]
    assert [
        one["method"] for one in writes(sandbox) if one["path"].lower().endswith("/des-ml")
    ] == ["PUT"]
