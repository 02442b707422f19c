"""`/api/auto-claim/policies/{policy}/claims`: what a policy gave, and taking or moving it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from seatwright.app.auto_claim.claims import (
    ClaimPeriod,
    all_claims,
    claims_each_day,
    claims_page,
    period_of,
    require_reported,
)
from seatwright.app.auto_claim.policies import require_policy
from seatwright.app.auto_claim.taking import unassign_claims
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.orders import MoveCall, resolve_move
from seatwright.app.moves.start import start_move
from seatwright.domain.auto_claim import Policy
from seatwright.domain.csv_text import row_writer
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo
from seatwright.domain.moves import MoveKind
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.auto_claim_claims import Claim, ClaimPlace
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.bulk import ended_shape
from seatwright.web.rest.formats import Format, csv_headers, wants_csv
from seatwright.web.rest.jobs import JobShape, job_shape
from seatwright.web.rest.waiting import answer_when_done, wait_seconds

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

CSV_HEADER: Final = (
    "at",
    "policy",
    "userId",
    "userPrincipalName",
    "displayName",
    "skuPartNumber",
    "product",
    "backup",
    "event",
    "delivered",
    "group",
    "state",
)


class ClaimUser(Shape, kw_only=True, frozen=True):
    """Who claimed; the names are null once they were erased."""

    id: UUID | None
    user_principal_name: str | None
    display_name: str | None


class ClaimShape(Shape, kw_only=True, frozen=True):
    """Who got what when through which event; `backup` 0 is the primary product.

    `state` is held, or gone once nothing of the claim is left on the person.
    """

    at: datetime
    user: ClaimUser
    sku_id: UUID
    sku_part_number: str
    product: str
    backup: int
    event: str
    delivered: str
    group: str | None
    state: str


class ClaimsReport(Shape, kw_only=True, frozen=True):
    """A page of a policy's report; `period` says the days that it really covers."""

    policy_id: UUID
    policy: str
    days: int
    period: str
    since: datetime
    until: datetime
    value: list[ClaimShape]
    next_cursor: str | None = None


class ClaimDay(Shape, kw_only=True, frozen=True):
    """One day, in UTC."""

    day: date
    claims: int
    people: int


class ClaimDays(Shape, kw_only=True, frozen=True):
    """Claims a day over a period, days without any included."""

    policy_id: UUID
    policy: str
    days: int
    period: str
    claims: int
    value: list[ClaimDay]


class ClaimantsBody(Body, kw_only=True, frozen=True):
    """Selected people, by id or user principal name."""

    users: list[str]


class MoveClaimantsBody(Body, kw_only=True, frozen=True):
    """Selected people, and the licensed group that they are to have the product from.

    `product` is the one that moves (default: the primary). `wait` keeps who cannot be moved yet.
    """

    users: list[str]
    group: str
    product: str | None = None
    surplus: str | None = None
    wait: bool = False


class TakenShape(Shape, kw_only=True, frozen=True):
    """What became of one claim: unassigned, stillGiven, heldForApproval or notClaimed."""

    user: ClaimUser
    product: str | None
    outcome: str


