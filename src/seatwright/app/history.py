"""The history as people ask for it: by person, group, product, action, principal, time and call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import Strategy
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import (
    LICENSE_ACTIONS,
    HistoryAction,
    HistoryEvent,
    HistoryFilter,
    HistoryPlace,
    action_of_wire,
)
from seatwright.domain.ids import GroupNo, PrincipalNo, UserNo
from seatwright.postgres.groups import find_groups
from seatwright.postgres.history_read import (
    HistoryPage,
    find_past_group,
    find_past_user,
    principals_called,
    read_history_page,
)
from seatwright.postgres.jobs import find_job
from seatwright.postgres.users import find_users

EXPORT_PAGE_ROWS = 2000
"""An export reads this many rows at a time, so that its memory does not grow with the history."""

KINDS = ("license", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a caller asks for, as texts; all conditions hold at once."""

    kind: str | None = None
    action: str | None = None
    user: str | None = None
    group: str | None = None
    sku: str | None = None
    strategy: str | None = None
    principal: str | None = None
    reason: str | None = None
    correlation_id: str | None = None
    job: str | None = None
    since: str | None = None
    until: str | None = None


async def understand(call: Call, asked: Question) -> HistoryFilter:
    """Turn the texts of a question into what is stored.

    Raises Refusal: unknownUser, unknownGroup, unknownSku, unknownPrincipal, unknownJob for what
    was never there, invalidValue for a text that is no action, strategy, time or id.
    """
    return HistoryFilter(
        actions=_actions(asked),
        user=None if asked.user is None else await past_or_present_user(call, asked.user),
        group=None if asked.group is None else await _group(call, asked.group),
        sku=None if asked.sku is None else (await catalog_of(call)).require_sku(asked.sku).sku_no,
        strategy=None if asked.strategy is None else _strategy(asked.strategy),
        principals=None if asked.principal is None else await _principals(call, asked.principal),
        reason=None if asked.reason is None else asked.reason.strip(),
        correlation=await _correlation(call, asked),
        since=None if asked.since is None else parse_bound("since", asked.since),
        until=None if asked.until is None else parse_bound("until", asked.until),
    )


async def history_page(
    call: Call, wanted: HistoryFilter, *, before: HistoryPlace | None, limit: int
) -> HistoryPage:
    """A page of rows, newest first, and where the next one begins."""
    return await read_history_page(call.tx, wanted, before=before, limit=limit)


async def all_history(call: Call, wanted: HistoryFilter) -> AsyncIterator[HistoryEvent]:
    """Every row that meets the filter, newest first.

    Each page begins below the one before, so the loop ends with the stored rows; rows that are
    written meanwhile are newer than its start.
    """
    before: HistoryPlace | None = None
    while True:
        page = await read_history_page(call.tx, wanted, before=before, limit=EXPORT_PAGE_ROWS)
        for row in page.events:
            yield row
        if page.resume is None:
            return
        before = page.resume


def _actions(asked: Question) -> tuple[HistoryAction, ...] | None:
    if asked.kind is not None and asked.kind not in KINDS:
        raise Refusal(
            Reason.INVALID_VALUE, f"kind is “{asked.kind[:40]}”: give one of {', '.join(KINDS)}."
        )
    if asked.action is None:
        return None if asked.kind == "all" else LICENSE_ACTIONS
    names = [name.strip() for name in asked.action.split(",")]
    return tuple(dict.fromkeys(_action(name) for name in names))


def _action(name: str) -> HistoryAction:
    action = action_of_wire(name)
    if action is None:
        known = ", ".join(one.wire for one in HistoryAction)
        raise Refusal(
            Reason.INVALID_VALUE, f"There is no action “{name[:40]}”. Give some of: {known}."
        )
    return action


def _strategy(text: str) -> Strategy:
    try:
        return Strategy(text.strip().lower())
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no strategy “{text[:40]}”. Give one of: {', '.join(Strategy)}.",
        ) from None


async def past_or_present_user(call: Call, text: str) -> UserNo:
    """A person who is there, else one who was: the history is kept when people go.

    Raises Refusal unknownUser.
    """
    found = (await find_users(call.tx, [text])).get(text)
    if found is None:
        found = await find_past_user(call.tx, id_=parse_id(text), upn_key=text_key(text))
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is and was no person “{text[:120]}”. Give the user principal name or the id;"
            " someone who was purged has only the id.",
            context={"user": text[:120]},
        )
    return found


async def _group(call: Call, text: str) -> GroupNo:
    found = (await find_groups(call.tx, [text])).get(text)
    id_ = parse_id(text)
    if found is None and id_ is not None:
        found = await find_past_group(call.tx, id_)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"There is and was no group “{text[:120]}”. Give the id, or the name of exactly one.",
            context={"group": text[:120]},
        )
    return found


async def _principals(call: Call, text: str) -> tuple[PrincipalNo, ...]:
    found = await principals_called(call.tx, id_=parse_id(text), key=text_key(text))
    if not found:
        raise Refusal(
            Reason.UNKNOWN_PRINCIPAL,
            f"No principal is or was called “{text[:120]}”: give its id or its name.",
            context={"principal": text[:120]},
        )
    return tuple(found)


async def _correlation(call: Call, asked: Question) -> UUID | None:
    """The id that joins everything one call or job did."""
    if asked.job is not None:
        id_ = _id("job", asked.job)
        job = await find_job(call.tx, id_)
        if job is None:
            raise Refusal(
                Reason.UNKNOWN_JOB,
                f"There is no job {id_}: `GET /api/jobs` lists them.",
                context={"job": str(id_)},
            )
        return job.correlation
    return None if asked.correlation_id is None else _id("correlationId", asked.correlation_id)


def _id(name: str, text: str) -> UUID:
    id_ = parse_id(text)
    if id_ is None:
        raise Refusal(Reason.INVALID_VALUE, f"{name} is “{text[:60]}”, which is no UUID.")
    return id_


def parse_bound(name: str, text: str) -> datetime:
    """A moment of ISO 8601, or a date: `since` means its beginning and `until` its end (UTC).

    Raises Refusal invalidValue for anything else.
    """
    # A plus sign in a query that was not escaped arrives as a blank.
    text = text.strip().replace(" ", "+") if "T" in text.upper() else text.strip()
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-01-31"):
            days = 1 if name == "until" else 0
            return datetime.combine(moment.date(), time(), UTC) + timedelta(days=days)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is “{text[:40]}”, which is no time: give one as 2026-01-31 or"
            " 2026-01-31T09:00:00Z.",
        ) from None
