"""A diagnosis that is always the same: what a disabled key version brings about."""

from datetime import UTC, datetime

from services.model.diagnosis import Change, Diagnosis, Node, NotRead, Target
from services.model.plan import Evidence, Finding, Repair, Step

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
KEY = "https://kv-ml-prod.vault.azure.net/keys/cmk-ml"
VERSION = f"{KEY}/9f1ab1ed000040008000000000000001"
MANAGED = f"{SUB}/resourceGroups/azureml-rg-mlw-prod"
COSMOS = f"{MANAGED}/providers/Microsoft.DocumentDB/databaseAccounts/amlcosmos7dea"
SEARCH = f"{MANAGED}/providers/Microsoft.Search/searchServices/amlsearch7dea"
AT = datetime(2027, 1, 21, 17, 2, tzinfo=UTC)
BEGAN = datetime(2027, 1, 21, 14, 2, tzinfo=UTC)


def diagnosis(name: str = "mlw-prod") -> Diagnosis:
    """One cause, two consequences, a warning, something unread; every text may hold ``name``."""
    cause = f"key-enabled:{VERSION}"
    findings = (
        Finding(
            id=cause,
            check="key-enabled",
            phase="diagnosis",
            subject=VERSION,
            status="fail",
            title="Key cmk-ml, version 9f1ab1ed…, is disabled",
            failures=("F05", "F16"),
            evidence=(
                Evidence(
                    call="GET cmk-ml/9f1ab1ed000040008000000000000001",
                    field="attributes.enabled",
                    value="false",
                    request_id="8d1c0000-0000-4000-8000-000000000001",
                ),
            ),
            meaning="Nothing that its key encrypts can be read: Cosmos DB, AI Search and Storage "
            f"of {name} can't unwrap their data keys.",
            repair=Repair(
                text="key cmk-ml, version 9f1ab1ed…: enable it",
                steps=(
                    Step(
                        id="key-enable",
                        kind="key-change",
                        title="key cmk-ml, version 9f1ab1ed…: enable it",
                        action="change",
                        target=VERSION,
                    ),
                ),
            ),
            since=BEGAN,
            by="??",
            source="Cosmos DB: CMK troubleshooting guide",
        ),
        _follows(
            "cosmos-status", COSMOS, "Cosmos DB amlcosmos7dea can't use the key (4018)", cause
        ),
        _follows("search-compliance", SEARCH, f"AI Search of {name}: NonCompliant", cause),
        _other("vault-lock", "warn", VAULT, "No lock protects vault kv-ml-prod"),
        _other("key-rotation", "unknown", KEY, "The rotation policy could not be read"),
        _other("vault-exists", "ok", VAULT, "The vault is there and ready"),
    )
    return Diagnosis(
        target=Target(id=WORKSPACE, name=name),
        at=AT,
        by="ada@contoso.test",
        cloud="AzureCloud",
        tree=_tree(name, findings),
        findings=findings,
        timeline=(
            Change(
                at=BEGAN,
                what="key version 9f1ab1ed… last changed; it is disabled now",
                subject=VERSION,
                by="??",
                source="key",
                fits=(cause,),
            ),
            Change(
                at=datetime(2027, 1, 3, 9, 30, tzinfo=UTC),
                what="Microsoft.KeyVault/vaults/write",
                subject=VAULT,
                by=name,
                correlation_id="c0ffee00-0000-4000-8000-000000000002",
            ),
        ),
        unread=(NotRead(what="the rotation policy", why="Ask for a role that includes it."),),
    )


def _follows(check: str, subject: str, title: str, cause: str) -> Finding:
    return Finding(
        id=f"{check}:{subject}",
        check=check,
        phase="diagnosis",
        subject=subject,
        status="fail",
        title=title,
        meaning="The workspace's metadata can't be read.",
        causes=(cause,),
    )


def _other(check: str, status, subject: str, title: str) -> Finding:
    return Finding(
        id=f"{check}:{subject}",
        check=check,
        phase="diagnosis",
        subject=subject,
        status=status,
        title=title,
        meaning="Ask for a role that includes it." if status == "unknown" else "",
    )


def _tree(name: str, findings: tuple[Finding, ...]) -> Node:
    cause, cosmos, search, lock, rotation, _ = (one.id for one in findings)
    vault = Node(
        id=VAULT, kind="vault", title="kv-ml-prod", status="warn", note="westeurope, roles",
        findings=(lock,),
    )  # fmt: skip
    key = Node(
        id=KEY, kind="key", title="cmk-ml", status="unknown", findings=(rotation,), below=(vault,)
    )
    version = Node(
        id=VERSION, kind="key-version", title="9f1ab1ed000040008000000000000001", status="fail",
        note="RSA 3072, until 24 Oct 2027", findings=(cause,), below=(key,),
    )  # fmt: skip
    managed = Node(
        id=MANAGED,
        kind="managed-group",
        title="azureml-rg-mlw-prod",
        status="ok",
        below=(
            Node(id=COSMOS, kind="cosmos", title="Cosmos DB amlcosmos7dea", status="fail",
                 note=f"key {KEY}", findings=(cosmos,)),
            Node(id=SEARCH, kind="search", title=f"AI Search of {name}", status="fail",
                 note="key ??, NonCompliant", findings=(search,)),
        ),
    )  # fmt: skip
    return Node(id=WORKSPACE, kind="workspace", title=name, status="ok", below=(version, managed))
