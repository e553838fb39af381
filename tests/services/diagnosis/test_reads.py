"""Diagnosis reads each fact once, and sends nothing that changes anything."""

from collections import Counter

import pytest
from carrying import writes
from looking import TARGET, signed_in
from sandboxed import RunningSandbox

from services.diagnosis.causes import roots
from services.diagnosis.diagnose import diagnose
from services.model.plan import Finding

CHALLENGE = 401
"""A vault's first GET tells only in this answer for whom a token must be."""
POLLED = "workspaceOperationsStatus"


@pytest.mark.parametrize(
    "name",
    [
        *("healthy", "healthy-identity", "healthy-policies", "healthy-service-side"),
        "healthy-attached",
        *("f05-key-version-disabled", "f14-vault-firewall", "f15-vault-deleted"),
        *("f22-provider-unregistered", "f09-key-deleted", "f01-creation-purge-protection"),
    ],
)
async def test_no_address_is_asked_for_twice(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        await diagnose(conn, TARGET)
    asked = Counter(
        (one["host"], one["path"].lower(), one["query"])
        for one in sandbox.requests()
        if one["method"] == "GET" and one["status"] != CHALLENGE and POLLED not in one["path"]
    )
    assert len(asked) > 20
    assert [address for address, times in asked.items() if times > 1] == []
    assert writes(sandbox) == []


async def test_findings_are_heard_as_they_come(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f08-grant-removed")
    heard: list[Finding] = []
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, heard.append, ask_azure=False)
    assert {one.id for one in heard} == {one.id for one in found.findings}
    assert not any(one.causes for one in heard)
    assert [one.check for one in roots(found)] == ["cosmos-grant"]
    assert writes(sandbox) == []


async def test_a_reader_is_told_what_it_may_not_see(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with signed_in(sandbox, "reader") as conn:
        found = await diagnose(conn, TARGET)
    assert roots(found) == ()
    unknown = {one.check: one for one in found.findings if one.status == "unknown"}
    assert unknown
    assert all("Ask for a role that includes" in one.meaning for one in unknown.values())
