"""What is told of a target that is not there, or that no key of the customer's encrypts."""

from services.azure import groups
from services.azure.connection import Connection
from services.checks.facts import Asked, Unknown, known
from services.diagnosis.findings import found
from services.diagnosis.seen import Gone
from services.ids import ArmId, same
from services.model.diagnosis import NOUNS, Node, Target
from services.model.plan import Evidence, Finding
from services.model.resources import ContainerGroup, Workspace


async def gone(conn: Connection, target: Target, asked: Asked) -> Gone:
    """A workspace that is not there: perhaps deleted softly, which only its group tells."""
    listed = await known(groups.list_groups(conn, ArmId.parse(target.id).subscription))
    if isinstance(listed, Unknown):
        return Gone(asked=asked, left=listed)
    left = next((one for one in listed if same(one.managed_by, target.id)), None)
    return Gone(asked=asked, left=left)


def absent(target: Target, there: Gone) -> tuple[Node, Finding]:
    """What is left of it, and what can be done. Pure."""
    return _workspace(target, there) if target.kind == "workspace" else _other(target, there)


def _other(target: Target, there: Gone) -> tuple[Node, Finding]:
    """Azure keeps nothing of it."""
    noun = NOUNS[target.kind]
    finding = found(
        "target-there",
        "fail",
        target.id,
        f"{noun.capitalize()} {target.name} is not there",
        _asked(there),
        meaning="It never was, or it was deleted: Azure keeps nothing of it.",
        repair="Look for its name in the activity log of its group, which Azure keeps for 90 days.",
    )
    node = Node(
        id=target.id, kind=target.kind, title=target.name, status="fail", findings=(finding.id,)
    )
    return node, finding


def _asked(there: Gone) -> Evidence:
    return Evidence(
        call=there.asked.call, field="status", value="404", request_id=there.asked.request_id
    )


def _workspace(target: Target, there: Gone) -> tuple[Node, Finding]:
    where, left, repair = ArmId.parse(target.id), there.left, ""
    if left is not None and not isinstance(left, Unknown):
        title = f"Workspace {target.name} is deleted, and can be recovered"
        meaning = (
            f"Its managed group {left.name} is still there: Azure keeps a deleted workspace for"
            " 14 days, holds its name and bills what is in the group."
        )
        repair = (
            "Recover it in the portal (Machine Learning, Recently deleted), or delete it for good:"
            f" az ml workspace delete -n {target.name} -g {where.group} --permanently-delete"
        )
    else:
        title = f"Workspace {target.name} is not there"
        meaning = "It never was, it was deleted for good, or more than 14 days ago."
        if isinstance(left, Unknown):
            meaning += f" Whether its managed group is left is not known: {left.reason}"
    finding = found(
        "workspace-there",
        "fail",
        target.id,
        title,
        _asked(there),
        failures=("F28",) if repair else (),
        meaning=meaning,
        repair=repair,
    )
    node = Node(
        id=target.id, kind="workspace", title=target.name, status="fail", findings=(finding.id,)
    )
    return node, finding


def not_ours(target: Target, there: Workspace | ContainerGroup) -> tuple[Node, Finding]:
    """Encrypted with Microsoft's keys: there is no key of the customer's to look at. Pure."""
    note = "encrypted with Microsoft's keys"
    title = f"{there.name} is {note}; that is chosen when it is made"
    check = "key-address" if isinstance(there, Workspace) else "group-key"
    finding = found(check, "skipped", target.id, title)
    return Node(id=target.id, kind=target.kind, title=there.name, status="ok", note=note), finding
