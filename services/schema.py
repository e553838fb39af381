"""docs/intent.md, failures.md, json.md and intent.schema.json, generated from types and checks.

``python -m services.schema --write`` writes them below the present folder, ``--check``
says which are stale and exits with 1.
"""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from services import names
from services.checks.page import failures_page
from services.checks.registry import CHECKS
from services.diagnosis.coverage import afterwards
from services.diagnosis.registry import listed
from services.exports.model import Export
from services.failures.explained import Explained
from services.intentrules import RULES
from services.intents import SEVERAL
from services.intents import TABLES as KIND_TABLES
from services.model import cost
from services.model.diagnosis import Change, Node, NotRead, Target
from services.model.intent import (
    SETUPS,
    ClusterIntent,
    ContainerGroupIntent,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    Intent,
    KeyIntent,
    Kind,
    PrincipalsIntent,
    RepairsIntent,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)
from services.model.intent import Struct as Part
from services.model.plan import Blocked, Event, Evidence, Finding, Repair, Step
from services.model.quota import QuotaLine

TABLES: dict[str, type[Part]] = {
    "vault": VaultIntent,
    "key": KeyIntent,
    "workspace": WorkspaceIntent,
    "container_group": ContainerGroupIntent,
    "container_group.containers": ContainerIntent,
    "cluster": ClusterIntent,
    "cluster.disk_encryption_set": DiskEncryptionSetIntent,
    "principals": PrincipalsIntent,
    "repairs": RepairsIntent,
}
_KINDS = {
    "guid": ("subscription", "principals.cosmos_db", "principals.machine_learning"),
    "region": ("region",),
    "resource_group": ("resource_group", "vault.resource_group"),
    "vault": ("vault.name",),
    "key": ("key.name",),
    "workspace": ("workspace.name",),
    "container_group": ("container_group.name",),
    "container": ("container_group.containers.name",),
    "cluster": ("cluster.name",),
    "encryption_set": ("cluster.disk_encryption_set.name",),
}


