"""The failures of the catalogue that no check foresees."""

from services.checks.check import NotCovered

_LATE = "It can only happen to a workspace that is there."


def _not(failure: str, title: str, reason: str) -> NotCovered:
    return NotCovered(failure=failure, title=title, reason=reason)


NOT_COVERED: tuple[NotCovered, ...] = (
    _not("F13", "Cosmos DB account without a default identity", "Only accounts of one's own have"
         " that choice; wrapkey does not offer to bring one."),
    _not("F33", "Kubernetes' key management without rights", "wrapkey encrypts disks; what Kubernetes"
         " keeps in etcd is encrypted by a key of its own, which wrapkey does not set up."),
    _not("F36", "Templates of Cosmos DB accounts with a key", "Only accounts of one's own are made"
         " by a template; wrapkey does not offer to bring one."),
    _not("F39", "Throttling", "Nobody tells how much of a vault's or of Resource Manager's budget"
         " is left for the next minutes; wrapkey waits as long as it is told to."),
    _not("F42", "Moving a workspace", _LATE),
    _not("F46", "Rotating to a key of another vault", _LATE),
    _not("F49", "A new principal that is not known everywhere yet", "It exists only after the"
         " principal was made; the grant names the principal's type, which avoids it."),
    _not("F50", "Role assignment id in use", "The id is made of scope, role and principal, so"
         " only the same grant has it, and that counts as granted."),
)  # fmt: skip
