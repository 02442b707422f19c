"""Licensing by group: what a group gives, to whom, and who does not get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, reconcile_users
from seatwright.app.record import record
from seatwright.domain.assignments import PRIORITY_DEFAULT, PRIORITY_MAX
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.jobs import Job
from seatwright.domain.reconcile import (
    GroupLicense,
    Names,
    check_group_licenses,
    check_group_licensing,
)
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.assignments import (
    GroupAssignment,
    group_assignments,
    remove_group_assignment,
    store_group_assignment,
)
from seatwright.postgres.group_licenses import (
    GroupError,
    group_errors,
    has_seats_with_plan,
    hold_groups,
    is_licensable,
    members_after,
    set_processing,
)
from seatwright.postgres.labels import GroupLabel, find_group_label

ENTRA_P1_PLANS = ("AAD_PREMIUM", "AAD_PREMIUM_P2")
"""Service plans that entitle a tenant to licensing by group (T-159)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOrder:
    """What a group should give; `disabled` None keeps the choice that is there."""

    sku: str
    disabled: Sequence[str] | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupProduct:
    """One product of a group as it now is."""

    sku: CatalogSku
    disabled: ServicePlanBits
    priority: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLicensed:
    """What became of an order: a job where the group is large, and a warning if there is one."""

    group: GroupLabel
    product: GroupProduct | None
    job: Job | None
    warning: str | None = None


async def require_group(call: Call, group_id: str) -> GroupLabel:
    """The group with this id.

    Raises Refusal unknownGroup.
    """
    try:
        found = await find_group_label(call.tx, UUID(group_id))
    except ValueError:
        found = None
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"There is no group “{group_id}”. Give the id of one; GET /api/identity/groups?search="
            " finds groups by name.",
            context={"group": group_id},
        )
    return found


async def products_of_group(call: Call, group: GroupLabel) -> tuple[GroupProduct, ...]:
    """What a group gives its members, by product name."""
    catalog = await catalog_of(call)
    rows = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    products = [_product(row, catalog) for row in rows]
    return tuple(sorted(products, key=lambda product: product.sku.display_name))


def _product(row: GroupAssignment, catalog: TenantCatalog) -> GroupProduct:
    return GroupProduct(
        sku=catalog.skus[row.sku],
        disabled=row.disabled,
        priority=row.priority,
        since=row.created_at,
    )


async def license_group(call: Call, group_id: str, order: GroupOrder) -> GroupLicensed:
    """Give a product to all members of a group, now and as they join.

    Up to 500 members are done in this call, more as a job. Raises Refusal: unknownGroup,
    unknownSku, servicePlanNotInSku, notAssignableToUsers, prerequisiteMissing,
    dependencyMissing (the preset entra wants prerequisites in the same group), invalidValue.
    """
    group = await require_group(call, group_id)
    await hold_groups(call.tx, (group.group_no,), is_exclusive=True)
    catalog = await catalog_of(call)
    sku = catalog.require_sku(order.sku, is_in_body=True)
    existing = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    held = next((row for row in existing if row.sku == sku.sku_no), None)
    row = _ordered(group, sku, order, held=held, catalog=catalog)
    warning = await _check(call, group, [*_others(existing, sku.sku_no), row], catalog)
    if not sku.in_strategy_scope and sku.scope_note:
        warning = " ".join(filter(None, (warning, sku.scope_note)))
    if held is not None and (held.disabled, held.priority) == (row.disabled, row.priority):
        return GroupLicensed(
            group=group, product=_product(held, catalog), job=None, warning=warning
        )
    users = await members_after(call.tx, (group.group_no,), limit=USERS_AT_ONCE_MAX + 1)
    await store_group_assignment(call.tx, row, at=call.now, by=call.principal.principal_no)
    action = (
        HistoryAction.GROUP_LICENSE_ASSIGNED
        if held is None
        else HistoryAction.GROUP_LICENSE_UPDATED
    )
    await _record(call, action, row)
    job = await _process(call, group, skus=(sku.sku_no,), users=users)
    return GroupLicensed(group=group, product=_product(row, catalog), job=job, warning=warning)


