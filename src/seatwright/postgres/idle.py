"""People who have not signed in for long and hold something: whose seats could be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.postgres.transaction import Transaction

# The block is cut out of the index of sign-ins first; only then is looked who holds something.
_SILENT: Final = """
select u.user_no, u.id, u.display_name, u.upn, u.department, u.last_sign_in_at,
       array(select l.sku_no from effective_license l
              where l.tenant_id = %(tenant)s and l.user_no = u.user_no order by l.sku_no)
  from (select * from app_user where tenant_id = %(tenant)s and deleted_at is null
           and (last_sign_in_at, user_no) > (%(at)s, %(number)s) and last_sign_in_at < %(before)s
         order by last_sign_in_at, user_no limit %(limit)s) u
 order by u.last_sign_in_at, u.user_no
"""
_COUNT: Final = """
select (select count(*) from (
         select from (select user_no from app_user where tenant_id = %(tenant)s
                         and deleted_at is null and last_sign_in_at < %(before)s
                       order by last_sign_in_at, user_no limit %(looked_at)s) silent
          where exists (select from effective_license l
                         where l.tenant_id = %(tenant)s and l.user_no = silent.user_no)
          limit %(counted)s) holding),
       (select count(*) from (
         select from app_user where tenant_id = %(tenant)s and deleted_at is null
            and last_sign_in_at < %(before)s
          order by last_sign_in_at, user_no limit %(looked_at)s) silent)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePlace:
    """Where a block ended: longest silent first, then by number."""

    at: datetime
    user_no: UserNo


LONGEST_AGO: Final = IdlePlace(at=datetime(1970, 1, 1, tzinfo=UTC), user_no=UserNo(0))
"""Where the list begins: nobody signed in before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentPerson:
    """Somebody who has not signed in for long, and the products that they hold."""

    user_no: UserNo
    id: UUID
    display_name: str
    user_principal_name: str
    department: str | None
    last_sign_in_at: datetime
    skus: Sequence[SkuNo]

    @property
    def place(self) -> IdlePlace:
        """Where the list goes on after them."""
        return IdlePlace(at=self.last_sign_in_at, user_no=self.user_no)


async def silent_people(
    tx: Transaction, *, before: datetime, after: IdlePlace, limit: int
) -> list[SilentPerson]:
    """The next people whose last sign-in was before a moment, longest ago first."""
    cursor = await tx.connection.execute(
        _SILENT,
        {
            "tenant": tx.tenant_id,
            "before": before,
            "at": after.at,
            "number": after.user_no,
            "limit": limit,
        },
    )
    return [
        SilentPerson(
            user_no=UserNo(row[0]),
            id=row[1],
            display_name=row[2],
            user_principal_name=row[3],
            department=row[4],
            last_sign_in_at=row[5],
            skus=tuple(SkuNo(one) for one in row[6]),
        )
        for row in await cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleCount:
    """How many idle people hold something; `is_whole` is false where there may be more."""

    people: int
    is_whole: bool


async def count_idle(
    tx: Transaction, *, before: datetime, looked_at: int, counted: int
) -> IdleCount:
    """Count them up to `counted`, among the `looked_at` people who were silent longest."""
    cursor = await tx.connection.execute(
        _COUNT,
        {"tenant": tx.tenant_id, "before": before, "looked_at": looked_at, "counted": counted},
    )
    row = await cursor.fetchone()
    holding, silent = (0, 0) if row is None else row
    return IdleCount(people=holding, is_whole=holding < counted and silent < looked_at)
