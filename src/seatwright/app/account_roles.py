"""Which people have which roles, beside those that an identity provider names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.portal_people import person
from seatwright.app.record import record
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.postgres.portal_people import (
    entry_named,
    lock_principal,
    people_with_roles,
    write_roles,
)
from seatwright.postgres.principals import find_principal, principal_by_number


async def list_people_with_roles(call: Call, *, after: int, limit: int) -> tuple[Principal, ...]:
    """People who were given a role here, one more than `limit` if there are more."""
    return await people_with_roles(call.tx, after=after, limit=limit + 1)


async def give_role_to(call: Call, name: str, role: Role) -> Principal:
    """Give somebody of the directory a role.

    Raises Refusal unknownUser for a name that nobody has.
    """
    entry = await entry_named(call.tx, text_key(name))
    if entry is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"“{name[:100]}” is nobody in the directory: give somebody's user principal name or"
            " mail address.",
            is_in_body=True,
        )
    return await give_roles(call, await person(call, entry), (role,))


async def give_roles(call: Call, principal: Principal, roles: Sequence[Role]) -> Principal:
    """Give somebody roles beside those they have."""
    await lock_principal(call.tx, principal.principal_no)
    now = await _as_it_is(call, principal)
    return await _write(call, now, {*now.roles, *roles})


async def take_role(call: Call, id_: UUID, role: Role) -> Principal:
    """Take a role from somebody; what everybody in the directory has stays.

    Raises Refusal unknownPrincipal for nobody, and invalidValue for one's own role of
    administrator: nobody could give it back.
    """
    principal = await find_principal(call.tx, PrincipalKind.PERSON, id_)
    if principal is None:
        raise Refusal(
            Reason.UNKNOWN_PRINCIPAL, f"There is nobody {id_} with a role: look at the list again."
        )
    if principal.principal_no == call.principal.principal_no and role is Role.GLOBAL_ADMINISTRATOR:
        raise Refusal(
            Reason.INVALID_VALUE,
            "You cannot take the role global-administrator from yourself: let another"
            " administrator do it.",
        )
    await lock_principal(call.tx, principal.principal_no)
    now = await _as_it_is(call, principal)
    return await _write(call, now, set(now.roles) - {role})


async def _as_it_is(call: Call, principal: Principal) -> Principal:
    found = await principal_by_number(call.tx, principal.principal_no)
    assert found is not None, "it is locked"
    return found


async def _write(call: Call, principal: Principal, wanted: set[Role]) -> Principal:
    if principal.user_no is not None:
        wanted = wanted | {Role.PERSON}
    roles = tuple(role for role in Role if role in wanted)
    if set(roles) == set(principal.roles):
        return principal
    await write_roles(call.tx, principal.principal_no, roles)
    line = HistoryLine(
        action=HistoryAction.ROLES_CHANGED,
        user=principal.user_no,
        detail={
            "principal": str(principal.id),
            "before": [role.value for role in principal.roles],
            "after": [role.value for role in roles],
        },
    )
    await record(call, line)
    return await _as_it_is(call, principal)
