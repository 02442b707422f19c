"""`/api/accounts` and `/api/role-assignments`: who signs in with a password, and as what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app import access, account_roles, accounts
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal
from seatwright.postgres.accounts import Account
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit


class NewAccount(Body, kw_only=True, frozen=True):
    """Who may sign in with a password: `login` is a user principal name, or any mail address.

    `roles` are slugs; somebody who is not in the directory needs one.
    """

    login: str
    roles: list[str] | None = None


class AccountShape(Shape, kw_only=True, frozen=True):
    """An account, never with its password. `passwordSetAt` null: no link was used yet."""

    id: UUID
    login: str
    name: str
    roles: list[str]
    password_set_at: datetime | None
    created_at: datetime


class PasswordLink(AccountShape, kw_only=True, frozen=True):
    """An account with a link that sets its password once: a path of the portal, shown this once."""

    link: str
    expires_at: datetime


class RoleToGive(Body, kw_only=True, frozen=True):
    """A role for somebody of the directory, by user principal name or mail address."""

    user: str
    role: str


class RoleHolder(Shape, kw_only=True, frozen=True):
    """Somebody with the roles that they were given here."""

    id: UUID
    name: str
    roles: list[str]


def _facts(one: Account) -> dict[str, object]:
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "roles": [role.value for role in one.roles],
        "password_set_at": one.password_set_at,
        "created_at": one.made_at,
    }


def _shape(one: Account) -> AccountShape:
    return AccountShape(**_facts(one))  # type: ignore[arg-type]  # The facts are those of the shape.


def _linked(made: accounts.AccountLink) -> PasswordLink:
    link = f"/sign-in/password/{made.secret}"
    return PasswordLink(**_facts(made.account), link=link, expires_at=made.expires_at)  # type: ignore[arg-type]  # As above.


def _holder(one: Principal) -> RoleHolder:
    return RoleHolder(id=one.id, name=one.name, roles=[role.value for role in one.roles])


@get("/api/accounts", opt=needs(Permission.MANAGE_ACCESS), summary="List accounts")
async def list_accounts(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[AccountShape]:
    """Who may sign in with a password, oldest first."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await accounts.list_accounts(call, after=int(keys[0]) if keys else 0, limit=size)
    more = len(rows) > size
    return Page(
        value=[_shape(row) for row in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].principal_no) if more else None,
    )


@post(
    "/api/accounts",
    opt=needs(Permission.MANAGE_ACCESS, shows_secret=True),
    summary="Let somebody sign in with a password",
)
async def create_account(call: TheCall, data: JSONBody[NewAccount]) -> PasswordLink:
    """The answer holds the link that sets the password, this once."""
    roles = access.parse_roles(data.roles) if data.roles else ()
    return _linked(await accounts.make_account(call, data.login, roles=roles))


@post(
    "/api/accounts/{account_id:uuid}/link",
    opt=needs(Permission.MANAGE_ACCESS, shows_secret=True),
    summary="Make a new link that sets a password",
    status_code=200,
)
async def make_link(call: TheCall, account_id: FromPath[UUID]) -> PasswordLink:
    """The present password works until the link is used; an older link does not."""
    return _linked(await accounts.make_password_link(call, account_id))


@delete(
    "/api/accounts/{account_id:uuid}",
    opt=needs(Permission.MANAGE_ACCESS),
    summary="End an account",
)
async def end_account(call: TheCall, account_id: FromPath[UUID]) -> None:
    """Nobody signs in with its password any more, and its sessions end."""
    await accounts.end_account(call, account_id)


@get("/api/role-assignments", opt=needs(Permission.MANAGE_ACCESS), summary="List who has roles")
async def list_role_assignments(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[RoleHolder]:
    """People who were given a role here; tokens and clients have lists of their own."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    after = int(keys[0]) if keys else 0
    rows = await account_roles.list_people_with_roles(call, after=after, limit=size)
    more = len(rows) > size
    return Page(
        value=[_holder(row) for row in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].principal_no) if more else None,
    )


@post(
    "/api/role-assignments",
    opt=needs(Permission.MANAGE_ACCESS),
    summary="Give somebody a role",
    status_code=200,
)
async def give_role(call: TheCall, data: JSONBody[RoleToGive]) -> RoleHolder:
    """It holds at their next call, in every session."""
    [role] = access.parse_roles([data.role])
    return _holder(await account_roles.give_role_to(call, data.user, role))


@delete(
    "/api/role-assignments/{holder_id:uuid}/{slug:str}",
    opt=needs(Permission.MANAGE_ACCESS),
    summary="Take a role from somebody",
)
async def take_role(call: TheCall, holder_id: FromPath[UUID], slug: FromPath[str]) -> None:
    """It is gone at their next call; what everybody in the directory has stays."""
    [found] = access.parse_roles([slug])
    await account_roles.take_role(call, holder_id, found)


ACCOUNT_ROUTES = (
    list_accounts,
    create_account,
    make_link,
    end_account,
    list_role_assignments,
    give_role,
    take_role,
)
