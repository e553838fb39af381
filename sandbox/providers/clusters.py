"""Microsoft.ContainerService: managed clusters, their node pools, versions.

PUT answers 201 with provisioningState Creating and Azure-AsyncOperation alone, in an api-version
of its own (recorded: aks/02, aks/03). The nodes' scale sets appear in the node resource group; a
disk encryption set that can't use its key makes the creation fail there, late.
"""

from sandbox import armid, assigned, gate, operations, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import customerkeys, diskkeys, nodekeys, nodepools, vmsizes
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.ContainerService")

KIND = "Microsoft.ContainerService/managedClusters"
CREATE_S, UPDATE_S, DELETE_S = 240.0, 60.0, 180.0
"""Azure seconds; no recording tells them, these are of the usual order."""
CLUSTERS = 100
"""Clusters of a subscription in a region where a scenario says nothing else."""
VERSIONS = {"1.35": ("1.35.7", "1.35.6"), "1.34": ("1.34.9", "1.34.8"), "1.33": ("1.33.12",)}
"""Minor versions with their patches; the recordings of September 2026 run 1.35.7."""
DEFAULT = "1.34"
_POLL_VERSION = "2025-03-01"
_OF_GROUP = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{KIND}"
_ONE = _OF_GROUP + "/{name}"
_POOL = _ONE + "/agentPools/{pool}"
_AT = "/subscriptions/{s}/providers/Microsoft.ContainerService/locations/{location}"


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create a cluster, or change one."""
    body = request.json()
    location = tracked.placed(world, request, body)
    assigned.judge_linked(world, request, body.get("identity") or {})
    present = world.resource(request.path)
    if present:
        return _change(world, request, present, body)
    asked = body.get("properties") or {}
    version = _version(asked.get("kubernetesVersion") or DEFAULT)
    _refuse_many(world, request, location)
    des_id = asked.get("diskEncryptionSetID", "")
    if des_id:
        diskkeys.named(world, des_id, location)
        diskkeys.refuse_unreadable(world, request, request.caller.object_id, des_id)
    pools = [
        nodepools.profile(world, one, location, version)
        for one in asked.get("agentPoolProfiles") or []
    ]
    if not pools:
        raise Refusal(400, "InvalidParameter", "Required parameter agentPoolProfiles is missing.")
    _refuse_full(world, request.params["s"], location, pools)
    doc = _doc(world, request.path, location, body, pools)
    cluster = Resource(doc, world.epoch())
    world.state.resources[armid.canonical(request.path).lower()] = cluster
    return _accepted(world, cluster, 201, "aks.create", CREATE_S)


def _refuse_many(world: World, request: Request, location: str) -> None:
    most = int(world.state.settings.get("quota", {}).get("clusters", CLUSTERS))
    here = [
        one
        for one in tracked.below(world, f"/subscriptions/{request.params['s']}", KIND)
        if regions.short(one.doc["location"]) == location
    ]
    if len(here) >= most:
        raise Refusal(
            400,
            "ManagedClusterCountExceedsQuotaLimit",
            f"The number of managed clusters in this subscription, {len(here)}, has reached its "
            f"limit of {most} in region '{location}'.",
        )


def _refuse_full(world: World, subscription: str, location: str, pools: list[Json]) -> None:
    for pool in pools:
        one = vmsizes.size(pool["vmSize"], location)
        vmsizes.refuse_full(world, subscription, location, one, pool["count"])


def _version(asked: str) -> str:
    """The patch that a version stands for; refuses one that is not offered."""
    for minor, patches in VERSIONS.items():
        if asked == minor or asked in patches:
            return patches[0] if asked == minor else asked
    raise Refusal(
        400,
        "K8sVersionNotSupported",
        f"Managed cluster is on version {asked}, which is not supported in this region. Use az aks "
        "get-versions to find the supported versions.",
    )


def _doc(world: World, path: str, location: str, body: Json, pools: list[Json]) -> Json:
    asked, name = body.get("properties") or {}, armid.name(path)
    # The service spells this segment in lower case and the type with a capital (recorded).
    resource_id = armid.canonical(path).replace("/resourceGroups/", "/resourcegroups/", 1)
    prefix = asked.get("dnsPrefix") or name
    node_group = f"MC_{armid.group(path)}_{name}_{location}"
    patch = pools[0]["currentOrchestratorVersion"]
    uid = world.state.new_id().replace("-", "")[:24]
    doc: Json = {
        "id": resource_id,
        "location": location,
        "name": name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        **({"tags": body["tags"]} if body.get("tags") else {}),
        "kind": "Base",
        "properties": {
            "provisioningState": "Creating",
            "powerState": {"code": "Running"},
            "kubernetesVersion": asked.get("kubernetesVersion") or patch,
            "currentKubernetesVersion": patch,
            "dnsPrefix": prefix,
            "fqdn": f"{prefix}-{uid[:8]}.hcp.{location}.azmk8s.io",
            "azurePortalFQDN": f"{prefix}-{uid[:8]}.portal.hcp.{location}.azmk8s.io",
            "agentPoolProfiles": pools,
            "servicePrincipalProfile": {"clientId": "msi"},
            "nodeResourceGroup": asked.get("nodeResourceGroup") or node_group,
            "enableRBAC": bool(asked.get("enableRBAC", True)),
            "supportPlan": "KubernetesOfficial",
            "networkProfile": _network(asked.get("networkProfile") or {}),
            "maxAgentPools": 100,
            "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
            "securityProfile": asked.get("securityProfile") or {},
            "storageProfile": {
                "diskCSIDriver": {"enabled": True},
                "fileCSIDriver": {"enabled": True},
                "snapshotController": {"enabled": True},
            },
            "oidcIssuerProfile": _issuer(world, location, path, asked),
            "workloadAutoScalerProfile": {},
            "resourceUID": uid,
            "metricsProfile": {"costAnalysis": {"enabled": False}},
            "nodeProvisioningProfile": {"mode": "Manual"},
            "bootstrapProfile": {"artifactSource": "Direct"},
            "hostedSystemProfile": {"enabled": False},
        },
        "sku": {"name": "Base", "tier": (body.get("sku") or {}).get("tier", "Free")},
    }
    if asked.get("diskEncryptionSetID"):
        doc["properties"]["diskEncryptionSetID"] = asked["diskEncryptionSetID"]
    doc["identity"] = assigned.assign(
        world, doc, body.get("identity") or {"type": "SystemAssigned"}
    )
    return doc


def _issuer(world: World, location: str, path: str, asked: Json) -> Json:
    if not (asked.get("oidcIssuerProfile") or {}).get("enabled"):
        return {"enabled": False}
    where = f"https://{location}.oic.prod-aks.azure.com/{tracked.tenant(world, path)}"
    return {"enabled": True, "issuerURL": f"{where}/{world.state.new_id()}/"}


def _network(asked: Json) -> Json:
    return {
        "networkPlugin": asked.get("networkPlugin", "azure"),
        "networkPluginMode": "overlay",
        "networkPolicy": "none",
        "networkDataplane": "azure",
        "loadBalancerSku": asked.get("loadBalancerSku", "standard"),
        "loadBalancerProfile": {
            "managedOutboundIPs": {"count": 1},
            "backendPoolType": "nodeIPConfiguration",
        },
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        "outboundType": "loadBalancer",
        "podCidrs": ["10.244.0.0/16"],
        "serviceCidrs": ["10.0.0.0/16"],
        "ipFamilies": ["IPv4"],
    }


def _change(world: World, request: Request, cluster: Resource, body: Json) -> Answer:
    """Change tags, tier, security profile and pools; the encryption set is for life."""
    asked, properties = body.get("properties") or {}, cluster.doc["properties"]
    wanted = asked.get("diskEncryptionSetID", properties.get("diskEncryptionSetID"))
    if str(wanted or "").lower() != str(properties.get("diskEncryptionSetID") or "").lower():
        raise Refusal(
            400,
            "PropertyChangeNotAllowed",
            "Changing property 'properties.diskEncryptionSetID' is not allowed.",
            target="properties.diskEncryptionSetID",
        )
    if "tags" in body:
        cluster.doc["tags"] = body["tags"] or {}
    if asked.get("securityProfile") is not None:
        properties["securityProfile"] = asked["securityProfile"]
    properties["provisioningState"] = "Updating"
    return _accepted(world, cluster, 200, "aks.update", UPDATE_S)


def _accepted(world: World, cluster: Resource, status: int, job: str, seconds: float) -> Answer:
    operation = world.start_operation(cluster.doc["id"])
    world.after(seconds, job, id=cluster.doc["id"].lower(), operation=operation.id)
    headers = _poll(world, cluster, operation.id)
    return Answer(status, None if status == 202 else cluster.doc, headers)


def _poll(world: World, cluster: Resource, operation_id: str) -> dict[str, str]:
    return operations.async_headers(
        world,
        world.state.operations[operation_id],
        "Microsoft.ContainerService",
        cluster.doc["location"],
        "operations",
        _POLL_VERSION,
        result=None,
    )


@api.route("GET", _AT + "/operations/{operation}")
def poll(world: World, request: Request) -> Answer:
    """The state of an operation on a cluster or pool."""
    operation = operations.find(world, request.params["operation"])
    return Answer(200, operations.named_status(world, operation))


def _settle(world: World, data: Json, error: Json | None) -> None:
    cluster = world.resource(data["id"])
    if cluster is not None:
        cluster.doc["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
    world.end_operation(data["operation"], error)


@api.job("aks.create")
def created(world: World, data: Json) -> None:
    """The nodes are there, or their key failed them."""
    cluster = world.resource(data["id"])
    if cluster is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    error = operations.injected(world, data["operation"]) or nodekeys.kms_error(world, cluster.doc)
    for pool in cluster.doc["properties"]["agentPoolProfiles"]:
        error = error or nodepools.build(world, cluster.doc, pool)
    _settle(world, data, error)


@api.job("aks.update")
def updated(world: World, data: Json) -> None:
    """A reconcile: pools that failed are tried again."""
    cluster = world.resource(data["id"])
    if cluster is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    error = operations.injected(world, data["operation"]) or nodekeys.kms_error(world, cluster.doc)
    for pool in cluster.doc["properties"]["agentPoolProfiles"]:
        if not error and nodepools.scale_set(world, cluster.doc, pool["name"]) is None:
            error = nodepools.build(world, cluster.doc, pool)
    _settle(world, data, error)


@api.route("DELETE", _ONE)
def delete(world: World, request: Request) -> Answer:
    """202 with an operation; the node resource group goes too."""
    cluster = world.resource(request.path)
    return Answer(204) if cluster is None else begin_delete(world, cluster)


def begin_delete(world: World, cluster: Resource) -> Answer:
    """Begin to take a cluster away, whoever asked for it."""
    cluster.doc["properties"]["provisioningState"] = "Deleting"
    return _accepted(world, cluster, 202, "aks.delete", DELETE_S)


@api.job("aks.delete")
def deleted(world: World, data: Json) -> None:
    """The cluster and its nodes are gone, unless something in their group is locked."""
    cluster = world.resource(data["id"])
    if cluster is not None:
        scope = nodepools.node_group_id(cluster.doc)
        if locked := gate.locks_over(world, scope, delete=True):
            _settle(world, data, locked_error(scope, locked))
            return
        nodepools.remove(world, cluster.doc)
        assigned.assign(world, cluster.doc, {"type": "None"})
        world.state.resources.pop(data["id"], None)
    world.end_operation(data["operation"])


def locked_error(scope: str, locked: list[str]) -> Json:
    """As Resource Manager says it; what the service says around it is not recorded."""
    return {
        "code": "ScopeLocked",
        "message": f"The scope '{scope}' cannot perform delete operation because following"
        f" scope(s) are locked: '{','.join(locked)}'. Please remove the lock and try again.",
    }


# -- node pools


def _cluster(world: World, request: Request) -> Resource:
    path = "/" + "/".join(armid.segments(request.path)[:8])
    found = world.resource(path)
    if found is None:
        raise armid.not_found(request, path)
    return found


def _shown(cluster: Json, pool: Json) -> Json:
    properties = {name: value for name, value in pool.items() if name != "name"}
    return {
        "id": f"{cluster['id']}/agentPools/{pool['name']}",
        "name": pool["name"],
        "type": f"{KIND}/agentPools",
        "properties": properties,
    }


@api.route("GET", _ONE + "/agentPools")
def list_pools(world: World, request: Request) -> Answer:
    """The pools of a cluster."""
    cluster = _cluster(world, request).doc
    pools = cluster["properties"]["agentPoolProfiles"]
    return Answer(200, {"value": [_shown(cluster, pool) for pool in pools]})


def _pool(world: World, request: Request) -> tuple[Resource, Json]:
    cluster = _cluster(world, request)
    for pool in cluster.doc["properties"]["agentPoolProfiles"]:
        if pool["name"].lower() == request.params["pool"].lower():
            return cluster, pool
    raise armid.not_found(request)


@api.route("GET", _POOL)
def get_pool(world: World, request: Request) -> Answer:
    """One pool."""
    cluster, pool = _pool(world, request)
    return Answer(200, _shown(cluster.doc, pool))


@api.route("PUT", _POOL)
def put_pool(world: World, request: Request) -> Answer:
    """Add a pool, which inherits the cluster's encryption set, or give one another size."""
    cluster = _cluster(world, request)
    asked = {**(request.json().get("properties") or {}), "name": request.params["pool"]}
    properties = cluster.doc["properties"]
    known = {pool["name"]: pool for pool in properties["agentPoolProfiles"]}
    location, version = cluster.doc["location"], properties["currentKubernetesVersion"]
    if asked["name"] not in known:
        pool = nodepools.profile(world, {"mode": "User", **asked}, location, version)
        _refuse_full(world, request.params["s"], location, [pool])
        properties["agentPoolProfiles"].append(pool)
        error, status = nodepools.build(world, cluster.doc, pool), 201
    else:
        pool, status = known[asked["name"]], 200
        count = int(asked.get("count", pool["count"]))
        one = vmsizes.size(pool["vmSize"], location)
        more = max(0, count - pool["count"])
        vmsizes.refuse_full(world, request.params["s"], location, one, more)
        error = nodepools.scale(world, cluster.doc, pool, count)
    return Answer(status, _shown(cluster.doc, pool), _soon(world, cluster, error))


