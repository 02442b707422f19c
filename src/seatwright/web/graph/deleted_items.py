"""`/directory/deletedItems`: people who can come back (USR-013).

Groups are deleted for good, so none is ever among them.
"""

from __future__ import annotations

from typing import Final

from seatwright.app.directory.lives import purge_user, restore_user
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import resource_missing
from seatwright.web.graph.lists import people_page, user_row
from seatwright.web.graph.odata import selected
from seatwright.web.graph.request import GraphRequest, no_content
from seatwright.web.graph.routing import route
from seatwright.web.graph.user_shapes import USER, USER_TYPE, columns_for, shape_people
from seatwright.web.graph.users import MAY_READ_USERS, MAY_WRITE_USERS, shape_of_user

_READ: Final = Permission.READ_DIRECTORY


@route("GET", "directory/deletedItems/user", needs=_READ, accepts=MAY_READ_USERS)
async def list_deleted_users(request: GraphRequest) -> Answer:
    """People who were deleted: `deletedItems/microsoft.graph.user`."""
    return await people_page(request, is_deleted=True)


@route("GET", "directory/deletedItems/group", needs=_READ, accepts=MAY_READ_USERS)
async def list_deleted_groups(request: GraphRequest) -> Answer:
    """Groups that could be restored: none, for they are deleted for good."""
    return request.collection([], "groups")


@route("GET", "directory/deletedItems/{item}", needs=_READ, accepts=MAY_READ_USERS)
async def get_deleted(request: GraphRequest) -> Answer:
    """One person who was deleted, by id."""
    select = (*selected(request, USER), "deletedDateTime")
    select = tuple(dict.fromkeys(select))
    row = await user_row(request, request.keys["item"], columns_for(select), is_deleted=True)
    (shape,) = await shape_people(request.call, [row], select)
    return request.entity({"@odata.type": USER_TYPE, **shape}, "directoryObjects/$entity")


@route(
    "POST",
    "directory/deletedItems/{item}/restore",
    needs=Permission.WRITE_USERS,
    accepts=(GraphPermission.USER_DELETE_RESTORE_ALL, *MAY_WRITE_USERS),
)
async def restore(request: GraphRequest) -> Answer:
    """Bring a person back with assignments, memberships and licenses."""
    try:
        user = await restore_user(request.call, request.keys["item"])
    except Refusal as refusal:
        if refusal.reason is Reason.NO_CHANGE:
            raise resource_missing(request.keys["item"]) from refusal
        raise
    shape = await shape_of_user(request, user.user_no)
    return request.entity({"@odata.type": USER_TYPE, **shape}, "directoryObjects/$entity")


@route(
    "DELETE",
    "directory/deletedItems/{item}",
    needs=Permission.WRITE_USERS,
    accepts=(GraphPermission.USER_DELETE_RESTORE_ALL, *MAY_WRITE_USERS),
)
async def remove_for_good(request: GraphRequest) -> Answer:
    """Remove a deleted person before their 30 days are over: nobody can restore them."""
    key = request.keys["item"]
    # By id alone: several people who were deleted may have had one address.
    if parse_id(key) is None:
        raise resource_missing(key)
    await user_row(request, key, (), is_deleted=True)
    await purge_user(request.call, key)
    return no_content()


DELETED_ROUTES: Final = (
    list_deleted_users,
    list_deleted_groups,
    get_deleted,
    restore,
    remove_for_good,
)
