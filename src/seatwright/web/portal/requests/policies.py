"""`/requests/policies`: who decides about which product, and the organization's own process."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app.call import Call
from seatwright.app.requests.own_process import own_process
from seatwright.app.requests.policies import (
    DEFAULT_WORD,
    ApproversOrder,
    PolicyOrder,
    PolicySeen,
    drop_request_policy,
    list_request_policies,
    put_request_policy,
    see_request_policy,
)
from seatwright.app.seats import list_seats
from seatwright.app.settings import change_settings
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.requests.policy import (
    MANAGER_LEVEL_MAX,
    PENDING_DAYS_DEFAULT,
    ApproverKind,
    Part,
    deciding_roles,
)
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.requests.one import names_in

PRODUCTS_MAX: Final = 1000
NOBODY: Final = "nobody"


@get("/requests/policies", opt=needs(Permission.READ_ANY_REQUEST))
async def request_policies(
    call: TheCall, request: AnyRequest, done: FromQuery[str | None] = None
) -> Response[bytes]:
    """The default, each product with a policy of its own, and the organization's own process."""
    seen = await list_request_policies(call)
    own = {one.sku.sku_no for one in seen if one.sku is not None}
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return page(
        request,
        "request_policies.html",
        policies=seen,
        part=Part,
        kind=ApproverKind,
        others=[
            one.sku for one in seats if one.sku.is_assignable_to_users and one.sku.sku_no not in own
        ],
        process=own_process(call),
        settings=call.tenant.settings,
        done=done,
    )


@get("/requests/policies/edit", opt=needs(Permission.READ_ANY_REQUEST))
async def edit_policy(
    call: TheCall, request: AnyRequest, product: FromQuery[str] = DEFAULT_WORD
) -> Response[bytes]:
    """The form of a product's policy; where it has none, with what counts for it now."""
    seen = await see_request_policy(call, product)
    sku = await _product(call, seen, product)
    return page(
        request,
        "request_policy.html",
        seen=seen,
        policy=seen.policy,
        product=product,
        name=sku,
        is_own=seen.is_stored and (seen.sku is not None or sku is None),
        parts={
            "approvers": seen.policy.part(Part.APPROVERS),
            "fallback": seen.policy.part(Part.FALLBACK),
            "alternate": seen.policy.part(Part.ALTERNATE),
        },
        kinds=ApproverKind,
        levels=range(1, MANAGER_LEVEL_MAX + 1),
        roles=deciding_roles(),
    )


async def _product(call: Call, seen: PolicySeen, product: str) -> str | None:
    """What the product of the form is called; None: it is the default's."""
    if seen.sku is not None:
        return seen.sku.display_name
    if product.casefold() == DEFAULT_WORD:
        return None
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    named = {one.sku.part_number: one.sku.display_name for one in seats}
    return named.get(product, product)


@post("/requests/policies", opt=needs(Permission.MANAGE_REQUEST_POLICIES), status_code=303)
async def keep_policy(call: TheCall, request: AnyRequest) -> Response[None]:
    """Store the policy of the form; what is pending goes by it."""
    form = form_of(request)
    await put_request_policy(call, form.text("product") or DEFAULT_WORD, _order(form))
    return see("/requests/policies?done=kept")


@post("/requests/policies/delete", opt=needs(Permission.MANAGE_REQUEST_POLICIES), status_code=303)
async def delete_policy(call: TheCall, request: AnyRequest) -> Response[None]:
    """Let the default count again."""
    await drop_request_policy(call, form_of(request).text("product") or DEFAULT_WORD)
    return see("/requests/policies?done=deleted")


@post("/requests/own-process", opt=needs(Permission.WRITE_SETTINGS), status_code=303)
async def keep_own_process(call: TheCall, request: AnyRequest) -> Response[None]:
    """Send people to the organization's own process, or have them ask here again (R-12, R-14)."""
    form = form_of(request)
    is_on = form.text("ownProcess") is not None
    message, url = form.text("message"), form.text("url")
    if is_on and message is None and url is None:
        raise Refusal(
            Reason.INVALID_VALUE, "Say what people read instead of the form, or where they ask."
        )
    values = {"requestMessage": message, "requestUrl": url} if is_on else _BUILT_IN
    await change_settings(call, values)
    return see("/requests/policies?done=process")


_BUILT_IN: Final = {"requestMessage": None, "requestUrl": None}


def _order(form: Form) -> PolicyOrder:
    approvers = _approvers(form, "approvers")
    if approvers is None:
        raise Refusal(Reason.INVALID_VALUE, "Choose who decides.")
    alternate = _approvers(form, "alternate")
    return PolicyOrder(
        is_open=form.text("open") is not None,
        needs_justification=form.text("justification") is not None,
        approvers=approvers,
        fallback=_approvers(form, "fallback"),
        alternate=alternate,
        alternate_after_hours=None if alternate is None else _number(form, "alternateAfterHours"),
        approves_while_free=_number(form, "approvesWhileFree"),
        approves_within=_amount(form, "approvesWithin"),
        pending_days=_number(form, "pendingDays") or PENDING_DAYS_DEFAULT,
        license_days=_number(form, "licenseDays"),
    )


def _approvers(form: Form, part: str) -> ApproversOrder | None:
    kind = form.text(f"{part}Kind") or NOBODY
    if kind == NOBODY:
        return None
    return ApproversOrder(
        kind=kind,
        level=_number(form, f"{part}Level") or 1,
        people=names_in(form.text(f"{part}People")) if kind == ApproverKind.PEOPLE else (),
        group=form.text(f"{part}Group") if kind == ApproverKind.GROUP else None,
        roles=form.all(f"{part}Role") if kind == ApproverKind.ROLES else (),
    )


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise Refusal(Reason.INVALID_VALUE, f"“{text[:40]}” is no number: give digits, or nothing.")
    return int(text[:12])


def _amount(form: Form, name: str) -> Decimal | None:
    text = form.text(name)
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refusal(
            Reason.INVALID_VALUE, f"“{text[:40]}” is no amount: give 250 or 250.50, say."
        ) from None


REQUEST_POLICY_PAGES = (
    request_policies,
    edit_policy,
    keep_policy,
    delete_policy,
    keep_own_process,
)
