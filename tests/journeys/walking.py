"""The main job by keyboard, for the journeys that need it, and what reached Azure."""

ASKING = (
    "/oauth2/",
    "checknameavailability",
    "getbyids",
    "microsoft.resourcegraph/resources",
    "checkpolicyrestrictions",
    "/validate",
    "/diagnose",
)
"""POSTs that only ask."""


def to_review_with_a_new_vault(terminal) -> None:
    """From Home through six pages, taking every proposal."""
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


def writes(sandbox) -> list[dict]:
    """Every request that could change something."""
    return [
        one
        for one in sandbox.requests()
        if one["method"] not in ("GET", "HEAD")
        and not any(word in one["path"].lower() for word in ASKING)
    ]
