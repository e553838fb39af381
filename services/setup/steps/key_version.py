"""Makes a new version of a key, or finds the version that everything after it uses."""

import msgspec

from services.azure import keys
from services.azure.keys import KeySpec
from services.checks.fit import key_fit
from services.ids import KeyId
from services.model.plan import Step
from services.model.resources import KeyVersion
from services.setup.context import NOT_YET, Context, Observation, StepFailed

STAYS = "A version of a key can't be deleted by itself; disable it once nothing uses it."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is the version there? A newer one than when the plan was made is the new one.

    Raises StepFailed where it can't encrypt.
    """
    wish = step.params
    pinned = wish["version"] or ctx.results.get(step.id, {}).get("version", "")
    found = await keys.get_key(ctx.conn, wish["vault_uri"], wish["name"], pinned)
    if found is None:
        raise _gone(step)
    if not pinned and found.version == wish["before"]:
        return NOT_YET
    return _usable(ctx, step, found)


async def apply(ctx: Context, step: Step) -> Observation:
    """Make a version like the one before, with dates of its own."""
    wish = step.params
    if wish["version"]:
        raise _gone(step)
    spec = msgspec.convert(
        {name: wish[name] for name in ("type", "bits", "ops", "expires", "tags")}, KeySpec
    )
    found = await keys.create_key(ctx.conn, wish["vault_uri"], wish["name"], spec)
    return _usable(ctx, step, found)


def command(ctx: Context, step: Step) -> str:
    """For a person who may make keys in this vault."""
    wish, key = step.params, KeyId.parse(step.target)
    ends = f" --expires {wish['expires']}" if wish["expires"] else ""
    return (
        f"az keyvault key create --vault-name {key.vault} --name {key.name} --kty {wish['type']}"
        f" --size {wish['bits']} --ops {' '.join(wish['ops'])}{ends}"
    )


def _usable(ctx: Context, step: Step, found: KeyVersion) -> Observation:
    fit = key_fit(found, ctx.conn.now(step.params["vault_uri"]))
    if fit.word == "no":
        raise StepFailed(
            f"Version {found.version} of key {step.params['name']} can't be used: {fit.because}",
            "It is the version that everything would be moved to.",
            "Repair this version, or rotate to another one.",
            code="KeyUnusable",
        )
    created = found.created.isoformat() if found.created else ""
    values = {"id": found.id, "version": found.version, "created": created}
    return Observation(done=True, values=values)


def _gone(step: Step) -> StepFailed:
    told = f"Key {step.params['name']} {step.params['version']}".rstrip()
    return StepFailed(
        f"{told} is not in the vault any more",
        "It was there when the plan was made.",
        "Recover the key, or rotate to another one.",
        code="KeyNotFound",
    )
