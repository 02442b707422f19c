"""`/api/license-requests`: asking for products, and deciding about it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.app.requests import asking, deciding, ending, queue, sharing
from seatwright.app.requests.foretelling import foretell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, keys_of, keyset_page, page_limit
from seatwright.web.rest.license_request_bodies import (
    AskBody,
    DecisionBody,
    DecisionsBody,
    EndBody,
    ShareBody,
    ask_order,
    asked_shape,
    decision_order,
    decision_orders,
    decisions_shape,
    line_shape,
    process_shape,
    request_shape,
)
from seatwright.web.rest.license_request_shapes import (
    AskedShape,
    DecisionsShape,
    LineShape,
    ProcessShape,
    RequestShape,
    SharedShape,
)
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.why import NamedPerson

LINE_NO_MAX = 2**31 - 1

LineStateParameter = Annotated[str | None, QueryParameter(name="state")]
ToDecide = Annotated[bool | None, QueryParameter(name="toDecide")]


@post(
    "/api/license-requests",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Ask for a product",
)
async def ask_for_license(
    call: TheCall, request: Request[Any, Any, Any], data: JSONBody[AskBody]
) -> AskedShape:
    """For oneself, for others or for a group; what will happen then, `process` says before."""
    return tell_result(request, await asked_shape(call, await asking.ask(call, ask_order(data))))


@get(
    "/api/license-requests",
    opt=needs(Permission.SEE_REQUESTS),
    summary="List license requests",
)
async def list_license_requests(
    call: TheCall,
    *,
    line_state: LineStateParameter = None,
    product: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
    approver: FromQuery[str | None] = None,
    mine: FromQuery[bool | None] = None,
    to_decide: ToDecide = None,
    search: FromQuery[str | None] = None,
    order: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[LineShape]:
    """A row for each person of a request: pending ones oldest first, else the newest first.

    `search` finds words of the person and product, `order` is oldest, newest, person or product.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    after = None if keys is None else max(0, min(int(keys[0]), LINE_NO_MAX))
    is_before_somebody = bool(to_decide) or approver is not None
    wanted = queue.QueueOrder(
        state="pending" if line_state is None and is_before_somebody else line_state,
        product=product,
        person=person,
        approver=approver,
        mine=bool(mine),
        to_decide=bool(to_decide),
        search=search,
        order=order or None,
    )
    rows = await queue.queue_page(call, wanted, after=after, limit=size)
    return keyset_page(
        rows,
        size=size,
        shape=lambda seen: line_shape(call, seen),
        place=lambda seen: (seen.line.line_no,),
    )


@get(
    "/api/license-requests/process",
    opt=needs(Permission.SEE_REQUESTS),
    summary="Say what will happen to a request before it is made",
)
async def tell_process(
    call: TheCall, product: FromQuery[str], person: FromQuery[str | None] = None
) -> ProcessShape:
    """An auto-claim policy, the organisation's own process, or who decides by when."""
    return process_shape(await foretell(call, product, person))


@get(
    "/api/license-requests/{request_id:str}",
    opt=needs(Permission.SEE_REQUESTS),
    summary="Read a license request",
)
async def get_license_request(call: TheCall, request_id: FromPath[str]) -> RequestShape:
    """With a line for each of its people whom the caller may see."""
    request, lines = await queue.see_request(call, request_id)
    return request_shape(call, request, lines)


@post(
    "/api/license-requests/decisions",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Decide about many license requests",
    status_code=200,
)
async def decide_requests(
    call: TheCall, request: Request[Any, Any, Any], data: JSONBody[DecisionsBody]
) -> DecisionsShape:
    """Each line is decided alone; the answer says of every one what became of it."""
    if not data.decisions and not data.requests:
        raise Refusal(Reason.INVALID_VALUE, "Give decisions, or a decision with its requests.")
    return tell_result(
        request, await decisions_shape(call, await deciding.decide(call, decision_orders(data)))
    )


@post(
    "/api/license-requests/{request_id:str}/decision",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Decide about a license request",
    status_code=200,
)
async def decide_request(
    call: TheCall,
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    data: JSONBody[DecisionBody],
) -> DecisionsShape:
    """About all of its people, or some; a second decision is answered with the first."""
    order = decision_order(request_id, data)
    return tell_result(request, await decisions_shape(call, await deciding.decide(call, [order])))


@post(
    "/api/license-requests/{request_id:str}/cancel",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Cancel a license request",
    status_code=200,
)
async def cancel_request(
    call: TheCall,
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    data: JSONBody[EndBody],
) -> DecisionsShape:
    """By who asked, who would get it, or who decides."""
    ended = await ending.cancel(call, request_id, people=data.people, message=data.message)
    return tell_result(request, await decisions_shape(call, ended))


@post(
    "/api/license-requests/{request_id:str}/undo",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Undo an approval",
    status_code=200,
)
async def undo_approval(
    call: TheCall,
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    data: JSONBody[EndBody],
) -> DecisionsShape:
    """What it gave is taken back; many removals wait for a second administrator."""
    ended = await ending.undo(call, request_id, people=data.people, message=data.message)
    return tell_result(request, await decisions_shape(call, ended))


@post(
    "/api/license-requests/{request_id:str}/again",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Ask for the same again",
)
async def ask_again(
    call: TheCall, request: Request[Any, Any, Any], request_id: FromPath[str]
) -> AskedShape:
    """A new request for those of an old one who did not get it, or have it no more."""
    return tell_result(request, await asked_shape(call, await ending.ask_again(call, request_id)))


@post(
    "/api/license-requests/{request_id:str}/share",
    opt=needs(Permission.TAKE_PART_IN_REQUESTS),
    summary="Ask others what they think of a request",
    status_code=200,
)
async def share_request(
    call: TheCall,
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    data: JSONBody[ShareBody],
) -> SharedShape:
    """They are mailed what is asked and why, with a link; who decides stays the same."""
    told = await sharing.share(
        call,
        request_id,
        people=data.people,
        subject=data.subject,
        message=data.message,
        link=str(request.scope["state"]["public_url"]),
    )
    people = [
        NamedPerson(id=one.id, user_principal_name=one.upn, display_name=one.display_name)
        for one in told
    ]
    return tell_result(request, SharedShape(people=people))


LICENSE_REQUEST_ROUTES = (
    ask_for_license,
    list_license_requests,
    tell_process,
    get_license_request,
    decide_requests,
    decide_request,
    cancel_request,
    undo_approval,
    ask_again,
    share_request,
)
