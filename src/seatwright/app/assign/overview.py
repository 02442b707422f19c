"""What a person has: each product with its service plans, every source behind it, and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import StoredError, UserState, Wish
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.held_read import helds_by_number
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.postgres.principals import principal_names
from seatwright.postgres.world_read import read_people, read_since


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLabel:
    """A removal that waits for approval: since when, and by whom it was made."""

    id: UUID
    since: datetime
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the sources of a person are called, by their numbers."""

    groups: Mapping[GroupNo, GroupLabel]
    holds: Mapping[int, HoldLabel]


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseSource:
    """One source behind a product of a person: `reason` is why it does not give what it says.

    `hold` tells of a source that is the brake's: what it keeps alive was removed.
    """

    wish: Wish
    group: GroupLabel | None
    hold: HoldLabel | None
    state: str
    reason: Reason | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLicense:
    """One product of a person; `enabled` is None while they do not hold it."""

    sku: CatalogSku
    enabled: ServicePlanBits | None
    since: datetime | None
    sources: tuple[LicenseSource, ...]
    reasons: frozenset[Reason] = frozenset()
    """Everything that stands in the way, from sources that are gone too (CON-01)."""

    @property
    def state(self) -> str:
        """Active, ActiveWithError, Error, Waiting or Scheduled, in words of the field (USR-003)."""
        if self.enabled is not None:
            return "ActiveWithError" if self.reasons else "Active"
        if Reason.NO_SEAT_LEFT in self.reasons:
            return "Waiting"
        return "Error" if self.reasons else "Scheduled"


async def licenses_of(call: Call, user: UserNo) -> tuple[PersonLicense, ...]:
    """Everything a person holds, waits for or fails to get, by product name."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    states = await read_people(call.tx, (user,), nested=nested)
    if not states:
        return ()
    state = states[0]
    catalog = await catalog_of(call)
    since = await read_since(call.tx, user)
    labels = await _labels(call, state)
    found = [
        _license(state, sku, catalog=catalog, since=since, labels=labels)
        for sku in sorted(_skus(state))
    ]
    return tuple(sorted(found, key=_by_name))


async def license_in(
    call: Call, state: UserState, sku: SkuNo, *, since: datetime | None
) -> PersonLicense:
    """One product of a person whose state is known; `since` None: as it is stored."""
    labels = await _labels(call, state)
    known = await read_since(call.tx, state.user_no) if since is None else {sku: since}
    return _license(state, sku, catalog=await catalog_of(call), since=known, labels=labels)


def _by_name(one: PersonLicense) -> tuple[str, SkuNo]:
    return one.sku.display_name, one.sku.sku_no


def _groups(state: UserState) -> set[GroupNo]:
    return {
        GroupNo(wish.source.no) for wish in state.wishes if wish.source.kind is SourceKind.GROUP
    }


async def _labels(call: Call, state: UserState) -> Labels:
    groups = await group_labels(call.tx, sorted(_groups(state)))
    numbers = {w.source.no for w in state.wishes if w.source.kind is SourceKind.HOLD}
    held = await helds_by_number(call.tx, sorted(numbers))
    makers = sorted({PrincipalNo(one.principal_no) for one in held.values()})
    names = await principal_names(call.tx, makers) if makers else {}
    holds = {
        number: HoldLabel(
            id=one.id, since=one.made_at, made_by=names[PrincipalNo(one.principal_no)][1]
        )
        for number, one in held.items()
    }
    return Labels(groups=groups, holds=holds)


def _skus(state: UserState) -> set[SkuNo]:
    held = {one.sku for one in state.held}
    return held | {one.sku for one in state.wishes} | {one.sku for one in state.errors}


def _license(
    state: UserState,
    sku: SkuNo,
    *,
    catalog: TenantCatalog,
    since: dict[SkuNo, datetime],
    labels: Labels,
) -> PersonLicense:
    errors = [error for error in state.errors if error.sku == sku]
    wishes = [wish for wish in state.wishes if wish.sku == sku]
    return PersonLicense(
        sku=catalog.skus[sku],
        enabled=next((held.enabled for held in state.held if held.sku == sku), None),
        since=since.get(sku),
        sources=tuple(_source(wish, errors, labels) for wish in _sorted(wishes)),
        reasons=frozenset(error.reason for error in errors),
    )


def _sorted(wishes: Sequence[Wish]) -> list[Wish]:
    return sorted(wishes, key=lambda wish: (wish.source, wish.assigned_at))


def _source(wish: Wish, errors: Sequence[StoredError], labels: Labels) -> LicenseSource:
    error = next((one for one in errors if one.source == wish.source), None)
    is_group = wish.source.kind is SourceKind.GROUP
    is_hold = wish.source.kind is SourceKind.HOLD
    return LicenseSource(
        wish=wish,
        group=labels.groups.get(GroupNo(wish.source.no)) if is_group else None,
        hold=labels.holds.get(wish.source.no) if is_hold else None,
        state="Active" if error is None else "Error",
        reason=None if error is None else error.reason,
        waiting_since=None if error is None else error.waiting_since,
    )
