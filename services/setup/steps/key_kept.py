"""Looks that the old version is still enabled, and says how long it must be; writes nothing."""

from datetime import timedelta

from services.azure import keys
from services.azure.errors import AzureError, ErrorKind
from services.ids import KeyId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation, StepFailed

STAYS = "It only reads."
KEEP = timedelta(hours=24)
"""Cosmos DB: at least so long, and until the vault's audit log shows no use of the old version
("How to set up customer-managed keys")."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Always looked at anew."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Raises StepFailed where an old version can't be used: data still needs it."""
    unread = ""
    for text in step.params["old"]:
        try:
            await _must_work(ctx, KeyId.parse(text))
        except AzureError as error:
            if error.kind is not ErrorKind.FORBIDDEN:
                raise
            unread = " Whether it is enabled now is ??: you may not read it."
    if not step.params["old"]:
        return Observation(done=True, note="which version was used before, Azure does not tell")
    until = ctx.conn.now() + KEEP
    named = ", ".join(KeyId.parse(text).version[:8] + "…" for text in step.params["old"])
    cosmos = f" until {until:%Y-%m-%d %H:%M}Z at least (24 h for Cosmos DB), and"
    note = (
        f"keep version {named} enabled{cosmos if step.params.get('cosmos', True) else ''}"
        f" until the vault's audit log shows no use of it.{unread}"
    )
    if step.params["others"]:
        note += f" Still on it: {', '.join(step.params['others'])}."
    values = {"keep_until": until.isoformat(), "old": step.params["old"]}
    return Observation(done=True, values=values, note=note)


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the key."""
    return f"az keyvault key show --id {step.target} --query attributes.enabled"


async def _must_work(ctx: Context, key: KeyId) -> None:
    found = await keys.get_key(ctx.conn, f"https://{key.host}", key.name, key.version)
    if found is not None and found.enabled:
        return
    state = "disabled" if found else "not there any more"
    raise StepFailed(
        f"The old version {key.version} of key {key.name} is {state}",
        "Services keep data that only it unwraps until they have all moved.",
        "Enable it again, and keep it so for 24 hours at least.",
        code="OldVersionDisabled",
    )
