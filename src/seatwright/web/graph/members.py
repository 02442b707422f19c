"""Who is in a group and who owns it, and which groups somebody is in."""

from __future__ import annotations

from typing import Final

from seatwright.app.directory.members import leave_group
from seatwright.app.graph.owners import give_owners, take_owner
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.graph_lists import (
    children_of,
    groups_around,
    groups_of,
    owned_by,
    owners_of,
    parents_of,
    people_failing,
    people_in,
)
from seatwright.postgres.group_read import groups_within
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.groups import MAY_READ_GROUPS, MAY_WRITE_GROUPS, add_members
from seatwright.web.graph.lists import (
    count_answer,
    group_row,
    groups_page,
    objects_page,
    people_page,
    user_row,
)
from seatwright.web.graph.references import reference_of
from seatwright.web.graph.request import GraphRequest, no_content
from seatwright.web.graph.routing import route
from seatwright.web.graph.user_shapes import USER
from seatwright.web.graph.users import MAY_READ_USERS

_READ: Final = Permission.READ_DIRECTORY
_WRITE: Final = Permission.WRITE_GROUPS
_MAY_WRITE_MEMBERS: Final = (GraphPermission.GROUP_MEMBER_READ_WRITE_ALL, *MAY_WRITE_GROUPS)
_OBJECTS: Final = "directoryObjects"


async def _group_no(request: GraphRequest) -> GroupNo:
    return GroupNo((await group_row(request, request.keys["group"], ())).number)


async def _user_no(request: GraphRequest) -> UserNo:
    return UserNo((await user_row(request, request.keys["user"], ())).number)


