"""Large estates made by rule: ``[[generate]]`` in a scenario.

``subscriptions`` (how many), ``tenant``, ``vaults`` and ``workspaces`` (how many in all),
``largest`` (the part of them that lies in the first subscription), ``regions``, ``owner`` and
``reader`` (principals with the role Owner or Reader in every subscription). Names count up, so
that the same table makes the same estate. Every tenth workspace has a key of the customer's,
encrypted on the service's side; the others have none.
"""

from collections.abc import Iterator

from sandbox import rbac, registrations
from sandbox.providers import groups, subscriptions, vaultseeds, workspacedoc
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()

_GROUPS = 10
"""Resource groups in a subscription."""
_NAMESPACES = (
    "Microsoft.KeyVault",
    "Microsoft.MachineLearningServices",
    "Microsoft.DocumentDB",
    "Microsoft.Search",
    "Microsoft.Storage",
)


@api.seed("generate")
def seed(world: World, item: Json) -> None:
    """Make the estate that the table describes."""
    places = item.get("regions", ["westeurope"])
    made = [_subscription(world, item, number, places) for number in range(item["subscriptions"])]
    share = item.get("largest", 0.5)
    keyed: dict[str, list[Json]] = {}
    for number, subscription in enumerate(_spread(made, item.get("vaults", 0), share)):
        vault = _vault(world, subscription, number, places)
        if vault["keys"]:
            keyed.setdefault(subscription, []).append(vault)
    for number, subscription in enumerate(_spread(made, item.get("workspaces", 0), share)):
        near = keyed.get(subscription, [])
        vault = near[number % len(near)] if near and number % 10 == 0 else {}
        _workspace(world, subscription, number, places, vault)


def _subscription(world: World, item: Json, number: int, places: list[str]) -> str:
    made = f"1a46e000-0000-4000-8000-{number:012d}"
    doc = {"id": made, "name": f"Large-{number:02d}", "tenant": item["tenant"]}
    subscriptions.seed_subscription(world, doc)
    for namespace in _NAMESPACES:
        registrations.put(world, made, namespace, "Registered")
    scope = f"/subscriptions/{made}"
    for at in range(_GROUPS):
        groups.put(world, f"{scope}/resourceGroups/rg-{at}", places[at % len(places)], {})
    for role, part in (("Owner", "owner"), ("Reader", "reader")):
        if part in item:
            who = subscriptions.principal_id(world, item[part], scope)
            rbac.grant(world, scope, role, who, created=world.epoch() - 86400.0)
    return made


def _spread(made: list[str], count: int, share: float) -> Iterator[str]:
    """Which subscription each of ``count`` things lies in: a share in the first, the rest round."""
    first = round(count * share) if len(made) > 1 else count
    for number in range(count):
        yield made[0] if number < first else made[1 + number % (len(made) - 1)]


def _vault(world: World, subscription: str, number: int, places: list[str]) -> Json:
    item: Json = {
        "name": f"kv-large-{number:05d}",
        "subscription": subscription,
        "group": f"rg-{number % _GROUPS}",
        "location": places[number % len(places)],
        "access": "policies" if number % 3 == 0 else "rbac",
        "purge_protection": number % 4 != 0,
        "tags": {"number": str(number % 100)},
        "keys": [{"name": "cmk", "bits": 3072}] if number % 10 == 1 else [],
    }
    vaultseeds.seed_vault(world, item)
    return item


def _workspace(
    world: World, subscription: str, number: int, places: list[str], vault: Json
) -> None:
    item: Json = {
        "name": f"mlw-large-{number:05d}",
        "subscription": subscription,
        "group": f"rg-{number % _GROUPS}",
        "location": places[number % len(places)],
        "tags": {"number": str(number % 100)},
    }
    if vault:
        item |= {
            "mode": "service-side",
            "vault": vault["name"],
            "vault_group": vault["group"],
            "key": "cmk",
        }
    workspacedoc.seed_workspace(world, item)
