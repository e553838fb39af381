"""One judge for each check: pure functions ``(intent, facts) -> Iterator[Finding]``.

A judge that yields nothing found nothing wrong.
"""