async def unlicense_group(call: Call, group_id: str, sku_text: str) -> GroupLicensed:
    """Stop giving a product to the members of a group.

    Raises Refusal notAssigned when the group does not give it.
    """
    group = await require_group(call, group_id)
    await hold_groups(call.tx, (group.group_no,), is_exclusive=True)
    sku = (await catalog_of(call)).require_sku(sku_text)
    users = await members_after(call.tx, (group.group_no,), limit=USERS_AT_ONCE_MAX + 1)
    existing = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    row = next((row for row in existing if row.sku == sku.sku_no), None)
    if row is None or not await remove_group_assignment(call.tx, group.group_no, sku.sku_no):
        raise _not_given(group, sku)
    await _record(call, HistoryAction.GROUP_LICENSE_REMOVED, row)
    job = await _process(call, group, skus=(sku.sku_no,), users=users)
    return GroupLicensed(group=group, product=None, job=job)


def _not_given(group: GroupLabel, sku: CatalogSku) -> Refusal:
    return Refusal(
        Reason.NOT_ASSIGNED,
        f"The group {group.display_name} does not give {sku.display_name}."
        f" GET /api/identity/groups/{group.id}/licenses shows what it gives.",
        context={"skuId": str(sku.sku_id)},
    )


async def change_group_licenses(
    call: Call, group_id: str, *, add: Sequence[GroupOrder], remove: Sequence[str]
) -> GroupLicensed:
    """Give and stop giving products in one change, so that no member has a gap (GBL-046).

    Raises Refusal as `license_group` and `unlicense_group` do; nothing is changed then.
    """
    group = await require_group(call, group_id)
    await hold_groups(call.tx, (group.group_no,), is_exclusive=True)
    catalog = await catalog_of(call)
    existing = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    by_sku = {row.sku: row for row in existing}
    removed = [catalog.require_sku(text, is_in_body=True) for text in remove]
    for sku in removed:
        if sku.sku_no not in by_sku:
            raise _not_given(group, sku)
    rows: dict[SkuNo, GroupAssignment] = {}
    for order in add:
        sku = catalog.require_sku(order.sku, is_in_body=True)
        held = by_sku.get(sku.sku_no)
        rows[sku.sku_no] = _ordered(group, sku, order, held=held, catalog=catalog)
    changed = {sku.sku_no for sku in removed} | rows.keys()
    kept = [row for row in existing if row.sku not in changed]
    warning = await _check(call, group, [*kept, *rows.values()], catalog) if rows else None
    users = await members_after(call.tx, (group.group_no,), limit=USERS_AT_ONCE_MAX + 1)
    for sku in removed:
        await remove_group_assignment(call.tx, group.group_no, sku.sku_no)
        await _record(call, HistoryAction.GROUP_LICENSE_REMOVED, by_sku[sku.sku_no])
    for number, row in rows.items():
        await store_group_assignment(call.tx, row, at=call.now, by=call.principal.principal_no)
        is_new = number not in by_sku
        action = HistoryAction.GROUP_LICENSE_ASSIGNED
        await _record(call, action if is_new else HistoryAction.GROUP_LICENSE_UPDATED, row)
    job = await _process(call, group, skus=sorted(changed), users=users)
    return GroupLicensed(group=group, product=None, job=job, warning=warning)


async def reprocess_group(call: Call, group_id: str) -> GroupLicensed:
    """Look at every member of a group again (GBL-122)."""
    group = await require_group(call, group_id)
    users = await members_after(call.tx, (group.group_no,), limit=USERS_AT_ONCE_MAX + 1)
    await record(call, HistoryLine(action=HistoryAction.REPROCESSED, group=group.group_no))
    job = await _process(call, group, users=users, reason=ChangeReason.RECONCILED)
    return GroupLicensed(group=group, product=None, job=job)


