"""Accounts with passwords: who has one, the links that set one, and coming in with one."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.account_roles import give_roles
from seatwright.app.call import Call
from seatwright.app.portal_people import outsider, person
from seatwright.app.portal_sessions import begin_session
from seatwright.app.record import record
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.identities import NAME_LENGTH_MAX, domain_of
from seatwright.domain.ids import PrincipalNo
from seatwright.domain.passwords import LENGTH_MAX, misfit_of, normal_password
from seatwright.domain.roles import Role
from seatwright.identity.passwords import Passwords
from seatwright.identity.secrets import digest_of, new_link
from seatwright.postgres import accounts as stored
from seatwright.postgres.accounts import Account, AccountLabel
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.portal_people import entry_named, lock_principal
from seatwright.postgres.portal_sessions import CameBy, end_sessions_of
from seatwright.postgres.principals import principal_by_number, revoke_principal
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

LINK_LIVES: Final = timedelta(days=3)
"""Long enough for somebody who is away over a weekend."""

GUESS_WINDOW: Final = timedelta(minutes=15)
_GUESSES_MAX: Final = {"both": 10, "name": 50, "address": 100}
"""Guesses in that time: of one name from one address, of one name, and from one address.

From one address the limit is wide, because an office of hundreds may come from it; of one name it
is wider than for the pair, so that a stranger elsewhere does not easily keep its owner out.
"""


class TooManyGuesses(Exception):
    """A name or an address was tried too often; nothing was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """A link that sets a password, shown this once."""

    account: Account
    secret: str = field(repr=False)
    expires_at: datetime


async def make_account(call: Call, login: str, *, roles: Sequence[Role] = ()) -> AccountLink:
    """Let somebody sign in with a password, which a link sets.

    A name of the directory is that person; any other is an account of seatwright alone, and needs
    a role. Raises Refusal invalidValue for a name that is none or has an account, or without role.
    """
    name = login.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{name[:40]}” is no name to sign in with: give a user principal name or an address"
            f" of at most {NAME_LENGTH_MAX} characters.",
        )
    entry = await entry_named(call.tx, text_key(name))
    if entry is None and not roles:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{name}” is nobody in the directory, so the account needs a role: choose from"
            f" {', '.join(Role)}.",
        )
    principal = await (outsider(call, name) if entry is None else person(call, entry))
    login = name if entry is None else entry.upn
    made = await stored.insert_account(
        call.tx, principal.principal_no, login=login, key=text_key(login), at=call.now
    )
    if not made:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{login}” has an account already: make a new link for it instead.",
        )
    await give_roles(call, principal, roles)
    await _record(call, HistoryAction.ACCOUNT_MADE, principal.id)
    return await _linked(call, await get_account(call, principal.id))


async def list_accounts(call: Call, *, after: int, limit: int) -> tuple[Account, ...]:
    """Who may sign in with a password, one more than `limit` if there are more."""
    return await stored.list_accounts(call.tx, after=after, limit=limit + 1)


async def get_account(call: Call, id_: UUID) -> Account:
    """One account. Raises Refusal unknownPrincipal."""
    found = await stored.account_by_id(call.tx, id_)
    if found is None:
        raise _unknown(str(id_))
    return found


async def account_named(call: Call, login: str) -> Account:
    """One account by what its owner signs in with. Raises Refusal unknownPrincipal."""
    found = await stored.account_by_login(call.tx, text_key(login))
    if found is None:
        raise _unknown(login)
    return found


def _unknown(text: str) -> Refusal:
    return Refusal(
        Reason.UNKNOWN_PRINCIPAL,
        f"There is no account “{text}”: list the accounts to see which there are.",
    )


async def make_password_link(call: Call, id_: UUID) -> AccountLink:
    """A new link for an account; the password it has stays until the link is used."""
    return await _linked(call, await get_account(call, id_))


async def _linked(call: Call, account: Account) -> AccountLink:
    secret, expires_at = new_link(), call.now + LINK_LIVES
    await stored.insert_account_link(
        call.tx,
        account.principal_no,
        digest=digest_of(secret),
        at=call.now,
        expires_at=expires_at,
    )
    await _record(call, HistoryAction.PASSWORD_LINK_MADE, account.id)
    return AccountLink(account=account, secret=secret, expires_at=expires_at)


async def end_account(call: Call, id_: UUID) -> None:
    """Let somebody sign in with a password no more; their sessions end.

    An account of nobody in the directory goes whole. Raises Refusal invalidValue for one's own.
    """
    account = await get_account(call, id_)
    if account.principal_no == call.principal.principal_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{account.login}” is what you are signed in with, and cannot end itself: let another"
            " administrator do it.",
        )
    await end_sessions_of(call.tx, account.principal_no, at=call.now)
    await stored.delete_account(call.tx, account.principal_no)
    if account.user_no is None:
        await revoke_principal(call.tx, account.principal_no, at=call.now)
    await _record(call, HistoryAction.ACCOUNT_ENDED, account.id)


async def _record(call: Call, action: HistoryAction, id_: UUID, **detail: object) -> None:
    await record(call, HistoryLine(action=action, detail={"principal": str(id_), **detail}))


async def are_in_use(database: Database) -> bool:
    """Whether the page that signs in should ask for a password."""
    async with database.connection() as connection:
        return await stored.has_accounts(connection)


