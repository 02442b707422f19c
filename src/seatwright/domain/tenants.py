"""A tenant, its settings, and who acts in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from seatwright.domain.ids import PrincipalNo, TenantId, UserNo
from seatwright.domain.roles import Permission, Role, permissions_of

SYSTEM_PRINCIPAL = PrincipalNo(0)
"""seatwright itself: freed seats, dates that pass, reconciliation."""


class TenantState(StrEnum):
    """A suspended tenant keeps everything and refuses every call."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One organisation; every row belongs to one.

    `domain` is the default one of those that it owns. `settings` holds only what the tenant
    changed; `seatwright.domain.settings` knows the rest.
    `catalog_version` rises with every change of its catalogue.
    """

    tenant_id: TenantId
    id: UUID
    name: str
    domain: str
    state: TenantState
    is_demo: bool
    settings: Mapping[str, object]
    catalog_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDomain:
    """A domain that a tenant owns, and nobody else; `name` as `domain_names` spells it.

    One is the default, which is also the tenant's `domain`. The initial one came with the tenant.
    """

    name: str
    is_default: bool
    is_initial: bool
    added_at: datetime


class PrincipalKind(StrEnum):
    """What kind of thing acts."""

    SYSTEM = "system"
    TOKEN = "token"
    CLIENT = "client"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts: every history row names one."""

    principal_no: PrincipalNo
    id: UUID
    kind: PrincipalKind
    name: str
    roles: tuple[Role, ...]
    graph_permissions: tuple[str, ...] | None = None
    is_scim: bool = False
    user_no: UserNo | None = None
    created_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether one of the principal's roles gives the permission."""
        return permission in permissions_of(self.roles)

    def may_in_graph(self, names: Iterable[str]) -> bool:
        """Whether one of these Graph permissions is the principal's, whatever the case.

        Without permissions of its own it has those its roles imply, and the roles decide alone.
        """
        if self.graph_permissions is None:
            return True
        own = {name.casefold() for name in self.graph_permissions}
        return not own.isdisjoint(name.casefold() for name in names)
