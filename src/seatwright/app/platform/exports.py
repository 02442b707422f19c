"""The platform as files that the imports take back unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.kinds import APPS, ENVIRONMENTS, FLOWS
from seatwright.app.platform.things import Kind
from seatwright.domain.csv_text import row_writer
from seatwright.domain.directory import text_key
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_file import (
    APP_COLUMNS,
    ENVIRONMENT_COLUMNS,
    FLOW_COLUMNS,
    ROLE_COLUMNS,
    app_cells,
    environment_cells,
    flow_cells,
)
from seatwright.domain.platform_things import App, Environment, Facts, Fields, Flow, Thing
from seatwright.postgres.platform_roles import role_lines
from seatwright.postgres.platform_shares import share_texts_of_apps
from seatwright.postgres.platform_things import ThingPlace, list_things

ROWS_AT_ONCE: Final = 1000

Cells = list[list[str]]


def export_environments(call: Call) -> AsyncIterator[bytes]:
    """Every environment, as CSV in UTF-8."""

    async def cells_of(rows: Sequence[Environment]) -> Cells:
        return [environment_cells(row) for row in rows]

    return _file(call, ENVIRONMENTS, tuple(ENVIRONMENT_COLUMNS), cells_of)


def export_apps(call: Call) -> AsyncIterator[bytes]:
    """Every app with whom it is shared, as CSV in UTF-8."""

    async def cells_of(rows: Sequence[App]) -> Cells:
        catalog = await catalog_of(call)
        shares = await share_texts_of_apps(call.tx, [AppNo(row.number) for row in rows])
        return [app_cells(row, shares.get(AppNo(row.number), ()), catalog) for row in rows]

    return _file(call, APPS, tuple(APP_COLUMNS), cells_of)


def export_flows(call: Call) -> AsyncIterator[bytes]:
    """Every flow, as CSV in UTF-8."""

    async def cells_of(rows: Sequence[Flow]) -> Cells:
        return [flow_cells(row) for row in rows]

    return _file(call, FLOWS, tuple(FLOW_COLUMNS), cells_of)


async def _file(
    call: Call,
    kind: Kind[Fields, Facts],
    header: Sequence[str],
    cells_of: Callable[[Sequence[Thing[Fields, Facts]]], Awaitable[Cells]],
) -> AsyncIterator[bytes]:
    line_of = row_writer()
    yield line_of(header).encode()
    after = ThingPlace()
    while rows := await list_things(call.tx, kind.table, after=after, limit=ROWS_AT_ONCE):
        yield "".join(line_of(cells) for cells in await cells_of(rows)).encode()
        after = ThingPlace(name_key=text_key(rows[-1].name), number=rows[-1].number)


async def export_roles(call: Call) -> AsyncIterator[bytes]:
    """Who was given which security role, group teams last; as CSV in UTF-8."""
    line_of = row_writer()
    yield line_of(tuple(ROLE_COLUMNS)).encode()
    for of_teams in (False, True):
        after = (0, 0)
        while rows := await role_lines(call.tx, after, of_teams=of_teams, limit=ROWS_AT_ONCE):
            cells = [(row.environment, row.role, row.upn, str(row.group or "")) for row in rows]
            yield "".join(line_of(one) for one in cells).encode()
            after = (rows[-1].role_no, rows[-1].holder_no)
