"""Intent files: TOML to Intent, with everything that is wrong at once, and back."""

from services.intents.reading import BadIntent, Problem, read
from services.intents.writing import write

__all__ = ["BadIntent", "Problem", "read", "write"]
