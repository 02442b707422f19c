"""Who has not signed in for long and holds a seat: whom one could be taken back from (T-207)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from seatwright.app.call import Call
from seatwright.domain.ids import SkuNo
from seatwright.postgres.idle import IdleCount, IdlePlace, SilentPerson, count_idle, silent_people

IDLE_AFTER: Final = timedelta(days=90)
"""As the report of idle holders has it where nobody says otherwise."""

BLOCK: Final = 200
BLOCKS_MAX: Final = 10
"""A page looks at so many blocks of people at the most: it may be short and still go on."""

COUNTED_MAX: Final = 1_000
LOOKED_AT_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePage:
    """Some idle people, longest silent first; `goes_on_after` is None at the end."""

    people: tuple[SilentPerson, ...]
    goes_on_after: IdlePlace | None


async def idle_people(call: Call, *, sku: SkuNo | None, after: IdlePlace, limit: int) -> IdlePage:
    """People who hold something, or this product, and signed in last before `IDLE_AFTER`.

    Who never signed in is not among them: no day tells for how long (the report has them).
    """
    found: list[SilentPerson] = []
    place = after
    for _ in range(BLOCKS_MAX):
        block = await silent_people(call.tx, before=call.now - IDLE_AFTER, after=place, limit=BLOCK)
        for one in block:
            if len(found) == limit:
                return IdlePage(people=tuple(found), goes_on_after=place)
            place = one.place
            if one.skus if sku is None else sku in one.skus:
                found.append(one)
        if len(block) < BLOCK:
            return IdlePage(people=tuple(found), goes_on_after=None)
    return IdlePage(people=tuple(found), goes_on_after=place)


async def count_idle_people(call: Call) -> IdleCount:
    """How many there are, as far as that is known without looking at everybody."""
    return await count_idle(
        call.tx,
        before=call.now - IDLE_AFTER,
        looked_at=LOOKED_AT_MAX,
        counted=COUNTED_MAX,
    )
