"""Finding groups by what others call them: set-based, for one text or thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from seatwright.domain.ids import GroupNo
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.users import ids_and_keys


async def find_groups(tx: Transaction, texts: Sequence[str]) -> dict[str, GroupNo]:
    """The living groups that these texts name, by the text as it was given.

    A text is a UUID, an external id, or the display name of exactly one living group.
    """
    ids, keys = ids_and_keys(texts)
    found: dict[str, GroupNo] = {}
    by_id = await _groups_by_id(tx, ids.values())
    found.update((text, by_id[id_]) for text, id_ in ids.items() if id_ in by_id)
    rest = [text for text in texts if text not in found and "\0" not in text]
    by_external = await groups_by_external_id(tx, rest)
    found.update((text, by_external[text.strip()]) for text in rest if text.strip() in by_external)
    names = {text: key for text, key in keys.items() if text not in found}
    by_name = await groups_by_name(tx, names.values())
    found.update(
        (text, by_name[key][0]) for text, key in names.items() if len(by_name.get(key, ())) == 1
    )
    return found


async def _groups_by_id(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, GroupNo]:
    wanted = list(ids)
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select id, group_no from app_group"
        " where tenant_id = %s and id = any(%s) and deleted_at is null",
        (tx.tenant_id, wanted),
    )
    return {row[0]: GroupNo(row[1]) for row in await cursor.fetchall()}


async def groups_by_external_id(tx: Transaction, texts: Iterable[str]) -> dict[str, GroupNo]:
    """The living groups with these external ids, by external id."""
    wanted = list({text.strip() for text in texts})
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select external_id, group_no from app_group"
        " where tenant_id = %s and external_id = any(%s) and deleted_at is null",
        (tx.tenant_id, wanted),
    )
    return {row[0]: GroupNo(row[1]) for row in await cursor.fetchall()}


async def groups_by_name(tx: Transaction, keys: Iterable[str]) -> dict[str, tuple[GroupNo, ...]]:
    """The living groups that bear each of these names, by the name's key."""
    wanted = list(set(keys))
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select display_name_key, array_agg(group_no order by group_no) from app_group"
        " where tenant_id = %s and display_name_key = any(%s) and deleted_at is null"
        " group by display_name_key",
        (tx.tenant_id, wanted),
    )
    return {row[0]: tuple(row[1]) for row in await cursor.fetchall()}
