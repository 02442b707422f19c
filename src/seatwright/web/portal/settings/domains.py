"""`/settings/domains`: by which domains whoever signs in finds the tenant."""

from __future__ import annotations

import re
from typing import Final

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app import domains
from seatwright.app.call import Call
from seatwright.domain.domain_names import as_domain_name, shown_domain_name
from seatwright.domain.errors import Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import TenantDomain
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.settings.tenant import tabs_of
from seatwright.web.problems import status_of

ROWS: Final = 50
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_DONE: Final = frozenset({"added", "removed", "default"})


@get("/settings/domains", opt=needs(Permission.READ_SETTINGS))
async def domain_list(
    call: TheCall,
    request: AnyRequest,
    *,
    done: FromQuery[str | None] = None,
    name: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The domains; `done` and `name` are what was just done to which."""
    about = as_domain_name(name or "")
    told = done if done in _DONE and about is not None else None
    keys = keys_of(cursor, str)
    after = str(keys[0]) if keys else ""
    return await _page(call, request, done=told, about=about, after=after)


@post("/settings/domains", opt=needs(Permission.WRITE_SETTINGS), status_code=303)
async def add(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Give the tenant a domain."""
    try:
        found, _ = await domains.add_domain(call, form_of(request).text("name") or "")
    except Refusal as refusal:
        return await _page(call, request, refusal=refusal)
    return see(f"/settings/domains?done=added&name={found.name}")


@post("/settings/domains/default", opt=needs(Permission.WRITE_SETTINGS), status_code=303)
async def make_default(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Make one of them the default."""
    try:
        found = await domains.make_default(call, form_of(request).text("name") or "")
    except Refusal as refusal:
        return await _page(call, request, refusal=refusal)
    return see(f"/settings/domains?done=default&name={found.name}")


@post("/settings/domains/remove", opt=needs(Permission.WRITE_SETTINGS), status_code=303)
async def remove(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Say first whom it concerns; take it only when that page is answered.

    That page says how many people were counted: should they be more by then, it is shown again.
    """
    form = form_of(request)
    known = form.text("people") or ""
    people_max = int(known) if _NUMBER.fullmatch(known) else None
    try:
        found = await domains.get_domain(call, form.text("name") or "")
    except Refusal as refusal:
        return await _page(call, request, refusal=refusal)
    if people_max is None and not found.is_default:
        people = await domains.people_in(call, found)
        return _removal(call, request, found, people=people, has_moved=False)
    try:
        await domains.remove_domain(call, found.name, people_max=people_max or 0)
    except Refusal as refusal:
        people_now = refusal.context.get("people")
        if isinstance(people_now, int):
            return _removal(call, request, found, people=people_now, has_moved=True)
        return await _page(call, request, refusal=refusal)
    return see(f"/settings/domains?done=removed&name={found.name}")


def _removal(
    call: Call, request: AnyRequest, found: TenantDomain, *, people: int, has_moved: bool
) -> Response[bytes]:
    return page(
        request,
        "settings_domain.html",
        tabs=tabs_of(call),
        domain=found,
        shown=shown_domain_name(found.name),
        people=people,
        has_moved=has_moved,
    )


async def _page(
    call: Call,
    request: AnyRequest,
    *,
    done: str | None = None,
    about: str | None = None,
    after: str = "",
    refusal: Refusal | None = None,
) -> Response[bytes]:
    found = await domains.list_domains(call, after=after, limit=ROWS)
    shown = found[:ROWS]
    return page(
        request,
        "settings_domains.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        domains=[(one, shown_domain_name(one.name)) for one in shown],
        done=done,
        about=about,
        about_shown=shown_domain_name(about or ""),
        problem=None if refusal is None else refusal.detail,
        name="" if refusal is None else form_of(request).text("name") or "",
        more=f"/settings/domains?cursor={cursor_of(shown[-1].name)}" if len(found) > ROWS else None,
    )


SETTINGS_DOMAIN_PAGES = (domain_list, add, make_default, remove)
