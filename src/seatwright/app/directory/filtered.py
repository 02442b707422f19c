"""`filter=` of the lists of people and groups: what it means, and that it ends in time."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from psycopg import errors

from seatwright.app.call import Call
from seatwright.app.filter_conditions import filter_condition
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters.listed import LISTED_GROUPS, LISTED_PEOPLE
from seatwright.postgres.filter_columns import LISTED_GROUP_COLUMNS, LISTED_PEOPLE_COLUMNS
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_lists import SECONDS_MAX, limit_time

Rows = TypeVar("Rows")


async def people_filter(call: Call, text: str | None) -> tuple[Condition, ...]:
    """The condition that a filter of people means, if there is one.

    Raises Refusal: invalidValue for what cannot be read, unsupportedQuery for what the table of
    properties does not have.
    """
    if text is None:
        return ()
    condition = await filter_condition(
        call,
        text,
        noun="people",
        properties=LISTED_PEOPLE,
        columns=LISTED_PEOPLE_COLUMNS,
        is_advanced=True,
    )
    return (condition,)


async def groups_filter(call: Call, text: str | None) -> tuple[Condition, ...]:
    """The condition that a filter of groups means, if there is one.

    Raises Refusal as `people_filter` does.
    """
    if text is None:
        return ()
    condition = await filter_condition(
        call,
        text,
        noun="groups",
        properties=LISTED_GROUPS,
        columns=LISTED_GROUP_COLUMNS,
        is_advanced=True,
    )
    return (condition,)


async def in_time(call: Call, rows: Awaitable[Rows]) -> Rows:
    """Rows that somebody else's conditions find.

    Raises Refusal unsupportedQuery where that takes too long.
    """
    await limit_time(call.tx)
    try:
        return await rows
    except errors.QueryCanceled:
        raise Refusal(
            Reason.UNSUPPORTED_QUERY,
            f"It takes longer than {SECONDS_MAX} seconds to look through all for this filter. Add a"
            " condition that fewer of them meet, on an address, a name, a department or a product.",
            context={"field": "filter"},
        ) from None
