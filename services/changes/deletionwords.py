"""A deletion in lines, for the command line and the screen alike: pure."""

from services.changes.model import Deletion, Part
from services.cost.words import span
from services.ids import ArmId, BadId, KeyId
from services.model.cost import KEPT_DAYS
from services.model.diagnosis import NOUNS


def cost_line(deletion: Deletion) -> str:
    """What soft delete costs against purge, or what ends, as a sentence."""
    if deletion.kind != "workspace":
        return _ends(deletion)
    if deletion.purge:
        return "A purge ends the costs of the managed group at once, and nothing can be recovered."
    if not deletion.managed_group and deletion.kept is None:
        return f"Softly: its name stays taken for {KEPT_DAYS} days; no group of it costs anything."
    kept = deletion.kept
    price = span(kept.low, kept.high) if kept and kept.low is not None else "??"
    left = f", without {', '.join(kept.unknown)} (price not known)" if kept and kept.unknown else ""
    why = f" {deletion.cost_problem}" if deletion.cost_problem else ""
    return (
        f"Softly: for {KEPT_DAYS} days it can be recovered, its name stays taken, and what Azure"
        f" made for it costs {price} {deletion.currency}{left}. A purge ends that at once.{why}"
    )


def _ends(deletion: Deletion) -> str:
    """What a machine costs ends with it; a set has no price."""
    noun, cost = NOUNS[deletion.kind], deletion.ends
    if cost is None:
        return f"A {noun} has no price: nothing costs less without it."
    price = span(cost.low, cost.high) if cost.low is not None else "??"
    left = f", without {', '.join(cost.unknown)} (price not known)" if cost.unknown else ""
    why = f" {deletion.cost_problem}" if deletion.cost_problem else ""
    more = " Data disks, addresses and traffic are not counted." * (deletion.kind == "cluster")
    return (
        f"Running all month it costs about {price} {deletion.currency}{left}; that ends with it."
        f"{more} There is no soft delete.{why}"
    )


def when(deletion: Deletion, part: Part) -> str:
    """When a part goes."""
    if deletion.purge or part.kind == "workspace":
        return "now"
    return f"after {KEPT_DAYS} days"


def name_of(part: Part) -> str:
    """The name of a part for people; of a key with its version."""
    try:
        if "://" not in part.id:
            return ArmId.parse(part.id).name
        key = KeyId.parse(part.id)
    except BadId:
        return part.id
    return f"{key.name}, version {key.version[:8]}…" if key.version else key.name
