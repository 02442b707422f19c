"""What rules ask of many people, read as columns: distinct values, and who has which.

PostgreSQL groups people by value and sends the numbers of each group as bytes, so that a million
people are as many rows as there are departments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from seatwright.domain.directory import UserField
from seatwright.domain.ids import GroupNo
from seatwright.domain.rules.many import Numbers, People, ValueColumn
from seatwright.domain.rules.one import Held
from seatwright.domain.rules.properties import Origin, Source
from seatwright.postgres.dynamic_plans import PlanWords, plans_between
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import DETAIL_COLUMNS

COLUMN_OF: Final[dict[Source, str]] = {
    Origin.ID: "u.id::text",
    Origin.PROXY_ADDRESSES: "u.mail",
    UserField.USER_PRINCIPAL_NAME: "u.upn",
    UserField.DISPLAY_NAME: "u.display_name",
    UserField.MAIL: "u.mail",
    UserField.GIVEN_NAME: "u.given_name",
    UserField.SURNAME: "u.surname",
    UserField.JOB_TITLE: "u.job_title",
    UserField.DEPARTMENT: "u.department",
    UserField.COMPANY_NAME: "u.company_name",
    UserField.EMPLOYEE_ID: "u.employee_id",
    UserField.USAGE_LOCATION: "u.usage_location",
    UserField.USER_TYPE: "u.user_type",
    UserField.ACCOUNT_ENABLED: "u.is_enabled",
    **{column.field: f"u.{column.name}" for column in DETAIL_COLUMNS},
    UserField.MAIL_NICKNAME: "coalesce(u.mail_nickname, split_part(u.upn, '@', 1))",
}
"""Where each source is kept; service plans are read by themselves."""


_OF_ONE_EACH: Final = frozenset(
    {
        Origin.ID,
        Origin.PROXY_ADDRESSES,
        UserField.USER_PRINCIPAL_NAME,
        UserField.DISPLAY_NAME,
        UserField.MAIL,
        UserField.MAIL_NICKNAME,
        UserField.OTHER_MAILS,
        UserField.EMPLOYEE_ID,
        UserField.MOBILE_PHONE,
        UserField.BUSINESS_PHONE,
        UserField.STREET_ADDRESS,
        UserField.ON_PREMISES_DISTINGUISHED_NAME,
        UserField.ON_PREMISES_SECURITY_IDENTIFIER,
    }
)
"""Texts of which nearly everybody has another: grouping a million of them only costs time."""


async def living_between(tx: Transaction, first: int, last: int) -> Numbers:
    """The numbers of the people who are not deleted, sorted; int32."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select coalesce(string_agg(int4send(user_no), ''::bytea order by user_no), ''::bytea)"
        " from app_user where tenant_id = %s and user_no between %s and %s and deleted_at is null",
        (tx.tenant_id, first, last),
    )
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has a row"
    return _numbers(row[0])


async def last_user_no(tx: Transaction) -> int:
    """The highest number of a person."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select coalesce(max(user_no), 0) from app_user where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The next people by number: how many they are, deleted ones too, and the last number."""

    last: int
    people: int


