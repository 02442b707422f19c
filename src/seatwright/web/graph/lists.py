"""Pages of people, of groups, and of both: what every list of the Graph surface answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_lists import (
    GROUPS,
    SECONDS_MAX,
    USERS,
    ListQuery,
    ListRow,
    TooSlowError,
    count_in_time,
    count_rows,
    read_page,
    read_page_in_time,
)
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.group_relations import with_relations
from seatwright.web.graph.group_shapes import GROUP, shape_groups
from seatwright.web.graph.group_shapes import columns_for as group_columns
from seatwright.web.graph.odata import Noun, PageAsked, page_asked, selected, top_of
from seatwright.web.graph.request import GraphRequest, text_answer
from seatwright.web.graph.user_shapes import USER, shape_people
from seatwright.web.graph.user_shapes import columns_for as user_columns

Shape = dict[str, Any]
Shaper = Callable[[Sequence[ListRow]], Awaitable[list[Shape]]]

_PLACE = re.compile(r"[01]\.[0-9]{1,9}", re.ASCII)
"""Where a list of people and groups stands; no list of people alone writes its tokens so."""

_UNKNOWN = {"users": Reason.UNKNOWN_USER, "groups": Reason.UNKNOWN_GROUP}


async def people_page(
    request: GraphRequest,
    *,
    extra: Sequence[Condition] = (),
    fragment: str = "users",
    is_typed: bool = False,
    is_deleted: bool = False,
) -> Answer:
    """A page of people: all of them, or those of a relation."""
    asked = await page_asked(request, USER)
    query = _query(
        asked,
        extra,
        user_columns(asked.select, with_manager="manager" in asked.expand),
        is_deleted=is_deleted,
    )

    async def shape(rows: Sequence[ListRow]) -> list[Shape]:
        return await shape_people(
            request.call, rows, asked.select, expand=asked.expand, is_typed=is_typed
        )

    return await _answer(request, USER, asked, query=query, shape=shape, fragment=fragment)


async def groups_page(
    request: GraphRequest,
    *,
    extra: Sequence[Condition] = (),
    fragment: str = "groups",
    is_typed: bool = False,
    is_deleted: bool = False,
) -> Answer:
    """A page of groups: all of them, or those of a relation."""
    asked = await page_asked(request, GROUP)
    query = _query(asked, extra, group_columns(asked.select), is_deleted=is_deleted)

    async def shape(rows: Sequence[ListRow]) -> list[Shape]:
        shapes = await shape_groups(request.call, rows, asked.select, is_typed=is_typed)
        await with_relations(request.call, rows, shapes, asked.expand)
        return shapes

    return await _answer(request, GROUP, asked, query=query, shape=shape, fragment=fragment)


def _query(
    asked: PageAsked, extra: Sequence[Condition], columns: tuple[str, ...], *, is_deleted: bool
) -> ListQuery:
    return ListQuery(
        columns=columns,
        conditions=(*extra, *asked.conditions),
        order=asked.order,
        after=asked.after,
        limit=asked.top + 1,
        is_deleted=is_deleted,
    )


async def _answer(
    request: GraphRequest,
    noun: Noun,
    asked: PageAsked,
    *,
    query: ListQuery,
    shape: Shaper,
    fragment: str,
) -> Answer:
    tx, count = request.call.tx, None
    try:
        read = read_page_in_time if asked.conditions else read_page
        rows = await read(tx, noun.table, query)
    except TooSlowError:
        raise _too_slow(noun) from None
    # Only the first page tells the number of all (PAG-003), and none where counting takes long.
    if asked.counts and asked.after is None:
        count = await count_in_time(tx, noun.table, query)
    page = rows[: asked.top]
    more = request.next_link(asked.token(page[-1].key)) if len(rows) > asked.top else None
    if request.option("$select"):
        fragment = f"{fragment}({','.join(asked.select)})"
    return request.collection(await shape(page), fragment, next_link=more, count=count)


async def count_answer(
    request: GraphRequest, noun: Noun, *, extra: Sequence[Condition] = ()
) -> Answer:
    """A number as plain text: `/users/$count` (QRY-009).

    Raises GraphError without `ConsistencyLevel: eventual`.
    """
    if not request.is_eventual:
        raise bad_request("$count is not currently supported without ConsistencyLevel: eventual.")
    asked = await page_asked(request, noun, is_advanced=True)
    query = ListQuery(columns=(), conditions=(*extra, *asked.conditions))
    count = await count_in_time(request.call.tx, noun.table, query)
    if count is None:
        raise _too_slow(noun)
    return text_answer(str(count))


def _too_slow(noun: Noun) -> Refusal:
    return Refusal(
        Reason.UNSUPPORTED_QUERY,
        f"Unsupported query: it takes longer than {SECONDS_MAX} seconds to look through all"
        f" {noun.name} for this. Add a condition that fewer of them meet, on an address, a name, a"
        " department or a product.",
    )


async def objects_page(
    request: GraphRequest, *, people: Condition, groups: Condition | None, fragment: str
) -> Answer:
    """A page of people and then of groups, for a relation that holds both.

    Where no group is among them it is a page of people, with every option that those have. A list
    goes on as it began, also when the first group comes or the last one goes meanwhile.
    """
    token = request.option("$skiptoken")
    is_mixed = _PLACE.fullmatch(token) if token else groups and await _are_there(request, groups)
    if groups is None or not is_mixed:
        return await people_page(request, extra=(people,), fragment=fragment, is_typed=True)
    request.refuse_options("$filter", "$orderby", "$search", "$expand", "$skip")
    top, (kind, number) = top_of(request), _place(request)
    call, shapes, last = request.call, list[Shape](), (kind, number)
    count = None
    if request.is_eventual and request.is_counted and request.option("$skiptoken") is None:
        count = await count_rows(call.tx, USERS, ListQuery(columns=(), conditions=(people,)))
        count += await count_rows(call.tx, GROUPS, ListQuery(columns=(), conditions=(groups,)))
    if kind == 0:
        select = selected(request, USER)
        query = ListQuery(
            columns=user_columns(select), conditions=(people,), after=(number,), limit=top + 1
        )
        rows = await read_page(call.tx, USERS, query)
        shapes = await shape_people(call, rows, select, is_typed=True)
        if len(rows) > top:
            token = f"0.{rows[top - 1].number}"
            link = request.next_link(token)
            return request.collection(shapes[:top], fragment, next_link=link, count=count)
        last = (1, 0)
    select = selected(request, GROUP)
    room = top - len(shapes)
    query = ListQuery(
        columns=group_columns(select), conditions=(groups,), after=(last[1],), limit=room + 1
    )
    rows = await read_page(call.tx, GROUPS, query)
    shapes += await shape_groups(call, rows[:room], select, is_typed=True)
    more = None
    if len(rows) > room:
        before = rows[room - 1].number if room else last[1]
        more = request.next_link(f"1.{before}")
    return request.collection(shapes, fragment, next_link=more, count=count)


async def _are_there(request: GraphRequest, groups: Condition) -> bool:
    query = ListQuery(columns=(), conditions=(groups,), limit=1)
    return bool(await read_page(request.call.tx, GROUPS, query))


def _place(request: GraphRequest) -> tuple[int, int]:
    text = request.option("$skiptoken")
    if not text:
        return (0, 0)
    kind, _, number = text.partition(".")
    return (int(kind), int(number))


async def user_row(
    request: GraphRequest, key: str, columns: tuple[str, ...], *, is_deleted: bool = False
) -> ListRow:
    """The person with this id or UPN.

    Raises GraphError 404.
    """
    id_ = parse_id(key)
    condition = Condition(text="u.upn_key = %s", values=(text_key(key),))
    if id_ is not None:
        condition = Condition(text="u.id = %s", values=(id_,))
    return await _one(request, USER, key, condition, columns=columns, is_deleted=is_deleted)


async def group_row(
    request: GraphRequest, key: str, columns: tuple[str, ...], *, is_deleted: bool = False
) -> ListRow:
    """The group with this id.

    Raises GraphError 404, and 400 for what is no id.
    """
    id_ = parse_id(key)
    if id_ is None:
        raise bad_request(f"Invalid object identifier '{key[:80]}'.")
    condition = Condition(text="g.id = %s", values=(id_,))
    return await _one(request, GROUP, key, condition, columns=columns, is_deleted=is_deleted)


async def _one(
    request: GraphRequest,
    noun: Noun,
    key: str,
    condition: Condition,
    *,
    columns: tuple[str, ...],
    is_deleted: bool,
) -> ListRow:
    query = ListQuery(columns=columns, conditions=(condition,), limit=1, is_deleted=is_deleted)
    rows = await read_page(request.call.tx, noun.table, query)
    if not rows:
        raise resource_missing(key, _UNKNOWN[noun.name])
    return rows[0]
