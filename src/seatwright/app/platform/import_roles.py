"""Who has which security role, from a file and to one; a file takes no role from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from seatwright.app.call import Call
from seatwright.app.directory.imports import ImportResult, record_import
from seatwright.app.platform.security_roles import give
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import text_key
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.people_file import RowNote
from seatwright.domain.platform import EnvironmentNo, SecurityRoleNo
from seatwright.domain.platform_edits import unknown_environment
from seatwright.domain.security_roles import SecurityRole
from seatwright.postgres.groups import find_groups
from seatwright.postgres.platform_environments import find_environments
from seatwright.postgres.platform_roles import roles_of_environments
from seatwright.postgres.users import find_users

Number = TypeVar("Number", bound=int)
Named = Mapping[tuple[EnvironmentNo, str], SecurityRole]


async def import_roles(call: Call, table: Table) -> ImportResult:
    """Give security roles to people and group teams as a file says; what is not in it stays.

    Each row names an environment, a role of it, and either a person or a group.
    """
    places = await find_environments(call.tx, _texts(table, "environment"))
    users = await find_users(call.tx, _texts(table, "user"))
    groups = await find_groups(call.tx, _texts(table, "group"))
    roles = await roles_of_environments(call.tx, sorted(set(places.values())))
    named = {(one.environment.environment_no, text_key(one.name)): one for one in roles}
    to_users: list[tuple[SecurityRoleNo, UserNo]] = []
    to_groups: list[tuple[SecurityRoleNo, GroupNo]] = []
    errors: list[RowNote] = []
    for row in table.rows:
        try:
            role = _role(row, places, named)
            user, group = row.values.get("user", ""), row.values.get("group", "")
            if (not user) == (not group):
                raise Refusal(Reason.INVALID_VALUE, "Name either a person or a group.")
            if user:
                to_users.append((role.role_no, _known(users, user, "person")))
            else:
                to_groups.append((role.role_no, _known(groups, group, "group")))
        except Refusal as refusal:
            value = str(refusal.context.get("value", ""))
            errors.append(RowNote(row_no=row.row_no, value=value, message=refusal.detail))
    added = await give(
        call,
        users=sorted(set(to_users)),
        groups=sorted(set(to_groups)),
        roles={one.role_no: one for one in roles},
        reason=ChangeReason.IMPORTED.value,
    )
    result = ImportResult(
        kind="security-roles",
        total=len(table.rows),
        created=added,
        unchanged=len(table.rows) - added - len(errors),
        errors=tuple(errors),
        ignored_columns=table.ignored_columns,
        is_preview=call.is_preview,
    )
    await record_import(call, result)
    return result


def _texts(table: Table, column: str) -> list[str]:
    return sorted({row.values.get(column, "") for row in table.rows} - {""})


def _role(row: TableRow, places: Mapping[str, EnvironmentNo], named: Named) -> SecurityRole:
    where, name = row.values["environment"], row.values["securityRole"]
    if where not in places:
        raise unknown_environment(where)
    found = named.get((places[where], text_key(name)))
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_SECURITY_ROLE,
            f"The environment has no security role “{name[:60]}”: make it first.",
            context={"value": name[:60]},
        )
    return found


def _known(found: Mapping[str, Number], text: str, noun: str) -> Number:
    if text not in found:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no {noun} “{text[:60]}”: import them first.",
            context={"value": text[:60]},
        )
    return found[text]
