"""Lists that go to PostgreSQL in one piece come back as they went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from tests.office import Office

MOMENT = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("int4", [1, -2, None, 2**31 - 1]),
        ("int4", [None, None]),
        ("int4", []),
        ("int8", [2**62]),
        ("bool", [True, None, False]),
        ("text", ["plain", "", "NULL", None, 'a "quote"', "back\\slash", "{1,2}", " ", "é\n\t,"]),
        ("timestamptz", [MOMENT, None, MOMENT.astimezone(timezone(timedelta(hours=-3)))]),
    ],
)
async def test_a_list_comes_back_as_it_went(office: Office, kind: str, values: list[Any]) -> None:
    async with office.database.connection() as connection:
        cursor = await connection.execute(f"select array(select unnest(%s::{kind}[]))", (values,))
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] == values


async def test_a_text_that_postgresql_cannot_hold_is_refused(office: Office) -> None:
    async with office.database.connection() as connection:
        with pytest.raises(psycopg.DataError):
            await connection.execute("select %s::text[]", (["a\0b"],))
