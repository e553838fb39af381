"""What is told of a workspace that is not there, or that no key of the customer's encrypts."""

from services.azure import groups
from services.azure.connection import Connection
from services.checks.facts import Asked, Unknown, known
from services.diagnosis.findings import found
from services.ids import ArmId, same
from services.model.diagnosis import Diagnosis, Node, Target
from services.model.plan import Evidence
from services.model.resources import Workspace


async def absent(conn: Connection, target: Target, asked: Asked) -> Diagnosis:
    """A workspace that is not there: perhaps deleted softly, which only its group tells."""
    where = ArmId.parse(target.id)
    listed = await known(groups.list_groups(conn, where.subscription))
    among = () if isinstance(listed, Unknown) else listed
    left = next((one for one in among if same(one.managed_by, target.id)), None)
    if left is not None:
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
        repair = ""
        if isinstance(listed, Unknown):
            meaning += f" Whether its managed group is left is not known: {listed.reason}"
    finding = found(
        "workspace-there",
        "fail",
        target.id,
        title,
        Evidence(call=asked.call, field="status", value="404", request_id=asked.request_id),
        failures=("F28",) if left else (),
        meaning=meaning,
        repair=repair,
    )
    node = Node(
        id=target.id, kind="workspace", title=target.name, status="fail", findings=(finding.id,)
    )
    return Diagnosis(target=target, at=conn.now(), tree=node, findings=(finding,))


def not_ours(conn: Connection, target: Target, there: Workspace) -> Diagnosis:
    """Encrypted with Microsoft's keys: there is no key of the customer's to look at."""
    note = "encrypted with Microsoft's keys"
    title = f"{there.name} is {note}; that is chosen when it is made"
    finding = found("key-address", "skipped", target.id, title)
    node = Node(id=target.id, kind="workspace", title=there.name, status="ok", note=note)
    return Diagnosis(target=target, at=conn.now(), tree=node, findings=(finding,))
