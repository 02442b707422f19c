"""Principals: long-lived tokens and API clients, their roles, and ending them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.identity.secrets import digest_of, new_client_secret, new_token
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import (
    authenticate,
    find_principal,
    insert_credential,
    insert_principal,
    list_principals,
    revoke_credentials,
    revoke_principal,
)
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.user_read import find_any_user

NAME_LENGTH_MAX = 120
PERMISSIONS_MAX = 50
_PERMISSION = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+){0,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A principal with its secret, which is shown this once and never stored."""

    principal: Principal
    secret: str


def parse_roles(texts: Sequence[str]) -> tuple[Role, ...]:
    """The roles that slugs name; `admin` and `reader` are accepted as in sign-in claims.

    Raises Refusal invalidValue for an unknown role or for none at all.
    """
    if not texts:
        raise Refusal(Reason.INVALID_VALUE, f"No role is given: choose from {', '.join(Role)}.")
    return tuple(dict.fromkeys(_parse_role(text) for text in texts))


def _parse_role(text: str) -> Role:
    slug = {"admin": Role.GLOBAL_ADMINISTRATOR, "reader": Role.GLOBAL_READER}.get(
        text.strip().lower(), text.strip().lower()
    )
    try:
        return Role(slug)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, f"There is no role “{text}”. Choose from {', '.join(Role)}."
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrincipal:
    """A token or client to make; `user` is the person of the directory whom it acts as, if any."""

    kind: PrincipalKind
    name: str
    roles: tuple[Role, ...]
    permissions: tuple[str, ...] | None = None
    is_scim: bool = False
    user: str | None = None


async def issue(call: Call, new: NewPrincipal) -> Issued:
    """Make a token or a client.

    Raises Refusal invalidValue for an empty, overlong or taken name, and for a person who is
    disabled; unknownUser for one who is not there.
    """
    name = new.name.strip()
    if not name or len(name) > NAME_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The name “{name[:40]}” has {len(name)} characters: give 1 to {NAME_LENGTH_MAX}.",
        )
    _check_permissions(new.permissions or ())
    principal = Principal(
        principal_no=PrincipalNo(await take_numbers(call.tx, "principal", 1)),
        id=uuid4(),
        kind=new.kind,
        name=name,
        roles=new.roles,
        graph_permissions=new.permissions,
        is_scim=new.is_scim,
        user_no=None if new.user is None else await _person(call, new.user),
        created_at=call.now,
    )
    made = await insert_principal(
        call.tx, principal, created_at=call.now, created_by=call.principal.principal_no
    )
    if not made:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is a {new.kind.value} named “{name}” already: choose another name, or rotate"
            " it.",
        )
    secret = await _give_secret(call, principal)
    await _record(call, HistoryAction.PRINCIPAL_CREATED, principal)
    return Issued(principal=principal, secret=secret)


async def _person(call: Call, text: str) -> UserNo:
    user = await find_any_user(call.tx, id_=parse_id(text), upn_key=text_key(text))
    if user is None or user.deleted_at is not None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{text}” for the token to act as: give the id or user principal"
            " name of somebody in the directory.",
            context={"user": text},
            is_in_body=True,
        )
    if not user.account_enabled:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The account of “{text}” is disabled, so nothing can act as them: enable it first, or"
            " name somebody else.",
            context={"user": text},
        )
    return user.user_no


async def people_of(call: Call, principals: Iterable[Principal]) -> Mapping[UserNo, UserLabel]:
    """Whom principals act as, by number; purged people are in it no more."""
    numbers = [one.user_no for one in principals if one.user_no is not None]
    return await user_labels(call.tx, numbers) if numbers else {}


def _check_permissions(names: Sequence[str]) -> None:
    if len(names) > PERMISSIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(names)} permissions are given: give {PERMISSIONS_MAX} or fewer.",
        )
    for name in names:
        if not _PERMISSION.fullmatch(name):
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{name[:60]}” is no permission: give names of Microsoft Graph such as"
                " User.ReadWrite.All.",
            )


async def rotate(call: Call, kind: PrincipalKind, id_: UUID) -> Issued:
    """Replace the secret of a token or client; the old one stops working at once."""
    principal = await _existing(call, kind, id_)
    await revoke_credentials(call.tx, principal.principal_no, at=call.now)
    secret = await _give_secret(call, principal)
    await _record(call, HistoryAction.PRINCIPAL_ROTATED, principal)
    return Issued(principal=principal, secret=secret)


async def is_valid_token(database: Database, token: str, *, at: datetime) -> bool:
    """Whether this secret lets anybody in."""
    async with database.connection() as connection:
        who = await authenticate(connection, digest_of(token), at=at)
        await connection.rollback()
    return who is not None


async def revoke(call: Call, kind: PrincipalKind, id_: UUID) -> None:
    """End a token or client.

    Raises Refusal invalidValue when a principal would end itself: nobody could undo that.
    """
    principal = await _existing(call, kind, id_)
    if principal.principal_no == call.principal.principal_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{principal.name}” is what this call came with, and cannot end itself: use another"
            " principal with global-administrator.",
        )
    await revoke_principal(call.tx, principal.principal_no, at=call.now)
    await _record(call, HistoryAction.PRINCIPAL_REVOKED, principal)


async def list_all(
    call: Call, kind: PrincipalKind, *, after: int, limit: int
) -> tuple[Principal, ...]:
    """Living tokens or clients, one more than `limit` if there are more."""
    return await list_principals(call.tx, kind, after=after, limit=limit + 1)


async def _existing(call: Call, kind: PrincipalKind, id_: UUID) -> Principal:
    principal = await find_principal(call.tx, kind, id_)
    if principal is None:
        raise Refusal(
            Reason.UNKNOWN_PRINCIPAL,
            f"There is no {kind.value} {id_}, or it was revoked: list them to see which there are.",
        )
    return principal


async def _give_secret(call: Call, principal: Principal) -> str:
    secret = new_client_secret() if principal.kind is PrincipalKind.CLIENT else new_token()
    await insert_credential(
        call.tx, principal.principal_no, digest=digest_of(secret), created_at=call.now
    )
    return secret


async def _record(call: Call, action: HistoryAction, principal: Principal) -> None:
    detail = {
        "principal": str(principal.id),
        "kind": principal.kind.value,
        "roles": [role.value for role in principal.roles],
    }
    await record(call, HistoryLine(action=action, detail=detail))
