"""From what became of wants to what became of rows, with a sentence where one is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from seatwright.app.assign.fulfil import Fulfilled, Fulfilment
from seatwright.app.assign.refusals import refusals_of
from seatwright.app.call import Call
from seatwright.domain.bulk import BulkRow, RowResult
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.wants import WantKind

ALREADY_ASSIGNED = "Already assigned: no seat was used."
CHANGED = "Already assigned: its service plans were changed, and no seat was used."
HELD = "Unassigned; the license stays until an administrator approves that it goes."
WAITS = "No seat is free: the person waits for one and gets it by themselves."


async def outcomes_of(
    call: Call, rows: Sequence[BulkRow], users: Mapping[str, UserNo], done: Fulfilled
) -> list[RowResult]:
    """What became of each row, in the order of the rows."""
    by_place: dict[int, list[Fulfilment]] = defaultdict(list)
    for result in done.results:
        assert result.want.bundle is not None, "a bulk want says which row it is of"
        by_place[result.want.bundle].append(result)
    said = await _sentences(call, rows, by_place, done)
    outcomes: list[RowResult] = []
    given: set[tuple[UserNo, SkuNo]] = set()
    for place, row in enumerate(rows):
        results = by_place.get(place)
        if results is None:
            outcomes.append(_without_wants(row))
        elif place in said:
            outcomes.append(_failed(row, users[row.user_text], said[place]))
        else:
            outcomes.append(_done(row, results, given))
        given.update((one.want.user, one.want.sku) for one in results or () if _gives(one))
    return outcomes


async def _sentences(
    call: Call,
    rows: Sequence[BulkRow],
    by_place: Mapping[int, Sequence[Fulfilment]],
    done: Fulfilled,
) -> dict[int, Refusal]:
    """The refusal of each row that failed, all of them made at once."""
    denied = [
        (place, _cause(results))
        for place, results in by_place.items()
        if any(one.reason for one in results)
    ]
    if not denied:
        return {}
    named = [(result, rows[place].user_text) for place, result in denied]
    refusals = await refusals_of(call, named, snapshot=done.snapshot)
    return {place: said for (place, _), said in zip(denied, refusals, strict=True)}


def _cause(results: Iterable[Fulfilment]) -> Fulfilment:
    """The want of a row that failed by itself: the others only failed with it."""
    denied = [one for one in results if one.reason is not None]
    return next((one for one in denied if one.reason is not Reason.SIBLING_FAILED), denied[0])


def _gives(one: Fulfilment) -> bool:
    return one.reason is None and one.want.kind is not WantKind.REMOVE


def _without_wants(row: BulkRow) -> RowResult:
    if row.fault is None:
        return unknown_person(row)
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.FAILED,
        reason=row.fault.reason,
        message=row.fault.message,
    )


def unknown_person(row: BulkRow) -> RowResult:
    """The outcome of a row whose person was not found."""
    message = (
        f"There is no person “{row.user_text}”. Give the id, user principal name or mail address"
        " of one who was not deleted."
        if row.user_text
        else "The row names no person."
    )
    return RowResult(
        row_no=row.row_no, outcome=Outcome.FAILED, reason=Reason.UNKNOWN_USER, message=message
    )


def _failed(row: BulkRow, user: UserNo, said: Refusal) -> RowResult:
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.FAILED,
        user=user,
        reason=said.reason,
        message=said.detail,
    )


def _done(
    row: BulkRow, results: Sequence[Fulfilment], given: set[tuple[UserNo, SkuNo]]
) -> RowResult:
    user = results[0].want.user
    if any(one.is_waiting for one in results):
        return RowResult(
            row_no=row.row_no,
            outcome=Outcome.WAITING,
            user=user,
            reason=Reason.NO_SEAT_LEFT,
            message=WAITS,
        )
    if any(one.is_held for one in results):
        return RowResult(
            row_no=row.row_no,
            outcome=Outcome.SUCCEEDED,
            user=user,
            reason=Reason.HELD_FOR_APPROVAL,
            message=HELD,
        )
    message = None
    if row.kind is not WantKind.REMOVE and all(
        one.had or (user, one.want.sku) in given for one in results
    ):
        message = CHANGED if any(map(_is_changed, results)) else ALREADY_ASSIGNED
    return RowResult(row_no=row.row_no, outcome=Outcome.SUCCEEDED, user=user, message=message)


def _is_changed(one: Fulfilment) -> bool:
    held = one.user.held if one.user is not None else ()
    return any(other.sku == one.want.sku and other.enabled != one.after for other in held)
