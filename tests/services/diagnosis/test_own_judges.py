"""Each own check on a good and a bad fact: what no scenario can hold, and the finer words."""

from datetime import timedelta
from typing import Any

import pytest
from alive import KEY, NOW, URI, VERSION, cosmos, facts, key, live, named, search, storage, vault
from alive import workspace as there

from services.azure.workspaces import Remark
from services.checks.facts import Unknown
from services.diagnosis.conclude import JUDGES, judge_one
from services.diagnosis.facts import OwnKey, Probe
from services.model.resources import Encryption, Resource

OTHER = "1e" * 16
GONE = Unknown("You may not read it.")


@pytest.mark.parametrize("check", JUDGES)
def test_nothing_is_wrong_with_what_is_in_order(check: str) -> None:
    assert [one.status for one in judge_one(check, live())] == ["ok"]


CASES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("key-address", {"workspace": named(f"{URI}:443/keys/cmk")}, "fail", ("F11",)),
    ("key-address", {"workspace": named(f"{URI}/secrets/cmk")}, "fail", ("F11",)),
    (
        "key-address",
        {"workspace": named(f"https://kv-two.vault.azure.net/keys/cmk/{VERSION}")},
        "fail",
        ("F43", "F46"),
    ),
    (
        "key-address",
        {
            "workspace": there(
                encryption=Encryption(
                    vault_id=vault().id.replace("000000000001", "000000000002"), key_id=KEY
                )
            )
        },
        "fail",
        ("F43",),
    ),
    ("newest-version", {"facts": facts(newest_key=key(version=OTHER))}, "warn", ("F45",)),
    (
        "newest-version",
        {"facts": facts(newest_key=key(version=OTHER, enabled=False))},
        "fail",
        ("F05", "F16", "F06", "F45"),
    ),
    ("newest-version", {"facts": facts(newest_key=GONE)}, "unknown", ()),
    ("managed-group", {"group": None}, "fail", ("F30",)),
    ("managed-group", {"group": GONE}, "unknown", ()),
    ("managed-resources", {"search": ()}, "fail", ("F30",)),
    ("managed-resources", {"storage": GONE}, "unknown", ()),
    ("cosmos-key", {"cosmos": (cosmos(key_id=f"{URI}/keys/other"),)}, "warn", ()),
    ("cosmos-key", {"cosmos": (cosmos(key_id=f"{URI}/key/cmk"),)}, "fail", ("F11",)),
    ("cosmos-identity", {"cosmos": (cosmos(identity="Nobody"),)}, "fail", ("F13",)),
    (
        "cosmos-status",
        {"cosmos": (cosmos(key_status="revoked because (4016)."),)},
        "fail",
        ("F14",),
    ),
    ("cosmos-status", {"cosmos": (cosmos(key_status="something new"),)}, "fail", ()),
    ("search-compliance", {"search": (search(compliance="NonCompliant"),)}, "fail", ("F35",)),
    ("storage-key", {"storage": (storage(key_source="Microsoft.Storage"),)}, "fail", ("F34",)),
    (
        "storage-key",
        {"storage": (storage(key_id=f"{URI}/keys/cmk/{OTHER}"),)},
        "warn",
        ("F45",),
    ),
    (
        "storage-key",
        {"facts": facts(key=key(expires=NOW - timedelta(days=1)))},
        "fail",
        ("F34",),
    ),
    ("own-resources", {"own": {vault().id: None}}, "fail", ()),
    ("own-resources", {"own": {vault().id: GONE}}, "unknown", ()),
    (
        "own-resources",
        {"own": {vault().id: Resource(id=vault().id, name="kv", type="x", state="Failed")}},
        "warn",
        (),
    ),
    ("own-storage-key", {"own_keys": (OwnKey(account=vault().id, key_id=KEY),)}, "fail", ("F34",)),
    (
        "own-storage-key",
        {"own_keys": (OwnKey(account=vault().id, key_id=KEY, key=GONE),)},
        "unknown",
        (),
    ),
    (
        "own-storage-key",
        {"own_keys": (OwnKey(account=vault().id, key_id=KEY, key=key(enabled=False)),)},
        "fail",
        ("F34",),
    ),
    (
        "azure-diagnose",
        {"remarks": (Remark(about="others", code="Dns", level="Error", message="no answer"),)},
        "fail",
        (),
    ),
    (
        "azure-diagnose",
        {"remarks": (Remark(about="others", code="Dns", level="Warning", message="custom"),)},
        "warn",
        (),
    ),
    ("azure-diagnose", {"remarks": GONE}, "unknown", ()),
    ("key-probe", {"probe": Probe(code="KeyDisabled", message="no")}, "fail", ("F10",)),
    ("key-probe", {"probe": Probe(code="ForbiddenByRbac", refused=True)}, "unknown", ()),
    ("grants-nobody", {"principals": GONE}, "unknown", ()),
    ("workspace-state", {"workspace": there(state="Updating")}, "warn", ()),
    ("workspace-state", {"workspace": there(state="Failed")}, "fail", ()),
    ("creation-error", {"workspace": there(state="Failed"), "activity": GONE}, "unknown", ()),
    (
        "identity-assigned",
        {
            "workspace": there(
                encryption=Encryption(vault_id=vault().id, key_id=KEY, identity=vault().id)
            )
        },
        "fail",
        ("F51",),
    ),
]


@pytest.mark.parametrize(("check", "parts", "status", "failures"), CASES)
def test_what_is_wrong_is_told_as_gravely_as_it_is(
    check: str, parts: dict[str, Any], status: str, failures: tuple[str, ...]
) -> None:
    (one,) = judge_one(check, live(**parts))
    assert one.status == status
    if failures:
        assert one.failures == failures
    assert one.title
    assert one.meaning or status == "warn"


def test_what_azure_only_notes_is_no_finding() -> None:
    note = Remark(about="others", code="Note", level="Information", message="fine")
    assert [one.status for one in judge_one("azure-diagnose", live(remarks=(note,)))] == ["ok"]
