"""What the Run screen says, as text: pure, from the view of a run."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from textual.content import Content

from screens.carried import Carrier
from screens.widgets.shown import status
from services.model.intent import WorkspaceSetup, named
from services.runs.view import RunView, StepLine
from services.text import clip, plain, shorten

LEAST = 6
"""Characters of a run's name that are always shown."""

MOVING = "The run belongs to wrapkey, not to this screen: esc leaves it running."
ELSEWHERE = "Another process carries this run out; p, s and r are told to it, t takes it over."


def title(view: RunView, width: int) -> Content:
    """Which run, how many steps are true, and its state; the name gives way to them."""
    state = "" if view.status in ("running", "") else f"   {view.status}"
    head, tail = f" Run {view.run}  ", f"   {view.done} of {view.total} done{state}"
    if len(head) + LEAST + len(tail) > width:
        tail = f"   {view.done} of {view.total}{state}"
    name = shorten(plain(view.name), max(LEAST, width - len(head) - len(tail)))
    return Content.assemble((f"{head}{name}", "bold"), tail)


def clock(view: RunView, now: datetime, *, short: bool = False) -> Content:
    """How long it has taken and, unless ``short``, usually still takes."""
    elapsed = f"{clock_text(view.elapsed(now))} elapsed"
    left = view.left(now)
    if view.ended is None and left and not short:
        elapsed += f"   ~{left} s left" if left < 60 else f"   ~{round(left / 60)} min left"
    return Content(elapsed)


def clock_text(seconds: int) -> str:
    """A duration the way a clock shows it."""
    return f"{seconds // 60:02}:{seconds % 60:02}"


def step_text(line: StepLine, width: int) -> Content:
    """Word, title and note in ``width`` columns; the note gives way to the title."""
    room = width - 6
    head = clip(plain(line.step.title), room)
    left = room - len(head) - 3
    note = clip(plain(line.note), left) if left > 8 else ""
    return Content.assemble(
        status(line.word), " ", head, ("   " if note else ""), (note, "$text-muted")
    )


def telling_text(line: StepLine) -> str:
    """Why a step waits or has failed, and what to do."""
    detail = line.detail
    if line.word == "FAIL":
        cause = detail.get("cause")
        means = cause.get("means", "") if isinstance(cause, dict) else ""
        return f"{line.note} {means} {detail.get('repair', '')} Enter: details. r: try again."
    command = detail.get("command")
    whom = f" For {detail.get('whom')}; enter shows the command." if command else ""
    return f"WAIT: {line.note.rstrip('.')}.{whom}"


def result_text(view: RunView, now: datetime) -> str:
    """What a run that has succeeded has made, and what can be done with it."""
    finished = f"Finished in {clock_text(view.elapsed(now))}."
    intent, read_back = view.plan.intent, list(view.lines.values())[-1].note
    if intent is None:
        return f"{finished} {read_back}".rstrip()
    browse = " b opens it in Browse." if isinstance(intent, WorkspaceSetup) else ""
    return (
        f"{finished} {named(intent)} is encrypted with "
        f"key {intent.key.name} of vault {intent.vault.name}. Read back: {read_back}; enter shows "
        f"them.{browse}"
    )


def paused_text(view: RunView) -> str:
    """Why a run is paused, and what ends the pause."""
    detail = view.pause
    if detail.get("why") == "sign-in" and not detail.get("code"):
        said = " ".join(plain(detail.get(name) or "") for name in ("what", "means", "do"))
        return f"Paused: {said} Nothing has failed; the run goes on by itself then."
    if detail.get("why") == "sign-in":
        return (
            "Paused: the sign-in has ended. Nothing has failed; the run goes on by itself after "
            f"this: open {plain(detail.get('address'))} in any browser and enter "
            f"{plain(detail.get('code'))}."
        )
    if detail.get("why") == "secret":
        return (
            f"Paused: {plain(detail.get('what') or 'a secret')} can't be read here. Provide it, "
            "then p goes on; or g types it, hidden, for this run alone."
        )
    return "Paused: what Azure has begun goes on, nothing new is written. p goes on."


def over_text(view: RunView) -> str:
    """How a run ended that nobody carries out any more, and how it goes on."""
    begun = [line for line in view.lines.values() if line.note == "was under way"]
    way = f"; {len(begun)} under way when it ended" if begun else ""
    return (
        f"This run has ended: {view.status}, {view.done} of {view.total} steps done{way}. "
        "c goes on with it: what is there is looked at first, nothing is done twice."
    )


def sentence(view: RunView, focused: StepLine | None, now: datetime, carrier: Carrier) -> str:
    """What the selected or the most telling step has to say."""
    if view.status == "succeeded":
        return result_text(view, now)
    if view.status == "paused":
        return paused_text(view)
    lines = list(view.lines.values())
    telling = next((one for one in lines if one.word == "FAIL"), None) or next(
        (one for one in lines if one.word == "WAIT"), None
    )
    line = focused if focused and focused.word in ("FAIL", "WAIT") else telling
    if line:
        return telling_text(line)
    if view.ended is not None:
        return over_text(view)
    return ELSEWHERE if carrier == "another" else MOVING


def telling(view: RunView) -> StepLine | None:
    """The step to look at: one that has failed, else one at work, else the last that ended."""
    lines = list(view.lines.values())
    for word in ("FAIL", "RUN", "WAIT"):
        found = [one for one in lines if one.word == word]
        if found:
            return found[0]
    ended = [one for one in lines if one.word == "OK"]
    return ended[-1] if ended else None


def details(line: StepLine, view: RunView, read_back: Iterable[dict[str, str]] = ()) -> str:
    """Everything known about a step, as lines; ``read_back`` is what verify has compared."""
    step = line.step
    known = [
        ("Step", step.title),
        ("Target", step.target),
        ("State", line.word),
        ("Note", line.note),
        ("Can't be undone", step.irreversible),
    ]
    text = [f"{name}: {plain(value)}" for name, value in known if value]
    text += _flat({name: value for name, value in line.detail.items() if name != "note"})
    if line.resources:
        text += ["", "Seen while it was made:"]
        text += [f"  {one.word} {one.id} {one.state}" for one in line.resources.values()]
    for one in read_back:
        text += ["", f"{_READ[one['status']]} {one['subject']} {one['field']}"]
        text += [f"     planned {plain(one['wanted'])}", f"     found   {plain(one['found'])}"]
    if view.log:
        text += ["", "Writes of this run:", *view.log]
    return "\n".join(text)


def _flat(detail: dict[str, Any], before: str = "") -> list[str]:
    found: list[str] = []
    for name, value in detail.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append(f"{before}{name}: {plain(value)}")
    return found


_READ = {"ok": "OK  ", "fail": "FAIL", "unknown": "??  "}
