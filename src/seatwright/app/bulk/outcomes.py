"""From what became of wants to what became of rows, with a sentence where one is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from seatwright.app.assign.fulfil import Fulfilled, Fulfilment
from seatwright.app.assign.refusals import refusals_of
from seatwright.app.call import Call
from seatwright.domain.assignments import SourceKind
from seatwright.domain.bulk import BulkRow, RowEffect, RowResult, Who
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.wants import WantKind, own_wishes
from seatwright.postgres.labels import GroupLabel, group_labels

ALREADY_ASSIGNED = "Already assigned: no seat was used."
CHANGED = "Already assigned: its service plans were changed, and no seat was used."
DATED = "Already assigned: its dates were changed, and no seat was used."
HELD = "Unassigned; the license stays until an administrator approves that it goes."
WAITS = "No seat is free: the person waits for one and gets it by themselves."


async def outcomes_of(
    call: Call, rows: Sequence[BulkRow], users: Mapping[Who, UserNo], done: Fulfilled
) -> list[RowResult]:
    """What became of each row, in the order of the rows."""
    by_place: dict[int, list[Fulfilment]] = defaultdict(list)
    for result in done.results:
        assert result.want.bundle is not None, "a bulk want says which row it is of"
        by_place[result.want.bundle].append(result)
    said = await _sentences(call, rows, by_place, done)
    groups = await _groups_that_give(call, done.results)
    outcomes: list[RowResult] = []
    given: dict[tuple[UserNo, SkuNo], int] = {}
    unseated: dict[tuple[UserNo, SkuNo], int] = {}
    for place, row in enumerate(rows):
        results = by_place.get(place)
        if results is None:
            outcomes.append(_without_wants(row))
        elif place in said:
            outcomes.append(_failed(row, results, said[place], unseated))
        else:
            outcomes.append(_done(row, results, given, groups))
        for one in results or ():
            if _gives(one):
                given.setdefault((one.want.user, one.want.sku), row.row_no)
    return outcomes


async def _groups_that_give(
    call: Call, results: Sequence[Fulfilment]
) -> Mapping[GroupNo, GroupLabel]:
    """The groups that give people already what was wanted for them."""
    found = {group for one in results for group in _giving(one)}
    return await group_labels(call.tx, sorted(found))


def _giving(one: Fulfilment) -> list[GroupNo]:
    """The groups that give a person the product, where they hold it and not by themselves."""
    if one.had or one.user is None or one.want.kind is WantKind.REMOVE:
        return []
    if all(held.sku != one.want.sku for held in one.user.held):
        return []
    return [
        GroupNo(wish.source.no)
        for wish in one.user.wishes
        if wish.sku == one.want.sku and wish.source.kind is SourceKind.GROUP
    ]


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
    text = row.user_text
    if not text:
        message = "The row names no person."
    elif "@" not in text and parse_id(text) is None:
        message = (
            f"“{text}” is no address: give the id, user principal name or mail address of a person."
        )
    else:
        message = (
            f"There is no person “{text}”. Give the id, user principal name or mail address of one"
            " who was not deleted."
        )
    return RowResult(
        row_no=row.row_no, outcome=Outcome.FAILED, reason=Reason.UNKNOWN_USER, message=message
    )


def _failed(
    row: BulkRow,
    results: Sequence[Fulfilment],
    said: Refusal,
    unseated: dict[tuple[UserNo, SkuNo], int],
) -> RowResult:
    """What became of a row that failed; `unseated` are the first rows without a seat by whom."""
    user = results[0].want.user
    lacks = tuple(one.want.sku for one in results if one.reason is Reason.NO_SEAT_LEFT)
    result = RowResult(
        row_no=row.row_no,
        outcome=Outcome.FAILED,
        user=user,
        reason=said.reason,
        message=said.detail,
        lacks=lacks,
    )
    before = [unseated[user, sku] for sku in lacks if (user, sku) in unseated]
    for sku in lacks:
        unseated.setdefault((user, sku), row.row_no)
    if not before or len(before) < len(lacks):
        return result
    message = f"Row {min(before)} names the same person: no seat is left for them."
    return replace(result, message=message, repeats=True)


def _done(
    row: BulkRow,
    results: Sequence[Fulfilment],
    given: Mapping[tuple[UserNo, SkuNo], int],
    groups: Mapping[GroupNo, GroupLabel],
) -> RowResult:
    user = results[0].want.user
    result = RowResult(
        row_no=row.row_no, outcome=Outcome.SUCCEEDED, user=user, effect=RowEffect.GIVEN
    )
    if any(one.is_waiting for one in results):
        return replace(
            result, outcome=Outcome.WAITING, reason=Reason.NO_SEAT_LEFT, message=WAITS, effect=None
        )
    if any(one.is_held for one in results):
        return replace(
            result, reason=Reason.HELD_FOR_APPROVAL, message=HELD, effect=RowEffect.TAKEN
        )
    if row.kind is WantKind.REMOVE:
        return replace(result, effect=RowEffect.TAKEN)
    before = [given[user, one.want.sku] for one in results if (user, one.want.sku) in given]
    if len(before) == len(results):
        is_changed = any(map(_is_changed, results))
        twice = f"Row {min(before)} names the same person: no seat was used."
        return replace(
            result,
            message=CHANGED if is_changed else twice,
            effect=RowEffect.CHANGED if is_changed else RowEffect.TWICE,
        )
    if all(one.had or (user, one.want.sku) in given for one in results):
        said = _said_of_change(results)
        return replace(
            result,
            message=said or ALREADY_ASSIGNED,
            effect=RowEffect.CHANGED if said else RowEffect.HAD,
        )
    return _inherited(result, results, groups)


def _inherited(
    result: RowResult, results: Sequence[Fulfilment], groups: Mapping[GroupNo, GroupLabel]
) -> RowResult:
    """The row as it is, unless groups give all of it already."""
    fresh = [one for one in results if not one.had]
    if not all(map(_giving, fresh)):
        return result
    if any(map(_is_changed, results)):
        return replace(result, message=CHANGED, effect=RowEffect.CHANGED)
    found = sorted({groups[no].display_name for one in fresh for no in _giving(one)})
    names = " and ".join(found)
    through = f"the group {names}" if len(found) == 1 else f"the groups {names}"
    is_spared = all(one.is_spared for one in fresh)
    said = (
        f"Left out: they have it already, through {through}."
        if is_spared
        else f"They have it already, through {through}: this adds a direct assignment beside that,"
        " and uses no seat."
    )
    effect = RowEffect.HAD_BY_GROUP if is_spared else RowEffect.BESIDE
    return replace(result, message=said, effect=effect)


def _said_of_change(results: Sequence[Fulfilment]) -> str | None:
    """What changed of assignments that were there before; None where nothing did."""
    if any(map(_is_changed, results)):
        return CHANGED
    return DATED if any(map(_is_dated, results)) else None


def _is_changed(one: Fulfilment) -> bool:
    held = one.user.held if one.user is not None else ()
    return any(other.sku == one.want.sku and other.enabled != one.after for other in held)


def _is_dated(one: Fulfilment) -> bool:
    """Whether the person's own assignment got another beginning or end."""
    wish = None if one.user is None else own_wishes(one.user).get(one.want.sku)
    if wish is None:
        return False
    wanted = ((one.want.starts_at, wish.starts_at), (one.want.expires_at, wish.expires_at))
    return any(new is not None and new != old for new, old in wanted)
