"""`/users/new`: a new person with their first products, and how many seats of each are free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post

from seatwright.app.assign.newcomer import FirstProduct, create_with_products
from seatwright.app.call import Call
from seatwright.app.directory.users import parse_user_fields
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.directory import FieldValue, UserField
from seatwright.domain.errors import Reason, Refusal
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
    UserField.MANAGER: marked("Manager"),
    UserField.USAGE_LOCATION: marked("Usage location"),
}
_REQUIRED: Final = (UserField.DISPLAY_NAME, UserField.USER_PRINCIPAL_NAME)

_PRODUCTS: Final = "sku"
_FIELD_OF: Final[Mapping[Reason, str]] = {
    Reason.UNKNOWN_USER: UserField.MANAGER.value,
    Reason.USAGE_LOCATION_MISSING: UserField.USAGE_LOCATION.value,
    Reason.USAGE_LOCATION_PROHIBITED: UserField.USAGE_LOCATION.value,
    Reason.NO_SEAT_LEFT: _PRODUCTS,
    Reason.DEPENDENCY_MISSING: _PRODUCTS,
    Reason.CONFLICTING_SERVICE_PLANS: _PRODUCTS,
    Reason.NOT_ASSIGNABLE_TO_USERS: _PRODUCTS,
    Reason.UNKNOWN_SKU: _PRODUCTS,
}
"""Which field mends a refusal that names none: nobody but the manager is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """What is wrong with a form: by the name of its field, and what no field mends."""

    status: int
    fields: Mapping[str, str]
    other: str | None = None


@get("/users/new", opt=needs(Permission.WRITE_USERS))
async def new_user(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """An empty form; beside each product how many seats are free (T-134)."""
    return await _form(call, request, Form(()))


@post("/users", opt=needs(Permission.WRITE_USERS), status_code=303)
async def make_user(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Make the person and give the products that were ticked: all of it, or nothing."""
    form = form_of(request)
    fields, wrong = _read(form)
    if wrong is not None:
        return await _form(call, request, form, wrong=wrong)
    try:
        ticked = [FirstProduct(sku=sku) for sku in form.all(_PRODUCTS)]
        if ticked:
            require(call, Permission.ASSIGN_TO_USERS)
        person, _ = await create_with_products(call, fields, ticked)
    except Refusal as refusal:
        return await _form(call, request, form, wrong=_wrong_by(refusal))
    return see(f"/users/{person.id}?done=made")


def _read(form: Form) -> tuple[dict[UserField, FieldValue], _Wrong | None]:
    """The fields that were filled in, or everything that is wrong with them at once."""
    fields: dict[UserField, FieldValue] = {}
    faults: dict[str, str] = {}
    status = 400
    for field in _ASKED:
        text = form.text(field.value)
        if text is None and field in _REQUIRED:
            faults[field.value] = gettext("It is required.")
        if text is None:
            continue
        try:
            fields |= parse_user_fields({field: text})
        except Refusal as refusal:
            status = status_of(refusal)
            faults[field.value] = refusal.detail
    place = UserField.USAGE_LOCATION
    if form.all(_PRODUCTS) and form.text(place.value) is None:
        faults[place.value] = gettext("It is required, for a product is chosen.")
    return fields, _Wrong(status=status, fields=faults) if faults else None


def _wrong_by(refusal: Refusal) -> _Wrong:
    named = refusal.context.get("field")
    field = str(named) if named in set(_ASKED) else _FIELD_OF.get(refusal.reason)
    if field is None:
        return _Wrong(status=status_of(refusal), fields={}, other=refusal.detail)
    return _Wrong(status=status_of(refusal), fields={field: refusal.detail})


async def _form(
    call: Call, request: AnyRequest, form: Form, *, wrong: _Wrong | None = None
) -> Response[bytes]:
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    products = [one for one in seats if one.sku.is_assignable_to_users]
    return page(
        request,
        "user_new.html",
        status=200 if wrong is None else wrong.status,
        typed=form,
        asked={field.value: gettext(words) for field, words in _ASKED.items()},
        required=frozenset(field.value for field in _REQUIRED),
        ticked=frozenset(form.all(_PRODUCTS)),
        products=sorted(products, key=_by_use),
        wrong=wrong,
    )


def _by_use(one: SkuSeats) -> tuple[bool, str]:
    """What has a free seat before what has none."""
    return one.free <= 0, one.sku.display_name


NEW_USER_PAGES = (new_user, make_user)
