"""Telling people of the dates of their licenses: that one ends soon, has begun, or has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.telling.tell import tell
from seatwright.domain.reconcile import ChangeSet
from seatwright.domain.settings import setting_value
from seatwright.domain.telling import EventKind, Telling
from seatwright.domain.warning_days import warning_days_in
from seatwright.postgres.assignments import DatePassed, EndedAssignment
from seatwright.postgres.expiry_warnings import (
    DueWarning,
    due_warnings,
    forget_warnings,
    names_of_people,
    note_warnings,
)

WARNINGS_AT_ONCE_MAX = 10_000
"""Each page looks at all that end soon, so that few large ones cost least."""
HOW_TO_EXTEND: Final = "POST /api/license-requests with extends: true asks for more time."


async def warn_of_ends(call: Call) -> bool:
    """A step of upkeep: tell people whose assignments end soon; whether there may be more.

    Once for each of the tenant's numbers of days. Who was to be told several times while nobody
    looked is told once, the nearest.
    """
    days = warning_days_in(str(setting_value(call.tenant.settings, "expiryWarningDays")))
    if not days:
        return False
    horizon = call.now + timedelta(days=max(days))
    due = await due_warnings(
        call.tx, days, now=call.now, horizon=horizon, limit=WARNINGS_AT_ONCE_MAX
    )
    if not due:
        await forget_warnings(call.tx, before=call.now)
        return False
    catalog = await catalog_of(call)
    await note_warnings(call.tx, due)
    await tell(call, [_warning(call, one, product=catalog.sku_name(one.sku)) for one in due])
    return len(due) == WARNINGS_AT_ONCE_MAX


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
