"""`/api/settings/domains`: by which domains whoever signs in finds the tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.app import domains
from seatwright.domain.domain_names import shown_domain_name
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import TenantDomain
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keys_of, keyset_page, page_limit


class NewDomain(Body, kw_only=True, frozen=True):
    """A domain to own: `contoso.example`, in whatever case; letters beyond a to z are taken."""

    name: str


class DomainShape(Shape, kw_only=True, frozen=True):
    """A domain of the tenant: `name` as the wire has it (`xn--…`), `displayName` in its letters.

    `isInitial`: the tenant was made with it.
    """

    name: str
    display_name: str
    is_default: bool
    is_initial: bool
    added_at: datetime


def _shape(one: TenantDomain) -> DomainShape:
    return DomainShape(
        name=one.name,
        display_name=shown_domain_name(one.name),
        is_default=one.is_default,
        is_initial=one.is_initial,
        added_at=one.added_at,
    )


@get("/api/settings/domains", opt=needs(Permission.READ_SETTINGS), summary="List domains")
async def list_domains(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[DomainShape]:
    """The domains of the tenant, by name."""
    size = page_limit(limit)
    keys = keys_of(cursor, str)
    rows = await domains.list_domains(call, after=str(keys[0]) if keys else "", limit=size)
    return keyset_page(rows, size=size, shape=_shape, place=lambda one: (one.name,))


@get(
    "/api/settings/domains/{domain:str}",
    opt=needs(Permission.READ_SETTINGS),
    summary="Read a domain",
)
async def get_domain(call: TheCall, domain: FromPath[str]) -> DomainShape:
    """One domain of the tenant, whatever its case."""
    return _shape(await domains.get_domain(call, domain))


@post("/api/settings/domains", opt=needs(Permission.WRITE_SETTINGS), summary="Add a domain")
async def add_domain(call: TheCall, data: JSONBody[NewDomain]) -> Response[DomainShape]:
    """201 for a new one, 200 for one that the tenant has; 409 for one of another tenant."""
    found, is_new = await domains.add_domain(call, data.name)
    return Response(_shape(found), status_code=201 if is_new else 200)


@post(
    "/api/settings/domains/{domain:str}/default",
    opt=needs(Permission.WRITE_SETTINGS),
    summary="Make a domain the default",
    status_code=200,
)
async def make_default(call: TheCall, domain: FromPath[str]) -> DomainShape:
    """The one that was the default stays a domain of the tenant."""
    return _shape(await domains.make_default(call, domain))


@delete(
    "/api/settings/domains/{domain:str}",
    opt=needs(Permission.WRITE_SETTINGS),
    summary="Remove a domain",
)
async def remove_domain(
    call: TheCall,
    domain: FromPath[str],
    *,
    with_people: Annotated[bool, QueryParameter(name="withPeople")] = False,
) -> None:
    """409 for the default one, and for one in people's names unless `withPeople` is true."""
    await domains.remove_domain(call, domain, people_max=None if with_people else 0)


DOMAIN_ROUTES = (list_domains, get_domain, add_domain, make_default, remove_domain)
