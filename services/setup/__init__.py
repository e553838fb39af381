"""From an intent to a plan, and the steps that carry it out."""
