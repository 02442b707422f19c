"""Lines that time has come for; whom another session holds is left to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.lines import Line
from seatwright.domain.requests.policy import Decider, DeciderKind
from seatwright.domain.reservations import ReservationKind
from seatwright.postgres.request_rounds import Span
from seatwright.postgres.requests import LINE_COLUMNS, lines_from
from seatwright.postgres.transaction import Transaction

_HELD = " for no key update skip locked"


async def due_lines(tx: Transaction, *, now: datetime, limit: int) -> list[Line]:
    """Pending lines that expire, held."""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s"
        f" and state = 'pending' and due_at <= %s order by due_at limit %s{_HELD}",
        (tx.tenant_id, now, limit),
    )
    return await lines_from(tx, await cursor.fetchall())


async def overdue_lines(
    tx: Transaction, sku: SkuNo, users: Sequence[UserNo], *, now: datetime
) -> list[Line]:
    """What these asked for that has expired and upkeep has not seen yet, held."""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s"
        " and user_no = any(%s) and sku_no = %s and state = 'pending' and due_at <= %s"
        " order by line_no for no key update",
        (tx.tenant_id, list(users), sku, now),
    )
    return await lines_from(tx, await cursor.fetchall())


async def needless_lines(tx: Transaction, span: Span, *, now: datetime, limit: int) -> list[Line]:
    """Pending lines of a span that nobody needs any more, held.

    Their people are gone; or they hold what they asked for, and not only until before the wish
    begins or ends; or what they want more time for is theirs no more.
    """
    own = (
        "select from assignment a where a.tenant_id = l.tenant_id and a.user_no = l.user_no"
        " and a.sku_no = l.sku_no and a.source_kind in (0, 2, 3)"
    )
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line l left join lateral ("
        "  select case when u.user_no is null then true"
        f"   when r.is_extension then not exists ({own} and a.expires_at > %(now)s)"
        "   else e.user_no is not null"
        f"   and not exists ({own} and (a.expires_at <= r.starts_at"
        "     or a.expires_at < coalesce(r.expires_at, 'infinity'))) end as is_so"
        "   from license_request r left join app_user u on u.tenant_id = l.tenant_id"
        "    and u.user_no = l.user_no and u.deleted_at is null"
        "   left join effective_license e on e.tenant_id = l.tenant_id"
        "    and e.user_no = l.user_no and e.sku_no = l.sku_no"
        "   where r.tenant_id = l.tenant_id and r.request_no = l.request_no offset 0"
        "  ) needless on true"
        " where l.tenant_id = %(tenant)s and l.state = 'pending' and l.line_no > %(after)s"
        " and l.line_no <= %(last)s and needless.is_so"
        " order by l.line_no limit %(limit)s for no key update of l skip locked",
        {
            "tenant": tx.tenant_id,
            "now": now,
            "after": span.after,
            "last": span.last,
            "limit": limit,
        },
    )
    return await lines_from(tx, await cursor.fetchall())


async def escalating_lines(tx: Transaction, *, now: datetime, limit: int) -> list[Line]:
    """Pending lines that pass on to the alternate, held."""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s"
        " and state = 'pending' and escalates_at is not null and escalates_at <= %s"
        f" order by escalates_at limit %s{_HELD}",
        (tx.tenant_id, now, limit),
    )
    return await lines_from(tx, await cursor.fetchall())


async def store_alternates(tx: Transaction, alternates: Mapping[int, Decider]) -> None:
    """Who may decide too from now on, by line."""
    if not alternates:
        return
    await tx.connection.execute(
        "update license_request_line l set alternate_kind = a.kind, alternate_no = a.no,"
        " escalates_at = null from unnest(%s::int4[], %s::int2[], %s::int4[])"
        " as a (line_no, kind, no) where l.tenant_id = %s and l.line_no = a.line_no",
        (
            list(alternates),
            [int(one.kind) for one in alternates.values()],
            [one.no for one in alternates.values()],
            tx.tenant_id,
        ),
    )


async def store_routes(tx: Transaction, lines: Sequence[Line]) -> None:
    """Who decides about these lines from now on, who may too, and the times of it."""
    if not lines:
        return
    await tx.connection.execute(
        "update license_request_line l set decider_kind = d.kind, decider_no = d.no,"
        " alternate_kind = d.other_kind, alternate_no = d.other_no, escalates_at = d.escalates,"
        " due_at = d.due from unnest(%s::int4[], %s::int2[], %s::int4[], %s::int2[], %s::int4[],"
        " %s::timestamptz[], %s::timestamptz[])"
        "  as d (line_no, kind, no, other_kind, other_no, escalates, due)"
        " where l.tenant_id = %s and l.line_no = d.line_no",
        (
            [line.line_no for line in lines],
            [int(line.decider.kind) for line in lines],
            [line.decider.no for line in lines],
            [int(line.alternate.kind) for line in lines],
            [line.alternate.no for line in lines],
            [line.escalates_at for line in lines],
            [line.due_at for line in lines],
            tx.tenant_id,
        ),
    )


async def hold_pending(tx: Transaction, lines: Sequence[int]) -> list[Line]:
    """Those of these lines that are pending still, held."""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s"
        f" and line_no = any(%s) and state = 'pending' order by line_no{_HELD}",
        (tx.tenant_id, list(lines)),
    )
    return await lines_from(tx, await cursor.fetchall())


async def policy_deciders(tx: Transaction) -> list[Decider]:
    """The parts of policies before which anything is pending, or was passed on to."""
    numbers: set[int] = set()
    for who in ("decider", "alternate"):
        # One look at the index for each part, however much is before it.
        mine = f"l.tenant_id = %(tenant)s and l.state = 'pending' and l.{who}_kind = 2" + (
            " and l.alternate_kind > 0" if who == "alternate" else ""
        )
        cursor = await tx.connection.execute(
            "with recursive each as ("
            f" (select l.{who}_no as no from license_request_line l where {mine}"
            f"   order by l.{who}_no limit 1)"
            f" union all select (select l.{who}_no from license_request_line l"
            f"   where {mine} and l.{who}_no > each.no"
            f"   order by l.{who}_no limit 1) from each where each.no is not null)"
            " select no from each where no is not null",
            {"tenant": tx.tenant_id},
        )
        numbers |= {row[0] for row in await cursor.fetchall()}
    return [Decider(DeciderKind.POLICY, number) for number in sorted(numbers)]


async def before_others(
    tx: Transaction, span: Span, *, small: Sequence[Decider], direct_is_right: bool
) -> list[Line]:
    """Pending lines of a span that may be before the wrong person; nothing is held.

    Right without a further look is, where `direct_is_right`, who is the person's manager now and
    may sign in. What is before a part of a policy is looked at where that is one of the `small`, or
    a fallback: somebody who comes before it may be there by now, as before the administrators.
    """
    cursor = await tx.connection.execute(
        # The manager of each line's person alone: PostgreSQL would read all people of the tenant.
        f"select {LINE_COLUMNS} from license_request_line l left join lateral ("
        "  select d.user_no as manager from app_user u join app_user d"
        "   on d.tenant_id = u.tenant_id and d.user_no = u.manager_no"
        "   where u.tenant_id = l.tenant_id and u.user_no = l.user_no"
        "   and d.is_enabled and d.deleted_at is null offset 0) above on true"
        " where l.tenant_id = %(tenant)s"
        " and l.state = 'pending' and l.line_no > %(after)s and l.line_no <= %(last)s"
        " and (l.decider_kind = 0 or l.alternate_kind = 1"
        "  or l.decider_kind = 2 and (l.decider_no = any(%(small)s) or l.decider_no %% 4 = 1)"
        "  or l.alternate_kind = 2 and (l.alternate_no = any(%(small)s) or l.alternate_no %% 4 = 1)"
        "  or l.decider_kind = 1"
        "   and (not %(right)s or above.manager is distinct from l.decider_no))"
        " order by l.line_no",
        {
            "tenant": tx.tenant_id,
            "small": [one.no for one in small],
            "right": direct_is_right,
            "after": span.after,
            "last": span.last,
        },
    )
    return await lines_from(tx, await cursor.fetchall())


async def lapsed_lines(tx: Transaction, *, now: datetime, limit: int) -> list[int]:
    """Pending lines that say they are held a seat, and are not after this moment; held."""
    cursor = await tx.connection.execute(
        "select l.line_no from license_request_line l where l.tenant_id = %s"
        " and l.hold = 'held' and not exists (select from seat_reservation r"
        "  where r.tenant_id = l.tenant_id and r.kind = %s and r.ref = l.line_no"
        f"  and r.until > %s) order by l.line_no limit %s{_HELD}",
        (tx.tenant_id, int(ReservationKind.LICENSE_REQUEST), now, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def skus_in_line(tx: Transaction) -> list[SkuNo]:
    """The products for which somebody stands in line to be held a seat."""
    cursor = await tx.connection.execute(
        # One look at the index for each product, however many stand in its line.
        "with recursive each as ("
        " (select sku_no from license_request_line where tenant_id = %(tenant)s and hold = 'line'"
        "   order by sku_no limit 1)"
        " union all select (select l.sku_no from license_request_line l"
        "   where l.tenant_id = %(tenant)s and l.hold = 'line' and l.sku_no > each.sku_no"
        "   order by l.sku_no limit 1) from each where each.sku_no is not null)"
        " select sku_no from each where sku_no is not null",
        {"tenant": tx.tenant_id},
    )
    return [SkuNo(row[0]) for row in await cursor.fetchall()]


async def first_in_line(tx: Transaction, sku: SkuNo, *, limit: int) -> list[Line]:
    """The first who stand in line for a product, held."""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s and sku_no = %s"
        f" and hold = 'line' order by line_no limit %s{_HELD}",
        (tx.tenant_id, sku, limit),
    )
    return await lines_from(tx, await cursor.fetchall())


async def pending_of_skus(
    tx: Transaction, *, sku: SkuNo | None, but: Sequence[SkuNo], after: int, limit: int
) -> list[Line]:
    """Pending lines of a product, or of all but some, in their order; held."""
    one = "sku_no = %s" if sku is not None else "not (sku_no = any(%s))"
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %s and {one}"
        " and state = 'pending' and line_no > %s order by line_no limit %s for no key update",
        (tx.tenant_id, sku if sku is not None else list(but), after, limit),
    )
    return await lines_from(tx, await cursor.fetchall())
