"""Masked facts: nothing of the originals is left, and what follows from them is the same."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from alive import NOW, VAULT, facts, live
from hypothesis import given, settings
from hypothesis import strategies as st
from looking import TARGET, signed_in
from sandboxed import RunningSandbox

from services.azure.activitylog import ActivityEvent
from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Unknown
from services.diagnosis import bundle, written
from services.diagnosis.causes import roots
from services.diagnosis.conclude import conclude
from services.diagnosis.diagnose import look
from services.diagnosis.document import diagnosis_document
from services.diagnosis.mask import Masks
from services.diagnosis.packed import pack
from services.diagnosis.seen import Seen
from services.model.diagnosis import Diagnosis, Node
from services.model.resources import Caller, Lock, Principal, Resource


def texts(seen: Seen) -> Iterator[str]:
    """Everything that leaves the machine."""
    found = conclude(seen)
    yield bundle.encode(seen).decode()
    yield written.markdown(found)
    yield written.html(found)
    yield msgspec.json.encode(diagnosis_document(found)).decode()


def shape(node: Node) -> tuple[Any, ...]:
    return node.kind, node.status, *sorted(shape(one) for one in node.below)


def gist(found: Diagnosis) -> list[tuple[str, str, int, tuple[str, ...]]]:
    """What was found, without any name."""
    return sorted((one.check, one.status, len(one.causes), one.failures) for one in found.findings)


@pytest.mark.parametrize(
    "name",
    [
        *("healthy-policies", "f05-key-version-disabled-logged", "f08-grant-removed-among-others"),
        *("f11-creation-malformed-key", "f14-vault-firewall", "f18-grant-to-app-id"),
        *("f23-creation-policy", "f28-workspace-soft-deleted", "f29-read-only-lock"),
        *("f30-managed-group-deleted", "f41-subscription-moved", "f51-identity-unassigned"),
    ],
)
async def test_what_is_masked_is_judged_the_same(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        seen = await look(conn, TARGET, ask_azure=False)
    masked, plain = bundle.mask(seen), conclude(seen)
    found = conclude(masked)
    assert gist(found) == gist(plain)
    assert shape(found.tree) == shape(plain.tree)
    assert [one.check for one in roots(found)] == [one.check for one in roots(plain)]
    assert [one.at for one in found.timeline] == [one.at for one in plain.timeline]
    assert found.masked and not plain.masked
    # names that are plain words ("app") stand in sentences of our own too
    originals = [one for one in Masks(pack(seen)).of if not one.isalpha()]
    assert "mlw-prod" in originals and len(originals) > 3
    for text in texts(masked):
        assert [one for one in originals if one in text.lower()] == []
    requests = {one.request_id for each in found.findings for one in each.evidence}
    assert requests == {one.request_id for each in plain.findings for one in each.evidence}


name = st.from_regex(r"[a-z]{3}[a-z0-9]{4}[0-9][a-z]{2}", fullmatch=True)
guid = st.uuids(version=4).map(str)
NAMES = ("group", "vault", "key", "identity", "lock", "person", "secret_host")


@st.composite
def cast(draw: st.DrawFn) -> dict[str, str]:
    """Names and ids of somebody's, no two of them the same."""
    names = draw(st.lists(name, min_size=7, max_size=7, unique=True))
    ids = draw(st.lists(guid, min_size=3, max_size=3, unique=True))
    made = dict(zip(NAMES, names, strict=True))
    made |= dict(zip(("sub", "object", "tenant"), ids, strict=True))
    made["upn"] = f"{made['person']}@{draw(name)}.example"
    made["spaced"] = f"{draw(name)} {draw(name)}"
    made["version"] = draw(st.from_regex(r"[0-9a-f]{32}", fullmatch=True))
    made["ip"] = str(draw(st.ip_addresses(network="10.0.0.0/8")))
    made["ip6"] = str(draw(st.ip_addresses(network="2001:db8::/32")))
    return made


