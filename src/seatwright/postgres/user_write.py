"""Writing people: any number in one statement, with their search words and their names' record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg import errors

from seatwright.domain.directory import (
    DETAIL_FIELDS,
    FieldValue,
    UserField,
    UserFields,
    search_words,
    text_key,
)
from seatwright.domain.ids import UserNo
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import DETAIL_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A person to be stored: every field that has a value; the manager by number, not by name."""

    user_no: UserNo
    id: UUID
    fields: UserFields
    manager: UserNo | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    field: UserField | None = None
    is_key: bool = False


# The order is that of every statement below; the details follow where they are needed.
_COLUMNS: Final = (
    _Column("user_no", "int4"),
    _Column("id", "uuid"),
    _Column("manager_no", "int4"),
    _Column("upn", "text", UserField.USER_PRINCIPAL_NAME),
    _Column("upn_key", "text", UserField.USER_PRINCIPAL_NAME, is_key=True),
    _Column("mail", "text", UserField.MAIL),
    _Column("mail_key", "text", UserField.MAIL, is_key=True),
    _Column("display_name", "text", UserField.DISPLAY_NAME),
    _Column("display_name_key", "text", UserField.DISPLAY_NAME, is_key=True),
    _Column("given_name", "text", UserField.GIVEN_NAME),
    _Column("surname", "text", UserField.SURNAME),
    _Column("job_title", "text", UserField.JOB_TITLE),
    _Column("department", "text", UserField.DEPARTMENT),
    _Column("department_key", "text", UserField.DEPARTMENT, is_key=True),
    _Column("company_name", "text", UserField.COMPANY_NAME),
    _Column("cost_center", "text", UserField.COST_CENTER),
    _Column("employee_id", "text", UserField.EMPLOYEE_ID),
    _Column("external_id", "text", UserField.EXTERNAL_ID),
    _Column("usage_location", "text", UserField.USAGE_LOCATION),
    _Column("user_type", "text", UserField.USER_TYPE),
    _Column("is_enabled", "boolean", UserField.ACCOUNT_ENABLED),
    _Column("last_sign_in_at", "timestamptz", UserField.LAST_SIGN_IN_AT),
)
_DETAILS: Final = tuple(_Column(c.name, c.type, c.field) for c in DETAIL_COLUMNS)


def _names_of(columns: Sequence[_Column]) -> str:
    return ", ".join(column.name for column in columns)


def _arrays_of(columns: Sequence[_Column]) -> str:
    return ", ".join(f"%s::{column.type}[]" for column in columns)


def _insert(columns: Sequence[_Column]) -> str:
    return (
        f"insert into app_user (tenant_id, created_at, {_names_of(columns)})"
        f" select %s, %s, line.* from unnest({_arrays_of(columns)}) line"
    )


def _update(columns: Sequence[_Column]) -> str:
    return (
        f"update app_user u set {', '.join(f'{c.name} = new.{c.name}' for c in columns[2:])}"
        f" from unnest({_arrays_of(columns)}) as new ({_names_of(columns)})"
        " where u.tenant_id = %s and u.user_no = new.user_no"
    )


def _columns_for(users: Sequence[UserRecord], *, given: bool) -> tuple[_Column, ...]:
    """The columns that these people need: a file of 100,000 has few of the details.

    `given`: every detail that a record names, because it may be cleared; else those with a value.
    """
    used: set[UserField] = set()
    for user in users:
        used.update(
            field
            for field in DETAIL_FIELDS
            if field in user.fields and (given or user.fields[field] is not None)
        )
    return (*_COLUMNS, *(column for column in _DETAILS if column.field in used))


# While many are renamed at once a new name may still be another's old one, and a unique index
# looks at each row as it is written: first everybody who is renamed gets a name nobody can have.
_STEP_ASIDE = """
update app_user set upn_key = '@' || user_no, external_id = null
 where tenant_id = %s and user_no = any(%s)
"""
_FORGET_WORDS = "delete from search_word where tenant_id = %s and user_no = any(%s)"
_STORE_WORDS = """
insert into search_word (tenant_id, word, user_no, name_key)
select %s, line.* from unnest(%s::text[], %s::int4[], %s::text[]) as line (word, user_no, name_key)
 order by 2, 3
"""
_REMEMBER_NAMES = """
insert into history_name (tenant_id, noun, subject_no, id, name, display_name)
select %s, 'user', line.* from unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[]) line
on conflict (tenant_id, noun, subject_no) do update
   set name = excluded.name, display_name = excluded.display_name
"""


