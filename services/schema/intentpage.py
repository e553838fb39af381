"""docs/intent.md, made from the types of an intent and the rules of its fields."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from services.intents.fields import RULES, SEVERAL
from services.intents.fields import TABLES as KIND_TABLES
from services.model.intent import SETUPS, Create, Kind, WorkspaceSetup
from services.model.intent import Struct as Part
from services.schema.intentschema import TABLES

_NOT_IN_SAMPLE = {
    *("cloud", "tenant", "key.not_before"),
    *("principals.cosmos_db", "principals.machine_learning", "principals.container_instances"),
    *(path for path in RULES if path.startswith("repairs.")),
}
"""Fields that the samples leave out."""
_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "`true`, `false`",
    datetime: "date and time with Z",
    dict: "table of texts",
    Create: '`{ create = "name" }`',
}
"""How the page names a type of Python."""


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


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
