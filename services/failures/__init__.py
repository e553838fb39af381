"""Known failures: the unpacker of nested errors, and the catalogue of what they mean."""

from services.failures.catalogue import BY_NUMBER, CATALOGUE, classify, classify_cause
from services.failures.entries import Entry, Sign
from services.failures.unpack import Cause, innermost

__all__ = [
    "BY_NUMBER",
    "CATALOGUE",
    "Cause",
    "Entry",
    "Sign",
    "classify",
    "classify_cause",
    "innermost",
]
