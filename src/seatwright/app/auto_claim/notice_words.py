"""What people are told about claims, in the fields of `telling_fields.py`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.auto_claim import Policy
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.auto_claim_notices import NewNotice
from seatwright.postgres.labels import user_labels


async def releases_told(
    call: Call, policy: Policy, new: Sequence[NewNotice]
) -> tuple[Telling, ...]:
    """To each holder, that what they do not use will be released."""
    catalog = await catalog_of(call)
    people = await user_labels(call.tx, [one.user for one in new])
    return tuple(
        Telling(
            kind=EventKind.CLAIM_RELEASING,
            key=str(one.id),
            user=one.user,
            data={
                "product": catalog.sku_name(one.sku),
                "person": people[one.user].display_name,
                "app": policy.name,
                "noticeId": str(one.id),
                "dueAt": one.due_at.isoformat(),
            },
        )
        for one in new
        if one.user in people
    )


async def seats_told(call: Call, policy: Policy, notice_id: UUID, *, seats: int) -> Telling:
    """To the administrators, that the seats of a policy run out."""
    catalog = await catalog_of(call)
    return Telling(
        kind=EventKind.SEATS_RUNNING_OUT,
        key=str(notice_id),
        user=None,
        data={
            "product": ", ".join(catalog.sku_name(one.sku) for one in policy.products),
            "seatsFree": seats,
            "app": policy.name,
        },
    )
