"""Failures of grants, principals and roles."""

from services.failures.entries import Entry, code, text

_RBAC = "Azure RBAC: troubleshooting"
_ML_APP = "0736f41a-0425-4b46-bdb5-1563eff02385"

ENTRIES = (
    Entry(
        number="F18",
        title="A grant was made to an app id in place of an object id",
        means="Each tenant has an object of its own for Azure's services, with an object id of "
        "its own. A grant to the app id is stored, shown as Unknown, and counts for nobody.",
        repair="Remove that grant, and grant to the object id of the service in this tenant.",
        source="azure-docs 87188",
        subject="vault",
    ),
    Entry(
        number="F19",
        title="No role on the vault gives this operation, or not yet",
        signs=(code("ForbiddenByRbac"),),
        means="No role assignment on this vault gives the caller this key operation yet; a new one "
        "can take up to ten minutes to reach the vault. Owner and Contributor don't include keys.",
        repair="Ask for Key Vault Crypto Officer on the vault (services need Key Vault Crypto "
        "Service Encryption User), or wait if it was just granted.",
        source=_RBAC,
        subject="vault",
    ),
    Entry(
        number="F20",
        title="No access policy of the vault gives this operation",
        signs=(
            code("ForbiddenByPolicy"),
            text("does not have keys "),
        ),
        means="The vault uses access policies, and none of them gives the caller this key "
        "operation. The object id in the message tells who called.",
        repair="Ask the vault's owner to add the key permission to the caller's access policy.",
        source="Key Vault: access control default",
        subject="vault",
    ),
    Entry(
        number="F40",
        title="You may not grant roles here",
        signs=(code("AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write"),),
        means="Granting needs a role of its own (Owner, User Access Administrator, Role Based "
        "Access Control Administrator); Contributor does not include it, and a condition may "
        "narrow it.",
        repair="Ask somebody who has such a role on the vault to make the grant, or to give it to "
        "you.",
        source=_RBAC,
        subject="vault",
    ),
    Entry(
        number="F49",
        title="A new principal is not known everywhere yet",
        signs=(code("PrincipalNotFound"),),
        means="The directory does not know this object id yet; a new identity takes up to some "
        "minutes.",
        repair="Wait and try again, and check that it is the object id and not the app id. A grant "
        "that names the principal's type does not need to wait.",
        source=_RBAC,
    ),
    Entry(
        number="F50",
        title="The name of the role assignment is in use",
        signs=(
            code("RoleAssignmentUpdateNotPermitted"),
            code(
                "RoleAssignmentExists",
                "",
                "The same grant already exists under another name.",
                "Nothing needs to be done.",
            ),
        ),
        means="An older grant uses the same name for a principal that is gone.",
        repair="Delete the old assignment, then grant again.",
        source=_RBAC,
    ),
    Entry(
        number="F51",
        title="The user-assigned identity lacks rights",
        means="A workspace with an identity of yours uses it for the vault and the storage "
        "account too; each of them has to know it.",
        repair="Grant it what the workspace needs, wait up to ten minutes, then create again.",
        source="how-to-identity-based-service-authentication",
        subject="workspace",
    ),
    Entry(
        number="F52",
        title="Azure Machine Learning may not make the managed group",
        signs=(code("AuthorizationFailed", _ML_APP),),
        means="Azure Machine Learning makes the managed resource group with its own principal, "
        "and that one is no Contributor of the subscription.",
        repair="Grant Azure Machine Learning Contributor on the subscription.",
        source="how-to-manage-rest",
        subject="workspace",
        unsure="The exact text of this refusal is not known; wrapkey goes by the app id in it.",
    ),
)
