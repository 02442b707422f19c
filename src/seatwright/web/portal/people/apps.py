"""`/users/{id}/apps`: what somebody can open, and what each app still needs."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from seatwright.app.directory.users import find_user
from seatwright.app.platform.reach import apps_of_person
from seatwright.domain.roles import Permission
from seatwright.postgres.platform_things import ThingPlace
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs
from seatwright.web.portal.frame.pages import page

ROWS = 50


@get("/users/{user:str}/apps", opt=needs(Permission.READ_PLATFORM))
async def apps_of_user(
    call: TheCall,
    request: AnyRequest,
    *,
    user: FromPath[str],
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Every app that is shared with them, by name."""
    person = await find_user(call, user)
    keys = keys_of(cursor, str, int)
    after = ThingPlace()
    if keys is not None:
        number = max(0, min(int(keys[1]), 2**31 - 1))
        after = ThingPlace(name_key=str(keys[0]), number=number)
    found = await apps_of_person(call, person, after=after, limit=ROWS)
    more = None
    if found.goes_on_after is not None:
        place = cursor_of(found.goes_on_after.name_key, found.goes_on_after.number)
        more = f"/users/{person.id}/apps?{urlencode({'cursor': place})}"
    return page(request, "user_apps.html", person=person, reach=found, more=more)


APP_PAGES = (apps_of_user,)
