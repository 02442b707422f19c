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
_AT_ONCE: Final = 50_000


def load_words(owner: psycopg.Connection[Any], town: Town) -> None:
    """Write the words of everybody and of every group."""
    for table, column, names in (
        ("search_word", "user_no", _PEOPLE),
        ("group_word", "group_no", _GROUPS),
    ):
        owner.execute('create temporary table found_word (word text collate "C", no int4)')
        with owner.cursor().copy("copy found_word from stdin") as copy:
            for text in _lines(owner, names, town):
                copy.write(text)
        # In the order of the index, which is written once and not all over.
        statement = (
            f"insert into {table} (tenant_id, word, {column})"
            " select %s, word, no from found_word order by word, no"
        )
        owner.execute(statement.encode(), (town.tenant_id,))
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