@get(
    "/api/auto-claim/policies/{policy:str}/claims",
    opt=needs(Permission.READ_REPORTS),
    summary="Report what a policy gave",
)
async def report_claims(
    call: TheCall,
    request: Request[Any, Any, Any],
    policy: FromPath[str],
    *,
    days: FromQuery[int | None] = None,
    format_: Format = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> ClaimsReport | Stream:
    """Newest first, as pages or as one CSV file; by id also of a policy that was deleted."""
    size = page_limit(limit)
    asked = period_of(call, days)
    found = await require_reported(call, policy)
    catalog = await catalog_of(call)
    if wants_csv(request, format_):
        return Stream(_csv(call, found, asked, catalog), headers=csv_headers("claims.csv"))
    rows = await claims_page(call, found, asked, before=_place(cursor), limit=size)
    groups = await _groups(call, rows)
    return ClaimsReport(
        policy_id=found.policy_id,
        policy=found.name,
        days=asked.days,
        period=asked.label,
        since=asked.period.since,
        until=asked.period.until,
        value=[_claim(row, catalog, groups) for row in rows[:size]],
        next_cursor=_cursor(rows[size - 1]) if len(rows) > size else None,
    )


@get(
    "/api/auto-claim/policies/{policy:str}/claims-a-day",
    opt=needs(Permission.READ_REPORTS),
    summary="Count a policy's claims a day",
)
async def report_claims_a_day(
    call: TheCall, policy: FromPath[str], days: FromQuery[int | None] = None
) -> ClaimDays:
    """Each day of the period with its claims, oldest first; days are in UTC."""
    asked = period_of(call, days)
    found = await require_reported(call, policy)
    each = await claims_each_day(call, found, asked)
    return ClaimDays(
        policy_id=found.policy_id,
        policy=found.name,
        days=asked.days,
        period=asked.label,
        claims=sum(one.claims for one in each),
        value=[ClaimDay(day=one.day, claims=one.claims, people=one.people) for one in each],
    )


@post(
    "/api/auto-claim/policies/{policy:str}/unassign",
    opt=needs(Permission.ASSIGN_TO_USERS),
    summary="Take what a policy gave from selected people",
    status_code=200,
)
async def unassign_claimants(
    call: TheCall, policy: FromPath[str], data: JSONBody[ClaimantsBody]
) -> Page[TakenShape]:
    """Only the claim goes: what a group or an administrator gives beside it stays."""
    taken = await unassign_claims(call, policy, data.users)
    catalog = await catalog_of(call)
    return Page(
        value=[
            TakenShape(
                user=ClaimUser(
                    id=one.user.id,
                    user_principal_name=one.user.upn,
                    display_name=one.user.display_name,
                ),
                product=None if one.sku is None else catalog.sku_name(one.sku),
                outcome=one.outcome.value,
            )
            for one in taken
        ]
    )


@post(
    "/api/auto-claim/policies/{policy:str}/move",
    opt=needs(Permission.MOVE),
    summary="Move people from a policy to a licensed group",
    status_code=202,
)
async def move_claimants(
    call: TheCall,
    request: Request[Any, Any, Any],
    policy: FromPath[str],
    data: JSONBody[MoveClaimantsBody],
) -> Response[JobShape]:
    """They join the group, and the claim goes once the group's license is theirs: no gap.

    The answer is a job of the kind move, with a row for each of them.
    """
    found = await require_policy(call, policy)
    catalog = await catalog_of(call)
    sku = str(catalog.skus[found.products[0].sku].sku_id) if data.product is None else data.product
    order = MoveCall(
        kind=MoveKind.DIRECT_TO_GROUP.value,
        lines=list(enumerate(data.users, start=1)),
        sku=sku,
        group=data.group,
        surplus=data.surplus,
        strategies=("on_demand",),
        waits=data.wait,
    )
    started = await start_move(call, await resolve_move(call, order))
    seconds = 0.0 if data.wait else wait_seconds(request)
    answer_when_done(request, call, started.job, seconds=seconds, shape=partial(ended_shape, ()))
    return Response(
        job_shape(started.job),
        status_code=202,
        headers={"location": f"/api/jobs/{started.job.id}"},
    )


async def _groups(call: Call, rows: tuple[Claim, ...]) -> Mapping[GroupNo, GroupLabel]:
    return await group_labels(call.tx, sorted({row.group for row in rows if row.group is not None}))


def _claim(row: Claim, catalog: TenantCatalog, groups: Mapping[GroupNo, GroupLabel]) -> ClaimShape:
    sku = catalog.skus[row.sku]
    return ClaimShape(
        at=row.place.at,
        user=ClaimUser(id=row.user_id, user_principal_name=row.upn, display_name=row.display_name),
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        product=sku.display_name,
        backup=row.backup,
        event=row.event,
        delivered="direct" if row.group is None else "group",
        group=None if row.group is None else groups[row.group].display_name,
        state="held" if row.is_held else "gone",
    )


async def _csv(
    call: Call, policy: Policy, asked: ClaimPeriod, catalog: TenantCatalog
) -> AsyncIterator[bytes]:
    line_of = row_writer()
    yield line_of(CSV_HEADER).encode()
    async for rows in all_claims(call, policy, asked):
        groups = await _groups(call, rows)
        lines = [line_of(_cells(policy, _claim(row, catalog, groups))) for row in rows]
        yield "".join(lines).encode()


def _cells(policy: Policy, row: ClaimShape) -> tuple[str | None, ...]:
    return (
        row.at.isoformat(),
        policy.name,
        None if row.user.id is None else str(row.user.id),
        row.user.user_principal_name,
        row.user.display_name,
        row.sku_part_number,
        row.product,
        str(row.backup),
        row.event,
        row.delivered,
        row.group,
        row.state,
    )


def _cursor(last: Claim) -> str:
    return cursor_of((last.place.at - _EPOCH) // _MICROSECOND, last.place.claim_no)


def _place(cursor: str | None) -> ClaimPlace | None:
    keys = keys_of(cursor, int, int)
    if keys is None:
        return None
    try:
        at = _EPOCH + int(keys[0]) * _MICROSECOND
    except OverflowError:
        at = None
    if at is None or not 0 <= int(keys[1]) < 2**63:
        raise Refusal(
            Reason.INVALID_VALUE,
            "cursor is not one of this list: take nextCursor from the page before.",
        )
    return ClaimPlace(at=at, claim_no=int(keys[1]))


AUTO_CLAIM_CLAIM_ROUTES = (
    report_claims,
    report_claims_a_day,
    unassign_claimants,
    move_claimants,
)
