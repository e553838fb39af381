"""How each fact is read. Only what a lost sign-in raises is raised; the rest is Unknown."""

from services.checks.readers import access, clusters, containers, estate, guards, room, vault
from services.checks.reading import Reader

READERS: dict[str, Reader] = {
    **estate.READERS,
    **vault.READERS,
    **access.READERS,
    **guards.READERS,
    **room.READERS,
    **containers.READERS,
    **clusters.READERS,
}
"""By name of fact."""
