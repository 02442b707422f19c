"""What imports read of the directory: everybody that a file may be about, in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg.rows import TupleRow

from seatwright.domain.directory import DETAIL_FIELDS, UserField
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.people_match import StoredPerson
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import detail_names

_PERSON = f"""
select user_no, id, upn_key, manager_no, upn, display_name, mail, given_name, surname, job_title,
       department, company_name, cost_center, employee_id, external_id, usage_location, user_type,
       is_enabled, last_sign_in_at, {detail_names("app_user")}
  from app_user where tenant_id = %s and deleted_at is null
"""
# The order of the columns above, after the first four.
_FIELDS = (
    UserField.USER_PRINCIPAL_NAME,
    UserField.DISPLAY_NAME,
    UserField.MAIL,
    UserField.GIVEN_NAME,
    UserField.SURNAME,
    UserField.JOB_TITLE,
    UserField.DEPARTMENT,
    UserField.COMPANY_NAME,
    UserField.COST_CENTER,
    UserField.EMPLOYEE_ID,
    UserField.EXTERNAL_ID,
    UserField.USAGE_LOCATION,
    UserField.USER_TYPE,
    UserField.ACCOUNT_ENABLED,
    UserField.LAST_SIGN_IN_AT,
    *DETAIL_FIELDS,
)


def _stored(row: TupleRow) -> StoredPerson:
    return StoredPerson(
        user_no=UserNo(row[0]),
        id=row[1],
        upn_key=row[2],
        manager=None if row[3] is None else UserNo(row[3]),
        fields=dict(zip(_FIELDS, row[4:], strict=True)),
    )


async def people_of_keys(
    tx: Transaction, *, upn_keys: Iterable[str], external_ids: Iterable[str]
) -> tuple[StoredPerson, ...]:
    """Every living person who has one of these UPNs or one of these external ids, each once."""
    found: dict[int, StoredPerson] = {}
    for condition, keys in (
        ("upn_key = any(%s)", list(upn_keys)),
        ("external_id = any(%s)", list(external_ids)),
    ):
        if keys:
            cursor = await tx.connection.execute(f"{_PERSON} and {condition}", (tx.tenant_id, keys))
            found.update((row[0], _stored(row)) for row in await cursor.fetchall())
    return tuple(found.values())


async def people_of_numbers(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, StoredPerson]:
    """These people as they are now; who is deleted is left out."""
    cursor = await tx.connection.execute(
        f"{_PERSON} and user_no = any(%s)", (tx.tenant_id, list(users))
    )
    return {UserNo(row[0]): _stored(row) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class EnabledPerson:
    """Somebody who may sign in, by their keys."""

    user_no: UserNo
    upn_key: str
    external_id: str | None


async def enabled_people(tx: Transaction) -> tuple[EnabledPerson, ...]:
    """Everybody who may sign in."""
    cursor = await tx.connection.execute(
        "select user_no, upn_key, external_id from app_user"
        " where tenant_id = %s and deleted_at is null and is_enabled",
        (tx.tenant_id,),
    )
    return tuple(EnabledPerson(*row) for row in await cursor.fetchall())


async def members_of_groups(
    tx: Transaction, groups: Sequence[GroupNo]
) -> frozenset[tuple[UserNo, GroupNo]]:
    """Who is directly in these groups, deleted people left out."""
    cursor = await tx.connection.execute(
        "select m.user_no, m.group_no from membership m"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        " where m.tenant_id = %s and m.group_no = any(%s) and u.deleted_at is null",
        (tx.tenant_id, list(groups)),
    )
    return frozenset((UserNo(row[0]), GroupNo(row[1])) for row in await cursor.fetchall())


async def groups_that_give(tx: Transaction, groups: Sequence[GroupNo]) -> frozenset[GroupNo]:
    """Which of these groups give a license, by themselves or through a group above them."""
    cursor = await tx.connection.execute(
        "with recursive up as (select g as start_no, g as group_no from unnest(%s::int4[]) g union"
        " select up.start_no, n.parent_no from up join group_nesting n"
        " on n.tenant_id = %s and n.child_no = up.group_no)"
        " select distinct up.start_no from up join assignment a"
        " on a.tenant_id = %s and a.group_no = up.group_no",
        (list(groups), tx.tenant_id, tx.tenant_id),
    )
    return frozenset(GroupNo(row[0]) for row in await cursor.fetchall())
