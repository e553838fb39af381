"""What stands around a vault: private endpoints, approved by its owner, and perimeters."""

from sandboxed import RunningSandbox

SUBSCRIPTION = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
VAULTS = f"{SUBSCRIPTION}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults"
FLAWED = f"{VAULTS}/kv-flawed"
STATE = "privateLinkServiceConnectionState"


def test_an_endpoint_waits_until_the_vaults_owner_approves_it(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/vault-endpoints")
    path = f"{FLAWED}/privateEndpointConnections"
    (one,) = sandbox.call("GET", path, version="2026-02-01").json()["value"]
    assert one["properties"][STATE]["status"] == "Pending"
    body = {"properties": {STATE: {"status": "Approved", "description": "known"}}}
    refused = sandbox.call("PUT", one["id"], body, version="2026-02-01", principal="reader")
    assert refused.status_code == 403
    assert sandbox.call("PUT", one["id"], body, version="2026-02-01").status_code == 200
    read = sandbox.call("GET", one["id"], version="2026-02-01").json()
    assert read["properties"][STATE]["status"] == "Approved"
    vault = sandbox.call("GET", FLAWED, version="2026-02-01").json()
    (shown,) = vault["properties"]["privateEndpointConnections"]
    assert shown["properties"][STATE]["status"] == "Approved"
    patched = sandbox.call("PATCH", FLAWED, {"tags": {"a": "b"}}, version="2026-02-01").json()
    assert patched["properties"]["privateEndpointConnections"] == [shown]
    missing = sandbox.call("GET", f"{path}/pe-none", version="2026-02-01")
    assert missing.status_code == 404


def test_a_perimeter_is_told_and_shuts_even_trusted_services_out(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/vault-perimeter")
    tail = "networkSecurityPerimeterConfigurations"
    found = sandbox.call("GET", f"{FLAWED}/{tail}", version="2024-04-01-preview").json()
    (one,) = found["value"]
    assert one["properties"]["resourceAssociation"]["accessMode"] == "Enforced"
    assert one["properties"]["networkSecurityPerimeter"]["id"].endswith("/nsp-data")
    other = sandbox.call("GET", f"{VAULTS}/kv-cmk/{tail}", version="2024-04-01-preview")
    assert other.json() == {"value": []}
