"""`/groups`: reading and writing groups; who is in them is in `members.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seatwright.app.directory.groups import (
    change_group,
    create_group,
    delete_group,
    find_group,
    parse_group_fields,
)
from seatwright.app.directory.members import join_group
from seatwright.app.dynamic.rules import change_rule, hold_all_rules
from seatwright.app.graph.owners import give_owners
from seatwright.domain.directory import GroupField, GroupKind
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import GraphError, bad_request
from seatwright.web.graph.group_relations import with_relations
from seatwright.web.graph.group_rules import (
    RULE_NAMES,
    UNIFIED,
    changed_rule,
    first_rule,
    types_in,
)
from seatwright.web.graph.group_shapes import GROUP, columns_for, shape_groups
from seatwright.web.graph.lists import (
    count_answer,
    group_row,
    groups_page,
)
from seatwright.web.graph.odata import expanded, selected
from seatwright.web.graph.permissions import only_for
from seatwright.web.graph.references import bound_in, people_and_groups
from seatwright.web.graph.request import GraphRequest, no_content
from seatwright.web.graph.routing import route

MAY_READ_GROUPS: Final = (
    GraphPermission.GROUP_MEMBER_READ_ALL,
    GraphPermission.GROUP_READ_ALL,
    GraphPermission.GROUP_MEMBER_READ_WRITE_ALL,
    GraphPermission.GROUP_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
MAY_WRITE_GROUPS: Final = (
    GraphPermission.GROUP_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
_READ: Final = Permission.READ_DIRECTORY
_WRITE: Final = Permission.WRITE_GROUPS

_REQUIRED: Final = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_TEXTS: Final = {
    "displayname": GroupField.DISPLAY_NAME,
    "description": GroupField.DESCRIPTION,
    "mailnickname": GroupField.MAIL_NICKNAME,
}
_MEMBERS_BOUND: Final = frozenset({"members@odata.bind"})
_BOUND: Final = _MEMBERS_BOUND | {"owners@odata.bind"}


@route("GET", "groups", needs=_READ, accepts=MAY_READ_GROUPS)
async def list_groups(request: GraphRequest) -> Answer:
    """Groups, page by page."""
    return await groups_page(request)


@route("GET", "groups/$count", needs=_READ, accepts=MAY_READ_GROUPS)
async def count_groups(request: GraphRequest) -> Answer:
    """How many groups there are."""
    return await count_answer(request, GROUP)


@route("GET", "groups/{group}", needs=_READ, accepts=MAY_READ_GROUPS)
async def get_group(request: GraphRequest) -> Answer:
    """One group, by id."""
    select, expand = selected(request, GROUP), expanded(request, GROUP)
    row = await group_row(request, request.keys["group"], columns_for(select))
    (shape,) = await shape_groups(request.call, [row], select)
    await with_relations(request.call, [row], [shape], expand)
    shown = f"({','.join(select)})" if request.option("$select") else ""
    return request.entity(shape, f"groups{shown}/$entity")


@route(
    "POST",
    "groups",
    needs=_WRITE,
    accepts=(GraphPermission.GROUP_CREATE, *MAY_WRITE_GROUPS),
)
async def post_group(request: GraphRequest) -> Answer:
    """Make a group, with up to 20 members and owners."""
    body = request.json()
    for name in _REQUIRED:
        if body.get(name.casefold()) is None:
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    kind = _kind(body)
    if (kind == GroupKind.MICROSOFT_365.value) is not (body["mailenabled"] is True):
        raise bad_request(
            "mailEnabled has to be true for a group with groupTypes ['Unified'], and false for a"
            " security group."
        )
    fields = {**_fields(body), GroupField.KIND: kind}
    order = first_rule(body)
    if order is not None:
        await hold_all_rules(request.call)
    group = await create_group(request.call, parse_group_fields(fields))
    if order is not None:
        await change_rule(request.call, group, order)
    await _bind(request, body, str(group.id))
    row = await group_row(request, str(group.id), columns_for(GROUP.shown))
    (shape,) = await shape_groups(request.call, [row], GROUP.shown)
    answer = request.entity(shape, "groups/$entity", status=201)
    answer.headers.append((b"location", request.url("groups", str(group.id)).encode()))
    return answer


def _kind(body: Mapping[str, Any]) -> str:
    is_unified = UNIFIED in types_in(body)
    return GroupKind.MICROSOFT_365.value if is_unified else GroupKind.SECURITY.value


def _fields(body: Mapping[str, Any]) -> dict[GroupField, str | bool | None]:
    """The fields that a body names; what cannot be set is refused by name."""
    fields: dict[GroupField, str | bool | None] = {}
    known = {one.casefold(): one for one in GROUP.names}
    for name, value in body.items():
        if name in _TEXTS:
            if value is not None and not isinstance(value, str):
                raise _invalid(known[name])
            fields[_TEXTS[name]] = value
        elif name == "securityenabled":
            if not isinstance(value, bool):
                raise _invalid(known[name])
            fields[GroupField.SECURITY_ENABLED] = value
        elif name in {"mailenabled", *RULE_NAMES} or name in _BOUND:
            continue
        elif name not in known:
            raise bad_request(
                f"Property '{name[:80]}' does not exist as a declared property or extension"
                " property of resource 'Group'."
            )
        elif value not in (None, [], {}, ""):
            _refuse_set(known[name], value)
    return fields


def _refuse_set(name: str, value: object) -> None:
    # Every client sends it for a Microsoft 365 group, and it says nothing of licenses.
    if name == "visibility" and value in {"Public", "Private", "HiddenMembership"}:
        return
    raise bad_request(f"Property '{name}' cannot be set here.")


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Group'.")


async def _bind(request: GraphRequest, body: dict[str, Any], group: str) -> None:
    """Members and owners that came with a group; any that cannot be is an error (PAG-004)."""
    members = bound_in(body, "members")
    if members:
        await add_members(request, group, members)
    owners = bound_in(body, "owners")
    if owners:
        await give_owners(request.call, group, owners)


async def add_members(request: GraphRequest, group: str, keys: tuple[str, ...]) -> None:
    """Put these into a group; whoever is in it already is an error, and nobody is added."""
    people, groups = await people_and_groups(request.call, keys)
    joined = await join_group(request.call, group, users=people, groups=groups)
    if joined.already:
        raise bad_request(
            "One or more added object references already exist for the following modified"
            " properties: 'members'."
        )


@route(
    "PATCH",
    "groups/{group}",
    needs=_WRITE,
    accepts=(GraphPermission.GROUP_MEMBER_READ_WRITE_ALL, *MAY_WRITE_GROUPS),
)
async def patch_group(request: GraphRequest) -> Answer:
    """Change a group, or add up to 20 members and owners."""
    body = request.json()
    row = await group_row(request, request.keys["group"], ("id", "kind", "membershipRule"))
    is_unified = row.values["kind"] == GroupKind.MICROSOFT_365.value
    if body.get("mailenabled", is_unified) is not is_unified:
        raise bad_request("mailEnabled follows groupTypes, which a group has for good.")
    if "grouptypes" in body and (_kind(body) == GroupKind.MICROSOFT_365.value) is not is_unified:
        raise bad_request("A group has its groupTypes for good.")
    fields = _fields(body)
    if body.keys() - _MEMBERS_BOUND and not request.may(*MAY_WRITE_GROUPS):
        raise only_for("change groups beyond their members", MAY_WRITE_GROUPS)
    order = changed_rule(body, was_dynamic=row.values["membershipRule"] is not None)
    if order is not None:
        await hold_all_rules(request.call)
    if fields:
        await change_group(request.call, str(row.values["id"]), parse_group_fields(fields))
    if order is not None:
        group = await find_group(request.call, str(row.values["id"]))
        await change_rule(request.call, group, order)
    await _bind(request, body, str(row.values["id"]))
    return no_content()


@route("DELETE", "groups/{group}", needs=_WRITE, accepts=MAY_WRITE_GROUPS)
async def remove_group(request: GraphRequest) -> Answer:
    """Delete a group; one that gives licenses is refused (GBL-048)."""
    await group_row(request, request.keys["group"], ())
    await delete_group(request.call, request.keys["group"])
    return no_content()


GROUP_ROUTES: Final = (
    list_groups,
    count_groups,
    get_group,
    post_group,
    patch_group,
    remove_group,
)
