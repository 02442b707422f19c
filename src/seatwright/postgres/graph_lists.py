"""Pages of people and of groups with whichever columns a caller wants, by keyset.

One builder for every list of the Graph surface: the conditions are constant pieces of SQL
(`filters.py`) or one of the relations below, and each is behind the tenant's wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import errors
from psycopg.rows import TupleRow

from seatwright.domain.filters import Order
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.filters import Condition
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import DETAIL_COLUMNS

SECONDS_MAX: Final = 2
"""The longest that a query of conditions somebody else wrote may take."""


class TooSlowError(Exception):
    """The conditions of a list take too long to look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that lists are made of; `keys` are the expressions that an order compares."""

    name: str
    alias: str
    number: str
    columns: Mapping[str, str]
    keys: Mapping[str, str]


USERS: Final = Table(
    name="app_user u",
    alias="u",
    number="u.user_no",
    columns={
        "id": "u.id",
        "userPrincipalName": "u.upn",
        "displayName": "u.display_name",
        "mail": "u.mail",
        "givenName": "u.given_name",
        "surname": "u.surname",
        "jobTitle": "u.job_title",
        "department": "u.department",
        "companyName": "u.company_name",
        "costCenter": "u.cost_center",
        "employeeId": "u.employee_id",
        "usageLocation": "u.usage_location",
        "userType": "u.user_type",
        "accountEnabled": "u.is_enabled",
        "lastSignInAt": "u.last_sign_in_at",
        "createdDateTime": "u.created_at",
        "deletedDateTime": "u.deleted_at",
        "managerNo": "u.manager_no",
        **{column.field.value: f"u.{column.name}" for column in DETAIL_COLUMNS},
    },
    keys={"displayName": "u.display_name_key", "userPrincipalName": "u.upn_key"},
)
GROUPS: Final = Table(
    name="app_group g",
    alias="g",
    number="g.group_no",
    columns={
        "id": "g.id",
        "displayName": "g.display_name",
        "description": "g.description",
        "mailNickname": "g.mail_nickname",
        "kind": "g.kind",
        "securityEnabled": "g.is_security",
        "processing": "g.processing",
        "membershipRule": "g.membership_rule",
        "ruleState": "g.rule_state",
        "createdDateTime": "g.created_at",
        "deletedDateTime": "g.deleted_at",
    },
    keys={"displayName": "g.display_name_key"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What a page is to hold: `after` is the key of the last row before it, `columns` by name."""

    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    order: Order | None = None
    after: tuple[object, ...] | None = None
    limit: int = 100
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row: its number, its place in the order, and the columns that were wanted."""

    number: int
    key: tuple[object, ...]
    values: Mapping[str, object]


async def read_page(tx: Transaction, table: Table, query: ListQuery) -> list[ListRow]:
    """The rows of a page, in order."""
    keys = _keys(table, query.order)
    is_down = query.order is not None and query.order.is_descending
    text, values = _where(tx, table, query)
    if query.after is not None:
        marks = ", ".join(["%s"] * len(keys))
        text += f" and ({', '.join(keys)}) {'<' if is_down else '>'} ({marks})"
        values += query.after
    direction = " desc" if is_down else ""
    order = ", ".join(f"{key}{direction}" for key in keys)
    wanted = [table.columns[name] for name in query.columns]
    cursor = await tx.connection.execute(
        f"select {', '.join([*keys, *wanted])}{text} order by {order} limit %s",
        (*values, query.limit),
    )
    return [_row(row, len(keys), query.columns) for row in await cursor.fetchall()]


async def limit_time(tx: Transaction) -> None:
    """Let no statement of the transaction take longer than `SECONDS_MAX` from here on."""
    await tx.connection.execute(
        "select set_config('statement_timeout', %s, true)", (str(SECONDS_MAX * 1000),)
    )


async def read_page_in_time(tx: Transaction, table: Table, query: ListQuery) -> list[ListRow]:
    """The rows of a page whose conditions somebody else wrote.

    Raises TooSlowError where they take too long; the transaction can then do nothing more.
    """
    await limit_time(tx)
    try:
        return await read_page(tx, table, query)
    except errors.QueryCanceled:
        raise TooSlowError from None


async def count_in_time(tx: Transaction, table: Table, query: ListQuery) -> int | None:
    """How many rows there are on all pages together; None where counting takes too long."""
    await limit_time(tx)
    try:
        async with tx.connection.transaction():
            return await count_rows(tx, table, query)
    except errors.QueryCanceled:
        return None


async def count_rows(tx: Transaction, table: Table, query: ListQuery) -> int:
    """How many rows there are on all pages together."""
    text, values = _where(tx, table, query)
    cursor = await tx.connection.execute(f"select count(*){text}", values)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _keys(table: Table, order: Order | None) -> tuple[str, ...]:
    """What a page is ordered by: always with the number, so that no two rows are level."""
    if order is None or order.name not in table.keys:
        return (table.number,)
    return (table.keys[order.name], table.number)


def _where(tx: Transaction, table: Table, query: ListQuery) -> tuple[str, list[object]]:
    is_deleted = "not null" if query.is_deleted else "null"
    text = f" from {table.name} where {table.alias}.tenant_id = %s"
    text += f" and {table.alias}.deleted_at is {is_deleted}"
    values: list[object] = [tx.tenant_id]
    for condition in query.conditions:
        text += f" and {condition.text}"
        values += condition.values
    return text, values


def _row(row: TupleRow, keys: int, columns: Sequence[str]) -> ListRow:
    return ListRow(
        number=row[keys - 1],
        key=row[:keys],
        values=dict(zip(columns, row[keys:], strict=True)),
    )


def people_in(tx: Transaction, groups: Sequence[GroupNo]) -> Condition:
    """People who are directly in any of these groups."""
    if len(groups) == 1:
        # Equality: the index then gives people in the order of their numbers, page by page.
        return Condition(
            text="u.user_no in (select m.user_no from membership m"
            " where m.tenant_id = %s and m.group_no = %s)",
            values=(tx.tenant_id, groups[0]),
        )
    return Condition(
        text="u.user_no in (select m.user_no from membership m"
        " where m.tenant_id = %s and m.group_no = any(%s))",
        values=(tx.tenant_id, list(groups)),
    )


def people_failing(tx: Transaction, group: GroupNo) -> Condition:
    """People who do not get what a group gives (GRP-005)."""
    return Condition(
        text="u.user_no in (select e.user_no from license_error e"
        " where e.tenant_id = %s and e.source_kind = 1 and e.source_no = %s)",
        values=(tx.tenant_id, group),
    )


def owners_of(tx: Transaction, group: GroupNo) -> Condition:
    """People who own a group."""
    return Condition(
        text="u.user_no in (select o.user_no from group_owner o"
        " where o.tenant_id = %s and o.group_no = %s)",
        values=(tx.tenant_id, group),
    )


_RELATED: Final = {
    "members": "select m.user_no, false from membership m join app_user u"
    " on u.tenant_id = m.tenant_id and u.user_no = m.user_no and u.deleted_at is null"
    " where m.tenant_id = %(tenant)s and m.group_no = w.group_no"
    " union all select n.child_no, true from group_nesting n"
    " where n.tenant_id = %(tenant)s and n.parent_no = w.group_no",
    "owners": "select o.user_no, false from group_owner o join app_user u"
    " on u.tenant_id = o.tenant_id and u.user_no = o.user_no and u.deleted_at is null"
    " where o.tenant_id = %(tenant)s and o.group_no = w.group_no",
}


async def related_to(
    tx: Transaction, relation: str, groups: Sequence[int], *, limit: int
) -> list[tuple[int, int, bool]]:
    """The first members or owners of each group: its number, theirs, and whether it is a group."""
    cursor = await tx.connection.execute(
        "select w.group_no, r.number, r.is_group from unnest(%(groups)s::int4[]) as w (group_no)"
        f" cross join lateral ({_RELATED[relation]} order by 2, 1 limit %(limit)s)"
        " as r (number, is_group) order by 1, 3, 2",
        {"tenant": tx.tenant_id, "groups": list(groups), "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


def managed_by(user: UserNo) -> Condition:
    """People whose manager somebody is."""
    return Condition(text="u.manager_no = %s", values=(user,))


def numbered(table: Table, numbers: Sequence[int]) -> Condition:
    """Rows with these numbers."""
    return Condition(text=f"{table.number} = any(%s)", values=(list(numbers),))


def groups_of(tx: Transaction, user: UserNo) -> Condition:
    """Groups that somebody is directly in."""
    return Condition(
        text="g.group_no in (select m.group_no from membership m"
        " where m.tenant_id = %s and m.user_no = %s)",
        values=(tx.tenant_id, user),
    )


def owned_by(tx: Transaction, user: UserNo) -> Condition:
    """Groups that somebody owns."""
    return Condition(
        text="g.group_no in (select o.group_no from group_owner o"
        " where o.tenant_id = %s and o.user_no = %s)",
        values=(tx.tenant_id, user),
    )


def groups_around(tx: Transaction, user: UserNo) -> Condition:
    """Groups that somebody is in, through groups inside groups too."""
    return Condition(
        text="g.group_no in (with recursive up as (select m.group_no from membership m"
        " where m.tenant_id = %s and m.user_no = %s union select n.parent_no from up"
        " join group_nesting n on n.tenant_id = %s and n.child_no = up.group_no)"
        " select group_no from up)",
        values=(tx.tenant_id, user, tx.tenant_id),
    )


def parents_of(tx: Transaction, group: GroupNo, *, transitive: bool) -> Condition:
    """Groups that a group is inside of."""
    if not transitive:
        return Condition(
            text="g.group_no in (select n.parent_no from group_nesting n"
            " where n.tenant_id = %s and n.child_no = %s)",
            values=(tx.tenant_id, group),
        )
    return Condition(
        text="g.group_no in (with recursive up as (select n.parent_no from group_nesting n"
        " where n.tenant_id = %s and n.child_no = %s union select n.parent_no from up"
        " join group_nesting n on n.tenant_id = %s and n.child_no = up.parent_no)"
        " select parent_no from up)",
        values=(tx.tenant_id, group, tx.tenant_id),
    )


def children_of(tx: Transaction, group: GroupNo, *, transitive: bool) -> Condition:
    """Groups inside a group."""
    if not transitive:
        return Condition(
            text="g.group_no in (select n.child_no from group_nesting n"
            " where n.tenant_id = %s and n.parent_no = %s)",
            values=(tx.tenant_id, group),
        )
    return Condition(
        text="g.group_no in (with recursive down as (select n.child_no from group_nesting n"
        " where n.tenant_id = %s and n.parent_no = %s union select n.child_no from down"
        " join group_nesting n on n.tenant_id = %s and n.parent_no = down.child_no)"
        " select child_no from down)",
        values=(tx.tenant_id, group, tx.tenant_id),
    )
