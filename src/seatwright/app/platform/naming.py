"""Which stored thing a text names, where several may bear one name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import EnvironmentNo
from seatwright.postgres.groups import find_groups
from seatwright.postgres.users import find_users

Number = TypeVar("Number", bound=int)

Candidate = tuple[Number, UUID, str | None, str, EnvironmentNo | None]
"""Number, id, key of the outer id, key of the name, and environment of a thing."""

_LISTED_MAX: Final = 5


def pick(
    candidates: Sequence[Candidate[Number]], text: str, *, environment: EnvironmentNo | None = None
) -> Number | None:
    """The one of these that a text names: by its id, the id it came with, or its name.

    With an environment only a name in it counts. Raises Refusal invalidValue for a name that
    several have.
    """
    id_, key = parse_id(text), text_key(text)
    by_id = [one[0] for one in candidates if one[1] == id_]
    by_external = [one[0] for one in candidates if one[2] == key]
    if by_id or by_external:
        return (by_id or by_external)[0]
    named = [one for one in candidates if one[3] == key and environment in {None, one[4]}]
    if len(named) > 1:
        ids = ", ".join(str(one[1]) for one in named[:_LISTED_MAX])
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(named)} are called “{text[:60]}”: give the id of one of them, such as {ids}.",
            context={"value": text[:60]},
        )
    return named[0][0] if named else None


def texts_to_find(texts: Sequence[str]) -> tuple[list[UUID], list[str]]:
    """The ids and the keys by which things with these texts can be found."""
    ids = [id_ for text in texts if (id_ := parse_id(text)) is not None]
    return ids, sorted({text_key(text) for text in texts})


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
    more = f" and {len(texts) - _LISTED_MAX} more" if len(texts) > _LISTED_MAX else ""
    named = ", ".join(f"“{text[:60]}”" for text in texts[:_LISTED_MAX])
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
