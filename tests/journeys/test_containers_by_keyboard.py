"""A container group on a real terminal, by keyboard: from nothing to an encrypted group."""

from tests.journeys.walking import writes

GROUP = "/providers/microsoft.containerinstance/containergroups/"
SECRET = "s3cret-typed-at-the-terminal"


def test_from_nothing_to_an_encrypted_container_group(sandboxes, terminals):
    sandbox = sandboxes("empty")
    terminal = terminals("--connect", str(sandbox.ready_file))
    terminal.wait_for("Set up", "Contoso-ML")
    terminal.press("n")
    terminal.wait_for("Where will it be?", "westeurope", "all four services")
    terminal.press("up", "up", "up", "up", "enter")
    terminal.wait_for("What is it?", "Container Instances")
    terminal.press("down", "enter")
    terminal.wait_for("it is offered", "5 Containers", "Who unwraps the key")
    for _ in range(5):
        terminal.press("down")
    terminal.wait_for("enter continue")
    terminal.press("enter")
    terminal.wait_for("Which vault holds the key?", "+ a new vault")
    terminal.press("enter")
    terminal.wait_for("A new vault", "Retention")
    terminal.press("enter")
    terminal.wait_for("A new key", "3072")
    terminal.press("enter")
    terminal.wait_for("Who gets what", "Continue to the containers", "on kv-")
    terminal.press("enter")
    terminal.wait_for("The container group", "can't be added", "at most 4 cores")
    terminal.press("down", "down", "down", "down", "enter")
    terminal.wait_for("Container main", "Secure variables")
    terminal.press(*["down"] * 7)
    terminal.press("TOKEN")
    terminal.wait_for("TOKEN")
    terminal.press("enter")
    terminal.wait_for("The container group", "aci-helloworld")
    terminal.press("down", "down", "down")
    terminal.wait_for("enter continue")
    terminal.press("enter")
    terminal.wait_for("REVIEW", "Nothing has been changed yet")
    terminal.press("a")
    terminal.wait_for("Apply", "can't be undone")
    terminal.press("y")
    terminal.wait_for("Paused: env:TOKEN", seconds=120)
    terminal.press("g")
    terminal.wait_for("Value of env:TOKEN")
    terminal.press(SECRET, "enter")
    text = terminal.wait_for("succeeded", "Finished in", "Last lines that", seconds=120)
    assert " FAIL " not in text
    assert SECRET not in text
    terminal.press("q")
    assert terminal.end() == 0
    made = [one for one in writes(sandbox) if GROUP in one["path"].lower()]
    assert [one["method"] for one in made] == ["PUT"]
