"""ARM ids: taking them apart, spelling them the way Azure does, and not finding them."""

from sandbox.protocol import GatewayRefusal, Request

_SPELLINGS = """
subscriptions resourceGroups providers locations resources deployments operations tags
Microsoft.Authorization roleAssignments roleDefinitions denyAssignments locks permissions
policyAssignments policyDefinitions policySetDefinitions
Microsoft.Resources
Microsoft.KeyVault vaults keys versions secrets deletedVaults accessPolicies managedHSMs
Microsoft.MachineLearningServices workspaces computes outboundRules
Microsoft.DocumentDB databaseAccounts sqlDatabases
Microsoft.Search searchServices
Microsoft.Storage storageAccounts blobServices containers
Microsoft.ManagedIdentity userAssignedIdentities federatedIdentityCredentials
Microsoft.Insights components diagnosticSettings
Microsoft.OperationalInsights
Microsoft.ContainerRegistry registries
Microsoft.ContainerInstance containerGroups
Microsoft.ContainerService managedClusters
Microsoft.Compute diskEncryptionSets disks virtualMachines virtualMachineScaleSets skus
Microsoft.Network virtualNetworks subnets privateEndpoints
Microsoft.PolicyInsights Microsoft.ResourceGraph Microsoft.Quota
"""
_SPELLING = {word.lower(): word for word in _SPELLINGS.split()}


def spell(word: str) -> str:
    """A namespace, resource type or keyword the way Azure writes it; unknown ones as given."""
    return _SPELLING.get(word.lower(), word)


def segments(path: str) -> list[str]:
    """The parts of a path, without empty ones."""
    return [part for part in path.split("/") if part]


def canonical(path: str) -> str:
    """An id with keywords, namespaces and types spelled as Azure does; names stay as given.

    ``/SUBSCRIPTIONS/s/resourcegroups/G`` becomes ``/subscriptions/s/resourceGroups/G``.
    """
    parts = segments(path)
    result: list[str] = []
    at = 0
    while at < len(parts):
        word = spell(parts[at])
        result.append(word)
        at += 1
        if at < len(parts):
            # What follows ``providers`` is a namespace; what follows a type is a name.
            result.append(spell(parts[at]) if word == "providers" else parts[at])
            at += 1
    return "/" + "/".join(result)


def subscription(path: str) -> str:
    """The subscription id in a path, in lower case, or an empty string."""
    parts = segments(path)
    if len(parts) >= 2 and parts[0].lower() == "subscriptions":
        return parts[1].lower()
    return ""


def group(path: str) -> str:
    """The resource group's name in a path as spelled there, or an empty string."""
    parts = segments(path)
    if len(parts) >= 4 and parts[2].lower() == "resourcegroups":
        return parts[3]
    return ""


def group_id(path: str) -> str:
    """The key of the parent resource group in the state (lower case), or an empty string."""
    name = group(path)
    return f"/subscriptions/{subscription(path)}/resourcegroups/{name.lower()}" if name else ""


def resource_type(path: str) -> str:
    """``Microsoft.KeyVault/vaults/keys`` of a resource id; groups and subscriptions too."""
    head, marker, tail = canonical(path).rpartition("/providers/")
    if marker:
        parts = tail.split("/")
        return "/".join([parts[0], *parts[1::2]])
    depth = len(segments(head or path))
    return "Microsoft.Resources/" + (
        "subscriptions" if depth < 4 else "subscriptions/resourceGroups"
    )


def name(path: str) -> str:
    """The last part of a path."""
    parts = segments(path)
    return parts[-1] if parts else ""


def ancestors(scope: str) -> list[str]:
    """A scope and every scope above it in lower case, the nearest first, ``/`` last."""
    parts = segments(scope.lower())
    found = ["/" + "/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    return [*found, "/"]


def within(path: str, scope: str) -> bool:
    """Whether a path is the scope or lies below it."""
    low, above = path.lower().rstrip("/"), scope.lower().rstrip("/")
    return low == above or low.startswith(above + "/")


def not_found(request: Request, path: str = "") -> GatewayRefusal:
    """404 ResourceNotFound, worded as ARM does (recorded: keyvault-mgmt/03).

    ``path`` names the resource where the address goes on below it.
    """
    path = canonical(path or request.path)
    kind = resource_type(path)
    namespace, _, types = kind.partition("/")
    names = "/".join(segments(path.rpartition("/providers/")[2])[2::2])
    parent = group(path) or "<null>"
    return GatewayRefusal(
        404,
        "ResourceNotFound",
        f"The Resource '{namespace}/{types}/{names}' under resource group '{parent}' was not found."
        " For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )
