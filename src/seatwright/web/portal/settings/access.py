"""`/settings/roles`, `/settings/tokens` and `/settings/clients`: who may do what."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app import access, account_roles
from seatwright.app.call import Call
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import PERMISSIONS_OF, Permission, Role
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.settings.tenant import tabs_of
from seatwright.web.problems import status_of

ROWS: Final = 50
_GIVEN: Final = tuple(role for role in Role if role is not Role.PERSON)
_ALL: Final = tuple(Role)


def place_in(cursor: str | None) -> int:
    """The number after which a page begins."""
    keys = keys_of(cursor, int)
    return 0 if keys is None else max(0, min(int(keys[0]), 2**31 - 1))


def id_in(form: Form) -> UUID:
    """The id that a form names. Raises Refusal invalidValue."""
    found = parse_id(form.text("id") or "")
    if found is None:
        raise Refusal(Reason.INVALID_VALUE, "The form names nothing: open the page again.")
    return found


def _role_in(form: Form) -> Role:
    roles = access.parse_roles(form.all("role")[:1])
    return roles[0]


@get("/settings/roles", opt=needs(Permission.MANAGE_ACCESS))
async def roles(
    call: TheCall, request: AnyRequest, *, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """Which people have which roles here, and what each role may."""
    return await _roles_page(call, request, after=place_in(cursor))


@post("/settings/roles", opt=needs(Permission.MANAGE_ACCESS), status_code=303)
async def give_role(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Give somebody of the directory a role."""
    form = form_of(request)
    try:
        await account_roles.give_role_to(call, form.text("name") or "", _role_in(form))
    except Refusal as refusal:
        return await _roles_page(call, request, refusal=refusal, name=form.text("name"))
    return see("/settings/roles")


@post("/settings/roles/take", opt=needs(Permission.MANAGE_ACCESS), status_code=303)
async def take_role(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Take a role from somebody."""
    form = form_of(request)
    try:
        await account_roles.take_role(call, id_in(form), _role_in(form))
    except Refusal as refusal:
        return await _roles_page(call, request, refusal=refusal)
    return see("/settings/roles")


async def _roles_page(
    call: Call,
    request: AnyRequest,
    *,
    after: int = 0,
    refusal: Refusal | None = None,
    name: str | None = None,
) -> Response[bytes]:
    found = await account_roles.list_people_with_roles(call, after=after, limit=ROWS)
    shown = found[:ROWS]
    labels = await access.people_of(call, shown)
    return page(
        request,
        "settings_roles.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        people=shown,
        labels=labels,
        roles=_GIVEN,
        permissions={role: sorted(one.value for one in PERMISSIONS_OF[role]) for role in _GIVEN},
        person=Role.PERSON,
        problem=None if refusal is None else refusal.detail,
        name=name or "",
        more=_more("/settings/roles", found, shown),
    )


def _more(path: str, found: tuple[Principal, ...], shown: tuple[Principal, ...]) -> str | None:
    if len(found) <= len(shown):
        return None
    return f"{path}?cursor={cursor_of(shown[-1].principal_no)}"


@get("/settings/tokens", opt=needs(Permission.MANAGE_ACCESS))
async def tokens(
    call: TheCall, request: AnyRequest, *, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """Long-lived tokens, never with their secrets."""
    return await _list_page(call, request, PrincipalKind.TOKEN, after=place_in(cursor))


@get("/settings/clients", opt=needs(Permission.MANAGE_ACCESS))
async def clients(
    call: TheCall, request: AnyRequest, *, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """API clients with the permissions of Microsoft Graph that each was narrowed to."""
    return await _list_page(call, request, PrincipalKind.CLIENT, after=place_in(cursor))


async def _list_page(
    call: Call,
    request: AnyRequest,
    kind: PrincipalKind,
    *,
    after: int = 0,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    path = f"/settings/{kind.value}s"
    found = await access.list_all(call, kind, after=after, limit=ROWS)
    shown = found[:ROWS]
    form = None if refusal is None else form_of(request)
    return page(
        request,
        f"settings_{kind.value}s.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        rows=shown,
        labels=await access.people_of(call, shown),
        roles=_ALL,
        chosen=() if form is None else form.all("role"),
        filled={} if form is None else dict(form.pairs),
        problem=None if refusal is None else refusal.detail,
        own=call.principal.principal_no,
        more=_more(path, found, shown),
    )


@post("/settings/tokens", opt=needs(Permission.MANAGE_ACCESS), status_code=200)
async def make_token(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """The answer itself holds the token, this once: it is in no address and in no log."""
    form = form_of(request)
    try:
        issued = await access.issue(
            call,
            access.NewPrincipal(
                kind=PrincipalKind.TOKEN,
                name=form.text("name") or "",
                roles=access.parse_roles(form.all("role")),
                is_scim=form.text("scim") == "yes",
                user=form.text("user"),
            ),
        )
    except Refusal as refusal:
        return await _list_page(call, request, PrincipalKind.TOKEN, refusal=refusal)
    return _secret_page(call, request, issued)


@post("/settings/clients", opt=needs(Permission.MANAGE_ACCESS), status_code=200)
async def make_client(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """The answer itself holds the client's secret, this once."""
    form = form_of(request)
    named = tuple((form.text("permissions") or "").replace(",", " ").split())
    try:
        issued = await access.issue(
            call,
            access.NewPrincipal(
                kind=PrincipalKind.CLIENT,
                name=form.text("name") or "",
                roles=access.parse_roles(form.all("role")),
                permissions=named or None,
            ),
        )
    except Refusal as refusal:
        return await _list_page(call, request, PrincipalKind.CLIENT, refusal=refusal)
    return _secret_page(call, request, issued)


@post("/settings/{kind:str}/rotate", opt=needs(Permission.MANAGE_ACCESS), status_code=200)
async def rotate(call: TheCall, request: AnyRequest, kind: FromPath[str]) -> Response[bytes]:
    """A new secret, shown this once; the old one stops working at once."""
    issued = await access.rotate(call, _kind(kind), id_in(form_of(request)))
    return _secret_page(call, request, issued)


@post("/settings/{kind:str}/revoke", opt=needs(Permission.MANAGE_ACCESS), status_code=303)
async def revoke(
    call: TheCall, request: AnyRequest, kind: FromPath[str]
) -> Response[bytes] | Response[None]:
    """End a token or client, for good."""
    found = _kind(kind)
    try:
        await access.revoke(call, found, id_in(form_of(request)))
    except Refusal as refusal:
        return await _list_page(call, request, found, refusal=refusal)
    return see(f"/settings/{kind}")


def _kind(text: str) -> PrincipalKind:
    for kind in (PrincipalKind.TOKEN, PrincipalKind.CLIENT):
        if text == f"{kind.value}s":
            return kind
    raise Refusal(Reason.UNKNOWN_PRINCIPAL, f"There are no {text[:40]}: open Settings again.")


def _secret_page(call: Call, request: AnyRequest, issued: access.Issued) -> Response[bytes]:
    kind = issued.principal.kind
    return page(
        request,
        "settings_secret.html",
        tabs=tabs_of(call),
        kind=kind.value,
        name=issued.principal.name,
        client_id=issued.principal.id if kind is PrincipalKind.CLIENT else None,
        secret=issued.secret,
        back=f"/settings/{kind.value}s",
    )


SETTINGS_ACCESS_PAGES = (
    roles,
    give_role,
    take_role,
    tokens,
    make_token,
    clients,
    make_client,
    rotate,
    revoke,
)
