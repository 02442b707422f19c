"""What the answers about environments, apps and flows have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.platform.things import Kind, page_of
from seatwright.domain.directory import PersonRef, text_key
from seatwright.domain.platform_things import EnvironmentRef, Facts, Fields, Thing
from seatwright.domain.security_roles import RolePerson
from seatwright.postgres.platform_things import ThingPlace
from seatwright.web.rest.bodies import Page, Shape, keys_of, keyset_page, page_limit

Shown = TypeVar("Shown")


class EnvironmentRefShape(Shape, kw_only=True, frozen=True):
    """An environment as other things name it."""

    id: UUID
    display_name: str
    managed: bool


def environment_shape(one: EnvironmentRef) -> EnvironmentRefShape:
    """What an answer shows of the environment that something is in."""
    return EnvironmentRefShape(id=one.id, display_name=one.name, managed=one.is_managed)


class PersonShape(Shape, kw_only=True, frozen=True):
    """Somebody, by name."""

    id: UUID
    user_principal_name: str
    display_name: str


def person_shape(one: PersonRef | RolePerson) -> PersonShape:
    """What an answer shows of somebody."""
    return PersonShape(
        id=one.id, user_principal_name=one.user_principal_name, display_name=one.display_name
    )


async def page_of_things(
    call: Call,
    kind: Kind[Fields, Facts],
    shape: Callable[[Thing[Fields, Facts]], Shown],
    *,
    cursor: str | None,
    limit: int | None,
    only: tuple[str, object] | None = None,
) -> Page[Shown]:
    """One page of things by name, each in its shape; with `only`, of one value in a column."""
    size, keys = page_limit(limit), keys_of(cursor, str, int)
    after = ThingPlace(name_key=str(keys[0]), number=int(keys[1])) if keys else ThingPlace()
    rows = await page_of(call, kind, after=after, limit=size, only=only)
    return keyset_page(
        rows, size=size, shape=shape, place=lambda row: (text_key(row.name), row.number)
    )
