"""Reading people: one, a page of many, and everything that an export needs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.directory import PersonRef, User, UserQuery
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.filters import Condition
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import detail_names, details_of_row
from seatwright.postgres.user_search import all_numbers, asked, first_numbers

_SELECT = f"""
select u.user_no, u.id, u.upn, u.display_name, u.mail, u.given_name, u.surname, u.job_title,
       u.department, u.company_name, u.cost_center, u.employee_id, u.external_id,
       u.usage_location, u.user_type, u.is_enabled, u.last_sign_in_at, u.created_at, u.deleted_at,
       m.user_no, m.id, m.upn, m.display_name, m.deleted_at is not null,
       {detail_names("u")}
  from app_user u
  left join app_user m on m.tenant_id = u.tenant_id and m.user_no = u.manager_no
 where u.tenant_id = %s
"""


def _user_of_row(row: TupleRow) -> User:
    return User(
        user_no=UserNo(row[0]),
        id=row[1],
        user_principal_name=row[2],
        display_name=row[3],
        mail=row[4],
        given_name=row[5],
        surname=row[6],
        job_title=row[7],
        department=row[8],
        company_name=row[9],
        cost_center=row[10],
        employee_id=row[11],
        external_id=row[12],
        usage_location=row[13],
        user_type=row[14],
        account_enabled=row[15],
        last_sign_in_at=row[16],
        created_at=row[17],
        deleted_at=row[18],
        manager=None if row[19] is None else person_of_row(row[19:24]),
        details=details_of_row(row[24:]),
    )


def person_of_row(row: TupleRow) -> PersonRef:
    """A person from user_no, id, upn, display_name and, if it is known, whether deleted."""
    return PersonRef(
        user_no=UserNo(row[0]),
        id=row[1],
        user_principal_name=row[2],
        display_name=row[3],
        is_deleted=len(row) > 4 and bool(row[4]),
    )


async def read_users(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, User]:
    """These people, deleted ones too; a number without a row is left out."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and u.user_no = any(%s)", (tx.tenant_id, list(users))
    )
    return {UserNo(row[0]): _user_of_row(row) for row in await cursor.fetchall()}


async def read_user(tx: Transaction, user: UserNo) -> User | None:
    """One person, deleted or not."""
    return (await read_users(tx, (user,))).get(user)


async def find_any_user(tx: Transaction, *, id_: UUID | None, upn_key: str) -> User | None:
    """A person by id, deleted or not; else by UPN the living one, else the last deleted one."""
    if id_ is not None:
        cursor = await tx.connection.execute(f"{_SELECT} and u.id = %s", (tx.tenant_id, id_))
    else:
        cursor = await tx.connection.execute(
            f"{_SELECT} and u.upn_key = %s and u.deleted_at is null", (tx.tenant_id, upn_key)
        )
    row = await cursor.fetchone()
    if row is None and id_ is None:
        # Deleted people are few, and no two living ones stand in the way of finding them.
        cursor = await tx.connection.execute(
            f"{_SELECT} and u.deleted_at is not null and u.upn_key = %s"
            " order by u.deleted_at desc, u.user_no desc limit 1",
            (tx.tenant_id, upn_key),
        )
        row = await cursor.fetchone()
    return None if row is None else _user_of_row(row)


async def list_users(
    tx: Transaction,
    query: UserQuery,
    *,
    conditions: Sequence[Condition] = (),
    after: tuple[str, int] | None,
    limit: int,
) -> tuple[User, ...]:
    """People by display name; `after` holds the name key and number of the last one shown.

    `conditions` are what the query's filter means.

    A search word finds the people one of whose words begins with it; several must all be found.
    """
    wanted = await asked(tx, query, conditions, after=after)
    numbers = await first_numbers(tx, wanted, limit)
    cursor = await tx.connection.execute(
        f"{_SELECT} and u.user_no = any(%s) order by u.display_name_key, u.user_no",
        (tx.tenant_id, numbers),
    )
    return tuple(_user_of_row(row) for row in await cursor.fetchall())


async def held_by(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, list[SkuNo]]:
    """What each of these people holds; who holds nothing is left out."""
    cursor = await tx.connection.execute(
        "select user_no, array_agg(sku_no order by sku_no) from effective_license"
        " where tenant_id = %s and user_no = any(%s) group by user_no",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(row[0]): [SkuNo(sku) for sku in row[1]] for row in await cursor.fetchall()}


async def disabled_among(tx: Transaction, users: Sequence[UserNo]) -> frozenset[UserNo]:
    """Those of these people whose account is disabled."""
    cursor = await tx.connection.execute(
        "select user_no from app_user"
        " where tenant_id = %s and user_no = any(%s) and not is_enabled",
        (tx.tenant_id, list(users)),
    )
    return frozenset(UserNo(row[0]) for row in await cursor.fetchall())


async def upns_of(
    tx: Transaction, query: UserQuery, *, conditions: Sequence[Condition] = (), limit: int
) -> list[str]:
    """The UPNs of everybody whom a list would show, page by page, in its order."""
    wanted = await asked(tx, query, conditions, after=None)
    numbers = await all_numbers(tx, wanted, limit)
    cursor = await tx.connection.execute(
        "select u.upn from unnest(%s::int4[]) with ordinality one (user_no, place)"
        " join app_user u on u.tenant_id = %s and u.user_no = one.user_no order by one.place",
        (numbers, tx.tenant_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def users_after(tx: Transaction, after: int, *, limit: int) -> tuple[User, ...]:
    """Living people by number, for exports that read everything."""
    cursor = await tx.connection.execute(
        f"{_SELECT} and u.user_no > %s and u.deleted_at is null order by u.user_no limit %s",
        (tx.tenant_id, after, limit),
    )
    return tuple(_user_of_row(row) for row in await cursor.fetchall())


async def numbers_taken(
    tx: Transaction, *, upn_keys: Sequence[str] = (), external_ids: Sequence[str] = ()
) -> tuple[dict[str, UserNo], dict[str, UserNo]]:
    """Which living people have these UPNs, and which these external ids."""
    by_upn = await tx.connection.execute(
        "select upn_key, user_no from app_user"
        " where tenant_id = %s and upn_key = any(%s) and deleted_at is null",
        (tx.tenant_id, list(upn_keys)),
    )
    by_external = await tx.connection.execute(
        "select external_id, user_no from app_user"
        " where tenant_id = %s and external_id = any(%s) and deleted_at is null",
        (tx.tenant_id, list(external_ids)),
    )
    return (
        {row[0]: UserNo(row[1]) for row in await by_upn.fetchall()},
        {row[0]: UserNo(row[1]) for row in await by_external.fetchall()},
    )


async def count_living_users(tx: Transaction, *, is_enabled: bool | None = None) -> int:
    """How many people there are, deleted ones not counted."""
    cursor = await tx.connection.execute(
        "select count(*) from app_user where tenant_id = %s and deleted_at is null"
        " and (%s::boolean is null or is_enabled = %s)",
        (tx.tenant_id, is_enabled, is_enabled),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
