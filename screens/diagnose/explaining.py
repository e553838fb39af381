"""A finding in plain words, with the user's own names."""

from collections.abc import Iterator

from screens.widgets.explain import Explanation
from services.explain import Names, explain
from services.failures import BY_NUMBER
from services.ids import ArmId, BadId
from services.model.diagnosis import Diagnosis, Node
from services.model.plan import Finding

TOPICS: dict[str, str] = {
    "key": "wrap",
    "newest": "wrap",
    "cosmos": "wrap",
    "search": "wrap",
    "storage": "wrap",
    "vault": "vault",
    "grant": "object-id",
    "grants": "object-id",
    "policy": "access-models",
    "identity": "access",
    "ml": "access",
    "managed": "modes",
}
"""The first word of a check's id, to what explains the rule behind it."""
OWN = {
    "cosmos-grant": "object-id",
    "cosmos-principal": "object-id",
    "vault-deleted": "soft-delete",
    "key-deleted": "soft-delete",
    "vault-protection": "soft-delete",
}


def explained(finding: Finding, names: Names) -> Explanation:
    """What a finding means, the rule behind it, what to do, where that stands."""
    topic = OWN.get(finding.check) or TOPICS.get(finding.check.partition("-")[0], "wrap")
    rule = explain(topic, names)
    known = [BY_NUMBER[number] for number in finding.failures if number in BY_NUMBER]
    catalogue = [f"{one.number}  {one.title}. {one.means}" for one in known[:1]]
    what = "\n\n".join(one for one in (finding.meaning or finding.title, *catalogue) if one)
    do = finding.repair.text if finding.repair else ""
    return Explanation(finding.title, what, "\n\n".join(rule.paragraphs), do, finding.source)


def names_of(diagnosis: Diagnosis | None, workspace: str) -> Names:
    """The user's own names, as far as they are known."""
    if diagnosis is None:
        return Names(workspace=workspace or "your workspace")
    kinds = {node.kind: node for node in _nodes(diagnosis.tree)}
    vault, key = kinds.get("vault"), kinds.get("key")
    try:
        group = ArmId.parse(diagnosis.target.id).group
    except BadId:
        group = ""
    return Names(
        vault=vault.title if vault else "your vault",
        key=key.title if key else "your key",
        workspace=diagnosis.target.name,
        group=group or "your resource group",
    )


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for below in node.below:
        yield from _nodes(below)
