"""The two encryption modes side by side.

Source: page "Customer-managed keys for Azure Machine Learning" (concept); the page still
calls the service-side mode a preview, while its API is general.
"""

from typing import NamedTuple


class Difference(NamedTuple):
    """One aspect, and how each mode has it."""

    aspect: str
    own: str
    service: str


DIFFERENCES = (
    Difference("Where the data is", "your subscription", "Microsoft's, shared"),
    Difference("Managed group", "Cosmos DB, Search, Storage", "none"),
    Difference("Cost", "you pay those three", "one Search, through it"),
    Difference("New key version", "yes, same vault", "not possible"),
    Difference("Vault's network", "trusted services suffice", "must stay public"),
    Difference("Data labeling", "yes", "no"),
    Difference("Policies on the three", "can stop the creation", "do not apply"),
    Difference("Change later", "no", "no"),
)
"""What differs, and what does not although one might hope so."""
