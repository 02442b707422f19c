"""Held changes: who may decide about them, and what a decision does to the people in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.held_people import approve_people, reject_people
from seatwright.app.jobs import start_job
from seatwright.app.reconcile import USERS_AT_ONCE_MAX
from seatwright.app.record import record
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.brake import ALONE_AFTER, HeldChange, HeldOutcome, HeldState
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import PrincipalNo
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres import held as stored
from seatwright.postgres import held_read as rows
from seatwright.postgres.jobs import Progress, advance_job
from seatwright.postgres.principals import made_after, principal_names, principals_with_roles
from seatwright.postgres.tally import count_waiting
from seatwright.postgres.undo import removals_of

SLICE_PEOPLE = 2000
"""People in one transaction: about 30 ms of held locks for each (`performance.md` C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSeen:
    """A held change with the names behind its numbers."""

    held: HeldChange
    sku: CatalogSku
    made_by: tuple[UUID, str]
    decided_by: tuple[UUID, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldInDetail:
    """What a decision about a held change would come to, or came to.

    `seats_freed` come free when it is approved, and `waiting` people are in line for them;
    `rejected` says what a rejection would put back.
    """

    seen: HeldSeen
    outcomes: Mapping[HeldOutcome | None, int]
    seats_freed: int
    waiting: int
    rejected: str


async def list_held_changes(
    call: Call, *, state: HeldState | None, before: int | None, limit: int
) -> list[HeldSeen]:
    """Held changes, newest first; one more than `limit` if there are more."""
    found = await rows.list_held(call.tx, state=state, before=before, limit=limit + 1)
    return await _seen(call, found)


async def _seen(call: Call, found: Sequence[HeldChange]) -> list[HeldSeen]:
    numbers = {one.principal_no for one in found}
    numbers |= {one.decided_by for one in found if one.decided_by is not None}
    names = await principal_names(call.tx, sorted(PrincipalNo(no) for no in numbers))
    skus = (await catalog_of(call)).skus
    return [
        HeldSeen(
            held=one,
            sku=skus[one.sku],
            made_by=names[PrincipalNo(one.principal_no)],
            decided_by=None if one.decided_by is None else names[PrincipalNo(one.decided_by)],
        )
        for one in found
    ]


async def require_held(call: Call, id_: UUID) -> HeldChange:
    """A held change by its id.

    Raises Refusal unknownHeldChange.
    """
    held = await rows.find_held(call.tx, id_)
    if held is None:
        raise Refusal(
            Reason.UNKNOWN_HELD_CHANGE,
            f"There is no held change {id_}: GET /api/held-changes lists which there are.",
        )
    return held


async def see_held_change(call: Call, id_: UUID) -> HeldInDetail:
    """What a held change is about, and what each decision would do.

    Raises Refusal unknownHeldChange.
    """
    held = await require_held(call, id_)
    outcomes = await rows.count_outcomes(call.tx, held.held_no)
    open_count = outcomes.get(None, 0)
    return HeldInDetail(
        seen=(await _seen(call, (held,)))[0],
        outcomes=outcomes,
        seats_freed=open_count,
        waiting=(await count_waiting(call.tx)).get(held.sku, 0),
        rejected=await _told_rejection(call, held) if open_count else "",
    )


async def people_of_held(call: Call, id_: UUID, *, after: int, limit: int) -> list[rows.HeldPerson]:
    """The people of a held change, one more than `limit` if there are more.

    Raises Refusal unknownHeldChange.
    """
    held = await require_held(call, id_)
    return await rows.held_people(call.tx, held.held_no, after=after, limit=limit + 1)


async def _told_rejection(call: Call, held: HeldChange) -> str:
    """What a rejection would put back, in a sentence."""
    people = await rows.open_people(call.tx, held.held_no, limit=SLICE_PEOPLE)
    back = await removals_of(call.tx, held.correlation, people, sku=held.sku)
    able = [one for one in back if one.is_as_left(call.now) and one.has_user and one.has_groups]
    own = sum(one.user is not None and one.sku is not None for one in able)
    members = sum(one.user is not None and one.sku is None for one in able)
    groups = sum(one.user is None for one in able)
    parts = [
        f"{count:,} {one if count == 1 else many}"
        for count, one, many in (
            (own, "assignment of a person", "assignments of people"),
            (members, "membership", "memberships"),
            (groups, "license or place of a group", "licenses or places of groups"),
        )
        if count
    ]
    what = " and ".join(parts) or "nothing"
    # Enough to know what it comes to: of more people not everything is counted for one look.
    whose = f"Of the first {SLICE_PEOPLE:,} people a" if len(people) == SLICE_PEOPLE else "A"
    return (
        f"{whose} rejection puts back {what}; whom that does not give the product keeps it as an"
        " assignment of their own."
    )


async def decide(call: Call, id_: UUID, state: HeldState, *, count: int | None) -> HeldChange:
    """Approve or reject a held change; up to 500 people follow in this call, more as a job.

    `count` is what an administrator who is alone types in. Raises Refusal: unknownHeldChange,
    alreadyDecided, stillRunning, ownChange, tooEarly, invalidValue for another count.
    """
    await require_held(call, id_)
    # Nothing else is locked yet, and whoever holds people of it never waits for this row.
    held = await rows.find_held(call.tx, id_, is_locked=True)
    assert held is not None, "held changes are never deleted alone"
    if held.state is not HeldState.PENDING:
        raise await _already(call, held)
    if await rows.is_worked_on(call.tx, held.correlation):
        raise Refusal(
            Reason.STILL_RUNNING,
            "The job that removes these licenses is still running and may hold more: decide when it"
            f" has ended. {held.people:,} people are held so far.",
        )
    await _refuse_own(call, held, count)
    if count is not None and count != held.people:
        raise _miscounted(held, count)
    await stored.decide_held(
        call.tx, held.held_no, state, by=call.principal.principal_no, at=call.now
    )
    await _record(call, held, state)
    await _follow(call, held, state)
    return await require_held(call, id_)


async def _already(call: Call, held: HeldChange) -> Refusal:
    seen = (await _seen(call, (held,)))[0]
    if seen.decided_by is None or held.decided_at is None:
        said = "has ended by itself: nobody is left in it"
    else:
        said = (
            f"was {held.state.value} by “{seen.decided_by[1]}” on"
            f" {held.decided_at:%Y-%m-%d %H:%M} UTC"
        )
    return Refusal(
        Reason.ALREADY_DECIDED,
        f"The held change {held.id} {said}.",
        context={"state": held.state.value},
    )


async def _refuse_own(call: Call, held: HeldChange, count: int | None) -> None:
    """Refuse a decision by whoever made the change, unless they are alone and have waited."""
    roles = roles_permitting(Permission.DECIDE_HELD_CHANGES)
    deciders = await principals_with_roles(call.tx, [role.value for role in roles])
    me, maker = call.principal.principal_no, PrincipalNo(held.principal_no)
    helpers = await made_after(call.tx, maker, held.made_at)
    if me == maker:
        if deciders - helpers - {me}:
            raise Refusal(
                Reason.OWN_CHANGE,
                f"“{call.principal.name}” made this change, so somebody else decides about it: a"
                f" principal with one of: {', '.join(role.value for role in roles)}. To take it"
                f" back, undo {held.correlation}.",
            )
        _refuse_hasty(call, held, count)
        return
    if me in helpers:
        raise Refusal(
            Reason.OWN_CHANGE,
            f"“{call.principal.name}” was made, after the change, by whoever made the change: that"
            " is no second administrator. Ask one who was there before; if there is none, whoever"
            " made the change decides 15 minutes after it, with the count of people.",
        )


def _refuse_hasty(call: Call, held: HeldChange, count: int | None) -> None:
    ready_at = held.made_at + ALONE_AFTER
    if call.now < ready_at:
        raise Refusal(
            Reason.TOO_EARLY,
            "You are the only one who could decide, and it is your own change: decide from"
            f" {ready_at:%Y-%m-%d %H:%M} UTC on, with the count of people typed in.",
            context={"from": ready_at.isoformat()},
        )
    if count is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "You are the only one who could decide, and it is your own change: say how many people"
            ' it concerns, as {"count": N}.',
        )


def _miscounted(held: HeldChange, count: int) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"count is {count}, but the change concerns another number of people. GET"
        f" /api/held-changes/{held.id} shows them: look again, then give their number.",
        context={"count": count},
    )