async def look_at_link(database: Database, link: str, *, now: datetime) -> AccountLabel | None:
    """Whose password a link sets; None for a link of no use."""
    async with database.connection() as connection:
        return await stored.look_at_account_link(connection, digest_of(link), at=now)


async def set_password_by_link(
    database: Database, passwords: Passwords, link: str, password: str, *, now: datetime
) -> str | None:
    """Set a password and come in with it: the secret of a cookie, or None for a link of no use.

    Raises Refusal invalidValue for a password that is not taken; the link then works still.
    """
    label = await look_at_link(database, link, now=now)
    if label is None:
        return None
    hashed = await _hashed(passwords, password, names=(label.login, label.name, label.tenant))
    async with database.connection() as connection:
        used = await stored.use_account_link(connection, digest_of(link), at=now)
        if used is None:
            return None
        tenant_id, number = used
        await see_tenant(connection, tenant_id)
        tx = Transaction(connection, tenant_id, database.dictionary)
        call = await _call_of(tx, number, now=now)
        await _written(call, hashed, by="link")
        return await begin_session(call, came_by=CameBy.PASSWORD)


async def own_login(call: Call) -> str | None:
    """What the call's principal signs in with; None without an account."""
    own = await stored.account_of(call.tx, call.principal.principal_no)
    return None if own is None else own.login


async def change_password(
    call: Call, passwords: Passwords, *, now_is: str, wanted: str, session: str
) -> None:
    """Change one's own password; every other session of one's own ends.

    Raises Refusal invalidValue for a password that is wrong or not taken, and for an account
    without one.
    """
    own = await stored.account_of(call.tx, call.principal.principal_no)
    if own is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{call.principal.name}” does not sign in with a password: there is none to change.",
        )
    kept = await stored.password_hash_of(call.tx, own.principal_no)
    if not await passwords.is_right(kept, normal_password(now_is)[:LENGTH_MAX]):
        raise Refusal(Reason.INVALID_VALUE, "The present password is wrong. Write it once more.")
    names = (own.login, own.name, call.tenant.name)
    await _written(call, await _hashed(passwords, wanted, names=names), by="self", session=session)


async def _hashed(passwords: Passwords, password: str, *, names: Sequence[str]) -> str:
    normal = normal_password(password)
    misfit = misfit_of(normal, names=names)
    if misfit is not None:
        raise Refusal(Reason.INVALID_VALUE, f"This password is not taken. {misfit}")
    return await passwords.hash(normal)


async def _written(call: Call, hashed: str, *, by: str, session: str = "") -> None:
    own = call.principal
    await lock_principal(call.tx, own.principal_no)
    await stored.write_password(call.tx, own.principal_no, password_hash=hashed, at=call.now)
    await end_sessions_of(call.tx, own.principal_no, at=call.now, but=digest_of(session))
    await _record(call, HistoryAction.PASSWORD_SET, own.id, by=by)


async def _call_of(tx: Transaction, number: PrincipalNo, *, now: datetime) -> Call:
    tenant = await read_tenant(tx.connection, tx.tenant_id)
    principal = await principal_by_number(tx, number)
    assert tenant is not None, "an account is of a tenant"
    assert principal is not None, "an account is of a principal"
    return Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What somebody wrote at the door, and from where."""

    login: str
    password: str = field(repr=False)
    address: str


async def sign_in_by_password(
    database: Database, passwords: Passwords, presented: Presented, *, now: datetime
) -> str | None:
    """Come in with a password: the secret of a cookie, or None when name or password is wrong.

    A name that nobody has takes as long, is counted as long and is told in the same words.
    Raises TooManyGuesses.
    """
    key = text_key(presented.login)[:NAME_LENGTH_MAX]
    domain = domain_of(presented.login[:NAME_LENGTH_MAX])
    digests = _digests_of(key, presented.address)
    async with database.connection() as connection:
        guesses = await stored.count_guesses(
            connection, list(digests.values()), at=now, window=GUESS_WINDOW
        )
    if any(guesses[digest] > _GUESSES_MAX[kind] for kind, digest in digests.items()):
        raise TooManyGuesses
    async with database.connection() as connection:
        account = await stored.find_account(connection, key, domain=domain)
    kept = None if account is None else account.password_hash
    if not await passwords.is_right(kept, normal_password(presented.password)[:LENGTH_MAX]):
        return None
    assert account is not None, "without one no password is right"
    async with database.connection() as connection:
        # It may have been ended, or its password changed, while this one was being looked at.
        if await stored.find_account(connection, key, domain=domain) != account:
            return None
        await stored.take_back_guesses(connection, list(digests.values()))
        await see_tenant(connection, account.tenant_id)
        tx = Transaction(connection, account.tenant_id, database.dictionary)
        call = await _call_of(tx, account.principal_no, now=now)
        return await begin_session(call, came_by=CameBy.PASSWORD)


def _digests_of(key: str, address: str) -> dict[str, bytes]:
    """What guesses are counted by: nobody can read a name or an address out of it at a glance."""
    place = _place_of(address)
    texts = {"both": f"{key}\0{place}", "name": key, "address": place}
    return {
        kind: hashlib.sha256(f"seatwright {kind}\0{text}".encode()).digest()
        for kind, text in texts.items()
    }


def _place_of(address: str) -> str:
    """An address as guesses are counted by: of IPv6 the network, for it is one household's."""
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return address
    if place.version == 4:
        return str(place)
    return str(ipaddress.ip_network(f"{place}/64", strict=False))
