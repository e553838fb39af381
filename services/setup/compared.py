"""Comparing what was planned with what Azure tells: the lines of every verify step."""

from typing import Literal

import msgspec

from services.ids import BadId, KeyId
from services.setup.context import Observation, StepFailed


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing compared: ``unknown`` where the service does not tell or may not be read."""

    subject: str
    field: str
    wanted: str
    found: str
    status: Literal["ok", "fail", "unknown"]


def line(subject: str, field: str, wanted: str, found: str, *, good: bool | None = None) -> Line:
    """Two values; they are equal whatever their case, unless ``good`` says otherwise."""
    equal = wanted.lower() == found.lower() if good is None else good
    status: Literal["ok", "fail"] = "ok" if equal else "fail"
    return Line(subject=subject, field=field, wanted=wanted, found=found, status=status)


def untold(subject: str, field: str, wanted: str) -> Line:
    """What nobody tells."""
    return Line(subject=subject, field=field, wanted=wanted, found="??", status="unknown")


def key_line(subject: str, field: str, wanted: str, found: str, *, version: bool = False) -> Line:
    """Two keys, with their versions where that counts."""
    try:
        ours, theirs = KeyId.parse(wanted), KeyId.parse(found)
    except BadId:
        return line(subject, field, wanted, found or "none", good=False)
    good = ours.versionless.lower() == theirs.versionless.lower() and (
        not version or ours.version == theirs.version
    )
    shown = wanted if version else ours.versionless
    return line(subject, field, shown, found, good=good)


def told(lines: list[Line], what: str, do: str, **values: str) -> Observation:
    """What a verify step found; raises StepFailed where something is not as planned."""
    bad = [one for one in lines if one.status == "fail"]
    if bad:
        means = "; ".join(f"{x.subject} {x.field}: {x.found}, not {x.wanted}" for x in bad)
        raise StepFailed(f"{what} is not encrypted as planned", means, do, code="NotAsPlanned")
    unknown = sum(one.status == "unknown" for one in lines)
    note = f"{len(lines) - unknown} values as planned"
    note += f", {unknown} that Azure does not tell (??)" if unknown else ""
    return Observation(done=True, values={"lines": msgspec.to_builtins(lines), **values}, note=note)
