"""What a search box offers while somebody types: a few people, products and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seatwright.app.call import Call
from seatwright.app.seats import list_seats
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.labels import GroupLabel, UserLabel
from seatwright.postgres.suggestions import some_groups, some_people

LETTERS_MIN: Final = 2
"""One letter begins the names of a great many."""

SHOWN_MAX: Final = 5
"""Of each kind: what somebody takes in at a glance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """The first of each kind that what was typed may mean."""

    people: tuple[UserLabel, ...] = ()
    products: tuple[CatalogSku, ...] = ()
    groups: tuple[GroupLabel, ...] = ()

    @property
    def count(self) -> int:
        """How many there are of all kinds."""
        return len(self.people) + len(self.products) + len(self.groups)


async def suggest(call: Call, search: str, *, is_people_only: bool = False) -> Suggestions:
    """Nothing for too few letters; products only for those who may see them.

    `is_people_only` is for a field that a person belongs into.
    """
    text = search.strip()
    if len(text) < LETTERS_MIN:
        return Suggestions()
    people = await some_people(call.tx, text, limit=SHOWN_MAX)
    if is_people_only:
        return Suggestions(people=people)
    return Suggestions(
        people=people,
        products=await _products(call, text),
        groups=await some_groups(call.tx, text, limit=SHOWN_MAX),
    )


async def _products(call: Call, text: str) -> tuple[CatalogSku, ...]:
    if not call.principal.may(Permission.READ_LICENSES):
        return ()
    seats = await list_seats(call, is_all=False, after=0, limit=SHOWN_MAX, search=text)
    return tuple(one.sku for one in seats[:SHOWN_MAX])
