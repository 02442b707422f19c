"""How each table is read as columns: what the server sends of a row, and how numpy sees it.

Each binary form and each `||` is a call for every row. So small numbers are put into one of eight
bytes first: on the wire that is the same as one after the other, and takes half the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

# From PostgreSQL 16 on a parallel aggregate mixes the rows of its workers. And a plan made for any
# list of people compares each row with thousands of them one by one, where one that is made for the
# list in hand looks it up: a table that just grew is then read for a minute and not for a second.
ALONE: Final = (
    "select set_config('max_parallel_workers_per_gather', '0', true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What is read of a table: its columns in binary form, and how numpy sees a row of them."""

    name: str
    sent: str
    row: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    condition: str = "true"

    @property
    def dtype(self) -> np.dtype[np.void]:
        """A row as numpy reads it: packed, in the byte order of the network."""
        return np.dtype(list(self.row))

    def query(self, whom: str) -> str:
        """The query for some of the people; one value, null when they have no rows.

        The rows are asked for in the order of the primary key: without that the planner takes any
        index that has the person in it, and reads the table here and there (three times slower).
        """
        return (
            f"select string_agg({self.sent}, ''::bytea) from (select * from {self.name}"
            f" where {whom} and {self.condition} order by {', '.join(self.order)}) one"
        )


PEOPLE: Final = Table(
    name="app_user",
    sent="int4send(user_no) || textsend(coalesce(usage_location, '--'))"
    " || boolsend(deleted_at is not null)",
    row=(("user_no", ">i4"), ("location", "S2"), ("is_deleted", "?")),
    order=("user_no",),
)
MEMBERSHIP: Final = Table(
    name="membership",
    sent="int8send((user_no::int8 << 32) | group_no) || timestamptz_send(since)",
    row=(("user_no", ">i4"), ("group_no", ">i4"), ("since", ">i8")),
    order=("user_no", "group_no"),
)
DIRECT: Final = Table(
    name="assignment",
    sent="int4send(user_no) || int2send(sku_no) || int4send(disabled_set) || int2send(strategy)"
    " || int2send(priority) || timestamptz_send(created_at)"
    " || timestamptz_send(coalesce(starts_at, '-infinity'))"
    " || timestamptz_send(coalesce(expires_at, '-infinity'))"
    " || int2send(source_kind) || int4send(source_no)",
    row=(
        ("user_no", ">i4"),
        ("sku_no", ">i2"),
        ("set", ">i4"),
        ("strategy", ">i2"),
        ("priority", ">i2"),
        ("assigned_at", ">i8"),
        ("starts_at", ">i8"),
        ("expires_at", ">i8"),
        ("source_kind", ">i2"),
        ("source_no", ">i4"),
    ),
    order=("user_no", "sku_no", "source_kind", "source_no"),
    condition="user_no is not null",
)
HELD: Final = Table(
    name="effective_license",
    sent="int8send((user_no::int8 << 32) | (sku_no::int8 << 16) | source_kind)"
    " || int8send((enabled_set::int8 << 32) | source_no)",
    row=(
        ("user_no", ">i4"),
        ("sku_no", ">i2"),
        ("source_kind", ">i2"),
        ("set", ">i4"),
        ("source_no", ">i4"),
    ),
    order=("user_no", "sku_no"),
)
# The hash of a reason stands for it on the wire; which is whose is asked beside it.
ERRORS: Final = Table(
    name="license_error",
    sent="int8send((user_no::int8 << 32) | (sku_no::int8 << 16) | source_kind)"
    " || int8send((source_no::int8 << 32) | (hashtext(reason) & 4294967295))"
    " || int2send(priority) || timestamptz_send(waiting_since)",
    row=(
        ("user_no", ">i4"),
        ("sku_no", ">i2"),
        ("source_kind", ">i2"),
        ("source_no", ">i4"),
        ("reason", ">i4"),
        ("priority", ">i2"),
        ("waiting_since", ">i8"),
    ),
    order=("user_no", "sku_no", "source_kind", "source_no"),
)
