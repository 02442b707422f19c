"""Licenses as Graph shows them: `assignedLicenses`, `licenseDetails`, `assignedPlans`, states.

What a license looks like depends on the product and its service plan set alone, so each is written
as JSON once for a version of the catalogue: a page of 999 people holds thousands of them.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscribed_skus import subscribed_skus
from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.catalog import CapabilityStatus, capability_status
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import StoredError, UserState, Wish
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.graph_licenses import (
    HeldLicense,
    dated_licenses,
    ids_of_groups,
    licenses_of_groups,
    licenses_of_page,
)
from seatwright.postgres.world_read import read_people

_KEPT_MAX: Final = 64

ERROR_NAMES: Final = {
    Reason.NO_SEAT_LEFT: "CountViolation",
    Reason.CONFLICTING_SERVICE_PLANS: "MutuallyExclusiveViolation",
    Reason.DEPENDENCY_MISSING: "DependencyViolation",
    Reason.USAGE_LOCATION_PROHIBITED: "ProhibitedInUsageLocationViolation",
    Reason.ADDRESS_NOT_UNIQUE: "UniquenessViolation",
}
"""Graph's names of errors on an assignment (GBL-101); every other is `Other`."""


class _Written:
    """JSON of one version of one tenant's catalogue, by product and service plan set."""

    __slots__ = ("assigned", "details", "given")

    def __init__(self) -> None:
        self.assigned: dict[tuple[int, int], msgspec.Raw] = {}
        self.details: dict[tuple[int, int], msgspec.Raw] = {}
        self.given: dict[tuple[int, int], msgspec.Raw] = {}


_kept: OrderedDict[tuple[UUID, int], _Written] = OrderedDict()


def _written(call: Call, catalog: TenantCatalog) -> _Written:
    key = (call.tenant.id, catalog.version)
    found = _kept.get(key)
    if found is None or call.tx.has_changed_catalog:
        found = _Written()
        if not call.tx.has_changed_catalog:
            _kept[key] = found
            while len(_kept) > _KEPT_MAX:
                _kept.popitem(last=False)
    return found


def _ids(catalog: TenantCatalog, bits: int) -> list[str]:
    return [str(plan.service_plan_id) for plan in catalog.plans_of(ServicePlanBits(bits))]


def _assigned(catalog: TenantCatalog, sku_no: int, disabled: int) -> msgspec.Raw:
    sku = catalog.skus[SkuNo(sku_no)]
    shape = {
        "disabledPlans": _ids(catalog, sku.service_plans & disabled),
        "skuId": str(sku.sku_id),
    }
    return msgspec.Raw(msgspec.json.encode(shape))


async def assigned_of_people(call: Call, users: Sequence[int]) -> dict[int, list[msgspec.Raw]]:
    """`assignedLicenses` of these people: one row for each product, sources merged (GBL-024)."""
    return await _rows(call, await licenses_of_page(call.tx, users), is_enabled=True)


async def assigned_of_groups(call: Call, groups: Sequence[int]) -> dict[int, list[msgspec.Raw]]:
    """`assignedLicenses` of these groups: what they give (GRP-001)."""
    return await _rows(call, await licenses_of_groups(call.tx, groups), is_enabled=False)


async def _rows(
    call: Call, found: dict[int, list[tuple[int, int]]], *, is_enabled: bool
) -> dict[int, list[msgspec.Raw]]:
    catalog = await catalog_of(call)
    written = _written(call, catalog)
    known = written.assigned if is_enabled else written.given
    missing = {pair for pairs in found.values() for pair in pairs if pair not in known}
    if missing:
        bits = await call.tx.plan_set_bits({set_id for _, set_id in missing})
        for sku, set_id in missing:
            disabled = ~bits[set_id] if is_enabled else bits[set_id]  # type: ignore[index]  # a set's number
            known[sku, set_id] = _assigned(catalog, sku, disabled)
    return {number: [known[pair] for pair in pairs] for number, pairs in found.items()}


async def license_details(call: Call, held: Iterable[HeldLicense]) -> list[msgspec.Raw]:
    """`licenseDetails` of one person: each service plan Success, or Disabled (USR-009)."""
    catalog = await catalog_of(call)
    known = _written(call, catalog).details
    pairs = [(one.sku, one.enabled_set) for one in held]
    missing = [pair for pair in pairs if pair not in known]
    if missing:
        bits = await call.tx.plan_set_bits({set_id for _, set_id in missing})
        for sku, set_id in missing:
            known[sku, set_id] = _details(catalog, sku, bits[set_id])
    return [known[pair] for pair in pairs]


def _details(catalog: TenantCatalog, sku_no: SkuNo, enabled: ServicePlanBits) -> msgspec.Raw:
    sku = catalog.skus[sku_no]
    on = {plan.service_plan_no for plan in catalog.plans_of(enabled)}
    shape = {
        "id": str(sku.sku_id),
        "skuId": str(sku.sku_id),
        "skuPartNumber": sku.part_number,
        "servicePlans": [
            {
                "servicePlanId": str(plan.service_plan_id),
                "servicePlanName": plan.name,
                "provisioningStatus": "Success" if plan.service_plan_no in on else "Disabled",
                "appliesTo": plan.applies_to.value,
            }
            for plan in catalog.plans_of(sku.service_plans)
        ],
    }
    return msgspec.Raw(msgspec.json.encode(shape))


