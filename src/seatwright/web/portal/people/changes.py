"""What the page of one person changes: their own assignments, and where they use services."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.assign import AssignOrder, assign, unassign, update_license
from seatwright.app.call import Call
from seatwright.app.directory.users import change_user, find_user, parse_user_fields
from seatwright.app.group_licenses import reprocess_user
from seatwright.app.idle_people import idle_people
from seatwright.app.why import change_sentence, explain, sentence_of
from seatwright.domain.directory import UserField
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.why import Outcome
from seatwright.postgres.idle import LONGEST_AGO, SilentPerson
from seatwright.postgres.world_read import read_since
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.fields import moment_of, plans_off
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.people.fixes import offer_of

IDLE_SHOWN = 5


@post("/users/{user:str}/licenses", opt=needs(Permission.ASSIGN_TO_USERS), status_code=303)
async def assign_to_user(call: TheCall, request: AnyRequest, user: FromPath[str]) -> Response[None]:
    """Give the product of the form."""
    form = form_of(request)
    person = await find_user(call, user)
    order = AssignOrder(
        sku=form.text("sku") or "",
        usage_location=form.text("usageLocation"),
        expires_at=moment_of(form, "expiresAt"),
    )
    await assign(call, str(person.id), order)
    return see(f"/users/{person.id}?done=assigned")


@post(
    "/users/{user:str}/licenses/{sku:str}",
    opt=needs(Permission.ASSIGN_TO_USERS),
    status_code=303,
)
async def change_license(
    call: TheCall, request: AnyRequest, user: FromPath[str], sku: FromPath[str]
) -> Response[None]:
    """Service plans and dates of the person's own assignment; an empty date is none."""
    form = form_of(request)
    person = await find_user(call, user)
    starts, expires = moment_of(form, "startsAt"), moment_of(form, "expiresAt")
    order = AssignOrder(
        sku=sku,
        disabled=await plans_off(call, form, sku),
        starts_at=starts,
        expires_at=expires,
        clears_start=starts is None,
        clears_expiry=expires is None,
    )
    await update_license(call, str(person.id), sku, order)
    return see(f"/users/{person.id}?done=changed")


@post(
    "/users/{user:str}/licenses/{sku:str}/unassign",
    opt=needs(Permission.ASSIGN_TO_USERS),
    status_code=303,
)
async def unassign_from_user(
    call: TheCall, user: FromPath[str], sku: FromPath[str]
) -> Response[None]:
    """Take the person's own assignment; what groups give stays."""
    person = await find_user(call, user)
    await unassign(call, str(person.id), sku)
    return see(f"/users/{person.id}?done=removed")


@post("/users/{user:str}/location", opt=needs(Permission.SET_USAGE_LOCATION), status_code=303)
async def set_location(call: TheCall, request: AnyRequest, user: FromPath[str]) -> Response[None]:
    """Where they use services; what may not be used there is shown by the preview."""
    text = form_of(request).text("usageLocation")
    person = await find_user(call, user)
    await change_user(call, str(person.id), parse_user_fields({UserField.USAGE_LOCATION: text}))
    return see(f"/users/{person.id}?done=changed")


@post("/users/{user:str}/reprocess", opt=needs(Permission.REPROCESS), status_code=303)
async def look_again_at_user(call: TheCall, user: FromPath[str]) -> Response[None]:
    """Look at one person again."""
    person = await find_user(call, user)
    await reprocess_user(call, person.user_no)
    return see(f"/users/{person.id}?done=reprocessed")


@get("/users/{user:str}/why", opt=needs(Permission.READ_DIRECTORY))
async def why(
    call: TheCall,
    request: AnyRequest,
    *,
    user: FromPath[str],
    product: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Why they have a product or lack it, as a chain from top to bottom, and what would turn it."""
    person = await find_user(call, user)
    if not product:
        raise Refusal(Reason.INVALID_VALUE, "Choose a product on the page of the person first.")
    answer = await explain(call, str(person.id), product)
    fixes = [offer_of(call, fix) for fix in answer.fixes]
    bought = next((one.buys for one in fixes if one.buys is not None), None)
    return page(
        request,
        "why.html",
        person=person,
        answer=answer,
        is_held=answer.account.outcome is Outcome.HELD,
        held_since=(await read_since(call.tx, person.user_no)).get(answer.sku.sku_no),
        sentence=sentence_of(answer),
        change=change_sentence(answer),
        fixes=fixes,
        idle=() if bought is None else await _idle(call, bought.sku),
        done=done,
    )


async def _idle(call: Call, sku: SkuNo) -> tuple[SilentPerson, ...]:
    """Who holds the product that seats would be bought of, and has not been here for long."""
    return (await idle_people(call, sku=sku, after=LONGEST_AGO, limit=IDLE_SHOWN)).people


USER_CHANGE_PAGES = (
    assign_to_user,
    change_license,
    unassign_from_user,
    set_location,
    look_again_at_user,
    why,
)
