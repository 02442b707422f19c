"""`/me`: what somebody has themselves."""

from __future__ import annotations

from litestar import Response, get

from seatwright.app.assign.overview import licenses_of
from seatwright.app.catalog import catalog_of
from seatwright.web.portal.access import AnyRequest, TheCall, needs
from seatwright.web.portal.pages import page


@get("/me", opt=needs(None))
async def me(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """A person's licenses; a token or client has none."""
    own = call.principal.user_no
    held = () if own is None else await licenses_of(call, own)
    return page(
        request, "me.html", licenses=held, is_person=own is not None, catalog=await catalog_of(call)
    )


ME_PAGES = (me,)
