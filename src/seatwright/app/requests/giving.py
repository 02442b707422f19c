"""What an approval gives: directly, through a licensed group, or as more time; and to whom not.

Everything is decided by the engine, as for any other assignment, whole for each person or not at
all (X-18). Who is held a seat gets that one; the others are served in the order in which they
asked, so that where seats run out it is the last in line who get none (X-15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from seatwright.app.assign import fulfil, refusals_of
from seatwright.app.assign.fulfil import Fulfilled, Fulfilment, foresee
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import lock_world
from seatwright.app.reservations import give_back_seats, use
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.requests.lines import Given, Hold, LicenseRequest, Line
from seatwright.domain.reservations import Reservation, ReservationKind
from seatwright.domain.wants import Want, WantKind, own_wishes
from seatwright.postgres.labels import user_labels
from seatwright.postgres.pools import lock_pools
from seatwright.postgres.request_people import held_pairs
from seatwright.postgres.requests import store_holds
from seatwright.postgres.reservations import insert_reservations, reservations_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A line that somebody approved: what is to be given, and how."""

    line: Line
    request: LicenseRequest
    sku: SkuNo
    disabled: ServicePlanBits
    until: datetime | None
    group: GroupNo | None = None

    @property
    def uses_hold(self) -> bool:
        """Whether the seat that is held for the line is the one that is used."""
        return self.line.hold is Hold.HELD and self.sku == self.line.sku


@dataclass(slots=True)
class Delivery:
    """What became of approvals, by line: given, or why not."""

    given: dict[int, Given] = field(default_factory=dict)
    blocked: dict[int, tuple[Reason, str]] = field(default_factory=dict)


async def give_directly(call: Call, approvals: Sequence[Approval]) -> Delivery:
    """Give people what was approved, as assignments of their requests; their lines are held."""
    done = Delivery()
    rows = await seats_held(call, approvals)
    ready = [one for one in approvals if one.line.line_no in rows]
    if ready:
        await _use_holds(call, ready, rows, done)
    rest = [one for one in approvals if one.line.line_no not in rows]
    if not rest:
        return done
    held = await held_pairs(call.tx, (one.line.user for one in rest), {one.sku for one in rest})
    seated = [one for one in rest if _needs_no_seat(one, held)]
    if seated:
        await _fulfil(call, seated, done)
    line = sorted((one for one in rest if not _needs_no_seat(one, held)), key=_place)
    await _serve_in_line(call, line, done)
    return done


async def seats_held(call: Call, approvals: Sequence[Approval]) -> dict[int, Reservation]:
    """The seats that are truly held for these, by line; a hold may have lapsed a moment ago."""
    refs = [one.line.line_no for one in approvals if one.uses_hold]
    return await reservations_of(call.tx, ReservationKind.LICENSE_REQUEST, refs) if refs else {}


def _needs_no_seat(approval: Approval, held: frozenset[tuple[UserNo, SkuNo]]) -> bool:
    return (approval.line.user, approval.sku) in held


def _place(approval: Approval) -> int:
    return approval.line.line_no


async def _serve_in_line(call: Call, line: Sequence[Approval], done: Delivery) -> None:
    """Give the free seats to the first in line, and those that rules leave to the next."""
    left = list(line)
    while left:
        free = await lock_pools(call.tx, sorted({one.sku for one in left}))
        chosen, left = _first(left, free)
        if not chosen:
            break
        await _fulfil(call, chosen, done)
        if left and any(one.line.line_no in done.blocked for one in chosen):
            left = await _without_denied(call, left, done)
    if not left:
        return
    names = await user_labels(call.tx, [one.line.user for one in left])
    catalog = await catalog_of(call)
    for one in left:
        name = names[one.line.user].upn if one.line.user in names else "somebody who is gone"
        said = (
            f"{name} cannot be given {catalog.sku_name(one.sku)}: no seat is left that is not in"
            " use or held for others. Buy seats or free one, then approve it again."
        )
        done.blocked[one.line.line_no] = (Reason.NO_SEAT_LEFT, said)


async def _without_denied(call: Call, line: list[Approval], done: Delivery) -> list[Approval]:
    """Those of a line who could be given it if there were seats for all of them.

    One look at all, so that a seat is not offered in turn to hundreds whom a rule denies.
    """
    wants, skus = [want_of(one) for one in line], {one.sku for one in line}
    world = await lock_world(call, [one.line.user for one in line], skus=skus)
    pools = tuple(
        replace(pool, assignable=pool.consumed + pool.reserved + len(line))
        if pool.sku in skus
        else pool
        for pool in world.snapshot.pools
    )
    roomy = replace(world, snapshot=replace(world.snapshot, pools=pools))
    seen = foresee(call, wants, roomy)
    await _block(call, [one for one in seen.results if one.reason is not None], seen, done)
    return [one for one in line if one.line.line_no not in done.blocked]


