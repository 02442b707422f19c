"""Writing groups, and who and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import errors

from seatwright.domain.directory import GroupField, GroupFields, search_words, text_key
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """A group to be stored, with every field."""

    group_no: GroupNo
    id: UUID
    fields: GroupFields


_NAMES = (
    "group_no, id, display_name, display_name_key, description, mail_nickname, kind,"
    " is_security, external_id"
)
_ARRAYS = (
    "%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],"
    " %s::boolean[], %s::text[]"
)
_INSERT = f"""
insert into app_group (tenant_id, created_at, {_NAMES})
select %s, %s, line.* from unnest({_ARRAYS}) line on conflict do nothing
"""
_UPDATE = f"""
update app_group g
   set display_name = new.display_name, display_name_key = new.display_name_key,
       description = new.description, mail_nickname = new.mail_nickname, kind = new.kind,
       is_security = new.is_security, external_id = new.external_id
  from unnest({_ARRAYS}) as new ({_NAMES})
 where g.tenant_id = %s and g.group_no = new.group_no
"""
_REMEMBER_NAMES = """
insert into history_name (tenant_id, noun, subject_no, id, display_name)
select %s, 'group', line.* from unnest(%s::int4[], %s::uuid[], %s::text[]) line
on conflict (tenant_id, noun, subject_no) do update set display_name = excluded.display_name
"""


_PLAIN_FIELDS = (
    GroupField.DESCRIPTION,
    GroupField.MAIL_NICKNAME,
    GroupField.KIND,
    GroupField.SECURITY_ENABLED,
    GroupField.EXTERNAL_ID,
)


def _arrays(groups: Sequence[GroupRecord]) -> list[list[object]]:
    names = [str(group.fields[GroupField.DISPLAY_NAME]) for group in groups]
    columns: list[list[object]] = [
        [group.group_no for group in groups],
        [group.id for group in groups],
        list(names),
        [text_key(name) for name in names],
    ]
    columns += [[group.fields.get(field) for group in groups] for field in _PLAIN_FIELDS]
    return columns


async def _remember(tx: Transaction, groups: Sequence[GroupRecord]) -> None:
    await _forget_words(tx, [group.group_no for group in groups])
    pairs = [
        (word, group.group_no)
        for group in groups
        for word in search_words((str(group.fields[GroupField.DISPLAY_NAME]),))
    ]
    await tx.connection.execute(
        "insert into group_word (tenant_id, word, group_no)"
        " select %s, line.* from unnest(%s::text[], %s::int4[]) line",
        (tx.tenant_id, [word for word, _ in pairs], [number for _, number in pairs]),
    )
    await tx.connection.execute(
        _REMEMBER_NAMES,
        (
            tx.tenant_id,
            [group.group_no for group in groups],
            [group.id for group in groups],
            [group.fields[GroupField.DISPLAY_NAME] for group in groups],
        ),
    )


async def _forget_words(tx: Transaction, groups: Sequence[GroupNo]) -> None:
    await tx.connection.execute(
        "delete from group_word where tenant_id = %s and group_no = any(%s)",
        (tx.tenant_id, list(groups)),
    )


async def insert_groups(tx: Transaction, groups: Sequence[GroupRecord], *, at: datetime) -> bool:
    """Store new groups; False when an external id is taken: the caller then refuses."""
    if not groups:
        return True
    cursor = await tx.connection.execute(_INSERT, (tx.tenant_id, at, *_arrays(groups)))
    if cursor.rowcount < len(groups):
        return False
    await _remember(tx, groups)
    return True


async def update_groups(tx: Transaction, groups: Sequence[GroupRecord]) -> bool:
    """Store changed groups whole; False when an external id is taken: the caller then refuses."""
    if not groups:
        return True
    try:
        await tx.connection.execute(_UPDATE, (*_arrays(groups), tx.tenant_id))
    except errors.UniqueViolation:
        return False
    await _remember(tx, groups)
    return True


async def lock_groups(tx: Transaction, groups: Sequence[GroupNo]) -> None:
    """Lock these groups' rows in the order of their numbers, until the transaction ends."""
    await tx.connection.execute(
        "select from app_group where tenant_id = %s and group_no = any(%s)"
        " order by group_no for no key update",
        (tx.tenant_id, sorted(groups)),
    )


async def hold_nesting(tx: Transaction) -> None:
    """Let one call at a time put groups into groups: two could otherwise close a circle."""
    await tx.connection.execute(
        "select pg_advisory_xact_lock(hashtext('group nesting'), %s)", (tx.tenant_id,)
    )


async def mark_group_deleted(tx: Transaction, group: GroupNo, *, at: datetime) -> None:
    """Delete a group: nobody and nothing is in it any more, nor it in anything."""
    key = (tx.tenant_id, group)
    await tx.connection.execute(
        "delete from membership where tenant_id = %s and group_no = %s", key
    )
    await tx.connection.execute(
        "delete from group_nesting where tenant_id = %s and %s in (child_no, parent_no)", key
    )
    await _forget_words(tx, (group,))
    await tx.connection.execute(
        "update app_group set deleted_at = %s where tenant_id = %s and group_no = %s", (at, *key)
    )


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a group."""

    user: UserNo
    group: GroupNo


async def add_members(
    tx: Transaction, members: Sequence[Membership], *, since: datetime
) -> frozenset[Membership]:
    """Put people into groups; answers those who were not in them before."""
    if not members:
        return frozenset()
    cursor = await tx.connection.execute(
        "insert into membership (tenant_id, since, user_no, group_no)"
        " select %s, %s, line.user_no, line.group_no"
        " from unnest(%s::int4[], %s::int4[]) as line (user_no, group_no) order by 3, 4"
        " on conflict do nothing returning user_no, group_no",
        (tx.tenant_id, since, [m.user for m in members], [m.group for m in members]),
    )
    return frozenset(Membership(UserNo(r[0]), GroupNo(r[1])) for r in await cursor.fetchall())


async def remove_members(tx: Transaction, members: Sequence[Membership]) -> frozenset[Membership]:
    """Take people out of groups; answers those who were in them."""
    if not members:
        return frozenset()
    cursor = await tx.connection.execute(
        "delete from membership m using unnest(%s::int4[], %s::int4[]) as line (user_no, group_no)"
        " where m.tenant_id = %s and m.user_no = line.user_no and m.group_no = line.group_no"
        " returning m.user_no, m.group_no",
        ([m.user for m in members], [m.group for m in members], tx.tenant_id),
    )
    return frozenset(Membership(UserNo(r[0]), GroupNo(r[1])) for r in await cursor.fetchall())


async def nest_group(tx: Transaction, *, child: GroupNo, parent: GroupNo, since: datetime) -> bool:
    """Put a group into a group; False when it is there already."""
    cursor = await tx.connection.execute(
        "insert into group_nesting (tenant_id, child_no, parent_no, since)"
        " values (%s, %s, %s, %s) on conflict do nothing",
        (tx.tenant_id, child, parent, since),
    )
    return cursor.rowcount > 0


async def unnest_group(tx: Transaction, *, child: GroupNo, parent: GroupNo) -> bool:
    """Take a group out of a group; False when it is not in it."""
    cursor = await tx.connection.execute(
        "delete from group_nesting where tenant_id = %s and child_no = %s and parent_no = %s",
        (tx.tenant_id, child, parent),
    )
    return cursor.rowcount > 0
