"""The ready document: what a client needs to know of a running sandbox."""

import os

from sandbox import armid
from sandbox.roles import BY_ID
from sandbox.state import Json, Principal
from sandbox.world import World

SCHEMA = 1


def document(world: World, *, ca_file: str, proxy: str) -> Json:
    """Addresses, trust, and who can sign in."""
    addresses = world.addresses
    tenants = list(world.state.tenants.values())
    home = tenants[0]["tenantId"] if tenants else ""
    return {
        "schema": SCHEMA,
        "arm": addresses.arm,
        "authority": addresses.authority,
        "graph": addresses.graph,
        "key_vault_suffix": addresses.vault_suffix,
        "prices": addresses.prices,
        "log_analytics": addresses.log_analytics,
        "proxy": proxy,
        "ca_file": ca_file,
        "tenant_id": home,
        "subscriptions": [
            {"id": item["subscriptionId"], "name": item["displayName"]}
            for item in world.state.subscriptions.values()
        ],
        "principals": _cast(world, home),
        "admin": addresses.admin,
        "speed": world.clock.speed,
        "scenario": world.state.scenario,
        "pid": os.getpid(),
    }


def _cast(world: World, home: str) -> list[Json]:
    """Whoever the scenario names, each once: as in the home tenant where it is there."""
    listed = [item for item in world.state.principals.values() if item.listed]
    listed.sort(key=lambda item: item.tenant_id != home)
    cast: dict[str, Principal] = {}
    for principal in listed:
        cast.setdefault(principal.name, principal)
    order = {item.name: at for at, item in enumerate(world.state.principals.values())}
    return [
        {
            "name": principal.name,
            "client_id": principal.app_id,
            "client_secret": principal.secret,
            "object_id": principal.object_id,
            "roles": _roles(world, principal),
        }
        for principal in sorted(cast.values(), key=lambda item: order[item.name])
    ]


def _roles(world: World, principal: Principal) -> list[str]:

    found: list[str] = []
    for assignment in world.state.assignments.values():
        properties = assignment.doc["properties"]
        if properties["principalId"] == principal.object_id:
            role = BY_ID.get(armid.name(properties["roleDefinitionId"]))
            if role and role.name not in found:
                found.append(role.name)
    return found
