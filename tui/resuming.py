"""What is asked before a run goes on, in words; for the screens and the command line alike."""

from typing import TYPE_CHECKING

from services.text import plain

if TYPE_CHECKING:
    from services.azure.clouds import Cloud
    from services.runs.resume import Resumption
    from services.runs.rows import RunRow


def elsewhere(row: "RunRow", cloud: "Cloud") -> str:
    """Why a run can't go on over this connection; empty where it can."""
    if row.cloud == cloud.name:
        return ""
    here = f"You are signed in to {cloud.name}"
    return f"Run {row.id} was begun in {row.cloud}. {here}: connect to the other one first."


def standing(found: "Resumption") -> list[str]:
    """How far it came, what still runs in Azure, and what has changed since, as lines."""
    done = sum(one.status in ("done", "skipped") for one in found.steps)
    said = [f"{done} of {len(found.steps)} steps are done; each is looked at again before it."]
    if found.operations:
        names = ", ".join(_name(one.path) for one in found.operations)
        said += [f"Azure may still be at work on: {names}. That is waited for, not sent again."]
    if found.unknown:
        names = ", ".join(_name(one.path) for one in found.unknown)
        said += [f"Nobody knows whether these arrived: {names}. They are looked for first."]
    if not found.changes:
        return [*said, "Nothing of what it has done has changed since."]
    said += ["Changed since:"]
    for one in found.changes:
        said += [
            f"  {plain(one.title)}",
            f"    was  {plain(one.was)}",
            f"    now  {plain(one.now)}",
        ]
    return said


def _name(path: str) -> str:
    return plain("/".join(path.partition("?")[0].rstrip("/").split("/")[-2:]), 80)
