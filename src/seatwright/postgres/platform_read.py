"""What a launch names, read in one query per kind of thing.

A text names a thing by its id, by the id it has where it comes from, or by its name where only
one thing has it, in this order.
"""

from __future__ import annotations

from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import (
    DESKTOP_CLAIM_VERSION_MIN,
    DESKTOP_CLIENT,
    DESKTOP_CLIENT_ID,
    AppKind,
    AppNo,
    EnvironmentNo,
    FlowNo,
    FlowTrigger,
    LaunchTarget,
    Sharing,
    auto_claim_apps_of_app,
    auto_claim_apps_of_flow,
    desktop_client,
)
from seatwright.postgres.platform_apps import NEEDS, needs_of_rows
from seatwright.postgres.transaction import Transaction

_APP: Final = f"""
select a.app_no, a.id, a.name, a.kind, a.environment_no, e.name, coalesce(e.is_managed, false),
       a.is_premium, a.needs_security_role, a.is_shared_with_everyone, a.client_version_min,
       array(select g.group_no from app_shared_group g
              where g.tenant_id = a.tenant_id and g.app_no = a.app_no order by 1),
       array(select u.user_no from app_shared_user u
              where u.tenant_id = a.tenant_id and u.app_no = a.app_no order by 1),
       {NEEDS.format("a")}
  from app a
  left join environment e on e.tenant_id = a.tenant_id and e.environment_no = a.environment_no
"""
_FLOW: Final = """
select f.flow_no, f.id, f.name, f.environment_no, e.name, e.is_managed, f.is_premium,
       f.uses_attended_rpa, f.trigger_kind, f.owner_no
  from flow f
  join environment e on e.tenant_id = f.tenant_id and e.environment_no = f.environment_no
"""


async def read_launch_target(
    tx: Transaction, *, app: str | None = None, flow: str | None = None
) -> LaunchTarget | None:
    """The app or the flow that a text names; None where it names none, or several by one name.

    Power Automate for desktop is there in every tenant, whether or not it is stored.
    """
    assert (app is None) != (flow is None), "a launch names either an app or a flow"
    if flow is not None:
        return await _flow(tx, flow)
    assert app is not None
    found = await _app(tx, app)
    if found is None and _key(app) in {DESKTOP_CLIENT, str(DESKTOP_CLIENT_ID)}:
        return desktop_client()
    return found


async def app_target(tx: Transaction, app: AppNo) -> LaunchTarget | None:
    """The app with this number."""
    cursor = await tx.connection.execute(
        f"{_APP} where a.tenant_id = %s and a.app_no = %s", (tx.tenant_id, app)
    )
    row = await cursor.fetchone()
    return None if row is None else await _app_of(tx, row)


async def own_app_targets(tx: Transaction, *, search: str, limit: int) -> tuple[LaunchTarget, ...]:
    """The apps of the organization's own whose names begin so, by name."""
    cursor = await tx.connection.execute(
        f"{_APP} where a.tenant_id = %s and a.kind = 'other' and a.name_key ^@ %s"
        " order by a.name_key, a.app_no limit %s",
        (tx.tenant_id, _key(search), limit),
    )
    return tuple([await _app_of(tx, row) for row in await cursor.fetchall()])


async def targets_that_ask_for_roles(
    tx: Transaction, environment: EnvironmentNo, *, limit: int
) -> tuple[LaunchTarget, ...]:
    """The apps of an environment that ask for a security role, by number."""
    cursor = await tx.connection.execute(
        f"{_APP} where a.tenant_id = %s and a.environment_no = %s and a.needs_security_role"
        " order by a.app_no limit %s",
        (tx.tenant_id, environment, limit),
    )
    return tuple([await _app_of(tx, row) for row in await cursor.fetchall()])


async def _app(tx: Transaction, text: str) -> LaunchTarget | None:
    row = await _named(tx, _APP, "a", text)
    return None if row is None else await _app_of(tx, row)


async def _flow(tx: Transaction, text: str) -> LaunchTarget | None:
    row = await _named(tx, _FLOW, "f", text)
    return None if row is None else _flow_of(row)


async def _named(tx: Transaction, query: str, table: str, text: str) -> TupleRow | None:
    """The one row that a text names: its own id wins, then the id it came with, then its name."""
    id_ = parse_id(text)
    if id_ is not None:
        cursor = await tx.connection.execute(
            f"{query} where {table}.tenant_id = %s and {table}.id = %s", (tx.tenant_id, id_)
        )
        if row := await cursor.fetchone():
            return row
    for column in ("external_key", "name_key"):
        cursor = await tx.connection.execute(
            f"{query} where {table}.tenant_id = %s and {table}.{column} = %s limit 2",
            (tx.tenant_id, _key(text)),
        )
        rows = await cursor.fetchall()
        if rows:
            return rows[0] if len(rows) == 1 else None
    return None


def _key(text: str) -> str:
    return text_key(text)


async def _app_of(tx: Transaction, row: TupleRow) -> LaunchTarget:
    kind, number, version = AppKind(row[3]), AppNo(row[0]), row[10]
    is_desktop = kind is AppKind.DESKTOP_CLIENT
    [needs] = await needs_of_rows(tx, (row,))
    default_version = DESKTOP_CLAIM_VERSION_MIN if is_desktop else None
    return LaunchTarget(
        id=row[1],
        name=row[2],
        app=number,
        kind=kind,
        environment=None if row[4] is None else EnvironmentNo(row[4]),
        environment_name=row[5],
        is_managed=row[6],
        is_premium=row[7] or is_desktop,
        uses_attended_rpa=is_desktop,
        auto_claim_apps=auto_claim_apps_of_app(kind, number),
        sharing=Sharing(
            # Nobody shares what people install themselves.
            is_with_everyone=row[9] or is_desktop,
            groups=frozenset(map(GroupNo, row[11])),
            users=frozenset(map(UserNo, row[12])),
        ),
        needs=needs,
        client_version_min=default_version if version is None else tuple(version),
        needs_security_role=row[8],
    )


def _flow_of(row: TupleRow) -> LaunchTarget:
    return LaunchTarget(
        id=row[1],
        name=row[2],
        flow=FlowNo(row[0]),
        environment=EnvironmentNo(row[3]),
        environment_name=row[4],
        is_managed=row[5],
        is_premium=row[6],
        uses_attended_rpa=row[7],
        auto_claim_apps=auto_claim_apps_of_flow(uses_attended_rpa=row[7]),
        owner=None if row[9] is None else UserNo(row[9]),
        runs_as_owner=FlowTrigger(row[8]).runs_as_owner,
    )