async def _record(call: Call, held: HeldChange, state: HeldState) -> None:
    is_approved = state is HeldState.APPROVED
    action = (
        HistoryAction.HELD_CHANGE_APPROVED if is_approved else HistoryAction.HELD_CHANGE_REJECTED
    )
    maker = PrincipalNo(held.principal_no)
    made_by, _ = (await principal_names(call.tx, [maker]))[maker]
    detail = {
        "heldChange": str(held.id),
        "people": held.people,
        "madeBy": str(made_by),
        "correlationId": str(held.correlation),
    }
    source = Source(kind=SourceKind.HOLD, no=held.held_no)
    await record(call, HistoryLine(action=action, sku=held.sku, source=source, detail=detail))


async def _follow(call: Call, held: HeldChange, state: HeldState) -> None:
    """Have the people of a decided change follow: at once when they are few."""
    if held.people <= USERS_AT_ONCE_MAX or call.is_foreseen:
        while await _next_people(call, held, state):
            pass
        return
    params = {"heldChange": str(held.id), "state": state.value}
    await start_job(call, JobKind.DECISION, params=params, total=held.people)


async def _next_people(call: Call, held: HeldChange, state: HeldState) -> int:
    """Have the next people follow; how many they were."""
    people = await rows.open_people(call.tx, held.held_no, limit=SLICE_PEOPLE)
    if people:
        follow = approve_people if state is HeldState.APPROVED else reject_people
        await follow(call, held, people)
    return len(people)


async def work_decision_slice(call: Call, job: Job) -> bool:
    """Take the next people of a decided change; True when there are none left."""
    params = cast(dict[str, Any], job.params)
    held = await require_held(call, UUID(params["heldChange"]))
    done = await _next_people(call, held, HeldState(params["state"]))
    await advance_job(call.tx, job.job_no, Progress(succeeded=done))
    return done == 0


async def leave_decision(call: Call, job: Job) -> None:
    """Let whoever is left of a decided change wait again: its job was cancelled, or failed."""
    held = await require_held(call, UUID(str(job.params["heldChange"])))
    await stored.reopen_held(call.tx, held.held_no)
