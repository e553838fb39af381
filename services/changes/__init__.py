"""Changes to a workspace that is there: another version of its key, or its end."""
