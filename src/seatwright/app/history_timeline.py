"""One person's time line, also of somebody who is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seatwright.app.call import Call
from seatwright.app.history import past_or_present_user
from seatwright.domain.history import HistoryFilter, NamedSubject
from seatwright.domain.history_timeline import TIMELINE_ACTIONS, Span, timeline
from seatwright.postgres.history_read import name_groups, name_user, read_history_page
from seatwright.postgres.history_timeline import read_held_spans, read_open_errors

EVENTS_MAX: Final = 5000
"""Of a person with a longer history the older waits and errors are left out, and it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A person with their spans, by product and then by time, and the groups that gave them."""

    user: NamedSubject | None
    spans: tuple[Span, ...]
    groups: dict[int, NamedSubject]
    is_complete: bool


async def timeline_of(call: Call, text: str) -> Timeline:
    """The time line of a person by id, also when purged, or by user principal name.

    Raises Refusal unknownUser.
    """
    user = await past_or_present_user(call, text)
    wanted = HistoryFilter(actions=TIMELINE_ACTIONS, user=user)
    page = await read_history_page(call.tx, wanted, before=None, limit=EVENTS_MAX)
    spans = timeline(
        await read_held_spans(call.tx, user),
        tuple(reversed(page.events)),
        await read_open_errors(call.tx, user),
    )
    return Timeline(
        user=await name_user(call.tx, user),
        spans=spans,
        groups=await name_groups(call.tx, (span.source for span in spans)),
        is_complete=page.resume is None,
    )
