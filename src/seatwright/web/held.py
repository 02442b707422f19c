"""What a call is told of removals that the brake holds: 202, and under which ids they wait."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final
from uuid import UUID

import msgspec

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.errors import Reason
from seatwright.domain.ids import UserNo
from seatwright.web.answers import Answer

HELD_HEADER: Final = b"seatwright-held-changes"
"""The ids of the held changes, on every answer to a call of which something is held."""

_DONE: Final = frozenset({200, 201, 204})


class HeldRemovals(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """Removals of one product that wait: who made the change cannot decide about it."""

    id: UUID
    sku_id: UUID
    sku_part_number: str
    people: int
    sentence: str


class HeldAnswer(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A call that was done, but for removals that wait for approval.

    `answer` is what it would have answered without the brake.
    """

    reason: str
    message: str
    held_changes: list[HeldRemovals]
    answer: dict[str, Any] | None


async def told_held(answer: Answer, call: Call) -> Answer:
    """The answer with what is held: 202 in place of 200, 201 and 204; else in a header alone."""
    if not call.ledger.held or answer.status >= 400:
        return answer
    skus = (await catalog_of(call)).skus
    # A call that reconciles twice tells the same change twice; the last sentence counts all.
    people: dict[UUID, set[UserNo]] = defaultdict(set)
    held: dict[UUID, HeldRemovals] = {}
    for one in call.ledger.held:
        if one.held_change is None:
            continue
        people[one.held_change].update(one.users)
        held[one.held_change] = HeldRemovals(
            id=one.held_change,
            sku_id=skus[one.sku].sku_id,
            sku_part_number=skus[one.sku].part_number,
            people=len(people[one.held_change]),
            sentence=one.sentence,
        )
    header = (HELD_HEADER, ", ".join(str(id_) for id_ in held).encode())
    if answer.status not in _DONE:
        return Answer(answer.status, [*answer.headers, header], answer.body)
    sentences = " ".join(one.sentence for one in held.values())
    body = msgspec.json.encode(
        HeldAnswer(
            reason=Reason.HELD_FOR_APPROVAL.value,
            message=f"Done, but the licenses wait for a second administrator. {sentences}",
            held_changes=list(held.values()),
            answer=msgspec.json.decode(answer.body) if answer.body else None,
        )
    )
    headers = [
        (name, value)
        for name, value in answer.headers
        if name.lower() not in {b"content-type", b"content-length"}
    ]
    headers += [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        header,
    ]
    return Answer(202, headers, body)
