"""`/users/new`: a new person with their first products, and how many seats of each are free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from litestar import Response, get, post

from seatwright.app.assign.newcomer import FirstProduct, create_with_products
from seatwright.app.call import Call
from seatwright.app.directory.users import parse_user_fields
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.directory import UserField
from seatwright.domain.errors import Refusal
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs, require
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.language import gettext, marked
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.problems import status_of

PRODUCTS_MAX: Final = 1000

_ASKED: Final[Mapping[UserField, str]] = {
    UserField.DISPLAY_NAME: marked("Name"),
    UserField.USER_PRINCIPAL_NAME: marked("User name, as they sign in"),
    UserField.MAIL: marked("Mail address"),
    UserField.JOB_TITLE: marked("Job title"),
    UserField.DEPARTMENT: marked("Department"),
    UserField.MANAGER: marked("Manager (user name)"),
}


@get("/users/new", opt=needs(Permission.WRITE_USERS))
async def new_user(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """An empty form; beside each product how many seats are free (T-134)."""
    return await _form(call, request, Form(()))


@post("/users", opt=needs(Permission.WRITE_USERS), status_code=303)
async def make_user(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Make the person and give the products that were ticked: all of it, or nothing."""
    form = form_of(request)
    try:
        asked = (*_ASKED, UserField.USAGE_LOCATION)
        given = {field: form.text(field.value) for field in asked}
        fields = {field: text for field, text in given.items() if text is not None}
        fields.setdefault(UserField.USER_PRINCIPAL_NAME, "")
        ticked = [FirstProduct(sku=sku) for sku in form.all("sku")]
        if ticked:
            require(call, Permission.ASSIGN_TO_USERS)
        person, _ = await create_with_products(call, parse_user_fields(fields), ticked)
    except Refusal as refusal:
        return await _form(call, request, form, refusal=refusal)
    return see(f"/users/{person.id}?done=made")


async def _form(
    call: Call, request: AnyRequest, form: Form, *, refusal: Refusal | None = None
) -> Response[bytes]:
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    products = [one for one in seats if one.sku.is_assignable_to_users]
    return page(
        request,
        "user_new.html",
        status=200 if refusal is None else status_of(refusal),
        typed=form,
        asked={field.value: gettext(words) for field, words in _ASKED.items()},
        ticked=frozenset(form.all("sku")),
        products=sorted(products, key=_by_use),
        error=None if refusal is None else refusal.detail,
        field=None if refusal is None else refusal.context.get("field"),
    )


def _by_use(one: SkuSeats) -> tuple[bool, str]:
    """What has a free seat before what has none."""
    return one.free <= 0, one.sku.display_name


NEW_USER_PAGES = (new_user, make_user)
