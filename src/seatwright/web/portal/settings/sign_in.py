"""`/settings/sign-in` and `/settings/password`: the ways in, who is in, and one's own password."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app import access, accounts
from seatwright.app.call import Call
from seatwright.app.portal_sessions import end_open_session, open_sessions
from seatwright.domain.errors import Refusal
from seatwright.domain.passwords import LENGTH_MAX, LENGTH_MIN
from seatwright.domain.roles import Permission, Role
from seatwright.identity.oidc import IdentityProvider
from seatwright.identity.passwords import Passwords
from seatwright.identity.secrets import digest_of
from seatwright.web.cursors import cursor_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs, session_of
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.settings.access import id_in, place_in
from seatwright.web.portal.settings.tenant import tabs_of
from seatwright.web.problems import status_of

ROWS: Final = 50
SESSIONS: Final = 100
_PASSWORDS: Final = Passwords()


@get("/settings/sign-in", opt=needs(Permission.MANAGE_ACCESS))
async def sign_in_settings(
    call: TheCall, request: AnyRequest, *, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """What is set up, who signs in with a password, and who is signed in now."""
    return await _page(call, request, after=place_in(cursor))


async def _page(
    call: Call, request: AnyRequest, *, after: int = 0, refusal: Refusal | None = None
) -> Response[bytes]:
    provider: IdentityProvider | None = request.scope["state"]["provider"]
    found = await accounts.list_accounts(call, after=after, limit=ROWS)
    shown = found[:ROWS]
    form = Form(()) if refusal is None else form_of(request)
    return page(
        request,
        "settings_sign_in.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        provider=None if provider is None else provider.client,
        accounts=shown,
        sessions=await open_sessions(call, limit=SESSIONS),
        most=SESSIONS,
        own=call.principal.principal_no,
        own_session=digest_of(session_of(request)),
        person=Role.PERSON,
        roles=tuple(role for role in Role if role is not Role.PERSON),
        chosen=form.all("role"),
        name=form.text("name") or "",
        problem=None if refusal is None else refusal.detail,
        more=f"/settings/sign-in?cursor={cursor_of(shown[-1].principal_no)}"
        if len(found) > ROWS
        else None,
    )


@post("/settings/accounts", opt=needs(Permission.MANAGE_ACCESS), status_code=200)
async def make_account(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """Let somebody sign in with a password; the answer itself holds the link, this once."""
    form = form_of(request)
    try:
        given = form.all("role")
        roles = access.parse_roles(given) if given else ()
        made = await accounts.make_account(call, form.text("name") or "", roles=roles)
    except Refusal as refusal:
        return await _page(call, request, refusal=refusal)
    return _link_page(call, request, made)


@post("/settings/accounts/link", opt=needs(Permission.MANAGE_ACCESS), status_code=200)
async def make_link(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """A new link for an account; the present password works until it is used."""
    made = await accounts.make_password_link(call, id_in(form_of(request)))
    return _link_page(call, request, made)


def _link_page(call: Call, request: AnyRequest, made: accounts.AccountLink) -> Response[bytes]:
    public_url = request.scope["state"]["public_url"]
    return page(
        request,
        "settings_secret.html",
        tabs=tabs_of(call),
        kind="link",
        name=made.account.login,
        client_id=None,
        secret=f"{public_url}/sign-in/password/{made.secret}",
        back="/settings/sign-in",
    )


@post("/settings/accounts/end", opt=needs(Permission.MANAGE_ACCESS), status_code=303)
async def end_account(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Let somebody sign in with a password no more."""
    try:
        await accounts.end_account(call, id_in(form_of(request)))
    except Refusal as refusal:
        return await _page(call, request, refusal=refusal)
    return see("/settings/sign-in")


@post("/settings/sessions/end", opt=needs(Permission.MANAGE_ACCESS), status_code=303)
async def end_session(call: TheCall, request: AnyRequest) -> Response[None]:
    """Sign somebody out."""
    await end_open_session(call, form_of(request).text("session") or "")
    return see("/settings/sign-in")


@get("/settings/password", opt=needs(None))
async def password(
    call: TheCall, request: AnyRequest, done: FromQuery[str | None] = None
) -> Response[bytes]:
    """Change one's own password, for those who sign in with one."""
    return await _password_page(call, request, done=done)


@post("/settings/password", opt=needs(None), status_code=303)
async def change_password(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Every other session of one's own ends with the old password."""
    form = form_of(request)
    now_is, wanted, again = (_raw(form, name) for name in ("now", "password", "again"))
    if wanted != again:
        return await _password_page(call, request, is_different=True)
    try:
        await accounts.change_password(
            call, _PASSWORDS, now_is=now_is, wanted=wanted, session=session_of(request)
        )
    except Refusal as refusal:
        return await _password_page(call, request, refusal=refusal)
    return see("/settings/password?done=changed")


async def _password_page(
    call: Call,
    request: AnyRequest,
    *,
    done: str | None = None,
    refusal: Refusal | None = None,
    is_different: bool = False,
) -> Response[bytes]:
    status = 400 if is_different else 200 if refusal is None else status_of(refusal)
    return page(
        request,
        "settings_password.html",
        status=status,
        tabs=tabs_of(call),
        login=await accounts.own_login(call),
        done=done,
        problem=None if refusal is None else refusal.detail,
        is_different=is_different,
        least=LENGTH_MIN,
        most=LENGTH_MAX,
    )


def _raw(form: Form, name: str) -> str:
    """A password exactly as it was written: blanks at its ends are part of it."""
    return next((value for key, value in form.pairs if key == name), "")


SETTINGS_SIGN_IN_PAGES = (
    sign_in_settings,
    make_account,
    make_link,
    end_account,
    end_session,
    password,
    change_password,
)
