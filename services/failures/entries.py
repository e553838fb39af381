"""What an entry of the failure catalogue is, and the words its files are written with."""

import msgspec


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What gives a failure away in an error: a code, words of its message, or both."""

    code: str = ""
    """As Azure spells it; case does not count. Cosmos DB's substatus is ``cosmos-4018``."""
    says: str = ""
    """Part of the innermost message; case does not count."""
    means: str = ""
    """In place of the entry's, where this sign tells more."""
    repair: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A known failure. Data only."""

    number: str
    """F01 to F56 of the catalogue; empty for codes that only need to be explained."""
    title: str
    means: str
    repair: str
    source: str
    signs: tuple[Sign, ...] = ()
    """Empty where Azure gives no error of its own: only looking at the resources shows it."""
    subject: str = ""
    """The kind of resource that has to be looked at to be sure; empty for none."""
    unsure: str = ""
    """What about it nobody has confirmed."""


def code(name: str, says: str = "", means: str = "", repair: str = "") -> Sign:
    """A sign by its code, with or without words of the message."""
    return Sign(code=name, says=says, means=means, repair=repair)


def text(says: str, means: str = "", repair: str = "") -> Sign:
    """A sign by words of the message alone."""
    return Sign(says=says, means=means, repair=repair)
