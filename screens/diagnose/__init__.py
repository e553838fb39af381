"""Diagnose: why an encrypted workspace does not work, since when, and its repair."""
