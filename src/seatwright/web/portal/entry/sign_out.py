"""`POST /sign-out`: ends the session, here and in every copy of its cookie."""

from __future__ import annotations

from litestar import Response, post

from seatwright.app.portal_sessions import sign_out
from seatwright.postgres.portal_sessions import CameBy
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs, session_of
from seatwright.web.portal.frame.pages import see


@post("/sign-out", opt=needs(None), status_code=303)
async def end_session(call: TheCall, request: AnyRequest) -> Response[None]:
    """The cookie is worthless from now on; the page that signs in takes it away."""
    came_by = await sign_out(call, session_of(request))
    # From a page of its own, because a form may lead to no other host than this one.
    is_elsewhere = came_by is CameBy.PROVIDER and request.scope["state"]["provider"] is not None
    return see("/sign-in/left" if is_elsewhere else "/sign-in")


SIGN_OUT_PAGES = (end_session,)
