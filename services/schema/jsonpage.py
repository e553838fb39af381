"""docs/json.md: every document that scripts read from stdout, made from the types behind it."""

from typing import get_args, get_type_hints

import msgspec

from services.changes import model as changes
from services.checks.registry import CHECKS
from services.exports.model import Export
from services.failures.explained import Explained
from services.model import cost
from services.model.diagnosis import Change, Node, NotRead, Target
from services.model.fleet import Dependent
from services.model.plan import Blocked, Event, Evidence, Finding, Repair, Step
from services.model.quota import QuotaLine
from services.runs import auditing, history, undo
from services.runs.headless import check_document, step_document

EVENTS = {
    "run.started": "`steps`: how many",
    "run.paused": "`why`: user, sign-in (`address`, `code`, `until`; or `what`, `means`, `do`"
    " where no code is shown) or secret",
    "run.proceeded": "a pause has ended",
    "step.started": "",
    "step.progress": "`note`; and `check` and `status` where a repaired check was judged again",
    "step.waiting": "`why`; and `until` (a time), or `whom` and `command` (somebody else must act),"
    " or `seconds` and `assumption` (a grant must get older)",
    "resource.seen": "`resource` is its id; `state`, `type`, `group`",
    "step.done": "`note`",
    "step.skipped": "it was true already",
    "step.failed": "`cause` (`code`, `what`, `means`), `repair`; of Azure's refusals also `failures`"
    " (numbers of the failure catalogue), `message`, `request_id`",
    "run.finished": "`status`: succeeded, failed, stopped or interrupted",
}
"""What the detail of each event holds."""


def json_page() -> str:
    """The page, a section for each command in the order in which people meet them."""
    lines = [
        "# JSON on stdout",
        "",
        "Every document carries `schema: 1`. Names here are promises: fields are added, never"
        " renamed.",
        "",
        *_planned(),
        *_diagnosed(),
        *_rotated(),
        *_deleted(),
        *_depending(),
        *_looked_up(),
        *_findings(),
        *_events(),
        *_runs(),
        "This page is written by `python -m services.schema`.",
    ]
    return "\n".join(lines) + "\n"


def _planned() -> list[str]:
    """An intent before it is carried out."""
    step = step_document(Step(id="", kind="", title="", action="wait", target=""))
    return [
        "## `wrapkey plan INTENT --json`",
        "",
        "`{schema, intent, steps, findings, names, cost, cost_reason, quota}`. `names` are those"
        " that were derived. `cost` is null while a reason stands beside it.",
        "",
        f"Step: `{{{', '.join(step)}}}`; `needs` are ids of steps, `expected_s` is seconds,"
        " `irreversible` a sentence or empty.",
        "",
        *_cost(),
        f"`quota`: list of `{{{_fields(QuotaLine)}, fits}}`; `left` is after the plan; a number that"
        " Azure does not tell is null, and so is `fits` then. A `limit` of -1 is none.",
        "",
        "## `wrapkey check INTENT --json`",
        "",
        "`{schema, findings, worst, quota}`; exit code 3 where `worst` is `fail`.",
        "",
    ]


def _cost() -> list[str]:
    return [
        f"`cost` is a month of {cost.HOURS} hours: `{{{_fields(cost.Estimate)}}}`. An amount whose"
        " price is not known is null, stands in `unknown` and in no sum. `problem` says why prices"
        " could not be read.",
        "",
        f"- `lines`: list of `{{{_fields(cost.Line)}}}`; `why` says why a price is not known",
        f"- `low`, `high` of a line: `{{{_fields(cost.Part)}}}`; the same where nothing is open",
        f"- `modes`: `{{{_fields(cost.Comparison)}}}`, each `{{{_fields(cost.Range)}}}`, as is"
        " `after_delete`",
        f"- `assumptions`: `{{{_fields(cost.Assumptions)}}}`, changed with `--assume NAME=VALUE`",
        "",
    ]


