"""Set up: one question a page; nothing is written until the review is confirmed."""