def _soon(world: World, cluster: Resource, error: Json | None) -> dict[str, str]:
    """Headers of an operation on a pool that ends after a minute."""
    operation = world.start_operation(cluster.doc["id"])
    world.after(UPDATE_S, "aks.pool", operation=operation.id, error=error)
    return _poll(world, cluster, operation.id)


@api.job("aks.pool")
def pool_done(world: World, data: Json) -> None:
    """An operation on a pool ends."""
    world.end_operation(data["operation"], data["error"])


@api.route("POST", _POOL + "/upgradeNodeImageVersion")
def upgrade_image(world: World, request: Request) -> Answer:
    """Image the nodes again: ephemeral disks take the key of now."""
    cluster, pool = _pool(world, request)
    nodes = nodepools.scale_set(world, cluster.doc, pool["name"])
    error = nodepools.reimage(world, nodes, pool) if nodes is not None else None
    return Answer(202, None, _soon(world, cluster, error))


@api.route("DELETE", _POOL)
def delete_pool(world: World, request: Request) -> Answer:
    """Take a pool and its nodes away."""
    cluster, pool = _pool(world, request)
    nodes = nodepools.scale_set(world, cluster.doc, pool["name"])
    if nodes is not None:
        world.state.resources.pop(nodes.doc["id"].lower(), None)
    cluster.doc["properties"]["agentPoolProfiles"].remove(pool)
    return Answer(202, None, _soon(world, cluster, None))


