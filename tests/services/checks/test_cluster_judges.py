"""What is judged of a cluster before it is made: sets that are there, zones, versions, sizes."""

from typing import Any

import pytest
from wishes import GROUP, SUB, URI, facts, key

from services.checks.facts import Unknown
from services.checks.judges.clusters import JUDGES
from services.checks.nodefit import existing, oldest, open_zones, set_fit, size_fit
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    Create,
    DiskEncryptionSetIntent,
    KeyIntent,
    VaultIntent,
)
from services.model.plan import Finding
from services.model.resources import (
    DiskEncryptionSet,
    KubernetesVersion,
    ManagedCluster,
    VmSize,
)

CUSTOMER = "EncryptionAtRestWithCustomerKey"
DOUBLE = "EncryptionAtRestWithPlatformAndCustomerKeys"
OLD = "d" * 32


def cluster(des: dict[str, Any] | None = None, **parts: Any) -> ClusterSetup:
    own = DiskEncryptionSetIntent(**{"name": "des-1", **(des or {})})
    wish = {"name": "aks", "identity": Create(create="u"), "disk_encryption_set": own, **parts}
    return ClusterSetup(
        subscription=SUB,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-ml"),
        key=KeyIntent(name="cmk"),
        cluster=ClusterIntent(**wish),
    )


def des(**parts: Any) -> DiskEncryptionSet:
    told = {
        "id": f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des-1",
        "name": "des-1",
        "location": "westeurope",
        "state": "Succeeded",
        "key_url": f"{URI}/keys/cmk",
        "encryption": CUSTOMER,
        "rotates": True,
        "principal_id": "00000000-0000-0000-0000-0000000000d5",
    }
    return DiskEncryptionSet(**{**told, **parts})


def size(**parts: Any) -> VmSize:
    told = {"name": "Standard_D4s_v5", "family": "standardDSv5Family", "cores": 4}
    return VmSize(**{**told, "ephemeral": False, "zones": ("1", "2", "3"), **parts})


def judged(check: str, intent: ClusterSetup, **parts: Any) -> list[Finding]:
    return list(JUDGES[check](intent, facts(**parts)))


def test_a_set_as_it_is_wished_is_fine() -> None:
    assert judged("encryption-set", cluster(), encryption_set=des()) == []


OTHERWISE = [
    ({}, {"encryption": DOUBLE}, "with a key of the platform too"),
    ({"encryption": "double"}, {}, "by your key alone"),
    ({"rotate_to_latest": False}, {}, "follows new versions"),
    ({}, {"rotates": False}, "stays on its version"),
]


@pytest.mark.parametrize(("wish", "there", "said"), OTHERWISE)
def test_a_set_of_the_name_that_was_made_otherwise_is_said_before(
    wish: dict[str, Any], there: dict[str, Any], said: str
) -> None:
    (one,) = judged("encryption-set", cluster(wish), encryption_set=des(**there))
    assert one.status == "fail" and said in one.meaning
    assert "create = false" in str(one.repair)
    taken = cluster({"create": False})
    assert judged("encryption-set", taken, encryption_set=des(**there)) == []


BEHIND = des(rotates=False, key_url=f"{URI}/keys/cmk/{OLD}")


def test_a_set_that_stays_behind_a_new_version_names_rotate_and_what_else_can_be_done() -> None:
    (one,) = judged("encryption-set", cluster({"rotate_to_latest": False}), encryption_set=BEHIND)
    assert one.status == "fail" and f"stays on version {OLD[:8]}" in one.title
    assert one.repair is not None
    assert f"wrapkey rotate {BEHIND.id} --version {key().version}" in one.repair.text
    assert f'key.version = "{OLD}"' in one.repair.text and "create = false" in one.repair.text
    taken = cluster({"create": False, "rotate_to_latest": False})
    assert judged("encryption-set", taken, encryption_set=BEHIND) == []


def test_the_version_it_stays_on_is_fine_where_it_is_the_plans() -> None:
    same = des(rotates=False, key_url=f"{URI}/keys/cmk/{OLD}")
    wish = cluster({"rotate_to_latest": False})
    assert judged("encryption-set", wish, encryption_set=same, key=key(version=OLD)) == []


def test_a_set_for_another_key_is_said_with_another_name() -> None:
    other = des(key_url=f"{URI}/keys/other")
    (one,) = judged("encryption-set", cluster(), encryption_set=other)
    assert one.status == "fail" and "uses another key" in one.title
    assert one.repair is not None and "des-1-2" in str(one.repair)


@pytest.mark.parametrize(
    ("wished", "node", "fails"),
    [
        ([], size(zones=()), False),
        (["1", "2", "3"], size(), False),
        (["1"], size(barred_zones=("2",)), False),
        (["1", "2"], size(barred_zones=("2",)), True),
        (["1"], size(zones=()), True),
    ],
)
def test_zones_are_those_of_the_size(wished: list[str], node: VmSize, fails: bool) -> None:
    found = judged("node-zones", cluster(zones=wished), vm_sizes=(node,))
    assert [one.status for one in found] == (["fail"] if fails else [])


def test_zones_that_could_not_be_read_are_not_guessed() -> None:
    found = judged("node-zones", cluster(zones=["1"]), vm_sizes=Unknown("Azure refused it."))
    assert [one.status for one in found] == ["unknown"]


@pytest.mark.parametrize(
    ("wish", "status"),
    [("default", []), ("1.34", []), ("1.34.9", []), ("1.35", ["warn"]), ("1.17", ["fail"])],
)
def test_versions_are_those_of_the_list_and_previews_are_said(wish: str, status: list[str]) -> None:
    offered = (
        KubernetesVersion(version="1.35", preview=True, patches=("1.35.7",)),
        KubernetesVersion(version="1.34", default=True, patches=("1.34.9",)),
    )
    found = judged("kubernetes-version", cluster(kubernetes=wish), kubernetes_versions=offered)
    assert [one.status for one in found] == status


@pytest.mark.parametrize(
    ("node", "word"),
    [
        (size(), "ok"),
        (size(restricted="QuotaId"), "no"),
        (size(cores=1), "no"),
        (size(barred_zones=("2",)), "warn"),
    ],
)
def test_how_a_size_fits(node: VmSize, word: str) -> None:
    assert size_fit(node).word == word


def test_ephemeral_disks_need_room() -> None:
    assert size_fit(size(), ephemeral=True).word == "no"
    assert size_fit(size(ephemeral=True), ephemeral=True).word == "ok"
    assert open_zones(size(barred_zones=("2",))) == ("1", "3")


@pytest.mark.parametrize(
    ("there", "because"),
    [
        ({}, "follows new versions"),
        ({"rotates": False}, "stays on its version"),
        ({"location": "northeurope"}, "in northeurope"),
        ({"key_url": f"{URI}/keys/other"}, "uses another key: other in kv-ml"),
        ({"key_url": ""}, "uses another key: none"),
        ({"state": "Failed"}, "not ready: Failed"),
        ({"rotation_error": "ManagedServiceIdentityNotFound"}, "stopped following"),
        ({"encryption": "ConfidentialVmEncryptedWithCustomerKey"}, "confidential"),
    ],
)
def test_how_a_set_fits(there: dict[str, Any], because: str) -> None:
    fit = set_fit(des(**there), URI, "cmk", "westeurope")
    assert because in fit.because
    assert (fit.word == "ok") is ("versions" in because or "its version" in because)


def test_the_lowest_version_is_by_number_not_by_letter() -> None:
    offered = tuple(KubernetesVersion(version=one) for one in ("1.30", "1.9", "1.31"))
    assert oldest(offered) == "1.9" and oldest(()) == ""


@pytest.mark.parametrize(("used", "said"), [("", "platform keys"), (des().id, "set des-1")])
def test_a_cluster_that_is_there_can_still_have_data_disks(used: str, said: str) -> None:
    one = ManagedCluster(
        id="/x", name="aks", location="westeurope", state="Succeeded", encryption_set=used
    )
    assert said in existing(one) and "StorageClass" in existing(one)
