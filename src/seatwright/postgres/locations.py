"""Usage locations, written for many people at once."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.domain.ids import UserNo
from seatwright.postgres.transaction import Transaction


async def write_usage_locations(tx: Transaction, locations: Mapping[UserNo, str]) -> None:
    """Store a usage location for each of these people."""
    await tx.connection.execute(
        "update app_user u set usage_location = new.location"
        " from unnest(%s::int4[], %s::text[]) as new (user_no, location)"
        " where u.tenant_id = %s and u.user_no = new.user_no",
        (list(locations), list(locations.values()), tx.tenant_id),
    )
