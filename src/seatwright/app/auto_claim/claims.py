"""The report of a policy: who got what, when, through which event (T-074, T-103 to T-106)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from seatwright.app.auto_claim.policies import require_policy
from seatwright.app.call import Call
from seatwright.domain.auto_claim import Policy
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.auto_claim_claims import (
    Claim,
    ClaimPlace,
    ClaimsOfDay,
    Period,
    claims_by_day,
    read_claims,
)
from seatwright.postgres.auto_claim_read import find_deleted_policy

PERIODS: Final = (1, 7, 30, 90)
"""The periods that can be chosen, in days; nothing older than the last is shown (A-67)."""

PERIOD_DEFAULT: Final = 90
FILE_SLICE_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPeriod:
    """A period as it was applied; its label always says the days that it really has (T-106)."""

    days: int
    period: Period

    @property
    def label(self) -> str:
        """`Past 90 days`."""
        return "Past 1 day" if self.days == 1 else f"Past {self.days} days"


def period_of(call: Call, days: int | None) -> ClaimPeriod:
    """The period that a caller asks for, 90 days without a word.

    Raises Refusal invalidValue for any other number than 1, 7, 30 and 90 (T-105).
    """
    wanted = PERIOD_DEFAULT if days is None else days
    if wanted not in PERIODS:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"days is {wanted}: the report covers the past 1, 7, 30 or 90 days.",
        )
    since = call.now - timedelta(days=wanted)
    return ClaimPeriod(days=wanted, period=Period(since=since, until=call.now))


async def require_reported(call: Call, text: str) -> Policy:
    """A policy whose report is asked for; by its id also one that was deleted.

    Raises Refusal unknownPolicy.
    """
    wanted = parse_id(text)
    gone = None if wanted is None else await find_deleted_policy(call.tx, wanted)
    return gone or await require_policy(call, text)


async def claims_page(
    call: Call, policy: Policy, asked: ClaimPeriod, *, before: ClaimPlace | None, limit: int
) -> tuple[Claim, ...]:
    """Claims newest first, one more than `limit` if there are more."""
    return await read_claims(
        call.tx, policy.policy_no, asked.period, before=before, limit=limit + 1
    )


async def all_claims(
    call: Call, policy: Policy, asked: ClaimPeriod
) -> AsyncIterator[tuple[Claim, ...]]:
    """Every claim of a period, slice by slice."""
    place: ClaimPlace | None = None
    while True:
        found = await read_claims(
            call.tx, policy.policy_no, asked.period, before=place, limit=FILE_SLICE_ROWS
        )
        if found:
            yield found
        if len(found) < FILE_SLICE_ROWS:
            return
        place = found[-1].place


async def claims_each_day(
    call: Call, policy: Policy, asked: ClaimPeriod
) -> tuple[ClaimsOfDay, ...]:
    """Every day of a period, oldest first, those without a claim too."""
    found = {one.day: one for one in await claims_by_day(call.tx, policy.policy_no, asked.period)}
    first, last = asked.period.since.date(), asked.period.until.date()
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return tuple(found.get(day, _none(day)) for day in days)


def _none(day: date) -> ClaimsOfDay:
    return ClaimsOfDay(day=day, claims=0, people=0)
