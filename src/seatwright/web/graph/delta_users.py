"""People in a delta query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seatwright.app.call import Call
from seatwright.postgres.changes import (
    ChangeNoun,
    FeedRow,
    living_and_deleted,
    remembered_ids,
)
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_licenses import ids_of_users
from seatwright.postgres.graph_lists import USERS, ListQuery, ListRow, numbered, read_page
from seatwright.web.graph.delta_changes import changed_columns, only_changed
from seatwright.web.graph.delta_tokens import DeltaToken
from seatwright.web.graph.user_shapes import USER, USER_TYPE, columns_for, shape_people

Shape = dict[str, Any]


async def first_users(
    call: Call, token: DeltaToken, conditions: Sequence[Condition], *, limit: int
) -> tuple[list[Shape], int | None]:
    """A page of everybody, and the last number if there are more."""
    query = ListQuery(
        columns=user_columns(token),
        conditions=tuple(conditions),
        after=(token.number,),
        limit=limit + 1,
    )
    rows = await read_page(call.tx, USERS, query)
    page = rows[:limit]
    return await _shapes(call, token, page, {}), page[-1].number if len(rows) > limit else None


def _select(token: DeltaToken) -> tuple[str, ...]:
    known = set(USER.names)
    return tuple(name for name in token.select if name in known)


def user_columns(token: DeltaToken) -> tuple[str, ...]:
    """The columns that a round's properties are made of."""
    return columns_for(_select(token), with_manager="manager" in token.select)


async def _shapes(
    call: Call, token: DeltaToken, rows: Sequence[ListRow], former: Mapping[int, set[int]]
) -> list[Shape]:
    """People with their managers; `former` are those whom they had before."""
    shapes = await shape_people(call, rows, _select(token))
    if "manager" not in token.select:
        return shapes
    now = {row.number: _number(row.values["managerNo"]) for row in rows}
    wanted = {number for number in now.values() if number} | set().union(*former.values())
    ids = {int(no): id_ for no, id_ in (await ids_of_users(call.tx, sorted(wanted))).items()}
    ids |= await remembered_ids(call.tx, "user", sorted(wanted - ids.keys()))
    for row, shape in zip(rows, shapes, strict=True):
        manager = now[row.number]
        told = [
            {"@odata.type": USER_TYPE, "id": str(ids[one]), "@removed": {"reason": "deleted"}}
            for one in sorted(former.get(row.number, ()))
            if one != manager and one in ids
        ]
        if manager in ids:
            told.append({"@odata.type": USER_TYPE, "id": str(ids[manager])})
        if told:
            shape["manager@delta"] = told
    return shapes


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


async def changed_users(
    call: Call,
    token: DeltaToken,
    rows: Sequence[FeedRow],
    conditions: Sequence[Condition],
    *,
    is_minimal: bool,
) -> list[Shape]:
    """Everybody whom these rows tell of, as they now are; who is gone as removed (DLT-008)."""
    changed = changed_columns(rows)
    if not changed:
        return []
    former: dict[int, set[int]] = {}
    for row in rows:
        if row.noun is ChangeNoun.UNMANAGED and row.of is not None:
            for number in row.subjects:
                former.setdefault(number, set()).add(row.of)
    living, deleted = await living_and_deleted(call.tx, sorted(changed))
    query = ListQuery(
        columns=user_columns(token),
        conditions=(numbered(USERS, sorted(living)), *conditions),
        limit=max(1, len(living)),
    )
    found = await read_page(call.tx, USERS, query)
    shapes = await _shapes(call, token, found, former)
    if is_minimal:
        shapes = [
            only_changed(shape, changed[row.number], table=USERS, columns_for=columns_for)
            for row, shape in zip(found, shapes, strict=True)
        ]
    gone = sorted(changed.keys() - living - deleted.keys())
    ids = await remembered_ids(call.tx, "user", gone) if gone else {}
    removed = [(str(id_), "changed") for id_ in deleted.values()]
    removed += [(str(id_), "deleted") for id_ in ids.values()]
    return shapes + [
        {"id": id_, "@removed": {"reason": reason}}
        for id_, reason in removed
        if not token.only or id_ in token.only
    ]