@api.route("GET", _AT + "/kubernetesVersions")
def list_versions(world: World, request: Request) -> Answer:
    """Versions that a new cluster can have."""
    newest = {minor: patches[0] for minor, patches in VERSIONS.items()}
    values = [
        {
            "version": minor,
            "capabilities": {"supportPlan": ["KubernetesOfficial"]},
            "isDefault": minor == DEFAULT,
            "isPreview": False,
            "patchVersions": {
                patch: {"upgrades": [] if patch == newest[minor] else [newest[minor]]}
                for patch in patches
            },
        }
        for minor, patches in VERSIONS.items()
    ]
    return Answer(200, {"values": values})


@api.route("GET", _ONE)
def get(world: World, request: Request) -> Answer:
    """One cluster."""
    return Answer(200, tracked.existing(world, request).doc)


def _listed(world: World, request: Request) -> Answer:
    scope = request.path.lower().partition("/providers/")[0]
    return Answer(200, {"value": [one.doc for one in tracked.below(world, scope, KIND)]})


api.route("GET", _OF_GROUP)(_listed)
api.route("GET", f"/subscriptions/{{s}}/providers/{KIND}")(_listed)


@api.seed("clusters")
def seed(world: World, item: Json) -> None:
    """``[[clusters]]``: subscription, group, name, location; pools, des (id), identity (id),
    version, kms (``vault/key``, as its newest version)."""
    path = tracked.seeded(world, item, KIND)
    version = _version(item.get("version", DEFAULT))
    pools = item.get("pools") or [{"name": "nodepool1", "count": 3}]
    made = [nodepools.profile(world, one, item["location"], version) for one in pools]
    uai = item.get("identity", "")
    body: Json = {"properties": {"diskEncryptionSetID": item.get("des", "")}}
    if item.get("kms"):
        vault, _, name = str(item["kms"]).partition("/")
        key = customerkeys.parse(f"{world.addresses.vault(vault)}/keys/{name}")
        kms = {"enabled": True, "keyId": key.full(customerkeys.kept_version(world, key))}
        kms["keyVaultNetworkAccess"] = "Public"
        body["properties"]["securityProfile"] = {"azureKeyVaultKms": kms}
    if uai:
        body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {uai: {}}}
    doc = _doc(world, path, item["location"], body, made)
    world.state.resources[doc["id"].lower()] = Resource(doc, world.epoch())
    for pool in made:
        nodepools.build(world, doc, pool, seeded=True)
    doc["properties"]["provisioningState"] = "Succeeded"
