"""Retail prices kept on disk for a day, per cloud, region and currency.

Where they can't be read anew the old ones are shown, as old; where there are none either, the
reason is. Nothing here keeps a plan from being made.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from services import home
from services.azure import prices
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.cost.meters import METERS
from services.model.cost import Meter, Prices

FRESH = timedelta(hours=24)
PATIENCE = 20.0
"""Seconds after which a list of prices that does not come is done without."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file: prices, and the list of meters that was asked for."""

    asked: tuple[str, ...]
    prices: Prices


async def load(
    conn: Connection,
    folder: Path,
    region: str,
    currency: str,
    now: datetime | None = None,
    *,
    size: str = "",
) -> Prices:
    """Prices of a region, from disk while they are fresh, else from the API.

    ``size`` is a size of virtual machines whose meters are wanted too; each has a file of its
    own. ``folder`` is made (0700) when absent. Raises nothing for a service that does not answer
    or a file that is damaged or can't be written: ``Prices.problem`` and ``stale`` say so.
    """
    now = now or datetime.now(UTC)
    place = (conn.cloud.name, region, currency)
    usual = _load(
        folder / name_of(*place),
        tuple(METERS),
        Prices(region=region, currency=currency),
        now,
        lambda: prices.list_meters(conn, region, currency, wanted()),
    )
    if not size:
        return await usual
    machines = _load(
        folder / name_of(*place, size),
        (size,),
        Prices(region=region, currency=currency),
        now,
        lambda: prices.list_sizes(conn, region, currency, size),
    )
    return both(*await asyncio.gather(usual, machines))


def both(first: Prices, second: Prices) -> Prices:
    """Two lists of one region as one: as old as the older of them."""
    ages = [one.at for one in (first, second) if one.at is not None]
    problems = dict.fromkeys(one.problem for one in (first, second) if one.problem)
    return msgspec.structs.replace(
        first,
        meters=(*first.meters, *second.meters),
        at=min(ages, default=None),
        stale=first.stale or second.stale,
        problem=" ".join(problems),
    )


async def _load(
    file: Path,
    asked: tuple[str, ...],
    place: Prices,
    now: datetime,
    ask: Callable[[], Awaitable[tuple[Meter, ...]]],
) -> Prices:
    kept = read(file, asked)
    if kept is not None and fresh(kept, now):
        return kept
    try:
        async with asyncio.timeout(PATIENCE):
            found = await ask()
    except (AzureError, TimeoutError) as error:
        told = f"Azure's price list did not answer within {PATIENCE:g} s."
        if isinstance(error, AzureError):
            told = f"{error.what} {error.means}".strip()
        if kept is None:
            return msgspec.structs.replace(place, problem=told)
        return msgspec.structs.replace(kept, stale=True, problem=told)
    made = msgspec.structs.replace(place, meters=found, at=now)
    try:
        _write(file, asked, made)
    except OSError as error:
        return msgspec.structs.replace(
            made, problem=f"The prices could not be kept for later: {error.strerror}."
        )
    return made


def wanted() -> dict[str, list[str]]:
    """Service to the names of the meters that are asked for."""
    named: dict[str, list[str]] = defaultdict(list)
    for one in METERS.values():
        named[one.service].append(one.meter)
    return dict(named)


def fresh(kept: Prices, now: datetime) -> bool:
    """Whether prices are younger than a day; a date in the future is not trusted."""
    return kept.at is not None and timedelta() <= now - kept.at < FRESH


def name_of(*words: str) -> str:
    """The file's name, of cloud, region, currency; what comes from outside can't leave the folder."""
    parts = (re.sub(r"[^a-z0-9]+", "-", part.lower())[:40] for part in words)
    return f"{'_'.join(parts)}.json"


def read(file: Path, asked: tuple[str, ...] = tuple(METERS)) -> Prices | None:
    """What was kept; None where there is nothing that can be read or other meters were asked."""
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    whole = kept.asked == asked and all(one.tiers for one in kept.prices.meters)
    return kept.prices if whole else None


def _write(file: Path, asked: tuple[str, ...], made: Prices) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.write(file, msgspec.json.encode(_Kept(asked=asked, prices=made)))
