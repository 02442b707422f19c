"""`/api/held-changes`: removals that wait for a second administrator, and deciding about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.app.held_changes import (
    HeldSeen,
    decide,
    list_held_changes,
    people_of_held,
    see_held_change,
)
from seatwright.domain.brake import HeldOutcome, HeldState
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class HeldPrincipal(Shape, kw_only=True, frozen=True):
    """Who made or decided a change."""

    id: UUID
    name: str


class HeldChangeShape(Shape, kw_only=True, frozen=True):
    """Removals of one product that wait, or waited; `sentence` says what was done.

    `state` is pending, approved, rejected, or ended when nobody is left in it. `reason` is why the
    licenses would have gone, as the history has it.
    """

    id: UUID
    state: str
    sku_id: UUID
    sku_part_number: str
    display_name: str
    people: int
    sentence: str
    reason: str
    made_at: datetime
    made_by: HeldPrincipal
    decided_at: datetime | None
    decided_by: HeldPrincipal | None
    correlation_id: UUID


class HeldDetailShape(HeldChangeShape, kw_only=True, frozen=True):
    """The same with what a decision does, or did.

    `pending`, `revoked`, `kept`, `putBack`, `ownNow` and `gone` count people by what became of
    them. `seatsFreed` come free when it is approved, and `waiting` people are in line for them.
    """

    pending: int
    revoked: int
    kept: int
    put_back: int
    own_now: int
    gone: int
    seats_freed: int
    waiting: int
    if_rejected: str


class HeldPersonShape(Shape, kw_only=True, frozen=True):
    """One person of a held change; nameless once they were purged. `outcome` null: they wait."""

    id: UUID | None
    user_principal_name: str | None
    display_name: str | None
    outcome: str | None
    message: str | None


class Decision(Body, kw_only=True, frozen=True):
    """`count` is typed in by an administrator who is alone: how many people it concerns."""

    count: int | None = None


def _state(text: str | None) -> HeldState | None:
    if text is None:
        return None
    if text.lower() not in set(HeldState):
        raise Refusal(
            Reason.INVALID_VALUE, f"state is “{text[:60]}”: give one of {', '.join(HeldState)}."
        )
    return HeldState(text.lower())


def _shape(seen: HeldSeen) -> HeldChangeShape:
    held, by = seen.held, seen.decided_by
    return HeldChangeShape(
        id=held.id,
        state=held.state.value,
        sku_id=seen.sku.sku_id,
        sku_part_number=seen.sku.part_number,
        display_name=seen.sku.display_name,
        people=held.people,
        sentence=held.sentence,
        reason=held.reason,
        made_at=held.made_at,
        made_by=HeldPrincipal(id=seen.made_by[0], name=seen.made_by[1]),
        decided_at=held.decided_at,
        decided_by=None if by is None else HeldPrincipal(id=by[0], name=by[1]),
        correlation_id=held.correlation,
    )


async def _detail(call: TheCall, id_: UUID) -> HeldDetailShape:
    found = await see_held_change(call, id_)
    plain = _shape(found.seen)
    count = found.outcomes.get
    return HeldDetailShape(
        **{name: getattr(plain, name) for name in plain.__struct_fields__},
        pending=count(None, 0),
        revoked=count(HeldOutcome.REVOKED, 0),
        kept=count(HeldOutcome.KEPT, 0),
        put_back=count(HeldOutcome.PUT_BACK, 0),
        own_now=count(HeldOutcome.OWN_NOW, 0),
        gone=count(HeldOutcome.GONE, 0),
        seats_freed=found.seats_freed,
        waiting=found.waiting,
        if_rejected=found.rejected,
    )


@get("/api/held-changes", opt=needs(Permission.READ_LICENSES), summary="List held changes")
async def list_held(
    call: TheCall,
    state_text: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[HeldChangeShape]:
    """Newest first; `state=pending` is what somebody should decide."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    before = int(keys[0]) if keys else None
    found = await list_held_changes(call, state=_state(state_text), before=before, limit=size)
    shown = found[:size]
    return Page(
        value=[_shape(one) for one in shown],
        next_cursor=cursor_of(shown[-1].held.held_no) if len(found) > size else None,
    )


@get(
    "/api/held-changes/{held_id:uuid}",
    opt=needs(Permission.READ_LICENSES),
    summary="Read a held change",
)
async def get_held(call: TheCall, held_id: FromPath[UUID]) -> HeldDetailShape:
    """What was done, whom it concerns, and what each decision would do."""
    return await _detail(call, held_id)


@get(
    "/api/held-changes/{held_id:uuid}/people",
    opt=needs(Permission.READ_LICENSES),
    summary="Who is in a held change",
)
async def list_held_people(
    call: TheCall,
    held_id: FromPath[UUID],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[HeldPersonShape]:
    """Everybody whose license waits, or waited, with what became of it."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    found = await people_of_held(call, held_id, after=int(keys[0]) if keys else 0, limit=size)
    shown = found[:size]
    return Page(
        value=[
            HeldPersonShape(
                id=one.id,
                user_principal_name=one.upn,
                display_name=one.display_name,
                outcome=None if one.outcome is None else one.outcome.value,
                message=one.message,
            )
            for one in shown
        ],
        next_cursor=cursor_of(shown[-1].user_no) if len(found) > size else None,
    )


@post(
    "/api/held-changes/{held_id:uuid}/approve",
    opt=needs(Permission.DECIDE_HELD_CHANGES),
    summary="Let held removals happen",
    status_code=200,
)
async def approve_held(
    call: TheCall, held_id: FromPath[UUID], data: JSONBody[Decision | None] = None
) -> HeldDetailShape:
    """The licenses go, and their seats to whoever waits; more than 500 people follow as a job.

    Never by the one who made the change, unless nobody else could: then after 15 minutes, with
    the `count` of people typed in.
    """
    await decide(call, held_id, HeldState.APPROVED, count=None if data is None else data.count)
    return await _detail(call, held_id)


@post(
    "/api/held-changes/{held_id:uuid}/reject",
    opt=needs(Permission.DECIDE_HELD_CHANGES),
    summary="Put back what held removals took",
    status_code=200,
)
async def reject_held(
    call: TheCall, held_id: FromPath[UUID], data: JSONBody[Decision | None] = None
) -> HeldDetailShape:
    """Memberships and assignments come back; whom that does not help keeps the product by name."""
    await decide(call, held_id, HeldState.REJECTED, count=None if data is None else data.count)
    return await _detail(call, held_id)


HELD_ROUTES = (list_held, get_held, list_held_people, approve_held, reject_held)
