"""What is wrong with a workspace that is there, why, since when, and how to repair it."""
