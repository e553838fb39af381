"""Judgements: pure functions from what was read to a Finding."""
