"""Signs in, again and again if need be, and keeps the session true. Runs after first paint."""

from screens.session import Session


class Connector:
    """The one that writes to the Session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def connect(self, only: str = "", tenant: str = "") -> None: ...

    def choose(self, id: str) -> None: ...

    def remember(self, **kw: str) -> None: ...

    async def close(self) -> None: ...
