"""Finding people by what others call them: set-based, for one text or 100,000."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.ids import UserNo
from seatwright.postgres.transaction import Transaction


async def find_users(
    tx: Transaction, texts: Sequence[str], *, by_mail: bool = True
) -> dict[str, UserNo]:
    """The living people whom these texts name, by the text as it was given.

    A text is a UUID or a UPN, whatever its case; with `by_mail` also the mail address of exactly
    one living person, where it is nobody's UPN. Who is not found is not in the answer.
    """
    ids, keys = ids_and_keys(texts)
    found: dict[str, UserNo] = {}
    by_id = await _users_by_id(tx, ids.values())
    found.update((text, by_id[id_]) for text, id_ in ids.items() if id_ in by_id)
    by_upn = await _users_by_upn(tx, keys.values())
    found.update((text, by_upn[key]) for text, key in keys.items() if key in by_upn)
    if by_mail:
        rest = {text: key for text, key in keys.items() if text not in found and "@" in key}
        by_address = await _users_by_mail(tx, rest.values())
        found.update((text, by_address[key]) for text, key in rest.items() if key in by_address)
    return found


async def living_among(tx: Transaction, users: Collection[UserNo]) -> set[UserNo]:
    """Those of these people who are in the directory and not deleted."""
    if not users:
        return set()
    cursor = await tx.connection.execute(
        "select user_no from app_user"
        " where tenant_id = %s and user_no = any(%s) and deleted_at is null",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(row[0]) for row in await cursor.fetchall()}


def ids_and_keys(texts: Iterable[str]) -> tuple[dict[str, UUID], dict[str, str]]:
    """Which texts are UUIDs, and the comparable form of those that are not."""
    ids: dict[str, UUID] = {}
    keys: dict[str, str] = {}
    for text in texts:
        id_ = parse_id(text)
        if id_ is None:
            keys[text] = text_key(text)
        else:
            ids[text] = id_
    return ids, keys


async def _users_by_id(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, UserNo]:
    wanted = list(ids)
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select id, user_no from app_user"
        " where tenant_id = %s and id = any(%s) and deleted_at is null",
        (tx.tenant_id, wanted),
    )
    return {row[0]: UserNo(row[1]) for row in await cursor.fetchall()}


async def _users_by_upn(tx: Transaction, keys: Iterable[str]) -> dict[str, UserNo]:
    wanted = list(set(keys))
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select upn_key, user_no from app_user"
        " where tenant_id = %s and upn_key = any(%s) and deleted_at is null",
        (tx.tenant_id, wanted),
    )
    return {row[0]: UserNo(row[1]) for row in await cursor.fetchall()}


async def _users_by_mail(tx: Transaction, keys: Iterable[str]) -> dict[str, UserNo]:
    wanted = list(set(keys))
    if not wanted:
        return {}
    cursor = await tx.connection.execute(
        "select mail_key, min(user_no) from app_user"
        " where tenant_id = %s and mail_key = any(%s) and deleted_at is null"
        " group by mail_key having count(*) = 1",
        (tx.tenant_id, wanted),
    )
    return {row[0]: UserNo(row[1]) for row in await cursor.fetchall()}


async def users_by_external_id(tx: Transaction, texts: Sequence[str]) -> dict[str, UserNo]:
    """The living people with these external ids, by external id."""
    if not texts:
        return {}
    cursor = await tx.connection.execute(
        "select external_id, user_no from app_user"
        " where tenant_id = %s and external_id = any(%s) and deleted_at is null",
        (tx.tenant_id, list(texts)),
    )
    return {row[0]: UserNo(row[1]) for row in await cursor.fetchall()}
