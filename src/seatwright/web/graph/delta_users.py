"""People in a delta query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatwright.app.call import Call
from seatwright.postgres.changes import FeedRow, living_and_deleted, remembered_ids
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_licenses import ids_of_users
from seatwright.postgres.graph_lists import USERS, ListQuery, ListRow, numbered, read_page
from seatwright.web.graph.delta_tokens import DeltaToken
from seatwright.web.graph.user_shapes import USER, USER_TYPE, columns_for, shape_people

Shape = dict[str, Any]


async def first_users(
    call: Call, token: DeltaToken, conditions: Sequence[Condition], *, limit: int
) -> tuple[list[Shape], int | None]:
    """A page of everybody, and the last number if there are more."""
    query = ListQuery(
        columns=_columns(token),
        conditions=tuple(conditions),
        after=(token.number,),
        limit=limit + 1,
    )
    rows = await read_page(call.tx, USERS, query)
    page = rows[:limit]
    return await _shapes(call, token, page), page[-1].number if len(rows) > limit else None


def _select(token: DeltaToken) -> tuple[str, ...]:
    known = set(USER.names)
    return tuple(name for name in token.select if name in known)


def _columns(token: DeltaToken) -> tuple[str, ...]:
    return columns_for(_select(token), with_manager="manager" in token.select)


async def _shapes(call: Call, token: DeltaToken, rows: Sequence[ListRow]) -> list[Shape]:
    shapes = await shape_people(call, rows, _select(token))
    if "manager" in token.select:
        numbers = [row.values["managerNo"] for row in rows]
        known = {number for number in numbers if isinstance(number, int)}
        ids = await ids_of_users(call.tx, sorted(known)) if known else {}
        for shape, number in zip(shapes, numbers, strict=True):
            found = ids.get(number)  # type: ignore[call-overload]  # a person's number
            if found is not None:
                shape["manager@delta"] = [{"@odata.type": USER_TYPE, "id": str(found)}]
    return shapes


async def changed_users(
    call: Call, token: DeltaToken, rows: Sequence[FeedRow], conditions: Sequence[Condition]
) -> list[Shape]:
    """Everybody whom these rows tell of, as they now are; who is gone as removed (DLT-008)."""
    numbers = sorted({number for row in rows for number in row.subjects})
    if not numbers:
        return []
    living, deleted = await living_and_deleted(call.tx, numbers)
    query = ListQuery(
        columns=_columns(token),
        conditions=(numbered(USERS, sorted(living)), *conditions),
        limit=max(1, len(living)),
    )
    shapes = await _shapes(call, token, await read_page(call.tx, USERS, query))
    gone = [number for number in numbers if number not in living and number not in deleted]
    ids = await remembered_ids(call.tx, "user", gone) if gone else {}
    removed = [(str(id_), "changed") for id_ in deleted.values()]
    removed += [(str(id_), "deleted") for id_ in ids.values()]
    shapes += [
        {"id": id_, "@removed": {"reason": reason}}
        for id_, reason in removed
        if not token.only or id_ in token.only
    ]
    return shapes
