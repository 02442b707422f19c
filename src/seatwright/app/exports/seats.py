"""Products and their seats as files: who holds one, waits for it, gives it, and what was bought."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.exports.lists import (
    COUNT,
    FLAG,
    MOMENT,
    MONEY,
    PRODUCTS_MAX,
    Asked,
    ListFile,
    columns_of,
    moment_of_number,
    needed,
    number_after,
    number_of_moment,
    page_of_list,
    whole,
)
from seatwright.app.seat_timeline import whom_to_ask
from seatwright.app.seats import list_holders, list_seats, list_waiting
from seatwright.app.subscriptions import booked_for
from seatwright.domain.assignments import SourceKind
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription
from seatwright.postgres.reports.errors import ErrorPlace, ReportError, read_errors
from seatwright.postgres.seat_timeline import PersonToAsk
from seatwright.postgres.seats import Holder, groups_giving
from seatwright.postgres.subscriptions import list_subscriptions


async def _licenses(call: Call, asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    seats = await list_seats(
        call,
        is_all=asked.get("every") == "yes",
        after=0,
        limit=PRODUCTS_MAX,
        search=asked.get("search"),
    )
    return whole(
        (
            one.sku.part_number,
            one.sku.display_name,
            one.pool.assignable,
            one.pool.consumed,
            one.pool.reserved,
            one.free,
            one.waiting,
            one.seats_to_buy,
        )
        for one in seats
    )


async def _holders(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await list_holders(
        call, needed(asked, "product"), after=number_after(after), limit=limit
    )

    def cells(one: Holder) -> Cells:
        is_group = one.source.kind is SourceKind.GROUP
        group = found.groups.get(one.source.no) if is_group else None
        return (
            one.person.upn,
            one.person.display_name,
            one.person.is_enabled,
            one.strategy.value,
            None if group is None else group.display_name,
            one.since,
        )

    return page_of_list(found.holders, limit, cells=cells, place=lambda one: (one.person.user_no,))


async def _waiting(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    # The place in the line is counted on from slice to slice.
    before, keys = 0, None
    if after is not None:
        before = int(after[3])
        keys = (int(after[0]), moment_of_number(after[1]), int(after[2]))
    found = await list_waiting(call, needed(asked, "product"), after=keys, limit=limit)
    rows = found.waiting[:limit]
    place: Place | None = None
    if len(found.waiting) > limit:
        last = rows[-1]
        since = number_of_moment(last.waiting_since)
        place = (last.priority, since, last.person.user_no, before + limit)
    return ReportSlice(
        rows=tuple(
            (at, one.person.upn, one.person.display_name, one.priority, one.waiting_since)
            for at, one in enumerate(rows, start=before + 1)
        ),
        place=place,
    )


async def _to_ask(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    _, found = await whom_to_ask(
        call, needed(asked, "product"), after=_seen_after(after), limit=limit
    )

    def cells(one: PersonToAsk) -> Cells:
        manager = None if one.manager is None else one.manager.upn
        person = one.person
        return (person.upn, person.display_name, one.last_sign_in_at, manager)

    def place(one: PersonToAsk) -> Place:
        at = one.last_sign_in_at
        return ("" if at is None else number_of_moment(at), one.user)

    return page_of_list(found, limit, cells=cells, place=place)


def _seen_after(place: Place | None) -> tuple[datetime | None, int]:
    if place is None:
        return None, 0
    return None if place[0] == "" else moment_of_number(place[0]), int(place[1])


async def _giving(call: Call, asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    sku = (await catalog_of(call)).require_sku(needed(asked, "product"))
    return whole(
        (str(group.group_id), group.display_name, lacking)
        for group, lacking in await groups_giving(call.tx, sku.sku_no)
    )


async def _bought(call: Call, asked: Asked) -> list[Subscription]:
    product = asked.get("product")
    if product is None:
        return await list_subscriptions(call.tx)
    sku = (await catalog_of(call)).require_sku(product)
    return await list_subscriptions(call.tx, sku_nos=(sku.sku_no,))


async def _subscriptions(
    call: Call, asked: Asked, _after: Place | None, _limit: int
) -> ReportSlice:
    skus = (await catalog_of(call)).skus
    return whole(
        (
            str(one.subscription_id),
            one.external_id,
            skus[one.sku_no].part_number,
            one.units,
            one.status.value,
            one.starts_at,
            one.next_lifecycle_at,
            one.renews,
            one.unit_price,
            one.currency,
        )
        for one in await _bought(call, asked)
    )


async def _seat_changes(call: Call, asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    skus = (await catalog_of(call)).skus
    bought: dict[UUID, Subscription] = {
        one.subscription_id: one for one in await _bought(call, asked)
    }
    return whole(
        (
            str(one.subscription_id),
            skus[bought[one.subscription_id].sku_no].part_number,
            one.effective_at,
            one.units_before,
            one.units,
            one.note,
        )
        for one in await booked_for(call, list(bought.values()))
    )


async def _errors(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    catalog = await catalog_of(call)
    product = asked.get("product")
    only = None if product is None else catalog.require_sku(product).sku_no
    start = ErrorPlace()
    if after is not None:
        user_no, sku, kind, source = (int(key) for key in after)
        start = ErrorPlace(user_no=user_no, sku=sku, source_kind=kind, source_no=source)
    found = await read_errors(call.tx, after=start, limit=limit + 1)

    def cells(one: ReportError) -> Cells:
        part_number = catalog.skus[one.sku].part_number
        return (one.upn, one.display_name, part_number, one.reason, one.since)

    def place(one: ReportError) -> Place:
        return (one.user_no, one.sku, one.source_kind, one.source_no)

    rows = found[:limit]
    return ReportSlice(
        rows=tuple(cells(one) for one in rows if only in {None, one.sku}),
        place=place(rows[-1]) if len(found) > limit else None,
    )


_OF_PRODUCT: Final = ("product",)

SEAT_LISTS: Final = (
    ListFile(
        name=ListName.LICENSES,
        permission=Permission.READ_LICENSES,
        columns=columns_of(
            "skuPartNumber",
            "displayName",
            ("bought", COUNT),
            ("assigned", COUNT),
            ("reserved", COUNT),
            ("free", COUNT),
            ("waiting", COUNT),
            ("seatsToBuy", COUNT),
        ),
        filters=("search", "every"),
        read=_licenses,
    ),
    ListFile(
        name=ListName.HOLDERS,
        permission=Permission.READ_LICENSES,
        columns=columns_of(
            "userPrincipalName",
            "displayName",
            ("accountEnabled", FLAG),
            "strategy",
            "group",
            ("since", MOMENT),
        ),
        filters=_OF_PRODUCT,
        read=_holders,
    ),
    ListFile(
        name=ListName.WAITING,
        permission=Permission.READ_LICENSES,
        columns=columns_of(
            ("place", COUNT),
            "userPrincipalName",
            "displayName",
            ("priority", COUNT),
            ("waitingSince", MOMENT),
        ),
        filters=_OF_PRODUCT,
        read=_waiting,
    ),
    ListFile(
        name=ListName.PEOPLE_TO_ASK,
        permission=Permission.READ_LICENSES,
        columns=columns_of("userPrincipalName", "displayName", ("lastSignInAt", MOMENT), "manager"),
        filters=_OF_PRODUCT,
        read=_to_ask,
    ),
    ListFile(
        name=ListName.GIVING_GROUPS,
        permission=Permission.READ_LICENSES,
        columns=columns_of("id", "displayName", ("errors", COUNT)),
        filters=_OF_PRODUCT,
        read=_giving,
    ),
    ListFile(
        name=ListName.SUBSCRIPTIONS,
        permission=Permission.READ_SUBSCRIPTIONS,
        columns=columns_of(
            "id",
            "externalId",
            "skuPartNumber",
            ("units", COUNT),
            "status",
            ("startsAt", MOMENT),
            ("nextLifecycleAt", MOMENT),
            ("renews", FLAG),
            ("unitPrice", MONEY),
            "currency",
        ),
        filters=_OF_PRODUCT,
        read=_subscriptions,
    ),
    ListFile(
        name=ListName.SEAT_CHANGES,
        permission=Permission.READ_SUBSCRIPTIONS,
        columns=columns_of(
            "subscriptionId",
            "skuPartNumber",
            ("effectiveAt", MOMENT),
            ("unitsBefore", COUNT),
            ("units", COUNT),
            "note",
        ),
        filters=_OF_PRODUCT,
        read=_seat_changes,
    ),
    ListFile(
        name=ListName.ERRORS,
        permission=Permission.READ_LICENSES,
        columns=columns_of(
            "userPrincipalName", "displayName", "skuPartNumber", "reason", ("since", MOMENT)
        ),
        filters=_OF_PRODUCT,
        read=_errors,
    ),
)
