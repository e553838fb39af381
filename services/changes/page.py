"""What docs/json.md says of rotate, delete and dependents, made from their types."""

import msgspec

from services.changes.model import Part
from services.model.cost import Range
from services.model.fleet import Dependent


def json_lines() -> list[str]:
    """The sections, as lines of Markdown."""
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
        "## `wrapkey delete ID|NAME --preview --json`",
        "",
        "`{schema, id, kind, name, at, purge, there, managed_group, goes, stays, unread, cost, steps,"
        " findings, worst}`; without `--preview` one Event a line. `there` is false for a workspace"
        " that was deleted softly before. `unread` says why what goes could not be read.",
        "",
        "- `kind`: `workspace`, `container-group`, `disk-encryption-set` or `cluster`; only a workspace"
        " can be deleted softly, and for the others `purge` is true",
        "- `managed_group`: the group that Azure made for a workspace, or for the nodes of a cluster",
        f"- `goes`, `stays`: each `{{{_names(Part)}}}`",
        f"- `cost`: `{{days, currency, problem, kept, ends}}`, `kept` being `{{{_names(Range)}}}` of what"
        " those days of soft delete cost, or null where it can't be estimated; `ends`, of the same fields,"
        " is a month of a container group or cluster, null for anything else",
        "",
        "## `wrapkey dependents ID|KEY-URL --json`",
        "",
        "`{schema, subject, at, dependents, unseen}`: what the caller may read, as of `at`. `unseen`"
        " are sentences about what such a list can't show.",
        "",
        f"- `dependents`: each `{{{_names(Dependent)}, version}}`; `how`: `key` (it names the key),"
        " `through` (it names `via`, which does) or `vault` (it names the vault and no key)."
        " `version` is empty where it tells none",
        "",
    ]


def _names(kind: type[msgspec.Struct]) -> str:
    return ", ".join(field.name for field in msgspec.structs.fields(kind))