async def errors_of_group(
    call: Call, group_id: str, *, after: tuple[int, int], limit: int
) -> tuple[GroupError, ...]:
    """Members who do not get what this group gives, and why; one more than `limit` if more."""
    group = await require_group(call, group_id)
    return await group_errors(call.tx, group.group_no, after=after, limit=limit + 1)


async def reprocess_user(call: Call, user: UserNo) -> None:
    """Look at one person again (GBL-121)."""
    await record(call, HistoryLine(action=HistoryAction.REPROCESSED, user=user))
    await reconcile_users(call, (user,), reason=ChangeReason.RECONCILED)


def _others(rows: Sequence[GroupAssignment], sku: SkuNo) -> list[GroupAssignment]:
    return [row for row in rows if row.sku != sku]


def _ordered(
    group: GroupLabel,
    sku: CatalogSku,
    order: GroupOrder,
    *,
    held: GroupAssignment | None,
    catalog: TenantCatalog,
) -> GroupAssignment:
    """The group's license as the order would have it."""
    if order.priority is not None and not 0 <= order.priority <= PRIORITY_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"priority is {order.priority}: give a number from 0 (first) to {PRIORITY_MAX}.",
        )
    disabled = held.disabled if held else ServicePlanBits(0)
    if order.disabled is not None:
        disabled = catalog.disabled_bits(sku, order.disabled)
    priority = held.priority if held else PRIORITY_DEFAULT
    return GroupAssignment(
        group=group.group_no,
        sku=sku.sku_no,
        disabled=disabled,
        priority=priority if order.priority is None else order.priority,
        created_at=held.created_at if held else None,
    )


async def _check(
    call: Call, group: GroupLabel, rows: Sequence[GroupAssignment], catalog: TenantCatalog
) -> str | None:
    """Refuse what a group cannot give; the answer is a warning to show."""
    if not await is_licensable(call.tx, group.group_no):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{group.display_name} is a Microsoft 365 group that is not security enabled, and such"
            " a group gives no licenses (GBL-002). Switch securityEnabled on, or use a security"
            " group.",
        )
    semantics = semantics_in(call.tenant.settings)
    check_group_licenses(
        catalog.engine,
        licenses=tuple(GroupLicense(sku=row.sku, disabled=row.disabled) for row in rows),
        semantics=semantics,
        names=Names(
            user=group.display_name,
            products={no: sku.display_name for no, sku in catalog.skus.items()},
            service_plans={no: plan.display_name for no, plan in catalog.service_plans.items()},
        ),
    )
    has_p1 = await has_seats_with_plan(call.tx, ENTRA_P1_PLANS)
    return check_group_licensing(semantics, has_entra_p1=has_p1)


async def _process(
    call: Call,
    group: GroupLabel,
    *,
    skus: Sequence[SkuNo] = (),
    users: Sequence[int],
    reason: ChangeReason = ChangeReason.GROUP_LICENSE_CHANGED,
) -> Job | None:
    """Make the members' licenses right: at once when they are few, else as a job."""
    if len(users) <= USERS_AT_ONCE_MAX:
        await reconcile_users(call, [UserNo(user) for user in users], reason=reason, skus=skus)
        return None
    await set_processing(call.tx, (group.group_no,), "queued")
    return await enqueue_reconcile(call, {"groups": [group.group_no]}, reason=reason)


async def _record(call: Call, action: HistoryAction, row: GroupAssignment) -> None:
    disabled = (await catalog_of(call)).plan_names(row.disabled)
    detail = {"disabledServicePlans": list(disabled), "priority": row.priority}
    await record(
        call,
        HistoryLine(
            action=action, group=row.group, sku=row.sku, strategy=row.strategy, detail=detail
        ),
    )
