"""`/api/identity/groups/{id}/members`: who is in a group."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import field

from seatwright.app.directory.members import join_group, leave_group, page_of_members
from seatwright.domain.directory import text_key
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class NewMembers(Body, kw_only=True, frozen=True):
    """Who is to join: people by UPN or id; groups by id, external id or a name only they have."""

    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


class MemberShape(Shape, kw_only=True, frozen=True):
    """A member: `type` is user or group; a group has no user principal name."""

    id: UUID
    type: str
    display_name: str
    user_principal_name: str | None


class JoinedShape(Shape, kw_only=True, frozen=True):
    """Who joined, and who was in the group before, as the call named them."""

    added: list[str]
    already_members: list[str]


@get(
    "/api/identity/groups/{group:str}/members",
    opt=needs(Permission.READ_DIRECTORY),
    summary="List members",
)
async def list_members(
    call: TheCall,
    *,
    group: FromPath[str],
    transitive: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[MemberShape]:
    """Groups first, then people by display name; `transitive=true` also through groups inside.

    The first page holds all the groups beside its people.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    found = await page_of_members(call, group, transitive=transitive, after=after, limit=size)
    people = found.people[:size]
    members = [
        MemberShape(
            id=one.id, type="group", display_name=one.display_name, user_principal_name=None
        )
        for one in found.groups
    ]
    members += [
        MemberShape(
            id=one.id,
            type="user",
            display_name=one.display_name,
            user_principal_name=one.user_principal_name,
        )
        for one in people
    ]
    next_cursor = None
    if len(found.people) > size:
        next_cursor = cursor_of(text_key(people[-1].display_name), people[-1].user_no)
    return Page(value=members, next_cursor=next_cursor)


@post(
    "/api/identity/groups/{group:str}/members",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Add members",
    status_code=200,
)
async def add_members(
    call: TheCall, group: FromPath[str], data: JSONBody[NewMembers]
) -> JoinedShape:
    """All of them join, or none if one is unknown. Who is a member already is no error.

    Licenses follow in the same call for up to 500 people, and as a job for more.
    """
    joined = await join_group(call, group, users=data.users, groups=data.groups)
    return JoinedShape(added=list(joined.added), already_members=list(joined.already))


@delete(
    "/api/identity/groups/{group:str}/members/{member:str}",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Remove a member",
)
async def remove_member(call: TheCall, group: FromPath[str], member: FromPath[str]) -> None:
    """A person by UPN or id, or a group by id. What the group gave goes with them."""
    await leave_group(call, group, member)


MEMBER_ROUTES = (list_members, add_members, remove_member)
