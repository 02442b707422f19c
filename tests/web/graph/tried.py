"""Routes to try the Graph surface with, whatever its resources are."""

from __future__ import annotations

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.web.answers import Answer
from seatwright.web.graph.request import GraphRequest, json_answer, no_content, text_answer
from seatwright.web.graph.routing import route

ANYONE = (GraphPermission.USER_READ_ALL,)


@route("GET", "things/{thing}", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def read_thing(request: GraphRequest) -> Answer:
    """Tells what it was asked."""
    return request.entity({"key": request.keys["thing"], "options": dict(request.sent.options)}, "")


@route("GET", "things/$count", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def count_things(_: GraphRequest) -> Answer:
    """A literal beside a parameter."""
    return json_answer({"counted": True})


@route("GET", "things/delta", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def follow_things(request: GraphRequest) -> Answer:
    """A function, with a link to the next page."""
    return request.collection([], "things", next_link=request.next_link("page two"))


@route("POST", "things/{thing}/rename", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def rename_thing(request: GraphRequest) -> Answer:
    """Writes the tenant's name, and refuses one of them."""
    name = request.json()["displayname"]
    await request.call.tx.connection.execute(
        "update tenant set name = %s where tenant_id = %s", (name, request.call.tx.tenant_id)
    )
    if name == "refused":
        raise Refusal(Reason.NO_SEAT_LEFT, "No seat is left.", context={"skuId": "a sku"})
    if name == "bug":
        raise ZeroDivisionError
    return no_content()


@route("POST", "things/body", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def tell_body(request: GraphRequest) -> Answer:
    """Tells the body as routes see it."""
    return json_answer(request.json())


@route("GET", "things/lost", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def lose_database(request: GraphRequest) -> Answer:
    """Loses its connection."""
    await request.call.tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")
    return no_content()


@route("GET", "things/level", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def tell_level(request: GraphRequest) -> Answer:
    """Tells the consistency level that it was asked with."""
    return json_answer({"level": request.sent.headers.get("consistencylevel")})


@route("GET", "things/text", needs=Permission.READ_DIRECTORY, accepts=ANYONE)
async def tell_text(_: GraphRequest) -> Answer:
    """Plain text, as a count is."""
    return text_answer("42")


TRIED = (
    read_thing,
    count_things,
    follow_things,
    rename_thing,
    tell_body,
    lose_database,
    tell_level,
    tell_text,
)
