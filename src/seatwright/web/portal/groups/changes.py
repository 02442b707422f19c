"""What the page of one group changes: its licenses, its members and its rule; and making one."""

from __future__ import annotations

import re

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import create_group, find_group, parse_group_fields
from seatwright.app.directory.members import Joined, join_group, leave_group
from seatwright.app.directory.named import joined_named, left_named
from seatwright.app.directory.users import find_user
from seatwright.app.dynamic.rules import RuleOrder, change_rule
from seatwright.app.dynamic.trials import try_rule
from seatwright.app.group_licenses import (
    GroupOrder,
    license_group,
    reprocess_group,
    unlicense_group,
)
from seatwright.app.moves.impact import impact_of_license
from seatwright.domain.directory import GroupField
from seatwright.domain.errors import Refusal
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.fields import plans_off
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.pages import formats_of, name_them, page, see
from seatwright.web.portal.groups.groups import RuleShown, group_page

_BETWEEN = re.compile(r"[,;\s]+")


@post("/groups", opt=needs(Permission.WRITE_GROUPS), status_code=303)
async def make_group(call: TheCall, request: AnyRequest) -> Response[None]:
    """A group without members, to be filled on its page."""
    form = form_of(request)
    fields = {
        GroupField.DISPLAY_NAME: form.text("displayName"),
        GroupField.DESCRIPTION: form.text("description"),
    }
    made = await create_group(call, parse_group_fields(fields))
    return see(f"/groups/{made.id}?done=made")


@post("/groups/{group:str}/licenses", opt=needs(Permission.ASSIGN_TO_GROUPS), status_code=303)
async def assign_to_group(
    call: TheCall, request: AnyRequest, group: FromPath[str]
) -> Response[None]:
    """Give the product of the form to everybody in the group, now and as they join."""
    form = form_of(request)
    found = await find_group(call, group)
    sku = form.text("sku") or ""
    order = GroupOrder(sku=sku, disabled=await plans_off(call, form, sku))
    await license_group(call, str(found.id), order)
    return see(f"/groups/{found.id}?done=assigned")


@post(
    "/groups/{group:str}/licenses/{sku:str}/unassign",
    opt=needs(Permission.ASSIGN_TO_GROUPS),
    status_code=303,
)
async def unassign_from_group(
    call: TheCall, group: FromPath[str], sku: FromPath[str]
) -> Response[None]:
    """The group gives the product no more; what its members have from elsewhere stays."""
    found = await find_group(call, group)
    await unlicense_group(call, str(found.id), sku)
    return see(f"/groups/{found.id}?done=removed")


@get("/groups/{group:str}/impact", opt=needs(Permission.READ_LICENSES))
async def impact(
    call: TheCall, request: AnyRequest, group: FromPath[str], product: FromQuery[str]
) -> Response[bytes]:
    """What giving a product to the group would come to, before anybody decides to."""
    found = await find_group(call, group)
    return page(
        request,
        "group_impact.html",
        group=found,
        impact=await impact_of_license(call, str(found.id), product),
        catalog=await catalog_of(call),
    )


@post("/groups/{group:str}/members", opt=needs(Permission.WRITE_GROUPS), status_code=303)
async def add_to_group(call: TheCall, request: AnyRequest, group: FromPath[str]) -> Response[None]:
    """Put everybody whom the form names into the group; all of them or nobody."""
    found = await find_group(call, group)
    joined = await join_group(call, str(found.id), users=_named(form_of(request).text("people")))
    if call.is_foreseen:
        await _name_joined(call, request, joined)
    return see(f"/groups/{found.id}?done=joined")


async def _name_joined(call: Call, request: AnyRequest, joined: Joined) -> None:
    """Have the preview name who joins, for a group may give them nothing that it would tell."""
    parts = await joined_named(call, joined)
    name_them(request, [(gettext("Who is put in"), part) for part in parts])
    count = len(joined.already)
    if count:
        words = ngettext("One is in it already.", "%(count)s are in it already.", count)
        told = words % {"count": formats_of(request.scope).number(count)}
        request.scope["state"]["facts"] = (told,)


def _named(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in _BETWEEN.split(text or "") if one))


@post(
    "/groups/{group:str}/members/{member:str}/remove",
    opt=needs(Permission.WRITE_GROUPS),
    status_code=303,
)
async def take_out(
    call: TheCall, request: AnyRequest, group: FromPath[str], member: FromPath[str]
) -> Response[None]:
    """Take a person or an inner group out."""
    found = await find_group(call, group)
    if call.is_foreseen:
        parts = await left_named(call, member)
        name_them(request, [(gettext("Who is taken out"), part) for part in parts])
    await leave_group(call, str(found.id), member)
    return see(f"/groups/{found.id}?done=left")


@post("/groups/{group:str}/rule", opt=needs(Permission.WRITE_GROUPS), status_code=303)
async def set_rule(
    call: TheCall, request: AnyRequest, group: FromPath[str]
) -> Response[bytes] | Response[None]:
    """Change, pause or end the rule; `step=try` only says what it means for the people named."""
    form = form_of(request)
    found = await find_group(call, group)
    # As it was written: the place of a mistake is counted in lines and columns.
    text = next((value for name, value in form.pairs if name == "rule"), "").replace("\r\n", "\n")
    people = form.text("people") or ""
    try:
        if form.text("step") == "try":
            users = [await find_user(call, one) for one in _named(people)]
            _, trials = await try_rule(call, text, users, group=found)
            shown = RuleShown(text=text, people=people, trials=trials)
            return await group_page(call, request, found, rule=shown)
        action = form.text("action")
        order = RuleOrder(text=text if text.strip() else None)
        if action in {"pause", "resume"}:
            order = RuleOrder(keeps_text=True, is_paused=action == "pause")
        await change_rule(call, found, order)
    except Refusal as refusal:
        shown = RuleShown(text=text, people=people, problem=refusal.detail)
        return await group_page(call, request, found, rule=shown)
    return see(f"/groups/{found.id}?done=ruled")


@post("/groups/{group:str}/reprocess", opt=needs(Permission.REPROCESS), status_code=303)
async def look_again(call: TheCall, group: FromPath[str]) -> Response[None]:
    """Look at every member again."""
    found = await find_group(call, group)
    await reprocess_group(call, str(found.id))
    return see(f"/groups/{found.id}?done=reprocessed")


GROUP_CHANGE_PAGES = (
    make_group,
    assign_to_group,
    unassign_from_group,
    impact,
    add_to_group,
    take_out,
    set_rule,
    look_again,
)
