"""Telling people of the dates of their licenses: that one ends soon, has begun, or has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.telling.tell import tell
from seatwright.domain.assignments import SourceKind
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile import ChangeSet
from seatwright.domain.reconcile.world import Wish
from seatwright.domain.settings import semantics_in, setting_value
from seatwright.domain.telling import EventKind, Telling
from seatwright.domain.warning_days import warning_days_in
from seatwright.postgres.assignments import DatePassed, EndedAssignment
from seatwright.postgres.expiry_warnings import (
    DueWarning,
    Window,
    come_near,
    due_of,
    forget_warnings,
    hold_looks,
    move_look,
    names_of_people,
    note_warnings,
    take_unseen,
)
from seatwright.postgres.world_read import read_people

WARNINGS_AT_ONCE_MAX = 10_000
FORGOTTEN_AT_ONCE_MAX = 10_000

LOOK_KEPT_AFTER: Final = timedelta(hours=1)
"""A look that found nothing is written down this seldom: to look there again costs nothing."""

HOW_TO_EXTEND: Final = "POST /api/license-requests with extends: true asks for more time."


async def warn_of_ends(call: Call) -> bool:
    """A step of upkeep: tell people whose assignments end soon; whether there may be more.

    Once for each of the tenant's numbers of days. Who was to be told several times while nobody
    looked is told once, the nearest. It looks at the ends that came near since the last look, and
    at what was written since, so that a minute in which nothing is due reads nothing.
    """
    days = warning_days_in(str(setting_value(call.tenant.settings, "expiryWarningDays")))
    if not days:
        # Numbers that come back later look at everything: nothing of what is written now counts.
        await hold_looks(call.tx, ())
        return len(await take_unseen(call.tx, limit=WARNINGS_AT_ONCE_MAX)) == WARNINGS_AT_ONCE_MAX
    looks = await hold_looks(call.tx, days)
    if any(seen and seen > call.now + timedelta(days=one) for one, seen in looks.items()):
        return False  # A worker whose clock is ahead has looked: it goes on from there.
    if await _warn_of_unseen(call, days):
        return True
    for number in sorted(looks):
        if await _warn_of_window(call, days, number=number, seen=looks[number]):
            return True
    forgotten = await forget_warnings(call.tx, before=call.now, limit=FORGOTTEN_AT_ONCE_MAX)
    return forgotten == FORGOTTEN_AT_ONCE_MAX


async def _warn_of_unseen(call: Call, days: Sequence[int]) -> bool:
    """Warn of what was written since the last look; whether there may be more of it."""
    until = call.now + timedelta(days=max(days))
    window = Window(days=days, now=call.now, after=call.now, until=until)
    unseen = await take_unseen(call.tx, limit=WARNINGS_AT_ONCE_MAX)
    if unseen:
        await _tell_of_ends(call, await due_of(call.tx, window, unseen))
    return len(unseen) == WARNINGS_AT_ONCE_MAX


async def _warn_of_window(
    call: Call, days: Sequence[int], *, number: int, seen: datetime | None
) -> bool:
    """Warn of what came within one number of days; whether there may be more of it."""
    until = call.now + timedelta(days=number)
    window = Window(days=days, now=call.now, after=max(seen or call.now, call.now), until=until)
    due = await come_near(call.tx, window, limit=WARNINGS_AT_ONCE_MAX)
    await _tell_of_ends(call, due)
    if len(due) == WARNINGS_AT_ONCE_MAX:
        return True  # The next page passes these by, as they are noted.
    if due or seen is None or until - seen >= LOOK_KEPT_AFTER:
        await move_look(call.tx, number, until=until)
    return False


async def _tell_of_ends(call: Call, due: Sequence[DueWarning]) -> None:
    if not due:
        return
    catalog = await catalog_of(call)
    await note_warnings(call.tx, due)
    felt = await _that_are_felt(call, due)
    await tell(call, [_warning(call, one, product=catalog.sku_name(one.sku)) for one in felt])


async def _that_are_felt(call: Call, due: Sequence[DueWarning]) -> list[DueWarning]:
    """Without those whose person keeps the product beyond that end through something else."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    people = await read_people(call.tx, [one.user for one in due], nested=nested)
    kept: dict[tuple[UserNo, SkuNo], list[Wish]] = {}
    for person in people:
        for wish in person.wishes:
            if wish.counts_at(call.now) and wish.source.kind is not SourceKind.HOLD:
                kept.setdefault((person.user_no, wish.sku), []).append(wish)
    return [
        one
        for one in due
        if not any(
            wish.expires_at is None or wish.expires_at > one.expires_at
            for wish in kept.get((one.user, one.sku), ())
        )
    ]


def _warning(call: Call, one: DueWarning, *, product: str) -> Telling:
    """The number of days is what is left: which warning it is may be far more than that."""
    days = ceil((one.expires_at - call.now) / timedelta(days=1))
    return Telling(
        kind=EventKind.ASSIGNMENT_EXPIRING,
        key=f"{one.assignment_no}:{one.expires_at.isoformat()}:{one.days}",
        user=one.user,
        data={
            "product": product,
            "person": one.display_name,
            "expiresAt": one.expires_at.isoformat(),
            "days": days,
            "timeLeft": "1 day" if days == 1 else f"{days} days",
            "howToExtend": HOW_TO_EXTEND,
        },
    )


async def tell_of_dates(
    call: Call, passed: DatePassed, seen: Sequence[EndedAssignment], changes: ChangeSet
) -> None:
    """Tell people of licenses that began or ended with these assignments.

    Who keeps a product through something else, or waits for a seat, has nothing to be told of.
    """
    moved = {(change.user_no, change.sku) for change in changes.changes}
    concerned = [one for one in seen if (one.user, one.sku) in moved]
    if not concerned:
        return
    names = await names_of_people(call.tx, [one.user for one in concerned])
    catalog = await catalog_of(call)
    is_end = passed is DatePassed.EXPIRED
    kind = EventKind.ASSIGNMENT_EXPIRED if is_end else EventKind.ASSIGNMENT_STARTED
    field = "expiredAt" if is_end else "expiresAt"
    await tell(
        call,
        [
            Telling(
                kind=kind,
                key=f"{one.assignment_no}:{call.now.isoformat()}",
                user=one.user,
                data={
                    "product": catalog.sku_name(one.sku),
                    "person": names[one.user],
                    field: None if one.expires_at is None else one.expires_at.isoformat(),
                },
            )
            for one in concerned
        ],
    )