async def page_after(tx: Transaction, after: int, *, count: int) -> Page | None:
    """The next `count` people by number; None when there are no more."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select max(user_no), count(*)::int4 from (select user_no from app_user"
        " where tenant_id = %s and user_no > %s order by user_no limit %s) page",
        (tx.tenant_id, after, count),
    )
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else Page(last=row[0], people=row[1])


async def read_people(
    tx: Transaction,
    sources: Mapping[Source, bool],
    users: Numbers,
    *,
    first: int,
    last: int,
    words: PlanWords | None = None,
) -> People:
    """The living people with numbers in a range, who are `users`, as columns of what rules ask.

    `sources` say whether the values themselves are asked, or only whether there are any: a million
    different ids need not be read to see that nobody is without one. `words` are given where
    service plans are asked.
    """
    await tx.connection.execute("set local max_parallel_workers_per_gather = 0")
    columns: dict[Source, ValueColumn] = {}
    for source, asks_values in sources.items():
        if source is Origin.NOWHERE:
            columns[source] = _same_for_all(users, None)
        elif source is Origin.ID and not asks_values:
            columns[source] = _same_for_all(users, "")
        elif source is Origin.ASSIGNED_PLANS:
            assert words is not None, "whoever asks for service plans has words for them"
            columns[source] = _column(users, await plans_between(tx, words, first, last))
        else:
            columns[source] = await _values(
                tx, source, users, (first, last), asks_values=asks_values
            )
    return People(user_no=users, columns=columns)


def _same_for_all(users: Numbers, value: Held) -> ValueColumn:
    return ValueColumn(values=(value,), place=np.zeros(len(users), np.int32))


async def _values(
    tx: Transaction,
    source: Source,
    users: Numbers,
    between: tuple[int, int],
    *,
    asks_values: bool,
) -> ValueColumn:
    column = COLUMN_OF[source]
    if asks_values and source in _OF_ONE_EACH:
        return await _each_value(tx, source, users, between)
    if not asks_values:
        column = f"case when {column} is not null then '-' end"
    cursor = await tx.connection.cursor(binary=True).execute(
        f"select {column}, string_agg(int4send(u.user_no), ''::bytea) from app_user u"
        " where u.tenant_id = %s and u.user_no between %s and %s and u.deleted_at is null"
        f" group by {column}",
        (tx.tenant_id, *between),
    )
    rows = await cursor.fetchall()
    return _column(users, [(decoded(source, row[0]), row[1]) for row in rows])


async def _each_value(
    tx: Transaction, source: Source, users: Numbers, between: tuple[int, int]
) -> ValueColumn:
    """A property of which nearly everybody has a value of their own: all of them as one text.

    Neither separator can be in a value, because no field takes control characters.
    """
    cursor = await tx.connection.cursor(binary=True).execute(
        f"select string_agg(int4send(u.user_no), ''::bytea order by u.user_no),"
        f" string_agg(coalesce({COLUMN_OF[source]}, E'\\x02'), E'\\x1f' order by u.user_no)"
        " from app_user u"
        " where u.tenant_id = %s and u.user_no between %s and %s and u.deleted_at is null",
        (tx.tenant_id, *between),
    )
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        return ValueColumn(values=(None,), place=np.zeros(len(users), np.int32))
    numbers = _numbers(row[0])
    values = [decoded(source, None if text == "\x02" else text) for text in row[1].split("\x1f")]
    codes = np.arange(1, len(values) + 1, dtype=np.int32)
    return ValueColumn(values=[None, *values], place=_placed(users, numbers, codes))


def _column(users: Numbers, rows: Sequence[tuple[Held, bytes]]) -> ValueColumn:
    """The rows as one place for each person; who is in no row has nothing."""
    values: list[Held] = [None, *(value for value, _ in rows)]
    lengths = [len(packed) // 4 for _, packed in rows]
    numbers = _numbers(b"".join(packed for _, packed in rows))
    codes = np.repeat(np.arange(1, len(rows) + 1, dtype=np.int32), lengths)
    return ValueColumn(values=values, place=_placed(users, numbers, codes))


def _placed(users: Numbers, numbers: Numbers, codes: Numbers) -> Numbers:
    """The code of each person, 0 where they have none; who came meanwhile is left out."""
    place = np.zeros(len(users), dtype=np.int32)
    if len(users) and len(numbers):
        at = np.minimum(np.searchsorted(users, numbers), len(users) - 1)
        is_there = users[at] == numbers
        place[at[is_there]] = codes[is_there]
    return place


def _numbers(packed: bytes) -> Numbers:
    return np.frombuffer(packed, dtype=">i4").astype(np.int32)


def decoded(source: Source, value: object) -> Held:
    """A stored value as rules see it: several texts are stored as one."""
    decode = _DECODERS.get(source)
    if decode is not None:
        return decode(None if value is None else str(value))
    return value  # type: ignore[return-value]  # each column holds one of the kinds of Held


_DECODERS: Final[dict[Source, Callable[[str | None], Held]]] = {
    UserField.OTHER_MAILS: lambda text: tuple((text or "").split()),
    Origin.PROXY_ADDRESSES: lambda text: (f"SMTP:{text}",) if text else (),
}


async def reports_between(tx: Transaction, manager: UUID, first: int, last: int) -> Numbers:
    """The direct reports of a manager among the people with these numbers, sorted."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select coalesce(string_agg(int4send(u.user_no), ''::bytea order by u.user_no), ''::bytea)"
        " from app_user m join app_user u on u.tenant_id = m.tenant_id and u.manager_no = m.user_no"
        " where m.tenant_id = %s and m.id = %s and u.deleted_at is null"
        " and u.user_no between %s and %s",
        (tx.tenant_id, manager, first, last),
    )
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has a row"
    return _numbers(row[0])


async def members_of_any_between(
    tx: Transaction, groups: Sequence[GroupNo], first: int, last: int
) -> Numbers:
    """The living direct members of any of these groups with these numbers, sorted."""
    cursor = await tx.connection.cursor(binary=True).execute(
        "select coalesce(string_agg(int4send(user_no), ''::bytea order by user_no), ''::bytea)"
        " from (select distinct m.user_no from membership m"
        " join app_user u on u.tenant_id = m.tenant_id and u.user_no = m.user_no"
        " where m.tenant_id = %s and m.group_no = any(%s) and m.user_no between %s and %s"
        " and u.deleted_at is null) found",
        (tx.tenant_id, list(groups), first, last),
    )
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has a row"
    return _numbers(row[0])
