"""`/auto-claim/{policy}/report`: who got what and when, as a chart and a table; taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.auto_claim.claims import (
    PERIODS,
    claims_each_day,
    claims_page,
    period_of,
    require_reported,
)
from seatwright.app.auto_claim.taking import unassign_claims
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo
from seatwright.domain.launch import LaunchEvent
from seatwright.domain.roles import Permission
from seatwright.postgres.auto_claim_claims import Claim, ClaimPlace, ClaimsOfDay
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import NothingTicked
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.frame.words import words

ROWS: Final = 50
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day of the chart, in hundredths of its width and height."""

    day: date
    claims: int
    people: int
    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One claim with words."""

    claim: Claim
    product: str
    event: str
    group: str | None


@get("/auto-claim/{policy:str}/report", opt=needs(Permission.READ_REPORTS))
async def report(
    call: TheCall,
    request: AnyRequest,
    *,
    policy: FromPath[str],
    days: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Past 1, 7, 30 or 90 days (T-103 to T-106); also of a policy that was deleted."""
    asked = period_of(call, days)
    found = await require_reported(call, policy)
    each = await claims_each_day(call, found, asked)
    rows = await claims_page(call, found, asked, before=_place(cursor), limit=ROWS)
    more = None
    if len(rows) > ROWS:
        place = rows[ROWS - 1].place
        at = cursor_of((place.at - _EPOCH) // _MICROSECOND, place.claim_no)
        more = f"/auto-claim/{found.policy_id}/report?days={asked.days}&cursor={at}"
    return page(
        request,
        "auto_claim_report.html",
        policy=found,
        asked=asked,
        periods=PERIODS,
        bars=_bars(each),
        total=sum(one.claims for one in each),
        highest=max((one.claims for one in each), default=0),
        lines=await _lines(call, rows[:ROWS]),
        more=more,
        done=done,
    )


def _bars(each: tuple[ClaimsOfDay, ...]) -> tuple[Bar, ...]:
    highest = max((one.claims for one in each), default=0) or 1
    width = 100 / max(1, len(each))
    return tuple(
        Bar(
            day=one.day,
            claims=one.claims,
            people=one.people,
            x=place * width,
            width=width * 0.8,
            height=100 * one.claims / highest,
        )
        for place, one in enumerate(each)
    )


async def _lines(call: Call, rows: tuple[Claim, ...]) -> tuple[ClaimLine, ...]:
    catalog = await catalog_of(call)
    numbers = sorted({row.group for row in rows if row.group is not None})
    groups: Mapping[GroupNo, GroupLabel] = await group_labels(call.tx, numbers)
    events = {one.value: one for one in LaunchEvent}
    return tuple(
        ClaimLine(
            claim=row,
            product=catalog.skus[row.sku].display_name,
            event=words(events[row.event]) if row.event in events else row.event,
            group=None if row.group is None else groups[row.group].display_name,
        )
        for row in rows
    )


@post("/auto-claim/{policy:str}/unassign", opt=needs(Permission.ASSIGN_TO_USERS), status_code=303)
async def unassign(call: TheCall, request: AnyRequest, policy: FromPath[str]) -> Response[None]:
    """Take what the policy gave from the people that were ticked (T-079)."""
    people = tuple(dict.fromkeys(form_of(request).all("user")))
    if not people:
        raise NothingTicked
    await unassign_claims(call, policy, people)
    return see(f"/auto-claim/{policy}/report?done=unassigned")


def _place(cursor: str | None) -> ClaimPlace | None:
    keys = keys_of(cursor, int, int)
    if keys is None:
        return None
    try:
        return ClaimPlace(
            at=_EPOCH + int(keys[0]) * _MICROSECOND, claim_no=max(0, min(int(keys[1]), 2**63 - 1))
        )
    except OverflowError:
        raise Refusal(
            Reason.INVALID_VALUE, gettext("This page of the list is none: begin at its first.")
        ) from None


AUTO_CLAIM_REPORT_PAGES = (report, unassign)