async def insert_users(tx: Transaction, users: Sequence[UserRecord], *, at: datetime) -> bool:
    """Store new people; False when a UPN or an external id is taken.

    The transaction can then do nothing more: the caller answers with a refusal.
    """
    if not users:
        return True
    try:
        columns = _columns_for(users, given=False)
        values = (tx.tenant_id, at, *_arrays(columns, users))
        await tx.connection.execute(_insert(columns), values)
    except errors.UniqueViolation:
        return False
    await _store_names(tx, users)
    return True


async def update_users(
    tx: Transaction, users: Sequence[UserRecord], *, renamed: Iterable[UserNo]
) -> bool:
    """Store changed people whole; False when a new UPN or external id is taken (see above).

    `renamed`: those whose names, addresses or external id changed. The rows must be locked.
    """
    changed_names = set(renamed)
    if not users:
        return True
    try:
        if len(changed_names) > 1:
            await tx.connection.execute(_STEP_ASIDE, (tx.tenant_id, sorted(changed_names)))
        columns = _columns_for(users, given=True)
        await tx.connection.execute(_update(columns), (*_arrays(columns, users), tx.tenant_id))
    except errors.UniqueViolation:
        return False
    if changed_names:
        await tx.connection.execute(_FORGET_WORDS, (tx.tenant_id, sorted(changed_names)))
        await _store_names(tx, [user for user in users if user.user_no in changed_names])
    return True


def _arrays(columns: Sequence[_Column], users: Sequence[UserRecord]) -> list[list[object]]:
    return [_array(column, users) for column in columns]


def _array(column: _Column, users: Sequence[UserRecord]) -> list[object]:
    if column.field is None:
        attribute = {"user_no": "user_no", "id": "id", "manager_no": "manager"}[column.name]
        return [getattr(user, attribute) for user in users]
    values = [user.fields.get(column.field) for user in users]
    if not column.is_key:
        return list(values)
    return [text_key(value) if isinstance(value, str) else None for value in values]


async def _store_names(tx: Transaction, users: Sequence[UserRecord]) -> None:
    words: list[str] = []
    numbers: list[int] = []
    names: list[str] = []
    for user in users:
        found = search_words(_names(user.fields))
        words.extend(found)
        numbers.extend([user.user_no] * len(found))
        names.extend([text_key(str(user.fields[UserField.DISPLAY_NAME]))] * len(found))
    await tx.connection.execute(_STORE_WORDS, (tx.tenant_id, words, numbers, names))
    await tx.connection.execute(
        _REMEMBER_NAMES,
        (
            tx.tenant_id,
            [user.user_no for user in users],
            [user.id for user in users],
            [user.fields[UserField.USER_PRINCIPAL_NAME] for user in users],
            [user.fields[UserField.DISPLAY_NAME] for user in users],
        ),
    )


NAME_FIELDS: Final = (
    UserField.USER_PRINCIPAL_NAME,
    UserField.DISPLAY_NAME,
    UserField.MAIL,
    UserField.GIVEN_NAME,
    UserField.SURNAME,
    UserField.EXTERNAL_ID,
)
"""What people are found and known by: a change to one of these is a rename."""


def _names(fields: UserFields) -> Iterable[str | None]:
    values: Iterable[FieldValue] = (fields.get(field) for field in NAME_FIELDS[:-1])
    return (value if isinstance(value, str) else None for value in values)


async def lock_users(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Lock these people in the order of their numbers, until the transaction ends."""
    await tx.connection.execute(
        "select from app_user where tenant_id = %s and user_no = any(%s)"
        " order by user_no for no key update",
        (tx.tenant_id, sorted(users)),
    )


async def set_managers(tx: Transaction, managers: Mapping[UserNo, UserNo]) -> None:
    """Store a manager for each of these people."""
    if not managers:
        return
    await tx.connection.execute(
        "update app_user u set manager_no = new.manager_no"
        " from unnest(%s::int4[], %s::int4[]) as new (user_no, manager_no)"
        " where u.tenant_id = %s and u.user_no = new.user_no",
        (list(managers), list(managers.values()), tx.tenant_id),
    )


async def disable_users(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Let these people sign in no more; what they hold stays theirs (T-207)."""
    await tx.connection.execute(
        "update app_user set is_enabled = false where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
