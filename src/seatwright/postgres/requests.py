"""The rows of license requests and their lines: making, holding and changing them, set-based."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.requests.lines import Given, Hold, How, LicenseRequest, Line
from seatwright.domain.requests.policy import Decider, DeciderKind
from seatwright.domain.requests.states import LineState
from seatwright.postgres.transaction import Transaction

LINE_COLUMNS = (
    "line_no, request_no, user_no, requestor_no, sku_no, state, created_at, due_at, hold,"
    " decider_kind, decider_no, alternate_kind, alternate_no, escalates_at, decided_at, decided_by,"
    " decided_how, message, given_sku_no, given_set, given_group_no, given_until, extended_from,"
    " blocked_reason, blocked_detail, principal_no"
)
_REQUEST_COLUMNS = (
    "request_no, id, principal_no, requestor_no, sku_no, disabled_set, group_no, justification,"
    " starts_at, expires_at, is_extension, created_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be made; who decides about it is known."""

    user: UserNo
    due_at: datetime
    hold: Hold
    decider: Decider
    escalates_at: datetime | None


async def insert_request(tx: Transaction, request: LicenseRequest) -> int:
    """Store what was asked, under a number that it answers; that of `request` does not count."""
    cursor = await tx.connection.execute(
        "insert into license_request (tenant_id, id, principal_no, requestor_no, sku_no,"
        " disabled_set, group_no, justification, starts_at, expires_at, is_extension, created_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning request_no",
        (
            tx.tenant_id,
            request.id,
            request.principal,
            request.requestor,
            request.sku,
            await tx.plan_set_id(request.disabled),
            request.group,
            request.justification,
            request.starts_at,
            request.expires_at,
            request.is_extension,
            request.created_at,
        ),
    )
    row = await cursor.fetchone()
    assert row is not None, "an insert that returns always has a row"
    return int(row[0])


async def insert_lines(
    tx: Transaction, request: LicenseRequest, lines: Sequence[NewLine]
) -> dict[UserNo, int]:
    """Store the lines of a request, in their order; the numbers by person.

    Who has asked for the product in this very moment is left out.
    """
    cursor = await tx.connection.execute(
        "insert into license_request_line (tenant_id, request_no, requestor_no, principal_no,"
        " sku_no, created_at, user_no, due_at, hold, decider_kind, decider_no, escalates_at)"
        " select %s, %s, %s, %s, %s, %s, line.* from unnest(%s::int4[], %s::timestamptz[],"
        " %s::text[], %s::int2[], %s::int4[], %s::timestamptz[]) line"
        " on conflict (tenant_id, user_no, sku_no) where state = 'pending' do nothing"
        " returning user_no, line_no",
        (
            tx.tenant_id,
            request.request_no,
            request.requestor,
            request.principal if request.requestor is None else None,
            request.sku,
            request.created_at,
            [line.user for line in lines],
            [line.due_at for line in lines],
            [line.hold.value for line in lines],
            [int(line.decider.kind) for line in lines],
            [line.decider.no for line in lines],
            [line.escalates_at for line in lines],
        ),
    )
    return {UserNo(user): number for user, number in await cursor.fetchall()}


