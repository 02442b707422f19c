"""The words by which the people and groups of a town are found, as an import would write them.

Only the benchmark of pages has them: they are four rows a person, which no other benchmark reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg

from benchmarks.town import Town
from seatwright.domain.directory import search_words

_PEOPLE: Final = "select user_no, upn, display_name from app_user where tenant_id = %s"
_GROUPS: Final = "select group_no, display_name from app_group where tenant_id = %s"
# In the order of the index, which is written once and not all over.
_INTO_PEOPLE: Final = """
insert into search_word (tenant_id, word, user_no, name_key)
select u.tenant_id, f.word, u.user_no, u.display_name_key from found_word f
  join app_user u on u.tenant_id = %(tenant)s and u.user_no = f.no order by f.word, u.user_no
"""
_INTO_GROUPS: Final = """
insert into group_word (tenant_id, word, group_no)
select %(tenant)s, word, no from found_word order by word, no
"""
_AT_ONCE: Final = 50_000


def load_words(owner: psycopg.Connection[Any], town: Town) -> None:
    """Write the words of everybody and of every group."""
    for insert, names in ((_INTO_PEOPLE, _PEOPLE), (_INTO_GROUPS, _GROUPS)):
        owner.execute('create temporary table found_word (word text collate "C", no int4)')
        with owner.cursor().copy("copy found_word from stdin") as copy:
            for text in _lines(owner, names, town):
                copy.write(text)
        owner.execute(insert, {"tenant": town.tenant_id})
        owner.execute("drop table found_word")


def _lines(owner: psycopg.Connection[Any], names: str, town: Town) -> Iterator[str]:
    """COPY's text: a word and a number on each line; words have no character to be escaped."""
    with psycopg.connect(owner.info.dsn) as reading, reading.cursor(name="names") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(names.encode(), (town.tenant_id,))
        while rows := cursor.fetchmany(_AT_ONCE):
            yield "".join(
                f"{word}\t{number}\n" for number, *texts in rows for word in search_words(texts)
            )
