"""A few people and groups for a search box, in a time that does not grow with the directory."""

from __future__ import annotations

from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.directory import searched_words
from seatwright.postgres.labels import GroupLabel, UserLabel
from seatwright.postgres.transaction import Transaction

HITS_MAX: Final = 500
"""How many of those who fit are sorted by name, from the word that comes nearest on."""

_PEOPLE: Final = """
select u.user_no, u.id, u.upn, u.display_name from app_user u
 where u.tenant_id = %(tenant)s and u.deleted_at is null and u.user_no = any (array(
    select w.user_no from search_word w
     where w.tenant_id = %(tenant)s and w.word ^@ %(longest)s {others}
       and exists (select from app_user p where p.tenant_id = w.tenant_id
            and p.user_no = w.user_no and p.deleted_at is null)
     order by w.word, w.user_no limit %(hits)s))
 order by u.display_name_key, u.user_no limit %(limit)s
"""
_PERSON_TOO: Final = """and w.user_no in
    (select o.user_no from search_word o where o.tenant_id = %(tenant)s and o.word ^@ %({other})s)
"""
_GROUPS: Final = """
select g.group_no, g.id, g.display_name from app_group g
 where g.tenant_id = %(tenant)s and g.deleted_at is null and g.group_no = any (array(
    select w.group_no from group_word w
     where w.tenant_id = %(tenant)s and w.word ^@ %(longest)s {others}
       and exists (select from app_group p where p.tenant_id = w.tenant_id
            and p.group_no = w.group_no and p.deleted_at is null)
     order by w.word, w.group_no limit %(hits)s))
 order by g.display_name_key, g.group_no limit %(limit)s
"""
_GROUP_TOO: Final = """and w.group_no in
    (select o.group_no from group_word o where o.tenant_id = %(tenant)s and o.word ^@ %({other})s)
"""


async def some_people(tx: Transaction, search: str, *, limit: int) -> tuple[UserLabel, ...]:
    """Living people each of whose names has words that begin with those searched for."""
    rows = await _rows(tx, _PEOPLE, _PERSON_TOO, search=search, limit=limit)
    return tuple(
        UserLabel(user_no=row[0], id=row[1], upn=row[2], display_name=row[3]) for row in rows
    )


async def some_groups(tx: Transaction, search: str, *, limit: int) -> tuple[GroupLabel, ...]:
    """Living groups, found as people are."""
    rows = await _rows(tx, _GROUPS, _GROUP_TOO, search=search, limit=limit)
    return tuple(GroupLabel(group_no=row[0], id=row[1], display_name=row[2]) for row in rows)


async def _rows(tx: Transaction, text: str, too: str, *, search: str, limit: int) -> list[TupleRow]:
    # The longest word fits the fewest.
    words = sorted(searched_words(search), key=len, reverse=True)
    if not words:
        return []
    others = {f"other{place}": word for place, word in enumerate(words[1:])}
    cursor = await tx.connection.execute(
        text.format(others="".join(too.format(other=name) for name in others)),
        {"tenant": tx.tenant_id, "longest": words[0], "hits": HITS_MAX, "limit": limit, **others},
    )
    return list(await cursor.fetchall())
