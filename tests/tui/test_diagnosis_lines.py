"""A diagnosis as lines: folded at a terminal, as they are where it is piped."""

from datetime import UTC, datetime

from carrying import connected
from sandboxed import RunningSandbox

from services.diagnosis.diagnose import diagnose as look_at
from services.diagnosis.target import find
from services.model.diagnosis import Diagnosis, Node, Target
from services.model.plan import Evidence, Finding
from tui.cli.diagnosed import lines


async def test_at_a_terminal_lines_are_folded_and_each_id_stands_in_full_once(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/f08-grant-removed")
    async with connected(sandbox, "contributor") as conn:
        meant = await find(conn, "mlw-prod")
        found = await look_at(conn, meant, ask_azure=False)
    folded, whole = list(lines(found, 80)), list(lines(found))
    commands = [one for one in folded if one.strip().startswith("az ")]
    assert commands, "somebody else's command is there, whole"
    wide = [one for one in folded if len(one) > 80 and one not in commands]
    assert all(" " not in one.strip() for one in wide), wide
    assert "".join(folded).count("f08") == "".join(whole).count("f08")
    assert any("request " in one for one in folded)
    words = " ".join(" ".join(folded).split())
    assert "Ask for a role that includes" in words, "what could not be read says why"
    assert len(whole) < len(folded)


def test_an_id_that_is_told_again_is_short() -> None:
    id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
    evidence = Evidence(call="GET kv", field="id", value=id)
    one = Finding(
        id="x", check="x", subject=id, status="fail", title="x", evidence=(evidence, evidence)
    )
    node = Node(id=id, kind="vault", title="kv", status="fail", note=id)
    found = Diagnosis(
        target=Target(id=id, name="kv"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        tree=node,
        findings=(one,),
    )
    said = "\n".join(lines(found, 200))
    assert (said.count(id), said.count("…/vaults/kv")) == (1, 2)
    assert "\n".join(lines(found)).count(id) == 3
