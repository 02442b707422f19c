"""`$expand` of groups: the first members or owners of each, as objects of the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.postgres.graph_lists import (
    GROUPS,
    ListQuery,
    ListRow,
    numbered,
    read_page,
    related_to,
)
from seatwright.web.graph.group_shapes import GROUP, columns_for, shape_groups
from seatwright.web.graph.user_shapes import SHOWN as USER_SHOWN
from seatwright.web.graph.user_shapes import USER, people_by_number

Shape = dict[str, Any]

EXPANDED_MAX: Final = 20
"""Members and owners that come along with a group, as Graph has it; the rest is a list's."""


async def with_relations(
    call: Call,
    rows: Sequence[ListRow],
    shapes: Sequence[Shape],
    expand: Mapping[str, tuple[str, ...] | None],
) -> None:
    """Put what was asked for into the groups that these shapes are of."""
    for name, names in expand.items():
        found = await related_to(call.tx, name, [row.number for row in rows], limit=EXPANDED_MAX)
        people = {number for _, number, is_group in found if not is_group}
        groups = {number for _, number, is_group in found if is_group}
        user_shapes = await people_by_number(
            call, sorted(people), _select(names, USER.names, USER_SHOWN)
        )
        group_shapes = await _groups_by_number(
            call, sorted(groups), _select(names, GROUP.names, tuple(GROUP.shown))
        )
        related: dict[int, list[Shape]] = {row.number: [] for row in rows}
        for group, number, is_group in found:
            shape = (group_shapes if is_group else user_shapes).get(number)
            if shape is not None:
                related[group].append(shape)
        for row, shape in zip(rows, shapes, strict=True):
            shape[name] = related[row.number]


def _select(
    names: tuple[str, ...] | None, known: Sequence[str], shown: Sequence[str]
) -> tuple[str, ...]:
    """What of these names a kind of object has; members are of two kinds."""
    if names is None:
        return tuple(shown)
    by_key = {name.casefold(): name for name in known}
    found = [by_key[name.casefold()] for name in names if name.casefold() in by_key]
    return tuple(dict.fromkeys(found)) or tuple(shown)


async def _groups_by_number(
    call: Call, numbers: Sequence[int], select: Sequence[str]
) -> dict[int, Shape]:
    if not numbers:
        return {}
    query = ListQuery(
        columns=columns_for(select), conditions=(numbered(GROUPS, numbers),), limit=len(numbers)
    )
    rows = await read_page(call.tx, GROUPS, query)
    shapes = await shape_groups(call, rows, select, is_typed=True)
    return {row.number: shape for row, shape in zip(rows, shapes, strict=True)}
