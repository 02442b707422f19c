"""What a change that was just made did, for the page that comes after it: to whom, with what.

It reads the caller's own rows of the history, which need no permission: they did it themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.history import HistoryAction, HistoryFilter
from seatwright.postgres.history_read import read_history

NAMES_MAX: Final = 50
"""People whom a page names or counts after a change; of more it says that they are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Whom a change was about and which products, each once, in the order of what happened.

    `is_more`: there are more people than were looked at.
    """

    people: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    is_more: bool = False


NOTHING: Final = Done()


async def done_by(call: Call, correlation: UUID, *actions: HistoryAction) -> Done:
    """What the caller did under a correlation id, as far as these actions tell."""
    wanted = HistoryFilter(
        actions=actions,
        principals=(call.principal.principal_no,),
        correlation=correlation,
    )
    rows = await read_history(call.tx, wanted, before=None, limit=NAMES_MAX + 1)
    catalog = await catalog_of(call)
    seen = rows[:NAMES_MAX][::-1]
    people = {
        one.user.id: one.user.display_name or one.user.name for one in seen if one.user is not None
    }
    skus = dict.fromkeys(one.sku for one in seen if one.sku is not None)
    return Done(
        people=tuple(name for name in people.values() if name is not None),
        products=tuple(catalog.skus[sku].display_name for sku in skus if sku in catalog.skus),
        is_more=len(rows) > NAMES_MAX,
    )
