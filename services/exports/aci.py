"""The snippet for SDK v1 that deploys a model to Container Instances with the user's key."""

from services.exports.model import BadExport, Export
from services.ids import ArmId, KeyId
from services.model.resources import Vault

APP = "6bb8e274-af5d-4df2-98a3-4fd78b4cafd9"
"""App id of Azure Container Instance Service ("Encrypt deployment data")."""
SUPPORT_ENDS = "2026-06-30"
"""Of SDK v1, as its pages say ("Upgrade deployment endpoints to SDK v2"): deprecated since March
2025; what runs goes on, without support."""

_TEXT = '''\
"""Deploys a model of a workspace to Container Instances, encrypted with a key of your own.

Needs azureml-core (SDK v1). Import it, or put your model and its environment below.
"""

from azureml.core import Workspace
from azureml.core.model import Model
from azureml.core.webservice import AciWebservice

deployment_config = AciWebservice.deploy_configuration(
    cpu_cores=1,
    memory_gb=1,
    cmk_vault_base_url={vault!r},
    cmk_key_name={key!r},
    cmk_key_version={version!r},
)


def deploy(name, models, inference_config):
    """Deploy models of the workspace as a service of this name; returns it when it answers."""
    workspace = Workspace.get(
        name={workspace!r},
        subscription_id={subscription!r},
        resource_group={group!r},
    )
    service = Model.deploy(workspace, name, models, inference_config, deployment_config)
    service.wait_for_deployment(show_output=True)
    return service
'''


def snippet(workspace: ArmId, key: KeyId, vault: Vault | None = None) -> Export:
    """The file, with every name as a literal of Python; ``vault`` is the key's where it is known.

    Raises BadExport where the key has no version: the service demands one.
    """
    if not key.version:
        raise BadExport(f"{key} names no version: Container Instances take one version of a key.")
    return Export(
        kind="aci-snippet",
        file="deploy_to_aci.py",
        text=_TEXT.format(
            vault=f"https://{key.host}",
            key=key.name,
            version=key.version,
            workspace=workspace.name,
            subscription=workspace.subscription,
            group=workspace.group,
        ),
        commands=(
            f"az ad sp create --id {APP}",
            f"az keyvault set-policy --name {key.vault} --key-permissions get unwrapKey"
            f" --object-id $(az ad sp show --id {APP} --query id --output tsv)",
        ),
        says=(*_about_vault(vault), *SAYS),
    )


SAYS = (
    "Only SDK v1 deploys models to Container Instances; SDK v2 and CLI v2 can't.",
    f"Its pages say that support for SDK v1 ended on {SUPPORT_ENDS}: what runs goes on running,"
    " without support.",
    "SDK v1 names no identity, so the service's own app unwraps the key: it needs an access policy"
    " with get and unwrapKey, and a vault that its firewall leaves open. The first command makes"
    " the app's service principal where the tenant has none.",
    "The key encrypts the deployment's data at rest, not what it mounts. It is chosen when the"
    " service is made; another version takes another deployment.",
)


def _about_vault(vault: Vault | None) -> tuple[str, ...]:
    """What of this vault is in the way, as far as reports tell (azurerm 23305 and 19741)."""
    if vault is None:
        return ()
    said = []
    if vault.rbac:
        said.append(
            f"{vault.name} uses role assignments: users report that the service's app is refused"
            " there. Take a key of a vault with access policies."
        )
    if vault.public_access != "Enabled" or vault.default_action != "Allow":
        said.append(
            f"The firewall of {vault.name} is not open: the service's app is no trusted service,"
            " and the deployment will fail."
        )
    return tuple(said)
