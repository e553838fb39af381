"""Steps that repair what others made, where the intent chooses so: vault and key."""

from typing import Any

from services.checks.repairs import KEY, OPS, taken
from services.model.plan import Step
from services.model.resources import DeletedVault, KeyVersion
from services.setup.basis import Basis, register


def takes(basis: Basis, check: str) -> bool:
    """Whether the plan has a step for what this check finds."""
    return taken(basis.intent, basis.facts, check)


def takes_key(basis: Basis) -> bool:
    """Whether the plan changes a key that is there, or recovers one."""
    return any(takes(basis, check) for check in KEY)


def vault_steps(basis: Basis) -> list[Step]:
    """Bring the vault back; open it to Azure's services."""
    gone, name = basis.facts.deleted_vault, basis.intent.vault.name
    if isinstance(gone, DeletedVault) and takes(basis, "vault-deleted"):
        return [
            Step(
                id="vault",
                kind="vault-recover",
                title=f"vault {name}: recover it",
                action="change",
                target=str(basis.ids.vault),
                params={"location": gone.location, "rbac": basis.rbac},
                needs=("group-vault", "group", register("Microsoft.KeyVault")),
                expected_s=30,
                vault=name,
            )
        ]
    if takes(basis, "vault-network"):
        return [
            Step(
                id="vault-bypass",
                kind="vault-bypass",
                title=f"vault {name}: let trusted services pass its firewall",
                action="change",
                target=str(basis.ids.vault),
                expected_s=3,
                vault=name,
            )
        ]
    return []


def key_steps(basis: Basis) -> list[Step]:
    """Recover the key, enable its version, allow its operations."""
    makers = {"key-deleted": _recover, "key-enabled": _enable, "key-operations": _operations}
    return [makers[check](basis) for check in KEY if takes(basis, check)]


def _recover(basis: Basis) -> Step:
    name = basis.intent.key.name
    return Step(
        id="key-recover",
        kind="key-recover",
        title=f"key {name}: recover it with its versions",
        action="change",
        target=f"{basis.uri}/keys/{name}",
        params={"vault_uri": basis.uri, "name": name},
        needs=("key-rights",),
        expected_s=5,
        vault=basis.intent.vault.name,
    )


def _enable(basis: Basis) -> Step:
    return _change(basis, "key-enable", "enable it", enable=True, ops=[])


def _operations(basis: Basis) -> Step:
    title = "allow it what the services need"
    return _change(basis, "key-operations", title, enable=False, ops=list(OPS))


def _change(basis: Basis, id: str, what: str, **wish: Any) -> Step:
    key, name = basis.facts.key, basis.intent.key.name
    assert isinstance(key, KeyVersion), "recovers() asks for a key that is there"
    params = {"vault_uri": basis.uri, "name": name, "version": key.version, **wish}
    return Step(
        id=id,
        kind="key-change",
        title=f"key {name}, version {key.version[:8]}…: {what}",
        action="change",
        target=key.id,
        params=params,
        needs=("key-rights",),
        expected_s=2,
        vault=basis.intent.vault.name,
    )
