"""Who may do what: principals, identities, roles."""

from datetime import datetime

import msgspec

from services.model.resources.noun import Noun


class RoleAssignment(Noun, frozen=True, kw_only=True):
    """Who may do what where."""

    id: str
    scope: str
    principal_id: str
    principal_type: str
    role_id: str
    """GUID of the role definition."""
    created: datetime | None = None
    condition: str = ""


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One block of what the caller may do at a scope, as Azure computed it."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


class Principal(Noun, frozen=True, kw_only=True):
    """Somebody in a tenant; ``object_id`` is what grants need."""

    object_id: str
    name: str
    kind: str
    """User, ServicePrincipal or Group."""
    app_id: str = ""
    """Of a service principal; never usable in a grant."""
    enabled: bool = True


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in principal, read from its own access token."""

    object_id: str
    tenant_id: str
    name: str
    kind: str
    app_id: str = ""


class Identity(Noun, frozen=True, kw_only=True):
    """A user-assigned managed identity."""

    id: str
    name: str
    location: str
    principal_id: str
    client_id: str
