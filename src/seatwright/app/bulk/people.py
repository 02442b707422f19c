"""Who the rows of a bulk job are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.domain.bulk import BulkRow, Who
from seatwright.domain.ids import UserNo
from seatwright.postgres.users import find_users, living_among


async def people_of(call: Call, rows: Sequence[BulkRow]) -> Mapping[Who, UserNo]:
    """The living people of rows, by `BulkRow.who`; who is not found is not in the answer.

    Of a row that knows its person nobody else is meant, whatever its text names by now.
    """
    found: dict[Who, UserNo] = {}
    found.update(await find_users(call.tx, [row.user_text for row in rows if row.user is None]))
    known = {row.user for row in rows if row.user is not None}
    found.update((user, user) for user in await living_among(call.tx, known))
    return found