def told_of(one: dict[str, str]) -> str:
    """A text of Azure that names everything, in addresses, in quotes and in JSON in a text."""
    scope = (
        f"/subscriptions/{one['sub'].upper()}/resourceGroups/{one['group']}/providers"
        f"/Microsoft.KeyVault/vaults/{one['vault']}/keys/{one['key'].upper()}"
    )
    inner = json.dumps({"error": {"message": f"{one['upn']} at {one['ip']} of {one['tenant']}"}})
    return (
        f"The client '{one['upn']}' with object id '{one['object']}' may not act on '{scope}'."
        f" PUT https://{one['vault']}.vault.azure.net/keys/{one['key']}/{one['version']}?scope="
        f"{quote(scope, safe='')}&user={quote(one['spaced'])}&at={one['ip6']}"
        f" https://{one['secret_host']}.blob.core.windows.net/x {json.dumps({'body': inner})}"
        f" {one['spaced']}, {one['lock']}; ({one['identity']})"
    )


def seen_with(one: dict[str, str]) -> Seen:
    """Somebody's workspace in order, with everything of the cast in it."""
    group = f"/subscriptions/{one['sub']}/resourceGroups/{one['group']}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/{one['vault']}"
    lock = f"{vault}/providers/Microsoft.Authorization/locks/{one['lock']}"
    identity = (
        f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{one['identity']}"
    )
    at = ActivityEvent(
        at=NOW,
        caller=one["upn"],
        operation="Microsoft.KeyVault/vaults/write",
        status="Failed",
        resource_id=vault,
        correlation_id="c-1",
        message=told_of(one),
    )
    address = f"https://{one['vault']}.vault.azure.net/keys/{one['key']}/{one['version']}"
    there = live(
        facts=facts(
            locks=(Lock(id=lock, name=one["lock"], level="ReadOnly", scope=vault, notes="mine"),),
            assignments=Unknown(told_of(one)),
            deployments=Unknown(address),
        ),
        activity=(at,),
        own={identity: Resource(id=identity, name=one["identity"], type="x")},
        principals={
            one["object"]: Principal(object_id=one["object"], name=one["spaced"], kind="User")
        },
    )
    who = Caller(object_id=one["object"], tenant_id=one["tenant"], name=one["upn"], kind="User")
    return Seen(target=there.target, at=NOW, cloud=AZURE_PUBLIC, caller=who, there=there)


@given(cast())
@settings(max_examples=60, deadline=None)
def test_no_original_is_left_anywhere(one: dict[str, str]) -> None:
    seen = seen_with(one)
    plain = list(texts(seen))
    assert all(one["vault"] in text for text in plain)
    originals = {each.lower() for name, each in one.items() if name != "person"}
    originals |= {VAULT.lower(), quote(one["spaced"]).lower()}
    for text in texts(bundle.mask(seen)):
        assert [each for each in originals if each in text.lower()] == []


@given(cast())
@settings(max_examples=30, deadline=None)
def test_each_has_one_mask_of_its_own_and_azures_words_have_none(one: dict[str, str]) -> None:
    made = Masks(pack(seen_with(one)))
    assert len(set(made.of.values())) == len(made.of)
    assert not set(made.of.values()) & set(made.of)
    masks = {name: made.of[one[name].lower()] for name in ("vault", "group", "object", "upn")}
    assert (masks["vault"], masks["group"]) == (
        f"vault-{masks['vault'][6:]}",
        f"group-{masks['group'][6:]}",
    )
    text = made.apply(told_of(one))
    for mask in masks.values():
        assert text.count(mask) > 1 or mask == masks["object"]
    assert "providers/Microsoft.KeyVault/vaults/" in text
    assert ".vault.azure.net/keys/" in text
    assert made.apply("Microsoft.KeyVault/vaults/write") == "Microsoft.KeyVault/vaults/write"


def test_a_name_that_is_also_a_type_is_masked_where_names_stand() -> None:
    group = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/vaults"
    id = f"{group}/providers/Microsoft.KeyVault/vaults/keys"
    made = Masks(pack(Resource(id=id, name="keys", type="Microsoft.KeyVault/vaults")))
    masked = made.apply(id)
    assert masked.endswith("/resourceGroups/group-1/providers/Microsoft.KeyVault/vaults/vault-1")


def test_masks_that_are_somebodys_names_are_not_given() -> None:
    group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/group-2"
    id = f"{group}/providers/Microsoft.KeyVault/vaults/group-1"
    masked = Masks(pack(Resource(id=id, name="group-1", type="x"))).apply(id)
    assert "00000000-0000-4000-8000-000000000002" in masked
    assert "group-3" in masked and "group-2" not in masked and "group-1/" not in masked
