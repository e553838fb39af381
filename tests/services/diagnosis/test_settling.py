"""Right after a change, what a service still says is no new failure."""

from datetime import timedelta

from alive import NOW, cosmos, facts, key, live, vault

from services.diagnosis.causes import linked
from services.diagnosis.conclude import judge_one
from services.diagnosis.facts import Live
from services.diagnosis.settling import settling
from services.model.plan import Finding

REVOKED = (cosmos(key_status="Access is currently revoked because (4018)."),)


def said(of: Live, *further: str) -> dict[str, Finding]:
    checks = ("cosmos-status", *further)
    found = linked(one for check in checks for one in judge_one(check, of))
    return {one.check: one for one in settling(found, of)}


def test_a_service_that_has_not_looked_since_is_a_warning() -> None:
    changed = key(updated=NOW - timedelta(minutes=20))
    one = said(live(cosmos=REVOKED, facts=facts(key=changed)))["cosmos-status"]
    assert one.status == "warn"
    assert one.title.endswith("has not looked since the last change")
    assert "13:40 UTC" in one.meaning


def test_what_stays_for_hours_is_a_failure_that_nothing_explains() -> None:
    changed = key(updated=NOW - timedelta(hours=3))
    one = said(live(cosmos=REVOKED, facts=facts(key=changed)))["cosmos-status"]
    assert one.status == "fail"
    assert "in order as far as wrapkey can read them" in one.meaning


def test_a_cause_that_is_there_counts_however_new_it_is() -> None:
    closed = vault(default_action="Deny", bypass="None")
    changed = key(updated=NOW - timedelta(minutes=1))
    of = live(cosmos=REVOKED, facts=facts(key=changed, vault=closed))
    found = said(of, "vault-network")
    assert found["vault-network"].status == "fail"
    assert found["cosmos-status"].status == "fail"
    assert found["cosmos-status"].causes == (found["vault-network"].id,)
