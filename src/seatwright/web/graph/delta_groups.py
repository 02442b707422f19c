"""Groups in a delta query, with who joined and who left as `members@delta` (DLT-006)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.domain.ids import GroupNo
from seatwright.postgres.changes import (
    ChangeNoun,
    FeedRow,
    members_from,
    nestings_from,
    remembered_ids,
    who_is_in,
)
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_licenses import ids_of_groups, ids_of_users
from seatwright.postgres.graph_lists import GROUPS, ListQuery, numbered, read_page
from seatwright.web.graph.delta_changes import changed_columns, only_changed
from seatwright.web.graph.delta_tokens import MEMBERS, DeltaToken
from seatwright.web.graph.group_shapes import GROUP, GROUP_TYPE, columns_for, shape_groups
from seatwright.web.graph.user_shapes import USER_TYPE

Shape = dict[str, Any]

MEMBER_NOUNS: Final = (
    ChangeNoun.PEOPLE_JOINED,
    ChangeNoun.PEOPLE_LEFT,
    ChangeNoun.GROUPS_JOINED,
    ChangeNoun.GROUPS_LEFT,
)
_PEOPLE: Final = frozenset({ChangeNoun.PEOPLE_JOINED, ChangeNoun.PEOPLE_LEFT})


def _select(token: DeltaToken) -> tuple[str, ...]:
    known = set(GROUP.names)
    return tuple(name for name in token.select if name in known)


def group_columns(token: DeltaToken) -> tuple[str, ...]:
    """The columns that a round's properties are made of."""
    return columns_for(_select(token))


async def first_groups(
    call: Call, token: DeltaToken, conditions: Sequence[Condition], *, limit: int
) -> tuple[list[Shape], int | None]:
    """A page of every group, and the last number if there are more; members come after."""
    query = ListQuery(
        columns=group_columns(token),
        conditions=tuple(conditions),
        after=(token.number,),
        limit=limit + 1,
    )
    rows = await read_page(call.tx, GROUPS, query)
    page = rows[:limit]
    shapes = await shape_groups(call, page, _select(token))
    return shapes, page[-1].number if len(rows) > limit else None


async def first_members(
    call: Call, token: DeltaToken, groups: Sequence[int] | None, *, limit: int
) -> tuple[list[Shape], tuple[int, int] | None]:
    """A page of who is in which group, or of which groups are, and where the next one begins."""
    is_people = token.phase == MEMBERS
    read = members_from if is_people else nestings_from
    place = (token.number, token.second)
    rows = await read(call.tx, place, groups=groups, limit=limit + 1)
    page = rows[:limit]
    members: dict[int, list[Shape]] = {}
    for group, _, id_ in page:
        kind = USER_TYPE if is_people else GROUP_TYPE
        members.setdefault(group, []).append({"@odata.type": kind, "id": str(id_)})
    ids = await ids_of_groups(call.tx, sorted(members))
    shapes = [
        {"id": str(id_), "members@delta": members[group]} for group, id_ in sorted(ids.items())
    ]
    return shapes, (page[-1][0], page[-1][1]) if len(rows) > limit else None


async def changed_groups(
    call: Call,
    token: DeltaToken,
    rows: Sequence[FeedRow],
    conditions: Sequence[Condition],
    *,
    is_minimal: bool,
) -> list[Shape]:
    """Every group that these rows tell of, as it now is, with who joined and who left."""
    changed = changed_columns(rows)
    if not changed:
        return []
    members = await _members(call, rows)
    query = ListQuery(
        columns=group_columns(token),
        conditions=(numbered(GROUPS, sorted(changed)), *conditions),
        limit=len(changed),
    )
    found = await read_page(call.tx, GROUPS, query)
    shapes = await shape_groups(call, found, _select(token))
    for at, row in enumerate(found):
        if row.number in members:
            shapes[at]["members@delta"] = members[row.number]
        if is_minimal:
            told = changed[row.number]
            shapes[at] = only_changed(shapes[at], told, table=GROUPS, columns_for=columns_for)
    gone = sorted(changed.keys() - {row.number for row in found})
    ids = await remembered_ids(call.tx, "group", gone) if gone else {}
    return shapes + [
        {"id": str(id_), "@removed": {"reason": "deleted"}}
        for id_ in ids.values()
        if not token.only or str(id_) in token.only
    ]


async def _members(call: Call, rows: Sequence[FeedRow]) -> dict[int, list[Shape]]:
    """Everybody who joined or left, by group: as one who is in it now, or as removed."""
    people, groups = set[tuple[int, int]](), set[tuple[int, int]]()
    for row in rows:
        if row.noun in MEMBER_NOUNS and row.of is not None:
            pairs = people if row.noun in _PEOPLE else groups
            pairs.update((row.of, number) for number in row.subjects)
    inside = await who_is_in(call.tx, people, is_person=True) if people else frozenset()
    nested = await who_is_in(call.tx, groups, is_person=False) if groups else frozenset()
    user_ids = await _user_ids(call, {number for _, number in people})
    group_ids = await ids_of_groups(call.tx, sorted({number for _, number in groups}))
    members: dict[int, list[Shape]] = {}
    for group, number in sorted(people):
        if number in user_ids:
            shape = _member(USER_TYPE, user_ids[number], is_in=(group, number) in inside)
            members.setdefault(group, []).append(shape)
    for group, number in sorted(groups):
        if GroupNo(number) in group_ids:
            id_ = group_ids[GroupNo(number)]
            shape = _member(GROUP_TYPE, id_, is_in=(group, number) in nested)
            members.setdefault(group, []).append(shape)
    return members


async def _user_ids(call: Call, users: set[int]) -> dict[int, UUID]:
    ids = {int(no): id_ for no, id_ in (await ids_of_users(call.tx, sorted(users))).items()}
    return ids | await remembered_ids(call.tx, "user", sorted(users - ids.keys()))


def _member(kind: str, id_: UUID, *, is_in: bool) -> Shape:
    shape: Shape = {"@odata.type": kind, "id": str(id_)}
    return shape if is_in else {**shape, "@removed": {"reason": "deleted"}}
