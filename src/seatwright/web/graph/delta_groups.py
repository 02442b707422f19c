"""Groups in a delta query, with who joined and who left as `members@delta` (DLT-006)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.postgres.changes import ChangeNoun, FeedRow, members_from, remembered_ids
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_licenses import ids_of_groups, ids_of_users
from seatwright.postgres.graph_lists import GROUPS, ListQuery, numbered, read_page
from seatwright.postgres.group_read import nested_groups_after
from seatwright.web.graph.delta_tokens import DeltaToken
from seatwright.web.graph.group_shapes import GROUP, GROUP_TYPE, columns_for, shape_groups
from seatwright.web.graph.user_shapes import USER_TYPE

Shape = dict[str, Any]

NESTINGS_MAX: Final = 10_000
"""Groups inside groups of a whole tenant, told with the last members."""


def _select(token: DeltaToken) -> tuple[str, ...]:
    known = set(GROUP.names)
    return tuple(name for name in token.select if name in known)


async def first_groups(
    call: Call, token: DeltaToken, conditions: Sequence[Condition], *, limit: int
) -> tuple[list[Shape], int | None]:
    """A page of every group, and the last number if there are more; members come after."""
    query = ListQuery(
        columns=columns_for(_select(token)),
        conditions=tuple(conditions),
        after=(token.number,),
        limit=limit + 1,
    )
    rows = await read_page(call.tx, GROUPS, query)
    page = rows[:limit]
    shapes = await shape_groups(call, page, _select(token))
    return shapes, page[-1].number if len(rows) > limit else None


async def first_members(
    call: Call, token: DeltaToken, *, limit: int
) -> tuple[list[Shape], tuple[int, int] | None]:
    """A page of who is in which group; after the last person come groups inside groups."""
    rows = await members_from(call.tx, (token.number, token.second), limit=limit + 1)
    page = rows[:limit]
    members: dict[int, list[Shape]] = {}
    for group, _, id_ in page:
        members.setdefault(group, []).append({"@odata.type": USER_TYPE, "id": str(id_)})
    more = (page[-1][0], page[-1][1]) if len(rows) > limit else None
    if more is None:
        for line in await nested_groups_after(call.tx, (0, 0), limit=NESTINGS_MAX):
            child = {"@odata.type": GROUP_TYPE, "id": str(line.child_id)}
            members.setdefault(line.group_no, []).append(child)
    ids = await ids_of_groups(call.tx, sorted(members))
    shapes = [
        {"id": str(ids[group]), "members@delta": found}  # type: ignore[index]  # a group's number
        for group, found in members.items()
    ]
    return [one for one in shapes if not token.only or one["id"] in token.only], more


async def changed_groups(
    call: Call, token: DeltaToken, rows: Sequence[FeedRow], conditions: Sequence[Condition]
) -> list[Shape]:
    """Every group that these rows tell of, as it now is, with who joined and who left."""
    members = await _members(call, rows)
    numbers = {number for row in rows if row.group is None for number in row.subjects}
    numbers |= members.keys()
    if not numbers:
        return []
    query = ListQuery(
        columns=columns_for(_select(token)),
        conditions=(numbered(GROUPS, sorted(numbers)), *conditions),
        limit=len(numbers),
    )
    found = await read_page(call.tx, GROUPS, query)
    shapes = await shape_groups(call, found, _select(token))
    for row, shape in zip(found, shapes, strict=True):
        if row.number in members:
            shape["members@delta"] = members[row.number]
    gone = sorted(numbers - {row.number for row in found})
    ids = await remembered_ids(call.tx, "group", gone) if gone and not token.only else {}
    return shapes + [{"id": str(id_), "@removed": {"reason": "deleted"}} for id_ in ids.values()]


_JOINED: Final = frozenset({ChangeNoun.PEOPLE_JOINED, ChangeNoun.GROUPS_JOINED})
_PEOPLE: Final = frozenset({ChangeNoun.PEOPLE_JOINED, ChangeNoun.PEOPLE_LEFT})


async def _members(call: Call, rows: Sequence[FeedRow]) -> dict[int, list[Shape]]:
    """Who joined and left, by group: the last that happened to each is what counts."""
    last: dict[tuple[int, bool, int], bool] = {}
    for row in rows:
        if row.group is not None:
            for number in row.subjects:
                last[row.group, row.noun in _PEOPLE, number] = row.noun in _JOINED
    people = sorted({number for _, is_person, number in last if is_person})
    groups = sorted({number for _, is_person, number in last if not is_person})
    user_ids = {int(no): id_ for no, id_ in (await ids_of_users(call.tx, people)).items()}
    user_ids |= await remembered_ids(call.tx, "user", [n for n in people if n not in user_ids])
    group_ids = {int(no): id_ for no, id_ in (await ids_of_groups(call.tx, groups)).items()}
    members: dict[int, list[Shape]] = {}
    for (group, is_person, number), is_in in last.items():
        id_ = (user_ids if is_person else group_ids).get(number)
        if id_ is None:
            continue
        shape: Shape = {"@odata.type": USER_TYPE if is_person else GROUP_TYPE, "id": str(id_)}
        if not is_in:
            shape["@removed"] = {"reason": "deleted"}
        members.setdefault(group, []).append(shape)
    return members
