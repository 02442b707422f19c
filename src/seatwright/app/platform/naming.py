"""The people and groups that a call names, and what the history is told of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform_names import LISTED_MAX
from seatwright.postgres.groups import find_groups
from seatwright.postgres.users import find_users


async def known_users(call: Call, texts: Sequence[str]) -> list[UserNo]:
    """The people whom a call names in its body, each once.

    Raises Refusal unknownUser that names those who are unknown.
    """
    found = await find_users(call.tx, texts, by_mail=False)
    _refuse_unknown("person", Reason.UNKNOWN_USER, [text for text in texts if text not in found])
    return sorted(set(found.values()))


async def known_groups(call: Call, texts: Sequence[str]) -> list[GroupNo]:
    """The groups that a call names in its body, each once.

    Raises Refusal unknownGroup that names those that are unknown, or whose name several have.
    """
    found = await find_groups(call.tx, texts)
    _refuse_unknown("group", Reason.UNKNOWN_GROUP, [text for text in texts if text not in found])
    return sorted(set(found.values()))


def _refuse_unknown(noun: str, reason: Reason, texts: Sequence[str]) -> None:
    if not texts:
        return
    more = f" and {len(texts) - LISTED_MAX} more" if len(texts) > LISTED_MAX else ""
    named = ", ".join(f"“{text[:60]}”" for text in texts[:LISTED_MAX])
    raise Refusal(
        reason,
        f"There is no {noun} {named}{more}, so nothing was changed: take the unknown out, or"
        " create them first.",
        context={"unknown": list(texts)},
        is_in_body=True,
    )


async def record_platform(
    call: Call, action: HistoryAction, kind: str, id_: UUID, **detail: object
) -> None:
    """One row of history about an environment, app, flow, security role or default role."""
    await record(call, HistoryLine(action=action, detail={"kind": kind, "id": str(id_), **detail}))
