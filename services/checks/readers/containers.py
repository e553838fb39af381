"""What a container group depends on. Of another kind of intent there is nothing to read."""

from typing import Any

from services.azure import containergroups
from services.checks.facts import known
from services.checks.readers.access import app_of, roles_of
from services.checks.reading import Reading, by_name
from services.checks.users import CONTAINERS
from services.model.intent import ContainerGroupSetup
from services.secretfiles import value


async def _containers(on: Reading) -> Any:
    if not isinstance(on.intent, ContainerGroupSetup) or on.ids.identity is not None:
        return None
    told = on.intent.principals.container_instances
    return await app_of(on, CONTAINERS, on.conn.cloud.container_app_id, told)


async def _containers_roles(on: Reading) -> Any:
    return await roles_of(on, "containers", str(on.ids.vault))


async def _container_group(on: Reading) -> Any:
    if not isinstance(on.intent, ContainerGroupSetup):
        return None
    return await known(containergroups.get_group(on.conn, str(on.ids.target)))


async def _group_usages(on: Reading) -> Any:
    if not isinstance(on.intent, ContainerGroupSetup):
        return ()
    subscription, region = on.ids.group.subscription, on.intent.region
    return await known(containergroups.usages(on.conn, subscription, region))


async def _group_limits(on: Reading) -> Any:
    if not isinstance(on.intent, ContainerGroupSetup):
        return ()
    subscription, region = on.ids.group.subscription, on.intent.region
    return await known(containergroups.limits(on.conn, subscription, region))


async def _absent_secrets(on: Reading) -> tuple[str, ...]:
    if not isinstance(on.intent, ContainerGroupSetup):
        return ()
    sources = {
        source for one in on.intent.container_group.containers for source in one.secure_env.values()
    }
    return tuple(source for source in sorted(sources) if value(source) is None)


READERS = by_name(
    _absent_secrets, _containers, _containers_roles, _container_group, _group_usages, _group_limits
)
