"""Container Instances: groups, and what a region gives."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.azure import calls
from services.azure.connection import Connection
from services.azure.operations import Operation, wait
from services.azure.usages import usage
from services.ids import ArmId
from services.model.resources import (
    ContainerGroup,
    ContainerState,
    GroupEvent,
    GroupLimit,
    Raw,
    Usage,
)
from services.text import plain

SDK = "azure.mgmt.containerinstance.aio:ContainerInstanceManagementClient"
API = "2023-05-01"


async def get_group(conn: Connection, id: str) -> ContainerGroup | None:
    """A container group with its instance view, or None; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read container group {where.name}"
    raw = await calls.find(what, sdk.container_groups.get, where.group, where.name)
    return None if raw is None else group(raw)


async def list_groups(conn: Connection, subscription: str) -> list[ContainerGroup]:
    """The container groups of a subscription, without their events; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list container groups", sdk.container_groups.list)
    return sorted(map(group, found), key=lambda one: (one.name.lower(), one.id))


def wanted(
    *,
    location: str,
    tags: Mapping[str, str],
    vault_uri: str,
    key: str,
    key_version: str,
    identity: str,
    os: str,
    restart: str,
    containers: Sequence[Mapping[str, Any]],
    secrets: Mapping[str, Mapping[str, str]],
) -> Raw:
    """The body of a new group, encrypted with a key.

    ``containers`` are those of an intent, as its file has them; ``secrets`` are values by container
    and variable. Without ``identity`` the service's own app unwraps the key. A version of the key
    is required ("Encrypt deployment data"); without one the body can be asked about alone.
    """
    encryption: Raw = {"vaultBaseUrl": vault_uri, "keyName": key}
    if key_version:
        encryption["keyVersion"] = key_version
    ports = [port for one in containers for port in one["ports"]]
    properties: Raw = {
        "sku": "Standard",
        "osType": os,
        "restartPolicy": restart,
        "containers": [_wanted(one, secrets[one["name"]]) for one in containers],
        "encryptionProperties": encryption,
    }
    if ports:
        properties["ipAddress"] = {"type": "Public", "ports": _ports(ports)}
    made: Raw = {"location": location, "tags": dict(tags), "properties": properties}
    if identity:
        encryption["identity"] = identity
        made["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return made


def _wanted(wish: Mapping[str, Any], secrets: Mapping[str, str]) -> Raw:
    open_ = [{"name": name, "value": value} for name, value in wish["env"].items()]
    secure = [{"name": name, "secureValue": value} for name, value in secrets.items()]
    requests = {"cpu": wish["cpu"], "memoryInGB": wish["memory_gb"]}
    properties: Raw = {
        "image": wish["image"],
        "ports": _ports(wish["ports"]),
        "environmentVariables": [*open_, *secure],
        "resources": {"requests": requests},
    }
    if wish["command"]:
        properties["command"] = wish["command"]
    return {"name": wish["name"], "properties": properties}


def _ports(ports: Sequence[int]) -> list[Raw]:
    return [{"protocol": "TCP", "port": port} for port in ports]


async def begin_create(conn: Connection, id: str, body: Raw) -> Operation:
    """Start the creation of a group; raises AzureError when Azure refuses it.

    A key that can't be used shows later, when the operation fails.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"create container group {where.name}",
        sdk.container_groups.begin_create_or_update,
        where.group,
        where.name,
        calls.body(body),
    )


async def begin_delete(conn: Connection, id: str) -> Operation:
    """Start to delete a container group; raises AzureError when Azure refuses it."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"delete container group {where.name}"
    return await calls.begin(conn, what, sdk.container_groups.begin_delete, where.group, where.name)


async def begin_start(conn: Connection, id: str) -> Operation:
    """Start a group that failed or was stopped; raises AzureError when Azure refuses it.

    It needs its key again; that it can't use it shows when the operation fails.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"start container group {where.name}",
        sdk.container_groups.begin_start,
        where.group,
        where.name,
    )