def _diagnosed() -> list[str]:
    """What is there already, and its repair."""
    return [
        "## `wrapkey diagnose ID|NAME --json`",
        "",
        "`{schema, target, at, by, cloud, masked, tree, root_causes, findings, timeline, unread}`."
        " `root_causes` are ids of"
        " findings that fail and whose `causes` are empty; exit code 3 where a finding fails.",
        "",
        f"- `target`: `{{{_fields(Target)}}}`",
        f"- `tree`: a node `{{{_fields(Node)}}}`, `below` being nodes",
        f"- `timeline`: newest first, each `{{{_fields(Change)}}}`; `fits` are ids of findings",
        f"- `unread`: what could not be read, each `{{{_fields(NotRead)}}}`",
        "",
        "## `wrapkey repair ID|NAME --plan --json`",
        "",
        "`{schema, subject, steps, findings}`; without `--plan` one Event a line, as `wrapkey"
        " apply`. `steps` are as above, each with `undo`: whether what it changes can be taken"
        " back. `findings` are those that are repaired.",
        "",
    ]


def _rotated() -> list[str]:
    return [
        "## `wrapkey rotate ID --preview --json`",
        "",
        "`{schema, subject, at, workspaces, places, key, to, dependents, left_behind, steps, findings,"
        " worst}`; without `--preview` one Event a line, as `wrapkey apply`. Exit code 3 where a"
        " finding fails.",
        "",
        "- `subject`: id of what is rotated (of a cluster its disk encryption set), or of the key where"
        " it stands for several",
        "- `places`: each `{kind, id, name, key, secrets}` of what is moved; `kind` is `workspace`,"
        " `disk-encryption-set` or `container-group`, `secrets` the names of what a container group"
        " needs again as `--secret NAME=SOURCE`",
        "- `workspaces`: each `{id, name, key}`, `key` being the one in use",
        "- `to`: the version's identifier; null where it is still to be made",
        "- `dependents`: as `wrapkey dependents` prints them; null where they could not be read."
        " `left_behind` are ids of those that stay on the version they have",
        "- the detail of the last `step.done`, of step `kept`, says until when the old version must"
        " stay enabled",
        "",
    ]


def _deleted() -> list[str]:
    return [
        "## `wrapkey delete ID|NAME --preview --json`",
        "",
        "`{schema, id, kind, name, at, purge, there, managed_group, goes, stays, unread, cost, steps,"
        " findings, worst}`; without `--preview` one Event a line. `there` is false for a workspace"
        " that was deleted softly before. `unread` says why what goes could not be read.",
        "",
        "- `kind`: `workspace`, `container-group`, `disk-encryption-set` or `cluster`; only a workspace"
        " can be deleted softly, and for the others `purge` is true",
        "- `managed_group`: the group that Azure made for a workspace, or for the nodes of a cluster",
        f"- `goes`, `stays`: each `{{{_fields(changes.Part)}}}`",
        f"- `cost`: `{{days, currency, problem, kept, ends}}`, `kept` being `{{{_fields(cost.Range)}}}` of what"
        " those days of soft delete cost, or null where it can't be estimated; `ends`, of the same fields,"
        " is a month of a container group or cluster, null for anything else",
        "",
    ]


def _depending() -> list[str]:
    return [
        "## `wrapkey dependents ID|KEY-URL --json`",
        "",
        "`{schema, subject, at, dependents, unseen}`: what the caller may read, as of `at`. `unseen`"
        " are sentences about what such a list can't show.",
        "",
        f"- `dependents`: each `{{{_fields(Dependent)}, version}}`; `how`: `key` (it names the key),"
        " `through` (it names `via`, which does) or `vault` (it names the vault and no key)."
        " `version` is empty where it tells none",
        "",
    ]


