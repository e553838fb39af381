"""Where the sandbox's answers differ from the recordings, each with its reason."""

_DEPLOYMENTS = "template deployments are not part of the sandbox yet"

NOT_CLAIMED: dict[str, str] = {
    "arm/03-deployment-operation-status-running": _DEPLOYMENTS,
    "arm/25-deployment-head-404": _DEPLOYMENTS,
    "arm/27-deployment-operation-status-succeeded": _DEPLOYMENTS,
    "arm/29-deployment-whatif-202": _DEPLOYMENTS,
    "arm/31-deployment-operations-list": _DEPLOYMENTS,
    "arm/33-deployment-delete-202": _DEPLOYMENTS,
    "errors/03-no-registered-provider-found-400": "api-versions are open-ended in the sandbox",
    "keyvault-data/39-403-object-disabled": "the recording is of a secret; there are only keys",
    "keyvault-data/40-429-throttled": "vaults have no request limits in the sandbox; a fault can answer it",
    "keyvault-mgmt/07-managedhsm-delete-202-location": "managed HSMs are not simulated",
    "keyvault-mgmt/23-vaults-list-empty-page-with-nextlink": "a page that happens to be empty "
    "before the last one needs deletions between two pages",
    "keyvault-mgmt/34-mgmt-key-get-400-forbiddenbyrbac": "a report of 2020; the documentation "
    "names control-plane actions only, and the sandbox follows it",
    "keyvault-mgmt/35-vault-409-conflicterror-parallel-operations": "handlers are atomic: two "
    "operations never overlap; a fault can answer it",
}
"""Recordings that the sandbox does not claim to answer."""

_CUSTOM = "the recorded rows are custom providers, which the sandbox has none of"
_HUB = "only hubs and projects have it, and some of the recorded workspaces are such"
_NEWER = "the sandbox shows one shape for all api-versions, that of 2023 and later"

ALLOWED: dict[str, dict[str, str]] = {
    "aml/09-workspaces-list-by-subscription": {
        "missing $.value[].properties.networkAcls": _HUB,
        "missing $.value[].properties.associatedWorkspaces": _HUB,
        "missing $.value[].properties.workspaceHubConfig": _HUB,
    },
    "entra/05-token-client-credentials-arm": {
        "missing $.refresh_in": "comes with tokens of a day; the sandbox's live for an hour",
    },
    "keyvault-data/19-list-keys-paged-with-nextlink": {
        "missing $.value[].managed": "keys of certificates have it; there are no certificates",
    },
    "resourcegraph/01-query-objectarray": {
        "missing $.data[].properties.provisioningState": _CUSTOM,
        "missing $.data[].properties.resourceTypes": _CUSTOM,
        "missing $.data[].properties.validations": _CUSTOM,
        "missing $.data[].properties.actions": _CUSTOM,
    },
    "storage/01-account-patch-assign-identity": {
        f"extra $.properties.{name}": _NEWER
        for name in (
            "minimumTlsVersion",
            "allowBlobPublicAccess",
            "isHnsEnabled",
            "accessTier",
            "primaryEndpoints.dfs",
            "primaryEndpoints.web",
        )
    },
}
"""By recording: a difference as ``shapes.differences`` words it, and its reason."""