def intent_schema() -> str:
    """The JSON Schema of an intent, for editors that know schemas of TOML."""
    (schema,), parts = msgspec.json.schema_components([Intent], ref_template="#/$defs/{name}")
    kinds: list[type[Part]] = [*SETUPS.values(), *TABLES.values(), Create]
    for part in kinds:
        parts[part.__name__]["additionalProperties"] = False
    for kind, paths in _KINDS.items():
        rule = names.RULES[kind]
        for field in (one for path in paths for one in _fields(parts, path)):
            field["minLength"] = 0 if field.get("default") == "" else rule.low
            field["maxLength"] = rule.high
    for path, told in RULES.items():
        for field in _fields(parts, path):
            field["description"] = told.about
    for days in _fields(parts, "vault.retention_days"):
        days.update(minimum=7, maximum=90)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wrapkey intent",
        **schema,
        "$defs": parts,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _fields(parts: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """A field in every kind of intent that has it."""
    table, _, name = path.rpartition(".")
    kinds = [TABLES[table]] if table else [*SETUPS.values()]
    return [parts[kind.__name__]["properties"][name] for kind in kinds]


def intent_page() -> str:
    """docs/intent.md."""
    lines = [
        "# The intent file",
        "",
        "What you want, as TOML. The Review screen writes it with `w`; `wrapkey plan`"
        " and `wrapkey apply` read it. Fields that nobody knows are errors, and"
        " everything that is wrong is told at once, with its line. A field that is left out has"
        " its default; names that are left out are derived from the Azure id of what they serve,"
        " so that applying twice makes nothing twice.",
        "",
        "```toml",
        *_sample("workspace"),
        "```",
        "",
        "For a container group or a cluster the table `[workspace]` is replaced by:",
        "",
        "```toml",
        *_own("container-group"),
        "```",
        "",
        "```toml",
        *_own("cluster"),
        "```",
        "",
        *_table("At the top", "", WorkspaceSetup),
    ]
    for name, kind in TABLES.items():
        head = f"`[[{name}]]`" if name in SEVERAL else f"`[{name}]`"
        lines += ["", *_table(head, f"{name}.", kind)]
    lines += [
        "",
        "This page and docs/intent.schema.json are written by `python -m services.schema`.",
    ]
    return "\n".join(lines) + "\n"


def _sample(kind: Kind) -> list[str]:
    """A whole file of a kind."""
    return _toml(path for path in RULES if _kind(path) in ("", kind))


def _own(kind: Kind) -> list[str]:
    """What only files of a kind have."""
    head = [f"kind = {_json(kind)}"]
    return head + _toml(path for path in RULES if _kind(path) == kind)


def _kind(path: str) -> str:
    """The kind of intent a field is only for; empty for a field of all."""
    return KIND_TABLES.get(path.partition(".")[0], "") if "." in path else ""


def _toml(paths: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for path in paths:
        table, _, name = path.rpartition(".")
        if path in _NOT_IN_SAMPLE:
            continue
        head = f"[[{table}]]" if table in SEVERAL else f"[{table}]"
        if table and head not in lines:
            lines += ["", head]
        lines.append(f"{name} = {RULES[path].example}")
    return lines


_NOT_IN_SAMPLE = {
    *("cloud", "tenant", "key.not_before"),
    *("principals.cosmos_db", "principals.machine_learning", "principals.container_instances"),
    *(path for path in RULES if path.startswith("repairs.")),
}


def _table(title: str, prefix: str, kind: type[Part]) -> list[str]:
    rows = [f"## {title}", "", "| field | value | default | |", "|---|---|---|---|"]
    hints = get_type_hints(kind)
    if not prefix:
        words = ", ".join(f"`{_json(one)}`" for one in SETUPS)
        rows.append(f"| `kind` | {words} | required | {RULES['kind'].about} |")
    for field in msgspec.structs.fields(kind):
        path = prefix + field.name
        if path not in RULES:
            continue
        default = "required" if field.required else _default(field)
        rows.append(
            f"| `{field.name}` | {_shown(hints[field.name])} | {default} | {RULES[path].about} |"
        )
    return rows


def _default(field: Any) -> str:
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "none" if value in ("", None, {}, []) else f"`{_json(value)}`"


def _shown(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{_json(one)}`" for one in get_args(hint))
    words = [_WORDS.get(_plain(kind), "") for kind in get_args(hint) or (hint,)]
    if _plain(hint) is dict:
        words = [_WORDS[dict]]
    if _plain(hint) is list:
        words = [f"list of {_WORDS[get_args(hint)[0]]}s"]
    return " or ".join(word for word in words if word)


def _plain(kind: Any) -> Any:
    return get_origin(kind) or kind


_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "`true`, `false`",
    datetime: "date and time with Z",
    dict: "table of texts",
    Create: '`{ create = "name" }`',
}


def json_page() -> str:
    """docs/json.md."""
    from services.changes.page import json_lines
    from services.runs.headless import check_document, step_document

    step = step_document(Step(id="", kind="", title="", action="wait", target=""))
    lines = [
        "# JSON on stdout",
        "",
        "Every document carries `schema: 1`. Names here are promises: fields are added, never"
        " renamed.",
        "",
        "## `wrapkey plan INTENT --json`",
        "",
        "`{schema, intent, steps, findings, names, cost, cost_reason, quota}`. `names` are those"
        " that were derived. `cost` is null while a reason stands beside it.",
        "",
        f"Step: `{{{', '.join(step)}}}`; `needs` are ids of steps, `expected_s` is seconds,"
        " `irreversible` a sentence or empty.",
        "",
        *_cost(),
        "",
        f"`quota`: list of `{{{_names(QuotaLine)}, fits}}`; `left` is after the plan; a number that"
        " Azure does not tell is null, and so is `fits` then. A `limit` of -1 is none.",
        "",
        "## `wrapkey check INTENT --json`",
        "",
        "`{schema, findings, worst, quota}`; exit code 3 where `worst` is `fail`.",
        "",
        "## `wrapkey diagnose ID|NAME --json`",
        "",
        "`{schema, target, at, by, cloud, masked, tree, root_causes, findings, timeline, unread}`."
        " `root_causes` are ids of"
        " findings that fail and whose `causes` are empty; exit code 3 where a finding fails.",
        "",
        f"- `target`: `{{{_names(Target)}}}`",
        f"- `tree`: a node `{{{_names(Node)}}}`, `below` being nodes",
        f"- `timeline`: newest first, each `{{{_names(Change)}}}`; `fits` are ids of findings",
        f"- `unread`: what could not be read, each `{{{_names(NotRead)}}}`",
        "",
        "## `wrapkey repair ID|NAME --plan --json`",
        "",
        "`{schema, subject, steps, findings}`; without `--plan` one Event a line, as `wrapkey"
        " apply`. `steps` are as above, each with `undo`: whether what it changes can be taken"
        " back. `findings` are those that are repaired.",
        "",
        *json_lines(),
        "## `wrapkey export storage-class ID|NAME --json` and its like",
        "",
        f"`{{schema, {_names(Export)}}}`: a file and the commands to run with it; `file` is empty"
        " where the commands are all there is. `says` are sentences to be read before.",
        "",
        "## `wrapkey checks --json`",
        "",
        f"`{{schema, checks}}`, each `{{{', '.join(check_document(CHECKS[0]))}}}`; see"
        " [failures.md](failures.md).",
        "",
        "## `wrapkey explain ERROR --json`",
        "",
        f"`{{schema, {_names(Explained)}}}`. `failure` is a number of [failures.md](failures.md), or"
        " empty; `title` is empty where nothing is known of the error. `codes` go outermost first."
        " `resources` are ids that the error names, those of its `subject` first.",
        "",
        "## Findings",
        "",
        f"Finding: `{{{_names(Finding)}}}`.",
        "",
        f"- `status`: {_choices(Finding, 'status')}; `fail` keeps `apply` from starting",
        f"- `evidence`: list of `{{{_names(Evidence)}}}`",
        f"- `repair`: null or `{{{_names(Repair)}}}`; `blocked` are steps that the caller can't do"
        f" now, each `{{{_names(Blocked)}}}`",
        "",
        "## `wrapkey apply INTENT --json`",
        "",
        f"One Event a line: `{{{_names(Event)}}}`; empty fields are left out.",
        "",
        "| event | detail |",
        "|---|---|",
        *(f"| `{name}` | {EVENTS[name]} |" for name in _literal(Event, "event")),
        "",
        "The last line is `run.finished` unless the process died.",
        "",
        *_history(),
        "",
        "This page is written by `python -m services.schema`.",
    ]
    return "\n".join(lines) + "\n"


def _history() -> list[str]:
    """Runs, undo and the audit file."""
    from services.runs import auditing, history, undo

    return [
        "## `wrapkey runs --json`",
        "",
        f"`{{schema, runs}}`, newest first, each `{{{_names(history.RunLine)}}}`; `seconds` is null"
        " while it runs, and where its process ended without a word.",
        "",
        "## `wrapkey runs RUN --json`",
        "",
        f"`{{schema, {_names(history.RunLog)}}}`, also in the file of `--export FILE.json`.",
        "",
        "- `run`: as above",
        f"- `steps`: in the plan's order, each `{{{_names(history.StepLog)}}}`",
        f"- `writes`: as they were sent, each `{{{_names(history.WriteLog)}}}`; `status` is null"
        " where no answer came",
        "- `events`: as `wrapkey apply` prints them",
        "",
        "## `wrapkey undo RUN --preview --json`",
        "",
        "`{schema, run, subject, with_key, items}`; without `--preview` one Event a line, as"
        " `wrapkey apply`.",
        "",
        f"- `items`: in the order they are taken back, each `{{{_names(undo.UndoItem)}}}`; `verdict`:"
        f" {', '.join(f'`{one}`' for one in get_args(undo.Verdict))}",
        "- `code` of what stays: `before` (it was there before), `unknown` (whether the run made it"
        " can't be known), `changed`, `holds` (something this undo leaves lies in it), `used` (by"
        " others), `kept` (only `--with-key` takes it), `unread` (it could not be looked at),"
        " `for-good` (it can't be taken back)",
        "",
        "## `wrapkey audit verify --json`",
        "",
        f"`{{schema, {_names(auditing.AuditVerdict)}}}`; exit code 3 where `ok` is false. `broken` and"
        " `differing` are numbers of lines from 1.",
    ]


def _cost() -> list[str]:
    """What `cost` holds."""
    return [
        f"`cost` is a month of {cost.HOURS} hours: `{{{_names(cost.Estimate)}}}`. An amount whose"
        " price is not known is null, stands in `unknown` and in no sum. `problem` says why prices"
        " could not be read.",
        "",
        f"- `lines`: list of `{{{_names(cost.Line)}}}`; `why` says why a price is not known",
        f"- `low`, `high` of a line: `{{{_names(cost.Part)}}}`; the same where nothing is open",
        f"- `modes`: `{{{_names(cost.Comparison)}}}`, each `{{{_names(cost.Range)}}}`, as is"
        " `after_delete`",
        f"- `assumptions`: `{{{_names(cost.Assumptions)}}}`, changed with `--assume NAME=VALUE`",
    ]


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


def _names(kind: type[msgspec.Struct]) -> str:
    return ", ".join(field.name for field in msgspec.structs.fields(kind))


def _literal(kind: type[msgspec.Struct], field: str) -> tuple[str, ...]:
    found: tuple[str, ...] = get_args(get_type_hints(kind)[field])
    return found


def _choices(kind: type[msgspec.Struct], field: str) -> str:
    return ", ".join(f"`{one}`" for one in _literal(kind, field))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def documents() -> dict[str, str]:
    """Every generated file: path below the project to text."""
    return {
        "docs/intent.md": intent_page(),
        "docs/failures.md": failures_page(
            tuple(one for one in listed() if "diagnosis" in one.phases), afterwards()
        ),
        "docs/json.md": json_page(),
        "docs/intent.schema.json": intent_schema(),
    }


def main(arguments: list[str], root: Path) -> int:
    """Write or check the files below ``root``; returns the exit code."""
    if arguments not in (["--check"], ["--write"]):
        print("usage: python -m services.schema --check | --write", file=sys.stderr)
        return 2
    stale = [
        path
        for path, text in documents().items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    ]
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path} is stale: python -m services.schema --write", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(documents()[path], encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