def _looked_up() -> list[str]:
    """What is printed of files, checks and errors, with nothing carried out."""
    return [
        "## `wrapkey export storage-class ID|NAME --json` and its like",
        "",
        f"`{{schema, {_fields(Export)}}}`: a file and the commands to run with it; `file` is empty"
        " where the commands are all there is. `says` are sentences to be read before.",
        "",
        "## `wrapkey checks --json`",
        "",
        f"`{{schema, checks}}`, each `{{{', '.join(check_document(CHECKS[0]))}}}`; see"
        " [failures.md](failures.md).",
        "",
        "## `wrapkey explain ERROR --json`",
        "",
        f"`{{schema, {_fields(Explained)}}}`. `failure` is a number of [failures.md](failures.md), or"
        " empty; `title` is empty where nothing is known of the error. `codes` go outermost first."
        " `resources` are ids that the error names, those of its `subject` first.",
        "",
    ]


def _findings() -> list[str]:
    return [
        "## Findings",
        "",
        f"Finding: `{{{_fields(Finding)}}}`.",
        "",
        f"- `status`: {_quoted(_words(Finding, 'status'))}; `fail` keeps `apply` from starting",
        f"- `evidence`: list of `{{{_fields(Evidence)}}}`",
        f"- `repair`: null or `{{{_fields(Repair)}}}`; `blocked` are steps that the caller can't do"
        f" now, each `{{{_fields(Blocked)}}}`",
        "",
    ]


def _events() -> list[str]:
    """A run while it goes on."""
    return [
        "## `wrapkey apply INTENT --json`",
        "",
        f"One Event a line: `{{{_fields(Event)}}}`; empty fields are left out.",
        "",
        "| event | detail |",
        "|---|---|",
        *(f"| `{name}` | {EVENTS[name]} |" for name in _words(Event, "event")),
        "",
        "The last line is `run.finished` unless the process died.",
        "",
    ]


def _runs() -> list[str]:
    """Runs of the past, their undo and the audit file."""
    return [
        "## `wrapkey runs --json`",
        "",
        f"`{{schema, runs}}`, newest first, each `{{{_fields(history.RunLine)}}}`; `seconds` is null"
        " while it runs, and where its process ended without a word.",
        "",
        "## `wrapkey runs RUN --json`",
        "",
        f"`{{schema, {_fields(history.RunLog)}}}`, also in the file of `--export FILE.json`.",
        "",
        "- `run`: as above",
        f"- `steps`: in the plan's order, each `{{{_fields(history.StepLog)}}}`",
        f"- `writes`: as they were sent, each `{{{_fields(history.WriteLog)}}}`; `status` is null"
        " where no answer came",
        "- `events`: as `wrapkey apply` prints them",
        "",
        "## `wrapkey undo RUN --preview --json`",
        "",
        "`{schema, run, subject, with_key, items}`; without `--preview` one Event a line, as"
        " `wrapkey apply`.",
        "",
        f"- `items`: in the order they are taken back, each `{{{_fields(undo.UndoItem)}}}`; `verdict`:"
        f" {_quoted(get_args(undo.Verdict))}",
        "- `code` of what stays: `before` (it was there before), `unknown` (whether the run made it"
        " can't be known), `changed`, `holds` (something this undo leaves lies in it), `used` (by"
        " others), `kept` (only `--with-key` takes it), `unread` (it could not be looked at),"
        " `for-good` (it can't be taken back)",
        "",
        "## `wrapkey audit verify --json`",
        "",
        f"`{{schema, {_fields(auditing.AuditVerdict)}}}`; exit code 3 where `ok` is false. `broken` and"
        " `differing` are numbers of lines from 1.",
        "",
    ]


def _fields(kind: type[msgspec.Struct]) -> str:
    return ", ".join(field.name for field in msgspec.structs.fields(kind))


def _words(kind: type[msgspec.Struct], field: str) -> tuple[str, ...]:
    """What a field of a few words may say."""
    found: tuple[str, ...] = get_args(get_type_hints(kind)[field])
    return found


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{one}`" for one in words)
