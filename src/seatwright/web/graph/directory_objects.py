"""`/directoryObjects`: people and groups as one kind of thing, and questions about membership."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from seatwright.domain.directory import parse_id
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_lists import (
    GROUPS,
    USERS,
    ListQuery,
    groups_around,
    parents_of,
    read_page,
)
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.group_shapes import GROUP, shape_groups
from seatwright.web.graph.group_shapes import columns_for as group_columns
from seatwright.web.graph.lists import group_row, user_row
from seatwright.web.graph.odata import selected
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import Handler, Route, route
from seatwright.web.graph.user_shapes import USER, shape_people
from seatwright.web.graph.user_shapes import columns_for as user_columns

_MAY_READ: Final = (
    GraphPermission.GROUP_MEMBER_READ_ALL,
    GraphPermission.USER_READ_ALL,
    GraphPermission.GROUP_READ_ALL,
    GraphPermission.USER_READ_WRITE_ALL,
    GraphPermission.GROUP_MEMBER_READ_WRITE_ALL,
    GraphPermission.GROUP_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
_READ: Final = Permission.READ_DIRECTORY

CHECKED_MAX: Final = 20
"""Groups in one `checkMemberGroups`, as Graph has it."""

GROUPS_TOLD_MAX: Final = 11_000
"""Groups in one `getMemberGroups`: Graph refuses beyond as many."""

IDS_MAX: Final = 1000
"""Ids in one `getByIds`."""


async def _condition(request: GraphRequest, noun: str) -> Condition:
    """The groups that the object of a path is in, at any depth."""
    tx = request.call.tx
    if noun == "users":
        row = await user_row(request, request.keys["user"], ())
        return groups_around(tx, UserNo(row.number))
    if noun == "groups":
        row = await group_row(request, request.keys["group"], ())
        return parents_of(tx, GroupNo(row.number), transitive=True)
    people, groups = await _objects(request, [_guid(request.keys["object"])])
    if people:
        return groups_around(tx, UserNo(people[0]))
    if groups:
        return parents_of(tx, GroupNo(groups[0]), transitive=True)
    raise resource_missing(request.keys["object"])


async def _objects(request: GraphRequest, ids: Sequence[UUID]) -> tuple[list[int], list[int]]:
    found = []
    for table in (USERS, GROUPS):
        by_id = Condition(text=f"{table.columns['id']} = any(%s)", values=(list(ids),))
        query = ListQuery(columns=(), conditions=(by_id,), limit=max(1, len(ids)))
        found.append([row.number for row in await read_page(request.call.tx, table, query)])
    return found[0], found[1]


def _guid(text: object) -> UUID:
    id_ = parse_id(text) if isinstance(text, str) else None
    if id_ is None:
        raise bad_request(f"Invalid object identifier '{text!s:.80}'.")
    return id_


async def _ids(request: GraphRequest, noun: str, *, is_security: bool) -> list[str]:
    conditions = [await _condition(request, noun)]
    if is_security:
        conditions.append(Condition(text="g.is_security"))
    query = ListQuery(columns=("id",), conditions=tuple(conditions), limit=GROUPS_TOLD_MAX + 1)
    rows = await read_page(request.call.tx, GROUPS, query)
    if len(rows) > GROUPS_TOLD_MAX:
        raise bad_request(f"The object is in more than {GROUPS_TOLD_MAX} groups.")
    return [str(row.values["id"]) for row in rows]


def _get(noun: str) -> Handler:
    async def get_member_groups(request: GraphRequest) -> Answer:
        """The ids of all groups that an object is in."""
        only = request.json().get("securityenabledonly")
        if only is not None and not isinstance(only, bool):
            raise bad_request("securityEnabledOnly is true or false.")
        ids = await _ids(request, noun, is_security=bool(only))
        return request.collection(ids, "Collection(Edm.String)")

    return get_member_groups


def _check(noun: str, name: str) -> Handler:
    async def check_member_groups(request: GraphRequest) -> Answer:
        """Which of these groups an object is in."""
        asked = _listed(request.json(), name, CHECKED_MAX)
        inside = set(await _ids(request, noun, is_security=False))
        found = [id_ for id_ in dict.fromkeys(map(str, asked)) if id_ in inside]
        return request.collection(found, "Collection(Edm.String)")

    return check_member_groups


def _listed(body: dict[str, Any], name: str, most: int) -> list[UUID]:
    value = body.get(name.casefold())
    if not isinstance(value, list):
        raise bad_request(f"A value is required for the parameter '{name}': a list of ids.")
    if len(value) > most:
        raise bad_request(f"'{name}' names {len(value)} objects: {most} is the most.")
    return [_guid(one) for one in value]


def _questions() -> Iterable[Route]:
    """The four questions about membership, for people, groups and either."""
    keys = {"users": "user", "groups": "group", "directoryObjects": "object"}
    for noun, key in keys.items():
        path = f"{noun}/{{{key}}}"
        for action in ("getMemberGroups", "getMemberObjects"):
            yield route("POST", f"{path}/{action}", needs=_READ, accepts=_MAY_READ)(_get(noun))
        for action, name in (("checkMemberGroups", "groupIds"), ("checkMemberObjects", "ids")):
            yield route("POST", f"{path}/{action}", needs=_READ, accepts=_MAY_READ)(
                _check(noun, name)
            )


@route("GET", "directoryObjects/{object}", needs=_READ, accepts=_MAY_READ)
async def get_object(request: GraphRequest) -> Answer:
    """A person or a group, whichever has the id."""
    shapes = await _shapes(request, [_guid(request.keys["object"])])
    if not shapes:
        raise resource_missing(request.keys["object"])
    return request.entity(shapes[0], "directoryObjects/$entity")


@route("POST", "directoryObjects/getByIds", needs=_READ, accepts=_MAY_READ)
async def get_by_ids(request: GraphRequest) -> Answer:
    """People and groups by their ids; those that are not there are left out."""
    body = request.json()
    types = body.get("types")
    if types is not None and not (
        isinstance(types, list) and all(isinstance(one, str) for one in types)
    ):
        raise bad_request("'types' is a list of names such as user and group.")
    wanted = {one.casefold() for one in types or ("user", "group")}
    ids = _listed(body, "ids", IDS_MAX)
    kinds = wanted | ({"user", "group"} if "directoryobject" in wanted else set())
    return request.collection(await _shapes(request, ids, kinds), "directoryObjects")


async def _shapes(
    request: GraphRequest, ids: Sequence[UUID], kinds: Iterable[str] = ("user", "group")
) -> list[dict[str, Any]]:
    call, shapes = request.call, list[dict[str, Any]]()
    limit = max(1, len(ids))
    if "user" in kinds:
        select = selected(request, USER)
        by_id = Condition(text="u.id = any(%s)", values=(list(ids),))
        query = ListQuery(columns=user_columns(select), conditions=(by_id,), limit=limit)
        rows = await read_page(call.tx, USERS, query)
        shapes += await shape_people(call, rows, select, is_typed=True)
    if "group" in kinds:
        select = selected(request, GROUP)
        by_id = Condition(text="g.id = any(%s)", values=(list(ids),))
        query = ListQuery(columns=group_columns(select), conditions=(by_id,), limit=limit)
        rows = await read_page(call.tx, GROUPS, query)
        shapes += await shape_groups(call, rows, select, is_typed=True)
    return shapes


OBJECT_ROUTES: Final = (get_object, get_by_ids, *_questions())