async def pending_users(
    tx: Transaction, sku: SkuNo, users: Sequence[UserNo], *, now: datetime
) -> frozenset[UserNo]:
    """Who of these has asked for the product, and can still be decided about."""
    cursor = await tx.connection.execute(
        "select user_no from license_request_line where tenant_id = %s and user_no = any(%s)"
        " and sku_no = %s and state = 'pending' and due_at > %s",
        (tx.tenant_id, list(users), sku, now),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def members_by_request(
    tx: Transaction, group: GroupNo, users: Sequence[UserNo], *, but: Sequence[int] = ()
) -> frozenset[UserNo]:
    """Who of these is in a group by an approval that stands, other than those of lines `but`."""
    cursor = await tx.connection.execute(
        "select user_no from license_request_line where tenant_id = %s and user_no = any(%s)"
        " and state = 'approved' and given_group_no = %s and not line_no = any(%s)",
        (tx.tenant_id, list(users), group, list(but)),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def pass_on_extensions(tx: Transaction, lines: Sequence[Line]) -> frozenset[UserNo]:
    """Let what was extended after these extensions end without it when they would have.

    Answers for whom there is such a later one.
    """
    given = [(line, line.given) for line in lines if line.given is not None]
    cursor = await tx.connection.execute(
        "update license_request_line l set extended_from = x.before"
        " from unnest(%s::int4[], %s::int2[], %s::timestamptz[], %s::timestamptz[])"
        "  as x (user_no, sku_no, until, before)"
        " where l.tenant_id = %s and l.user_no = x.user_no and l.state = 'approved'"
        " and l.given_sku_no = x.sku_no and l.extended_from = x.until returning l.user_no",
        (
            [line.user for line, _ in given],
            [one.sku for _, one in given],
            [one.until for _, one in given],
            [one.extended_from for _, one in given],
            tx.tenant_id,
        ),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def find_requests(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, LicenseRequest]:
    """Requests by their ids; those that there are not are left out."""
    cursor = await tx.connection.execute(
        f"select {_REQUEST_COLUMNS} from license_request where tenant_id = %s and id = any(%s)",
        (tx.tenant_id, sorted(set(ids))),
    )
    return {one.id: one for one in await _requests(tx, await cursor.fetchall())}


async def requests_by_number(tx: Transaction, numbers: Iterable[int]) -> dict[int, LicenseRequest]:
    """Requests by their numbers."""
    cursor = await tx.connection.execute(
        f"select {_REQUEST_COLUMNS} from license_request"
        " where tenant_id = %s and request_no = any(%s)",
        (tx.tenant_id, sorted(set(numbers))),
    )
    return {one.request_no: one for one in await _requests(tx, await cursor.fetchall())}


async def _requests(tx: Transaction, rows: Sequence[TupleRow]) -> list[LicenseRequest]:
    bits = await tx.plan_set_bits({row[5] for row in rows})
    return [
        LicenseRequest(
            request_no=row[0],
            id=row[1],
            principal=PrincipalNo(row[2]),
            requestor=row[3],
            sku=SkuNo(row[4]),
            disabled=bits[ServicePlanSetId(row[5])],
            group=row[6],
            justification=row[7],
            starts_at=row[8],
            expires_at=row[9],
            is_extension=row[10],
            created_at=row[11],
        )
        for row in rows
    ]


async def count_lines(tx: Transaction, requests: Iterable[int]) -> int:
    """How many lines these requests have together."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from license_request_line"
        " where tenant_id = %s and request_no = any(%s)",
        (tx.tenant_id, sorted(set(requests))),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def lines_of_requests(
    tx: Transaction, requests: Iterable[int], *, is_locked: bool = False
) -> list[Line]:
    """The lines of these requests in their order; `is_locked`: held in that order."""
    lock = " for no key update" if is_locked else ""
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line"
        f" where tenant_id = %s and request_no = any(%s) order by line_no{lock}",
        (tx.tenant_id, sorted(set(requests))),
    )
    return await lines_from(tx, await cursor.fetchall())


async def lines_from(tx: Transaction, rows: Sequence[TupleRow]) -> list[Line]:
    """Lines out of rows that have `LINE_COLUMNS` first."""
    bits = await tx.plan_set_bits({row[19] for row in rows if row[19] is not None})
    deciders: dict[tuple[int, int], Decider] = {}

    def decider(kind: int, number: int) -> Decider:
        key = (kind, number)
        return deciders.setdefault(key, Decider(DeciderKind(kind), number))

    def given(row: TupleRow) -> Given | None:
        if row[18] is None:
            return None
        return Given(
            sku=SkuNo(row[18]),
            disabled=bits[row[19]],
            group=row[20],
            until=row[21],
            extended_from=row[22],
        )

    return [
        Line(
            line_no=row[0],
            request_no=row[1],
            user=UserNo(row[2]),
            requestor=row[3],
            sku=SkuNo(row[4]),
            state=LineState(row[5]),
            created_at=row[6],
            due_at=row[7],
            hold=Hold(row[8]),
            decider=decider(row[9], row[10]),
            alternate=decider(row[11], row[12]),
            escalates_at=row[13],
            decided_at=row[14],
            decided_by=row[15],
            how=None if row[16] is None else How(row[16]),
            message=row[17],
            given=given(row),
            blocked=None if row[23] is None else Reason(row[23]),
            blocked_detail=row[24],
            principal=row[25],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What became of a line, to be stored; `message` is for the person."""

    line_no: int
    state: LineState
    message: str | None = None
    given: Given | None = None


async def store_rulings(
    tx: Transaction,
    rulings: Sequence[Ruling],
    *,
    at: datetime,
    by: PrincipalNo,
    how: How,
) -> None:
    """Decide about lines, all in one statement; the caller holds them."""
    if not rulings:
        return
    sets = await tx.plan_set_ids(one.given.disabled for one in rulings if one.given is not None)
    given = [one.given for one in rulings]
    await tx.connection.execute(
        "update license_request_line l set state = r.state, message = r.message,"
        " decided_at = %s, decided_by = %s, decided_how = %s,"
        " hold = case when l.hold = 'none' then 'none' else 'over' end, escalates_at = null,"
        " given_sku_no = r.sku, given_set = r.set, given_group_no = r.grp, given_until = r.until,"
        " extended_from = r.extended, blocked_reason = null, blocked_detail = null"
        " from unnest(%s::int4[], %s::text[], %s::text[], %s::int2[], %s::int4[], %s::int4[],"
        " %s::timestamptz[], %s::timestamptz[])"
        "  as r (line_no, state, message, sku, set, grp, until, extended)"
        " where l.tenant_id = %s and l.line_no = r.line_no",
        (
            at,
            by,
            how.value,
            [one.line_no for one in rulings],
            [one.state.value for one in rulings],
            [one.message for one in rulings],
            [None if one is None else one.sku for one in given],
            [None if one is None else sets[one.disabled] for one in given],
            [None if one is None else one.group for one in given],
            [None if one is None else one.until for one in given],
            [None if one is None else one.extended_from for one in given],
            tx.tenant_id,
        ),
    )


async def store_undone(
    tx: Transaction, lines: Sequence[int], *, at: datetime, by: PrincipalNo, message: str | None
) -> None:
    """Mark approved lines as undone; what they had given stays said."""
    await tx.connection.execute(
        "update license_request_line set state = 'undone', decided_at = %s, decided_by = %s,"
        " decided_how = 'person', message = %s where tenant_id = %s and line_no = any(%s)",
        (at, by, message, tx.tenant_id, list(lines)),
    )


async def approve_again(
    tx: Transaction, users: Sequence[UserNo], *, sku: SkuNo, undone_at: datetime, by: PrincipalNo
) -> list[Line]:
    """Mark what was undone of a product at a moment as approved, for these people; the lines.

    Who approved it and when was written over by the undoing, so it is by `by` now.
    """
    cursor = await tx.connection.execute(
        "update license_request_line set state = 'approved', decided_by = %s, message = null"
        f" where tenant_id = %s and user_no = any(%s) and sku_no = %s and state = 'undone'"
        f" and decided_at = %s returning {LINE_COLUMNS}",
        (by, tx.tenant_id, list(users), sku, undone_at),
    )
    return await lines_from(tx, await cursor.fetchall())


async def note_undone(
    tx: Transaction, pairs: Sequence[tuple[UserNo, int]], *, at: datetime, by: PrincipalNo
) -> None:
    """Say of approvals (person, request) that what they gave was undone with their whole call."""
    if not pairs:
        return
    await tx.connection.execute(
        "update license_request_line l set state = 'undone', decided_at = %s, decided_by = %s,"
        " decided_how = 'person', message = null"
        " from unnest(%s::int4[], %s::int4[]) as u (user_no, request_no)"
        " where l.tenant_id = %s and l.request_no = u.request_no and l.user_no = u.user_no"
        " and l.state = 'approved'",
        (at, by, [user for user, _ in pairs], [number for _, number in pairs], tx.tenant_id),
    )


async def store_blocks(tx: Transaction, blocks: Mapping[int, tuple[Reason, str]]) -> None:
    """Keep why lines could not be given; they stay pending."""
    if not blocks:
        return
    await tx.connection.execute(
        "update license_request_line l set blocked_reason = b.reason, blocked_detail = b.detail"
        " from unnest(%s::int4[], %s::text[], %s::text[]) as b (line_no, reason, detail)"
        " where l.tenant_id = %s and l.line_no = b.line_no",
        (
            list(blocks),
            [reason.value for reason, _ in blocks.values()],
            [detail for _, detail in blocks.values()],
            tx.tenant_id,
        ),
    )


async def store_holds(tx: Transaction, lines: Sequence[int], hold: Hold) -> None:
    """Say of these lines whether a seat is held for them."""
    if lines:
        await tx.connection.execute(
            "update license_request_line set hold = %s where tenant_id = %s and line_no = any(%s)",
            (hold.value, tx.tenant_id, list(lines)),
        )


async def groups_of_user(tx: Transaction, user: UserNo) -> frozenset[GroupNo]:
    """Every group that somebody is in, through nested groups too."""
    cursor = await tx.connection.execute(
        "with recursive up as (select group_no from membership"
        "  where tenant_id = %s and user_no = %s"
        " union select n.parent_no from up join group_nesting n"
        "  on n.tenant_id = %s and n.child_no = up.group_no) select group_no from up",
        (tx.tenant_id, user, tx.tenant_id),
    )
    return frozenset(GroupNo(row[0]) for row in await cursor.fetchall())