_BEST_FIRST: Final = (
    CapabilityStatus.ENABLED,
    CapabilityStatus.WARNING,
    CapabilityStatus.SUSPENDED,
    CapabilityStatus.LOCKED_OUT,
    CapabilityStatus.DELETED,
)
"""What a service plan can do for somebody, the best first (USR-007)."""


def _state(states: Mapping[SkuNo, CapabilityStatus], sku: SkuNo) -> CapabilityStatus:
    return states.get(sku, CapabilityStatus.ENABLED)


async def assigned_plans(call: Call, users: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """`assignedPlans` of these people: every service plan that is on, in the state of its SKU."""
    catalog = await catalog_of(call)
    states = {one.sku_no: capability_status(one.units) for one in await subscribed_skus(call)}
    services = {tier.service_plan_no: tier.service for tier in catalog.tiers}
    found = await dated_licenses(call.tx, users)
    bits = await call.tx.plan_set_bits({one.enabled_set for held in found.values() for one in held})
    plans: dict[int, list[dict[str, Any]]] = {}
    for user, held in found.items():
        rows: dict[str, dict[str, Any]] = {}
        # A plan that two products give is in the better of their states.
        for one in sorted(held, key=lambda one: _BEST_FIRST.index(_state(states, one.sku))):
            for plan in catalog.plans_of(bits[one.enabled_set]):
                id_ = str(plan.service_plan_id)
                rows.setdefault(
                    id_,
                    {
                        "assignedDateTime": one.since,
                        "capabilityStatus": _state(states, one.sku).value,
                        "service": services.get(plan.service_plan_no, plan.name),
                        "servicePlanId": id_,
                    },
                )
        plans[user] = list(rows.values())
    return plans


async def assignment_states(call: Call, users: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """`licenseAssignmentStates`: a row for each source of each product (USR-002 to USR-005)."""
    semantics = semantics_in(call.tenant.settings)
    states = await read_people(
        call.tx, [UserNo(user) for user in users], nested=semantics.nested_groups_count
    )
    groups = {
        source.no
        for state in states
        for source in _sources(state)
        if source.kind is SourceKind.GROUP
    }
    ids = await ids_of_groups(call.tx, sorted(groups))
    shaper = _States(call, await catalog_of(call), ids, success=semantics.success_error_name)
    return {state.user_no: shaper.rows(state) for state in states}


def _sources(state: UserState) -> Iterable[Source]:
    yield from (wish.source for wish in state.wishes)
    yield from (error.source for error in state.errors)


class _States:
    """Writes the states of people who were read together."""

    __slots__ = ("call", "catalog", "ids", "success")

    def __init__(
        self, call: Call, catalog: TenantCatalog, ids: dict[GroupNo, UUID], *, success: str | None
    ) -> None:
        self.call = call
        self.catalog = catalog
        self.ids = ids
        self.success = success

    def rows(self, state: UserState) -> list[dict[str, Any]]:
        """One row for each product and group, and one for all that stands on the person."""
        errors: dict[tuple[SkuNo, int], StoredError] = {}
        for error in state.errors:
            errors.setdefault((error.sku, _place(error.source)), error)
        wishes: dict[tuple[SkuNo, int], list[Wish]] = defaultdict(list)
        for wish in sorted(state.wishes, key=lambda one: (one.sku, one.source)):
            wishes[wish.sku, _place(wish.source)].append(wish)
        held = {one.sku for one in state.held}
        rows = [
            self._row(wishes[key][0], errors.pop(key, None), is_held=key[0] in held)
            for key in sorted(wishes)
        ]
        # What blocks a removal is told of a source that is gone (CON-01).
        return rows + [self._left(error, held) for _, error in sorted(errors.items())]

    def _row(self, wish: Wish, error: StoredError | None, *, is_held: bool) -> dict[str, Any]:
        if error is None:
            counts = wish.counts_at(self.call.now)
            state = "Active" if counts and is_held else "Disabled"
        else:
            state = "Error"
        return self._shape(
            wish.sku,
            wish.source,
            disabled=wish.disabled,
            state=state,
            error=self._error(error),
            at=wish.assigned_at if error is None else error.waiting_since,
        )

    def _left(self, error: StoredError, held: set[SkuNo]) -> dict[str, Any]:
        return self._shape(
            error.sku,
            error.source,
            disabled=0,
            state="ActiveWithError" if error.sku in held else "Error",
            error=self._error(error),
            at=error.waiting_since,
        )

    def _error(self, error: StoredError | None) -> str | None:
        return self.success if error is None else ERROR_NAMES.get(error.reason, "Other")

    def _shape(
        self,
        sku_no: SkuNo,
        source: Source,
        *,
        disabled: int,
        state: str,
        error: str | None,
        at: Any,
    ) -> dict[str, Any]:
        sku = self.catalog.skus[sku_no]
        group = self.ids.get(GroupNo(source.no)) if source.kind is SourceKind.GROUP else None
        return {
            "skuId": str(sku.sku_id),
            "assignedByGroup": None if group is None else str(group),
            "disabledPlans": _ids(self.catalog, sku.service_plans & disabled),
            "state": state,
            "error": error,
            "lastUpdatedDateTime": at,
        }


def _place(source: Source) -> int:
    """The group of a source; whatever stands on the person is one row, as Graph knows it."""
    return source.no if source.kind is SourceKind.GROUP else -1 - DIRECT.no