def _first(
    line: Sequence[Approval], free: Mapping[SkuNo, int]
) -> tuple[list[Approval], list[Approval]]:
    room = dict(free)
    chosen, left = [], []
    for one in line:
        if room.get(one.sku, 0) > 0:
            room[one.sku] -= 1
            chosen.append(one)
        else:
            left.append(one)
    return chosen, left


async def _fulfil(
    call: Call,
    approvals: Sequence[Approval],
    done: Delivery,
    *,
    reservation: Mapping[SkuNo, int] | None = None,
) -> Mapping[SkuNo, int]:
    """Give these what was approved as far as the engine lets; the reserved seats that were used."""
    wants = [want_of(one) for one in approvals]
    by_key = {one.line.line_no: one for one in approvals}
    made = await fulfil(call, wants, reservation=reservation)
    denied = []
    for result in made.results:
        approval = by_key[result.want.key]
        if result.reason is not None:
            denied.append(result)
            continue
        before = None if result.user is None else own_wishes(result.user).get(approval.sku)
        is_extension = approval.request.is_extension
        done.given[approval.line.line_no] = Given(
            sku=approval.sku,
            disabled=approval.disabled,
            until=approval.until,
            extended_from=before.expires_at if is_extension and before is not None else None,
        )
    await _block(call, denied, made, done)
    return made.used


async def _block(call: Call, denied: Sequence[Fulfilment], made: Fulfilled, done: Delivery) -> None:
    """Keep why the engine would not give these."""
    if not denied:
        return
    labels = await user_labels(call.tx, [result.want.user for result in denied])
    named = [
        (result, labels[result.want.user].upn if result.want.user in labels else "?")
        for result in denied
    ]
    words = await refusals_of(call, named, snapshot=made.snapshot)
    for result, said in zip(denied, words, strict=True):
        done.blocked[result.want.key] = (said.reason, said.detail)


def want_of(approval: Approval) -> Want:
    """What the engine is asked for an approval."""
    request = approval.request
    source = Source(kind=SourceKind.REQUEST, no=request.request_no)
    detail = {"request": str(request.id)}
    if request.is_extension:
        return Want(
            key=approval.line.line_no,
            user=approval.line.user,
            sku=approval.sku,
            kind=WantKind.CHANGE,
            expires_at=approval.until,
            clears_expiry=approval.until is None,
            strategy=Strategy.REQUEST,
            source=source,
            detail=detail,
        )
    return Want(
        key=approval.line.line_no,
        user=approval.line.user,
        sku=approval.sku,
        disabled=approval.disabled,
        starts_at=request.starts_at,
        expires_at=approval.until,
        strategy=Strategy.REQUEST,
        source=source,
        detail=detail,
    )


async def _use_holds(
    call: Call, ready: Sequence[Approval], rows: Mapping[int, Reservation], done: Delivery
) -> None:
    """Turn held seats into licenses; what nobody needs goes back.

    Who cannot be given theirs (a usage location is missing, say) keeps it: their line is pending
    still, and what stands in the way may be mended before the hold lapses.
    """
    held = await use(call, ReservationKind.LICENSE_REQUEST, [one.line.line_no for one in ready])
    left = Counter(held)
    left.subtract(await _fulfil(call, ready, done, reservation=held))
    await keep_seats(call, [one for one in ready if one.line.line_no in done.blocked], rows, left)
    await give_back_seats(call, left)


async def keep_seats(
    call: Call,
    blocked: Sequence[Approval],
    rows: Mapping[int, Reservation],
    left: Counter[SkuNo],
) -> Sequence[Reservation]:
    """Hold the seats of these still, as far as `left` goes; the others stand in line again.

    Answers the seats that are held still; their pools count them reserved.
    """
    kept, lost = [], []
    for one in sorted(blocked, key=_place):
        if left[one.sku] > 0:
            left[one.sku] -= 1
            kept.append(rows[one.line.line_no])
        else:
            lost.append(one.line.line_no)
    await insert_reservations(call.tx, kept, at=call.now)
    await store_holds(call.tx, lost, Hold.LINE)
    return kept
