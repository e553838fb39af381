"""Key Vault's data plane: rotation policies, rotating a key, and rotation that falls due."""

from typing import Any

from sandbox.keyvault import durations, keystore, material
from sandbox.keyvault.dataplane import Call, Shown, operation
from sandbox.keyvault.names import find
from sandbox.protocol import Answer
from sandbox.routing import VAULT, Api
from sandbox.state import Json
from sandbox.world import World

api = Api(plane=VAULT)

ROTATE_DUE = "keyvault.rotate_due"
MIN_EXPIRY_DAYS = 28
"""Shortest expiryTime (KV how-to-configure-key-rotation)."""
MIN_TRIGGER_DAYS = 7
"""Least time after creation or before expiry of a trigger (same page)."""
_NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}


@operation(api, "POST", "/keys/{key}/rotate", "rotate")
def rotate(call: Call) -> Shown:
    """Make a new version by the key's policy."""
    key = call.live()
    return Shown(key, new_version(call.world, call.vault.doc["name"], key))


def new_version(world: World, vault: str, key: Json) -> Json:
    """Add a version like the current one; its expiry comes from the policy (keyvault-data/05)."""
    old = keystore.version(key)
    spec = {name: old[name] for name in ("kty", "bits", "crv")}
    # Each version has lists of its own: a later change of one is not a change of the other.
    spec.update(ops=list(old["ops"]), tags=dict(old["tags"]), enabled=True, nbf=None, exp=None)
    version = keystore.new_version(world, spec)
    expiry = (key["policy"] or {}).get("attributes", {}).get("expiryTime")
    if expiry:
        version["exp"] = durations.add(version["created"], expiry)
    key["versions"].append(version)
    schedule(world, vault, key)
    return version


@operation(api, "GET", "/keys/{key}/rotationpolicy", "getrotationpolicy")
def get_policy(call: Call) -> Answer:
    """The policy, or the one every key has to begin with: tell 30 days before expiry."""
    policy = call.live()["policy"] or {"lifetimeActions": [_NOTIFY], "attributes": {}}
    return Answer(200, _shown(call, policy))


@operation(api, "PUT", "/keys/{key}/rotationpolicy", "setrotationpolicy")
def put_policy(call: Call) -> Answer:
    """Set the policy; rotation counts from the current version."""
    key = call.live()
    now = int(call.world.epoch())
    known = key["policy"] or {}
    created = known.get("attributes", {}).get("created", now)
    key["policy"] = checked_policy(call.body, created, now)
    schedule(call.world, call.vault.doc["name"], key)
    return Answer(200, _shown(call, key["policy"]))


def _shown(call: Call, policy: Json) -> Json:
    address = call.world.addresses.vault(call.vault.doc["name"].lower())
    return {"id": f"{address}/keys/{call.live()['name']}/rotationpolicy", **policy}


def checked_policy(body: Json, created: int, now: int) -> Json:
    """A rotation policy as kept; VaultRefusal (400) for what the service does not take."""
    sent, wanted = body.get("attributes") or {}, body.get("lifetimeActions") or []
    if not isinstance(sent, dict) or not isinstance(wanted, list):
        raise material.bad_parameter("The rotation policy is not valid.")
    expiry = sent.get("expiryTime")
    if expiry is not None and _days(expiry) < MIN_EXPIRY_DAYS:
        raise material.bad_parameter(f"expiryTime must be at least {MIN_EXPIRY_DAYS} days.")
    actions = [_action(action, expiry) for action in wanted]
    attributes: Json = {"expiryTime": expiry} if expiry else {}
    return {
        "lifetimeActions": actions,
        "attributes": {**attributes, "created": created, "updated": now},
    }


def _action(action: Any, expiry: str | None) -> Json:
    parts = action if isinstance(action, dict) else {}
    what, moment = parts.get("action"), parts.get("trigger")
    if not isinstance(what, dict) or not isinstance(moment, dict):
        raise material.bad_parameter("A lifetime action has a trigger and an action.")
    kind = str(what.get("type", "")).capitalize()
    trigger = {name: when for name, when in moment.items() if when is not None}
    if kind not in ("Rotate", "Notify") or len(trigger) != 1:
        raise material.bad_parameter("A lifetime action has one trigger and is Rotate or Notify.")
    ((name, when),) = trigger.items()
    if name not in ("timeAfterCreate", "timeBeforeExpiry") or _days(when) < MIN_TRIGGER_DAYS:
        raise material.bad_parameter(f"A trigger is at least {MIN_TRIGGER_DAYS} days away.")
    if name == "timeBeforeExpiry" and kind == "Rotate" and not expiry:
        raise material.bad_parameter("Rotation before expiry needs an expiryTime.")
    return {"trigger": {name: when}, "action": {"type": kind}}


def _days(duration: Any) -> int:
    try:
        return durations.days(str(duration))
    except ValueError as error:
        raise material.bad_parameter(str(error)) from None


def due(key: Json) -> int | None:
    """When the current version is to be rotated by its policy (epoch), or None."""
    version = keystore.version(key)
    found = []
    for action in (key["policy"] or {}).get("lifetimeActions", []):
        if action["action"]["type"] != "Rotate":
            continue
        after = action["trigger"].get("timeAfterCreate")
        before = action["trigger"].get("timeBeforeExpiry")
        if after:
            found.append(durations.add(version["created"], after))
        elif version["exp"] is not None:
            found.append(durations.add(version["exp"], before, -1))
    return min(found, default=None)


def schedule(world: World, vault: str, key: Json) -> None:
    """Put the next rotation on the calendar, if the policy asks for one."""
    when = due(key)
    if when is not None:
        current = keystore.version(key)["version"]
        place = {"vault": vault.lower(), "key": key["name"].lower(), "version": current}
        world.state.add_job(when, ROTATE_DUE, **place, at=when)


@api.job(ROTATE_DUE)
def rotate_due(world: World, data: Json) -> None:
    """Rotate, unless the key, its current version or its policy has changed since."""
    key = keystore.keys_of(world, data["vault"]).get(data["key"])
    if key is None or key["deleted"] or find(world, data["vault"]) is None:
        return
    if keystore.version(key)["version"] == data["version"] and due(key) == data["at"]:
        new_version(world, data["vault"], key)
