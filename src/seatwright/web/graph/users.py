"""`/users`: the people of the directory, as Graph reads and writes them."""

from __future__ import annotations

from typing import Any, Final

from seatwright.app.directory.lives import delete_user
from seatwright.app.directory.users import change_user, create_user, find_user
from seatwright.domain.directory import UserField
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.ids import UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.graph_lists import USERS, ListQuery, managed_by, numbered, read_page
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.lists import count_answer, people_page, user_row
from seatwright.web.graph.odata import expanded, selected
from seatwright.web.graph.permissions import only_for
from seatwright.web.graph.references import reference_of
from seatwright.web.graph.request import GraphRequest, no_content
from seatwright.web.graph.routing import route
from seatwright.web.graph.user_bodies import changed_user, new_user
from seatwright.web.graph.user_shapes import (
    SHOWN,
    USER,
    columns_for,
    people_by_number,
    shape_people,
)

MAY_READ_USERS: Final = (
    GraphPermission.USER_READ_ALL,
    GraphPermission.USER_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
MAY_WRITE_USERS: Final = (
    GraphPermission.USER_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
_MAY_DELETE: Final = (GraphPermission.USER_DELETE_RESTORE_ALL, *MAY_WRITE_USERS)
_READ: Final = Permission.READ_DIRECTORY


@route("GET", "users", needs=_READ, accepts=MAY_READ_USERS)
async def list_users(request: GraphRequest) -> Answer:
    """People, page by page (PAG-001, PAG-002)."""
    return await people_page(request)


@route("GET", "users/$count", needs=_READ, accepts=MAY_READ_USERS)
async def count_users(request: GraphRequest) -> Answer:
    """How many people there are."""
    return await count_answer(request, USER)


@route("GET", "users/{user}", needs=_READ, accepts=MAY_READ_USERS)
async def get_user(request: GraphRequest) -> Answer:
    """One person, by id or UPN."""
    select, expand = selected(request, USER), expanded(request, USER)
    columns = columns_for(select, with_manager="manager" in expand)
    row = await user_row(request, request.keys["user"], columns)
    (shape,) = await shape_people(request.call, [row], select, expand=expand)
    shown = f"({','.join(select)})" if request.option("$select") else ""
    return request.entity(shape, f"users{shown}/$entity")


@route("POST", "users", needs=Permission.WRITE_USERS, accepts=MAY_WRITE_USERS)
async def post_user(request: GraphRequest) -> Answer:
    """Make a person; the password goes to whatever signs them in, and never here."""
    body = request.json()
    fields = new_user(body)
    user = await create_user(request.call, fields)
    shape = await shape_of_user(request, user.user_no)
    answer = request.entity(shape, "users/$entity", status=201)
    answer.headers.append((b"location", request.url("users", str(user.id)).encode()))
    return answer


async def shape_of_user(
    request: GraphRequest, user: UserNo, *, more: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A person as they now are, with what the call selects, else with `more` too."""
    select = selected(request, USER)
    if not request.option("$select"):
        select = (*select, *more)
    query = ListQuery(columns=columns_for(select), conditions=(numbered(USERS, (user,)),), limit=1)
    rows = await read_page(request.call.tx, USERS, query)
    (shape,) = await shape_people(request.call, rows, select)
    return shape


@route(
    "PATCH",
    "users/{user}",
    needs=(Permission.WRITE_USERS, Permission.SET_USAGE_LOCATION),
    accepts=(GraphPermission.USER_ENABLE_DISABLE_ACCOUNT_ALL, *MAY_WRITE_USERS),
)
async def patch_user(request: GraphRequest) -> Answer:
    """Change a person; licenses follow a new usage location at once."""
    await user_row(request, request.keys["user"], ())
    fields = changed_user(request)
    if fields.keys() - {UserField.ACCOUNT_ENABLED} and not request.may(*MAY_WRITE_USERS):
        raise only_for("change people beyond accountEnabled", MAY_WRITE_USERS)
    await change_user(request.call, request.keys["user"], fields)
    return no_content()


@route("DELETE", "users/{user}", needs=Permission.WRITE_USERS, accepts=_MAY_DELETE)
async def remove_user(request: GraphRequest) -> Answer:
    """Delete a person: seats are free at once, and a restore brings them back (USR-013)."""
    await delete_user(request.call, request.keys["user"])
    return no_content()


@route("GET", "users/{user}/manager", needs=_READ, accepts=MAY_READ_USERS)
async def get_manager(request: GraphRequest) -> Answer:
    """Somebody's manager."""
    row = await user_row(request, request.keys["user"], ("managerNo",))
    number = row.values["managerNo"]
    found = {}
    if isinstance(number, int):
        found = await people_by_number(request.call, (number,), selected(request, USER))
    if not found:
        raise resource_missing("manager")
    (shape,) = found.values()
    return request.entity(shape, "directoryObjects/$entity")


@route("PUT", "users/{user}/manager/$ref", needs=Permission.WRITE_USERS, accepts=MAY_WRITE_USERS)
async def put_manager(request: GraphRequest) -> Answer:
    """Give somebody a manager."""
    manager = await find_user(request.call, reference_of(request))
    await change_user(request.call, request.keys["user"], {UserField.MANAGER: str(manager.id)})
    return no_content()


@route("DELETE", "users/{user}/manager/$ref", needs=Permission.WRITE_USERS, accepts=MAY_WRITE_USERS)
async def delete_manager(request: GraphRequest) -> Answer:
    """Leave somebody without a manager."""
    await change_user(request.call, request.keys["user"], {UserField.MANAGER: None})
    return no_content()


@route("GET", "users/{user}/directReports", needs=_READ, accepts=MAY_READ_USERS)
async def list_reports(request: GraphRequest) -> Answer:
    """People whose manager somebody is."""
    row = await user_row(request, request.keys["user"], ())
    return await people_page(
        request,
        extra=(managed_by(UserNo(row.number)),),
        fragment="directoryObjects",
        is_typed=True,
    )


USER_ROUTES: Final = (
    list_users,
    count_users,
    get_user,
    post_user,
    patch_user,
    remove_user,
    get_manager,
    put_manager,
    delete_manager,
    list_reports,
)

__all__ = ["MAY_READ_USERS", "MAY_WRITE_USERS", "SHOWN", "USER_ROUTES", "shape_of_user"]
