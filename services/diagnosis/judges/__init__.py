"""What is wrong with live objects: pure functions of what was read."""
