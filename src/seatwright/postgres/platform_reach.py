"""The apps that somebody may open, one page at a time, however many people each is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import (
    AppKind,
    AppNo,
    EnvironmentNo,
    LaunchTarget,
    auto_claim_apps_of_app,
)
from seatwright.postgres.platform_apps import NEEDS, needs_of_rows
from seatwright.postgres.platform_things import ThingPlace
from seatwright.postgres.transaction import Transaction

# Each way of sharing is cut to a page before they are joined: one of them may have thousands.
_REACHED: Final = f"""
select a.app_no, a.id, a.name, a.kind, a.environment_no, e.name, coalesce(e.is_managed, false),
       a.is_premium, a.needs_security_role, a.name_key, {NEEDS.format("a")}
  from (
    (select app_no, name_key from app
      where tenant_id = %(tenant)s and (is_shared_with_everyone or kind = 'desktopClient')
        and (name_key, app_no) > (%(key)s, %(number)s)
      order by name_key, app_no limit %(limit)s)
    union
    (select x.app_no, x.name_key from app_shared_user s
       join app x on x.tenant_id = s.tenant_id and x.app_no = s.app_no
      where s.tenant_id = %(tenant)s and s.user_no = %(user)s
        and (x.name_key, x.app_no) > (%(key)s, %(number)s)
      order by x.name_key, x.app_no limit %(limit)s)
    union
    (select distinct x.app_no, x.name_key from app_shared_group s
       join app x on x.tenant_id = s.tenant_id and x.app_no = s.app_no
      where s.tenant_id = %(tenant)s and s.group_no = any(%(groups)s)
        and (x.name_key, x.app_no) > (%(key)s, %(number)s)
      order by x.name_key, x.app_no limit %(limit)s)
    order by 2, 1 limit %(limit)s
  ) mine
  join app a on a.tenant_id = %(tenant)s and a.app_no = mine.app_no
  left join environment e on e.tenant_id = a.tenant_id and e.environment_no = a.environment_no
 order by a.name_key, a.app_no
"""


async def apps_reached(
    tx: Transaction, user: UserNo, groups: Sequence[GroupNo], *, after: ThingPlace, limit: int
) -> list[tuple[ThingPlace, LaunchTarget]]:
    """The apps that are shared with a person, by name, each with its place in the list.

    `groups` are all that the person is in, nested ones included.
    """
    cursor = await tx.connection.execute(
        _REACHED,
        {
            "tenant": tx.tenant_id,
            "user": user,
            "groups": list(groups),
            "key": after.name_key,
            "number": after.number,
            "limit": limit,
        },
    )
    rows = await cursor.fetchall()
    return [
        (
            ThingPlace(name_key=row[9], number=row[0]),
            LaunchTarget(
                id=row[1],
                name=row[2],
                app=AppNo(row[0]),
                kind=AppKind(row[3]),
                environment=None if row[4] is None else EnvironmentNo(row[4]),
                environment_name=row[5],
                is_managed=row[6],
                is_premium=row[7] or row[3] == AppKind.DESKTOP_CLIENT.value,
                auto_claim_apps=auto_claim_apps_of_app(AppKind(row[3]), AppNo(row[0])),
                needs=needs,
                needs_security_role=row[8],
            ),
        )
        for row, needs in zip(rows, await needs_of_rows(tx, rows), strict=True)
    ]
