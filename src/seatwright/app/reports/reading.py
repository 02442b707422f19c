"""Reading reports: a page now, or every row, cut to what the reader may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from seatwright.app.call import Call
from seatwright.app.reports.advice import strategy_advice
from seatwright.app.reports.costs import cost_centers, departments, inventory
from seatwright.app.reports.errors import errors, totals
from seatwright.app.reports.grants import grants
from seatwright.app.reports.idle import idle_holders
from seatwright.app.reports.people import per_person, unlicensed
from seatwright.app.reports.scene import Source, scene_of
from seatwright.app.reports.sources import assignments
from seatwright.domain.reports.catalog import Report
from seatwright.domain.reports.columns import Cells, ReportColumn, visible_columns
from seatwright.domain.reports.parameters import Given, read_parameters
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal

SLICE_ROWS: Final = 2_000
"""Rows read at once of a report that is wanted whole."""


class RowSource(NamedTuple):
    """Where the rows of a report come from, and what its places are made of."""

    rows: Source
    place: tuple[type, ...]


_ROW_OF_A_TABLE: Final = (int,)
_ROW_OF_A_PERSON: Final = (int, int)

SOURCES: Final[Mapping[str, RowSource]] = {
    "inventory": RowSource(inventory, _ROW_OF_A_TABLE),
    "per-person": RowSource(per_person, _ROW_OF_A_PERSON),
    "departments": RowSource(departments, _ROW_OF_A_TABLE),
    "cost-centers": RowSource(cost_centers, _ROW_OF_A_TABLE),
    "assignments": RowSource(assignments, _ROW_OF_A_PERSON),
    "errors": RowSource(errors, (int, int, int, int)),
    "error-totals": RowSource(totals, _ROW_OF_A_TABLE),
    "idle-holders": RowSource(idle_holders, (int, str, int, int)),
    "unlicensed": RowSource(unlicensed, _ROW_OF_A_PERSON),
    "strategy-advice": RowSource(strategy_advice, _ROW_OF_A_TABLE),
    "grants": RowSource(grants, (str, int)),
}
"""The source of each report of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A report with a value for each of its parameters, as one reader may see it."""

    report: Report
    asked: Mapping[str, Given]
    columns: tuple[ReportColumn, ...]


def ask(report: Report, given: Mapping[str, object], *, reader: Principal) -> Question:
    """A question to a report.

    Raises Refusal invalidValue for a parameter that it does not have, or a value that does not fit.
    """
    return Question(
        report=report,
        asked=read_parameters(report.parameters, given, report=report.id),
        columns=columns_for(report, reader),
    )


def columns_for(report: Report, reader: Principal) -> tuple[ReportColumn, ...]:
    """The columns that a reader may see: details of people only for who may read people."""
    return visible_columns(report.columns, with_details=reader.may(Permission.READ_DIRECTORY))


async def read_slice(
    call: Call, question: Question, *, after: Place | None, limit: int
) -> ReportSlice:
    """Rows of a report after a place, at most so many, with the columns of the question.

    Raises Refusal unknownSku and unknownGroup for parameters that name nothing.
    """
    scene = await scene_of(call, question.asked)
    found = await SOURCES[question.report.id].rows(scene, after, limit)
    cut = cutter(question.report.columns, question.columns)
    return ReportSlice(rows=tuple(map(cut, found.rows)), place=found.place)


async def all_rows(call: Call, question: Question) -> AsyncIterator[Sequence[Cells]]:
    """All rows of a report, slice by slice.

    The first is read before this answers, so that a refusal comes before the first byte of a file.
    """
    first = await read_slice(call, question, after=None, limit=SLICE_ROWS)
    return _slices(call, question, first)


async def _slices(
    call: Call, question: Question, found: ReportSlice
) -> AsyncIterator[Sequence[Cells]]:
    """This slice and all after it; ends with the one that has no place to go on at."""
    while True:
        if found.rows:
            yield found.rows
        if found.place is None:
            return
        found = await read_slice(call, question, after=found.place, limit=SLICE_ROWS)


def cutter(
    columns: Sequence[ReportColumn], wanted: Sequence[ReportColumn]
) -> Callable[[Cells], Cells]:
    """A function from rows of some columns to rows of fewer of them, in the same order."""
    if len(columns) == len(wanted):
        return lambda row: row
    names = {one.name for one in wanted}
    places = [at for at, one in enumerate(columns) if one.name in names]
    return lambda row: tuple(row[at] for at in places)
