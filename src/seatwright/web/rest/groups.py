"""`/api/identity/groups`: the groups of the directory."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from seatwright.app.directory.groups import (
    GroupSeen,
    change_group,
    create_group,
    delete_group,
    find_group,
    page_of_groups,
    parse_group_fields,
    see_groups,
)
from seatwright.app.dynamic.rules import change_rule, hold_all_rules
from seatwright.domain.directory import GroupField, GroupFields, text_key
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, FilterText, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.rule_orders import rule_order, state_of

Text = str | None | UnsetType


class GroupChange(Body, kw_only=True, frozen=True):
    """What to change of a group: what is left out stays, null clears it.

    A `membershipRule` makes the group dynamic, null makes it static; the processing state of a rule
    is On or Paused.
    """

    display_name: str | UnsetType = UNSET
    description: Text = UNSET
    mail_nickname: Text = UNSET
    kind: str | UnsetType = UNSET
    security_enabled: bool | UnsetType = UNSET
    external_id: Text = UNSET
    membership_rule: Text = UNSET
    membership_rule_processing_state: str | UnsetType = UNSET


class NewGroup(Body, kw_only=True, frozen=True):
    """A group to make; `kind` is security (the default) or microsoft365.

    With a `membershipRule` it is dynamic from the start.
    """

    display_name: str
    description: Text = UNSET
    mail_nickname: Text = UNSET
    kind: str | UnsetType = UNSET
    security_enabled: bool | UnsetType = UNSET
    external_id: Text = UNSET
    membership_rule: Text = UNSET
    membership_rule_processing_state: str | UnsetType = UNSET


class LicenseName(Shape, kw_only=True, frozen=True):
    """A product that a group gives."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class GroupRow(Shape, kw_only=True, frozen=True):
    """A group in a list: `status` is Active, Processing, or how many members have errors.

    `memberCount` counts people as licensing does: with the members of groups inside it, where
    the tenant's semantics count those.
    """

    id: UUID
    display_name: str
    licenses: list[LicenseName]
    member_count: int
    error_count: int
    status: str


class GroupShape(GroupRow, kw_only=True, frozen=True):
    """A group with everything that is known of it."""

    description: str | None
    mail_nickname: str | None
    kind: str
    security_enabled: bool
    external_id: str | None
    created_at: datetime
    membership_rule: str | None
    membership_rule_processing_state: str | None
    rule_status: str | None


def group_row(seen: GroupSeen) -> GroupRow:
    """A group as lists show it (source 004's table)."""
    return GroupRow(
        id=seen.group.id,
        display_name=seen.group.display_name,
        licenses=[_license(sku) for sku in seen.skus],
        member_count=seen.member_count,
        error_count=seen.error_count,
        status=seen.status,
    )


def group_shape(seen: GroupSeen) -> GroupShape:
    """A group as it is shown alone."""
    group = seen.group
    return GroupShape(
        id=group.id,
        display_name=group.display_name,
        licenses=[_license(sku) for sku in seen.skus],
        member_count=seen.member_count,
        error_count=seen.error_count,
        status=seen.status,
        description=group.description,
        mail_nickname=group.mail_nickname,
        kind=group.kind.value,
        security_enabled=group.is_security,
        external_id=group.external_id,
        created_at=group.created_at,
        membership_rule=None if group.dynamic is None else group.dynamic.rule,
        membership_rule_processing_state=state_of(group.dynamic),
        rule_status=None if group.dynamic is None else group.dynamic.status.value,
    )


def _license(sku: CatalogSku) -> LicenseName:
    return LicenseName(
        sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
    )


def _fields(body: NewGroup | GroupChange) -> GroupFields:
    given: dict[GroupField, str | bool | UnsetType | None] = {
        GroupField.DISPLAY_NAME: body.display_name,
        GroupField.DESCRIPTION: body.description,
        GroupField.MAIL_NICKNAME: body.mail_nickname,
        GroupField.KIND: body.kind,
        GroupField.SECURITY_ENABLED: body.security_enabled,
        GroupField.EXTERNAL_ID: body.external_id,
    }
    return parse_group_fields(
        {name: value for name, value in given.items() if not isinstance(value, UnsetType)}
    )


@get("/api/identity/groups", opt=needs(Permission.READ_DIRECTORY), summary="List groups")
async def list_all_groups(
    call: TheCall,
    *,
    search: FromQuery[str | None] = None,
    licensed: FromQuery[bool | None] = None,
    filter_text: FilterText = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[GroupRow]:
    """Groups by display name, with what they give, to how many, and how many have errors.

    `search` finds groups by the beginnings of the words of their names; `licensed` keeps those
    that give a license, or those that give none. `filter` is an OData filter on what groups have,
    such as `kind eq 'security' and startsWith(displayName, 'Sales')`; the page of queries in the
    reference lists what each property takes.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    groups = await page_of_groups(
        call,
        search=search,
        is_licensed=licensed,
        filter_text=filter_text,
        after=after,
        limit=size,
    )
    page = groups[:size]
    next_cursor = None
    if len(groups) > size:
        last = page[-1].group
        next_cursor = cursor_of(text_key(last.display_name), last.group_no)
    return Page(value=[group_row(seen) for seen in page], next_cursor=next_cursor)


@post("/api/identity/groups", opt=needs(Permission.WRITE_GROUPS), summary="Create a group")
async def create_one_group(call: TheCall, data: JSONBody[NewGroup]) -> GroupShape:
    """A Microsoft 365 group can be licensed only if `securityEnabled` is true."""
    order = rule_order(data.membership_rule, data.membership_rule_processing_state)
    is_dynamic = order is not None and order.text is not None
    if is_dynamic:
        await hold_all_rules(call)
    group = await create_group(call, _fields(data))
    if order is not None and is_dynamic:
        group = (await change_rule(call, group, order)).group
    return group_shape((await see_groups(call, (group,)))[0])


@get("/api/identity/groups/{group:str}", opt=needs(Permission.READ_DIRECTORY), summary="A group")
async def get_group(call: TheCall, group: FromPath[str]) -> GroupShape:
    """By id."""
    found = await find_group(call, group)
    return group_shape((await see_groups(call, (found,)))[0])


@patch(
    "/api/identity/groups/{group:str}",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Change a group",
)
async def change_one_group(
    call: TheCall, group: FromPath[str], data: JSONBody[GroupChange]
) -> GroupShape:
    """What is left out stays, null clears. The kind of a group stays for good.

    A new rule moves up to 500 people in the call, and more as a job; `PATCH …/rule` tells of it.
    """
    order = rule_order(data.membership_rule, data.membership_rule_processing_state)
    if order is not None:
        await hold_all_rules(call)
    changed = await change_group(call, group, _fields(data))
    if order is not None:
        changed = (await change_rule(call, changed, order)).group
    return group_shape((await see_groups(call, (changed,)))[0])


@delete("/api/identity/groups/{group:str}", opt=needs(Permission.WRITE_GROUPS), summary="Delete")
async def delete_one_group(call: TheCall, group: FromPath[str]) -> None:
    """Refused with groupHasLicenses while the group gives a license."""
    await delete_group(call, group)


GROUP_ROUTES = (
    list_all_groups,
    create_one_group,
    get_group,
    change_one_group,
    delete_one_group,
)