async def delete_group(conn: Connection, id: str) -> None:
    """Delete a group and wait; there is no soft delete. Raises AzureError."""
    what = f"delete container group {ArmId.parse(id).name}"
    await wait(conn, await begin_delete(conn, id), what)


async def logs(conn: Connection, id: str, container: str, lines: int = 50) -> str:
    """The last lines a container wrote; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read the log of container {container}"
    raw = await calls.ask(
        what, sdk.containers.list_logs, where.group, where.name, container, tail=lines
    )
    content = raw.get("content")
    return "\n".join(map(plain, content.splitlines())) if isinstance(content, str) else ""


async def usages(conn: Connection, subscription: str, region: str) -> tuple[Usage, ...]:
    """Groups (ContainerGroups) and cores (StandardCores) of a region; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = "read the quota of Container Instances"
    return tuple(map(usage, await calls.everything(what, sdk.location.list_usage, region)))


async def limits(conn: Connection, subscription: str, region: str) -> tuple[GroupLimit, ...]:
    """The largest group by operating system, without graphics; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = "read what Container Instances give a group"
    found = await calls.everything(what, sdk.location.list_capabilities, region)
    return tuple(_limit(raw) for raw in found if plain(raw.get("gpu")).lower() in ("", "none"))


def _limit(raw: Raw) -> GroupLimit:
    most = calls.part(raw, "capabilities")
    return GroupLimit(
        os=plain(raw.get("osType")),
        cores=_amount(most.get("maxCpu")),
        memory_gb=_amount(most.get("maxMemoryInGB")),
    )


def group(raw: Raw) -> ContainerGroup:
    """A container group from its JSON."""
    properties = calls.part(raw, "properties")
    view, used = (
        calls.part(properties, "instanceView"),
        calls.part(properties, "encryptionProperties"),
    )
    containers = calls.objects(properties, "containers")
    return ContainerGroup(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        state=plain(properties.get("provisioningState")),
        view=plain(view.get("state")),
        events=(*_events(view), *(event for one in containers for event in _of_container(one))),
        containers=tuple(map(_container, containers)),
        os=plain(properties.get("osType")),
        vault_uri=plain(used.get("vaultBaseUrl")).rstrip("/"),
        key=plain(used.get("keyName")),
        key_version=plain(used.get("keyVersion")),
        identity=calls.arm_id(used.get("identity")) if used.get("identity") else "",
        identities=tuple(
            map(calls.arm_id, calls.part(calls.part(raw, "identity"), "userAssignedIdentities"))
        ),
        principals=_principals(raw),
        address=plain(calls.part(properties, "ipAddress").get("ip")),
        cores=sum(map(_cores, containers)),
        tags=calls.tags(raw),
        raw=raw,
    )


def _container(raw: Raw) -> ContainerState:
    view = calls.part(calls.part(raw, "properties"), "instanceView")
    now = calls.part(view, "currentState")
    return ContainerState(
        name=plain(raw.get("name")),
        state=plain(now.get("state")),
        detail=plain(now.get("detailStatus")),
    )


def _principals(raw: Raw) -> dict[str, str]:
    used = calls.part(calls.part(raw, "identity"), "userAssignedIdentities")
    return {
        calls.arm_id(id).lower(): plain(calls.part(used, id).get("principalId")).lower()
        for id in used
    }


def _of_container(raw: Raw) -> tuple[GroupEvent, ...]:
    view = calls.part(calls.part(raw, "properties"), "instanceView")
    return _events(view, plain(raw.get("name")))


def _events(view: Raw, container: str = "") -> tuple[GroupEvent, ...]:
    return tuple(
        GroupEvent(
            name=plain(one.get("name")),
            message=plain(one.get("message")),
            type=plain(one.get("type")),
            count=calls.number(one.get("count"), 1),
            container=container,
        )
        for one in calls.objects(view, "events")
    )


def _cores(raw: Raw) -> float:
    resources = calls.part(calls.part(raw, "properties"), "resources")
    return _amount(calls.part(resources, "requests").get("cpu"))


def _amount(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
