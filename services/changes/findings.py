"""Findings of changes, and what is asked before any of them: locks, rights, other tools. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from services.azure.errors import AzureError
from services.checks.facts import Unknown
from services.checks.rights import allows
from services.model.plan import Evidence, Finding, Repair, Status
from services.model.resources import Lock, Permission
from services.text import plain

TOOLS = ("terraform", "opentofu", "pulumi", "bicep", "crossplane", "ansible")
"""Tools that describe resources and put them back as described."""


def unknown_tool(thing: str) -> str:
    """What can't be known of other tools."""
    return (
        f"Whether a tool such as Terraform or Bicep describes this {thing} Azure does not tell, and"
        " its tags name none. Where one does, change the key there too, before its next run."
    )


def finding(
    check: str,
    status: Status,
    subject: str,
    title: str,
    *evidence: Evidence,
    meaning: str = "",
    repair: str = "",
    failures: tuple[str, ...] = (),
    part: str = "",
    source: str = "",
) -> Finding:
    """A finding about a change; ``part`` tells several about one subject apart."""
    return Finding(
        id=":".join(one for one in (check, subject, part) if one),
        check=check,
        subject=subject,
        status=status,
        title=plain(title, 300),
        failures=failures,
        evidence=evidence,
        meaning=plain(meaning),
        repair=Repair(text=plain(repair)) if repair else None,
        source=source,
    )


def unread(check: str, subject: str, what: str, why: Unknown | AzureError) -> Finding:
    """That something could not be read, and why."""
    reason = why.reason if isinstance(why, Unknown) else f"{why.what} {why.means}"
    return finding(check, "unknown", subject, f"{what} could not be read", meaning=reason)


def locked(
    subject: str, locks: tuple[Lock, ...] | Unknown, levels: Iterable[str], what: str
) -> Iterator[Finding]:
    """One finding for each lock that refuses the change, whoever asks."""
    if isinstance(locks, Unknown):
        yield unread("change-lock", subject, "The locks", locks)
        return
    refused = {one.lower() for one in levels}
    for lock in locks:
        if lock.level.lower() in refused:
            notes = f" Its notes: {lock.notes}" if lock.notes else ""
            yield finding(
                "change-lock",
                "fail",
                subject,
                f"Lock {lock.name} ({lock.level}) on {lock.scope or 'a scope above'} refuses {what}",
                Evidence(call="GET locks", field="level", value=lock.level),
                meaning=f"A lock refuses it whoever asks.{notes}",
                repair=f"Take the lock away first: az lock delete --ids {lock.id}",
                failures=("F29",),
                part=lock.id,
                source="Lock your resources to protect your infrastructure",
            )


def missing_right(
    subject: str,
    permissions: tuple[Permission, ...] | list[Permission] | Unknown,
    action: str,
    what: str,
    role: str,
    *,
    status: Status,
    data: bool = False,
    instead: str = "let somebody do it who may.",
) -> Iterator[Finding]:
    """That the caller lacks a right; who has it may help."""
    if isinstance(permissions, Unknown):
        yield unread("change-rights", subject, f"Whether you may {what}", permissions)
    elif not allows(permissions, action, data=data):
        yield finding(
            "change-rights",
            status,
            subject,
            f"You may not {what}",
            Evidence(call="GET permissions", field="actions", value=f"not {action}"),
            meaning=f"Azure's permissions for you do not list {action} there.",
            repair=f"Ask for {role}, or {instead}",
            part=action,
        )


def tool_of(tags: Mapping[str, str]) -> str:
    """The tool that a workspace's tags name, with the tag; empty where none does."""
    for name, value in tags.items():
        text = f"{name}={value}".lower()
        if any(tool in text for tool in TOOLS):
            return f"{name}={value}"
    return ""