@route("GET", "groups/{group}/members", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_members(request: GraphRequest) -> Answer:
    """People and groups that are directly in a group."""
    tx, group = request.call.tx, await _group_no(request)
    return await objects_page(
        request,
        people=people_in(tx, (group,)),
        groups=children_of(tx, group, transitive=False),
        fragment=_OBJECTS,
    )


@route("GET", "groups/{group}/members/user", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_member_users(request: GraphRequest) -> Answer:
    """Only the people: `members/microsoft.graph.user`."""
    group = await _group_no(request)
    return await people_page(request, extra=(people_in(request.call.tx, (group,)),))


@route("GET", "groups/{group}/members/group", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_member_groups(request: GraphRequest) -> Answer:
    """Only the groups: `members/microsoft.graph.group`."""
    group = await _group_no(request)
    return await groups_page(
        request, extra=(children_of(request.call.tx, group, transitive=False),)
    )


@route("GET", "groups/{group}/members/$count", needs=_READ, accepts=MAY_READ_GROUPS)
async def count_members(request: GraphRequest) -> Answer:
    """How many people are directly in a group."""
    group = await _group_no(request)
    return await count_answer(request, USER, extra=(people_in(request.call.tx, (group,)),))


@route("GET", "groups/{group}/transitiveMembers", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_transitive(request: GraphRequest) -> Answer:
    """Everybody and everything in a group, through groups inside it too."""
    tx, group = request.call.tx, await _group_no(request)
    return await objects_page(
        request,
        people=people_in(tx, await groups_within(tx, (group,))),
        groups=children_of(tx, group, transitive=True),
        fragment=_OBJECTS,
    )


@route("GET", "groups/{group}/transitiveMembers/user", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_transitive_users(request: GraphRequest) -> Answer:
    """Only the people: `transitiveMembers/microsoft.graph.user`."""
    tx, group = request.call.tx, await _group_no(request)
    return await people_page(request, extra=(people_in(tx, await groups_within(tx, (group,))),))


@route("GET", "groups/{group}/owners", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_owners(request: GraphRequest) -> Answer:
    """Who looks after a group."""
    condition = owners_of(request.call.tx, await _group_no(request))
    return await people_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route(
    "GET",
    "groups/{group}/membersWithLicenseErrors",
    needs=_READ,
    accepts=(GraphPermission.LICENSE_ASSIGNMENT_READ_ALL, *MAY_READ_GROUPS),
)
async def list_failing(request: GraphRequest) -> Answer:
    """Members who do not get what the group gives (GRP-004, GRP-005)."""
    condition = people_failing(request.call.tx, await _group_no(request))
    return await people_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route("POST", "groups/{group}/members/$ref", needs=_WRITE, accepts=_MAY_WRITE_MEMBERS)
async def add_member(request: GraphRequest) -> Answer:
    """Put somebody, or a group, into a group."""
    row = await group_row(request, request.keys["group"], ("id",))
    await add_members(request, str(row.values["id"]), (reference_of(request),))
    return no_content()


@route("DELETE", "groups/{group}/members/{member}/$ref", needs=_WRITE, accepts=_MAY_WRITE_MEMBERS)
async def remove_member(request: GraphRequest) -> Answer:
    """Take somebody, or a group, out of a group: the seat is free at once."""
    await group_row(request, request.keys["group"], ())
    member = request.keys["member"]
    try:
        await leave_group(request.call, request.keys["group"], member)
    except Refusal as refusal:
        if refusal.reason in {Reason.NOT_ASSIGNED, Reason.UNKNOWN_USER}:
            raise resource_missing(member) from refusal
        raise
    return no_content()


@route("POST", "groups/{group}/owners/$ref", needs=_WRITE, accepts=MAY_WRITE_GROUPS)
async def add_owner(request: GraphRequest) -> Answer:
    """Make somebody an owner."""
    row = await group_row(request, request.keys["group"], ("id",))
    if not await give_owners(request.call, str(row.values["id"]), (reference_of(request),)):
        raise bad_request(
            "One or more added object references already exist for the following modified"
            " properties: 'owners'."
        )
    return no_content()


@route("DELETE", "groups/{group}/owners/{owner}/$ref", needs=_WRITE, accepts=MAY_WRITE_GROUPS)
async def remove_owner(request: GraphRequest) -> Answer:
    """Make somebody an owner no more."""
    await group_row(request, request.keys["group"], ())
    owner = request.keys["owner"]
    try:
        await take_owner(request.call, request.keys["group"], owner)
    except Refusal as refusal:
        if refusal.reason in {Reason.NOT_ASSIGNED, Reason.UNKNOWN_USER}:
            raise resource_missing(owner) from refusal
        raise
    return no_content()


@route("GET", "users/{user}/memberOf", needs=_READ, accepts=MAY_READ_USERS)
async def groups_of_user(request: GraphRequest) -> Answer:
    """Groups that somebody is directly in."""
    condition = groups_of(request.call.tx, await _user_no(request))
    return await groups_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route("GET", "users/{user}/memberOf/group", needs=_READ, accepts=MAY_READ_USERS)
async def typed_groups_of_user(request: GraphRequest) -> Answer:
    """The same as groups: `memberOf/microsoft.graph.group`."""
    return await groups_page(request, extra=(groups_of(request.call.tx, await _user_no(request)),))


@route("GET", "users/{user}/transitiveMemberOf", needs=_READ, accepts=MAY_READ_USERS)
async def groups_around_user(request: GraphRequest) -> Answer:
    """Groups that somebody is in, through groups inside groups too."""
    condition = groups_around(request.call.tx, await _user_no(request))
    return await groups_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route("GET", "users/{user}/transitiveMemberOf/group", needs=_READ, accepts=MAY_READ_USERS)
async def typed_groups_around_user(request: GraphRequest) -> Answer:
    """The same as groups: `transitiveMemberOf/microsoft.graph.group`."""
    condition = groups_around(request.call.tx, await _user_no(request))
    return await groups_page(request, extra=(condition,))


@route("GET", "users/{user}/ownedObjects", needs=_READ, accepts=MAY_READ_USERS)
async def owned_objects(request: GraphRequest) -> Answer:
    """Groups that somebody owns."""
    condition = owned_by(request.call.tx, await _user_no(request))
    return await groups_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route("GET", "groups/{group}/memberOf", needs=_READ, accepts=MAY_READ_GROUPS)
async def groups_of_group(request: GraphRequest) -> Answer:
    """Groups that a group is directly in."""
    condition = parents_of(request.call.tx, await _group_no(request), transitive=False)
    return await groups_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


@route("GET", "groups/{group}/transitiveMemberOf", needs=_READ, accepts=MAY_READ_GROUPS)
async def groups_around_group(request: GraphRequest) -> Answer:
    """Groups that a group is in, at any depth."""
    condition = parents_of(request.call.tx, await _group_no(request), transitive=True)
    return await groups_page(request, extra=(condition,), fragment=_OBJECTS, is_typed=True)


MEMBER_ROUTES: Final = (
    list_members,
    list_member_users,
    list_member_groups,
    count_members,
    list_transitive,
    list_transitive_users,
    list_owners,
    list_failing,
    add_member,
    remove_member,
    add_owner,
    remove_owner,
    groups_of_user,
    typed_groups_of_user,
    groups_around_user,
    typed_groups_around_user,
    owned_objects,
    groups_of_group,
    groups_around_group,
)
