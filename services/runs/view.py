"""A run as a person follows it: its events reduced to one line a step.

The same view serves the process that runs and anybody who only reads the journal.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.checks.facts import ids_of
from services.ids import ArmId, BadId
from services.model.plan import Event, Plan, Step, wanted

WORDS = {
    "step.started": "RUN",
    "step.progress": "RUN",
    "step.waiting": "WAIT",
    "step.done": "OK",
    "step.skipped": "OK",
    "step.failed": "FAIL",
}
ENDED = ("OK", "FAIL")
KEPT = 200
"""Lines of the log that are kept."""


def subject(plan: Plan) -> ArmId:
    """What a plan is about; plans of old journals tell it by their intent alone."""
    return ArmId.parse(plan.subject) if plan.subject else ids_of(wanted(plan)).target


@dataclass
class SeenResource:
    """A resource of the managed group, as Azure last told it."""

    id: str
    name: str
    type: str
    state: str

    @property
    def word(self) -> str:
        """Its status word."""
        state = self.state.lower()
        if state in ("succeeded", "running", "terminated: completed", ""):
            return "OK"
        return "FAIL" if state in ("failed", "canceled", "terminated: error") else "RUN"


@dataclass
class StepLine:
    """One step."""

    step: Step
    word: str = ".."
    note: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    """Detail of the last event."""
    resources: dict[str, SeenResource] = field(default_factory=dict)

    def seconds(self, now: datetime) -> int | None:
        """How long it has run; None before it began."""
        if self.started is None:
            return None
        return max(0, int(((self.ended or now) - self.started).total_seconds()))


@dataclass
class RunView:
    """All lines of a run and what is known about it."""

    run: str
    plan: Plan
    pace: float = 1.0
    """How many times faster than Azure's usual durations this Azure answers."""
    status: str = "running"
    started: datetime | None = None
    ended: datetime | None = None
    lines: dict[str, StepLine] = field(init=False)
    pause: dict[str, Any] = field(default_factory=dict)
    """Detail of ``run.paused`` while the run is paused: why, and where to sign in."""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    def __post_init__(self) -> None:
        self.lines = {step.id: StepLine(step) for step in self.plan.steps}

    def hear(self, event: Event) -> None:
        """Take in one event."""
        if event.event == "run.started":
            self.started, self.ended, self.status = self.started or event.at, None, "running"
            self.pause = {}
        elif event.event == "run.finished":
            self.end(str(event.detail.get("status", "")), event.at)
        elif event.event == "run.paused":
            self.status, self.pause = "paused", event.detail
        elif event.event == "run.proceeded":
            self.status, self.pause = "running", {}
        elif event.step in self.lines:
            self._hear_step(self.lines[event.step], event)

    def end(self, status: str, at: datetime) -> None:
        """The run is over, said by its last event or seen by its owner's absence."""
        self.ended, self.status, self.pause = at, status, {}
        for line in self.lines.values():
            if line.word in ("RUN", "WAIT"):
                line.word, line.note, line.ended = "..", "was under way", at

    def _hear_step(self, line: StepLine, event: Event) -> None:
        if event.event == "resource.seen":
            line.resources[event.resource] = _seen(event)
            return
        line.word, line.detail = WORDS[event.event], event.detail
        if event.event == "step.started":
            line.started, line.ended = event.at, None
        if line.word in ENDED:
            line.ended = event.at
        line.note = _note(event)

    def write(self, text: str) -> None:
        """Add a line to the log."""
        self.log.append(text)

    @property
    def done(self) -> int:
        """Steps that are true."""
        return sum(line.word == "OK" for line in self.lines.values())

    @property
    def open(self) -> list[str]:
        """Titles of the steps that are not true yet, in the plan's order."""
        return [line.step.title for line in self.lines.values() if line.word != "OK"]

    @property
    def waiting(self) -> list[str]:
        """Titles of the steps that have not begun."""
        return [line.step.title for line in self.lines.values() if line.word == ".."]

    @property
    def total(self) -> int:
        """Steps of the plan."""
        return len(self.lines)

    @property
    def name(self) -> str:
        """Name of what the run is about."""
        return subject(self.plan).name

    def elapsed(self, now: datetime) -> int:
        """Seconds since the run began, or that it took."""
        if self.started is None:
            return 0
        return max(0, int(((self.ended or now) - self.started).total_seconds()))

    def left(self, now: datetime) -> int:
        """Seconds that usually remain: the longest chain of what is not done yet.

        Made of the plan's usual durations; a step that takes longer counts as nearly done.
        """
        chain: dict[str, float] = {}
        for line in self.lines.values():
            before = max((chain.get(need, 0.0) for need in line.step.needs), default=0.0)
            own = 0.0
            if line.word not in ENDED:
                ran = line.seconds(now) or 0
                own = max(0.0, line.step.expected_s / self.pace - ran)
            chain[line.step.id] = before + own
        return round(max(chain.values(), default=0.0))


def _seen(event: Event) -> SeenResource:
    try:
        name = ArmId.parse(event.resource).name
    except BadId:
        name = event.resource
    kind = str(event.detail.get("type", ""))
    return SeenResource(event.resource, name, kind, str(event.detail.get("state", "")))


def _note(event: Event) -> str:
    detail = event.detail
    if event.event == "step.skipped":
        return str(detail.get("note") or "already so")
    if event.event == "step.failed":
        cause = detail.get("cause")
        return str(cause.get("what", "")) if isinstance(cause, dict) else ""
    if event.event == "step.waiting":
        # The time alone: a wait ends today, and a line is short.
        until = str(detail.get("until", "")).rpartition("T")[2]
        return f"{detail.get('why', '')}, until {until}" if until else str(detail.get("why", ""))
    return str(detail.get("note", ""))
