"""`/api/auto-claim/notices`: what people are told about claims, and keeping a license."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.auto_claim import notices
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.auto_claim_notices import Notice
from seatwright.domain.roles import Permission
from seatwright.postgres.auto_claim_read import policy_names
from seatwright.postgres.labels import user_labels
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.auto_claim_claims import ClaimUser
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit


class NoticeShape(Shape, kw_only=True, frozen=True):
    """A notice: `release` to the holder of a license that nobody uses, or `seats` running out.

    `outcome` is null while it is open; else kept, used, released, heldForApproval, gone or filled.
    """

    id: UUID
    kind: str
    policy: str
    user: ClaimUser | None
    product: str | None
    at: datetime
    due_at: datetime | None
    seats_free: int | None
    ended_at: datetime | None
    outcome: str | None


@get(
    "/api/auto-claim/notices",
    opt=needs(Permission.SEE_NOTICES),
    summary="List notices about claims",
)
async def list_notices(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[NoticeShape]:
    """Newest first; a person sees those to themselves."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    before = None if keys is None else max(0, min(int(keys[0]), 2**63 - 1))
    rows = await notices.notices_page(call, before=before, limit=size)
    return Page(
        value=await _shapes(call, rows[:size]),
        next_cursor=cursor_of(rows[size - 1].notice_no) if len(rows) > size else None,
    )


@post(
    "/api/auto-claim/notices/{notice_id:uuid}/keep",
    opt=needs(Permission.SEE_NOTICES),
    summary="Keep a license that would be released",
    status_code=200,
)
async def keep_license(call: TheCall, notice_id: FromPath[UUID]) -> NoticeShape:
    """The time without use begins anew; for whoever holds it, or who assigns products."""
    return (await _shapes(call, [await notices.keep(call, notice_id)]))[0]


async def _shapes(call: Call, rows: Sequence[Notice]) -> list[NoticeShape]:
    catalog = await catalog_of(call)
    people = await user_labels(call.tx, [row.user for row in rows if row.user is not None])
    names = await policy_names(call.tx, [row.policy for row in rows])

    def user(row: Notice) -> ClaimUser | None:
        label = None if row.user is None else people.get(row.user)
        if label is None:
            return None
        return ClaimUser(
            id=label.id, user_principal_name=label.upn, display_name=label.display_name
        )

    return [
        NoticeShape(
            id=row.id,
            kind=row.kind.value,
            policy=names[row.policy],
            user=user(row),
            product=None if row.sku is None else catalog.sku_name(row.sku),
            at=row.at,
            due_at=row.due_at,
            seats_free=row.seats,
            ended_at=row.ended_at,
            outcome=None if row.outcome is None else row.outcome.value,
        )
        for row in rows
    ]


AUTO_CLAIM_NOTICE_ROUTES = (list_notices, keep_license)
