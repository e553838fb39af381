"""The ``$skiptoken`` of both planes: the name of the last item shown, in base64."""

import base64


def token(name: str) -> str:
    """What the next page starts after."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def last_name(text: str) -> str:
    """The name back from a token, empty for none; ValueError for what is no token."""
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
