"""Asking somebody else what they think of a request, by mail (strategies.md R-16).

Whoever may see a request may send it to people of the directory: what is asked, for whom and why,
with a link. It gives nobody a right: they answer the person, and whoever decides still decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.app.requests.orders import checked_text
from seatwright.app.requests.queue import LineSeen, see_request
from seatwright.app.telling.tell import tell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.mail_templates import one_line
from seatwright.domain.requests.lines import LicenseRequest, people_words
from seatwright.domain.requests.states import LineState
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.postgres.users import find_users

RECEIVERS_MAX = 20
SUBJECT_LENGTH_MAX = 200


async def share(
    call: Call,
    text: str,
    *,
    people: Sequence[str],
    subject: str | None = None,
    message: str | None = None,
    link: str | None = None,
) -> tuple[UserLabel, ...]:
    """Mail a pending request to people; gives whom. Somebody gets it once a day from one sharer.

    Raises Refusal unknownRequest, alreadyDecided where nothing is pending, unknownUser for anybody
    who is nobody of the directory (nobody is mailed then), and invalidValue.
    """
    request, seen = await see_request(call, text)
    pending = [one for one in seen if one.line.state_at(call.now) is LineState.PENDING]
    if not pending:
        raise Refusal(
            Reason.ALREADY_DECIDED,
            f"Nothing of {request.id} is pending any more, so there is nothing to think about.",
            context={"requestId": str(request.id)},
        )
    receivers = await _receivers(call, people)
    title = checked_text("subject", subject)
    if title is not None and len(title) > SUBJECT_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The subject has {len(title)} characters: give at most {SUBJECT_LENGTH_MAX}.",
        )
    data = {
        **_facts(request, pending),
        "sharedBy": call.principal.name if call.principal.user_no is None else await _own(call),
        "subject": None if title is None else one_line(title),
        "message": checked_text("message", message),
        "link": None if link is None else f"{link}/requests/{request.id}",
    }
    key = f"{request.id}:shared:{call.principal.principal_no}:{call.now:%Y-%m-%d}"
    kind = EventKind.LICENSE_REQUEST_SHARED
    await tell(call, [Telling(kind=kind, key=key, user=r.user_no, data=data) for r in receivers])
    line = HistoryLine(
        action=HistoryAction.REQUEST_SHARED,
        sku=request.sku,
        detail={"request": str(request.id), "people": len(receivers)},
    )
    await record(call, line)
    return receivers


def _facts(request: LicenseRequest, pending: Sequence[LineSeen]) -> dict[str, str | int | None]:
    names = [
        "somebody who is gone" if one.person is None else one.person.display_name for one in pending
    ]
    return {
        "requestId": str(request.id),
        "product": pending[0].sku.display_name,
        "requestedBy": pending[0].requested_by,
        "people": people_words(names),
        "justification": request.justification,
        "decideBy": min(one.line.due_at for one in pending).isoformat(),
    }


async def _own(call: Call) -> str:
    own = call.principal.user_no
    assert own is not None, "asked only for a person"
    return (await user_labels(call.tx, (own,)))[own].display_name


async def _receivers(call: Call, people: Sequence[str]) -> tuple[UserLabel, ...]:
    names = list(dict.fromkeys(name.strip() for name in people if name.strip()))
    if not 1 <= len(names) <= RECEIVERS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"It is shared with {len(names)} people: give 1 to {RECEIVERS_MAX}.",
        )
    found = await find_users(call.tx, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"Nobody called “{missing[0][:100]}” is in the directory, so it was sent to nobody:"
            " give addresses of people in the directory.",
            is_in_body=True,
            context={"user": missing[0]},
        )
    labels = await user_labels(call.tx, sorted(set(found.values())))
    return tuple(labels[user] for user in sorted(labels))
