"""Every report there is: what it answers, its columns and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.reports.columns import ColumnKind, ReportColumn
from seatwright.domain.reports.parameters import ParameterKind, ReportParameter
from seatwright.domain.reports.subjects import (
    CURRENCY,
    INACTIVE_DAYS,
    NAMED,
    NEWCOMER_DAYS,
    PERSON,
    PRODUCT,
    SEAT_CURRENCY,
    SKU,
)

_COUNT, _MONEY, _MOMENT = ColumnKind.COUNT, ColumnKind.MONEY, ColumnKind.MOMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report; `reads_everything` where even one page is made of everybody's rows."""

    id: str
    title: str
    meaning: str
    columns: tuple[ReportColumn, ...]
    parameters: tuple[ReportParameter, ...] = ()
    reads_everything: bool = False


def _counts(*names_and_titles: tuple[str, str, str]) -> tuple[ReportColumn, ...]:
    return tuple(
        ReportColumn(name=name, title=title, kind=_COUNT, meaning=meaning)
        for name, title, meaning in names_and_titles
    )


_INVENTORY: Final = Report(
    id="inventory",
    title="Inventory",
    meaning="What was bought, who uses it, what lies idle and what that costs a month, product by"
    " product. A product bought in several currencies has a row for each: seats are counted on its"
    " first row, so that every column adds up.",
    columns=(
        *PRODUCT,
        *_counts(
            ("purchased", "Bought", "Units bought in the currency of the row, in use or not."),
            ("unpriced", "Unpriced", "Of these, units without a price."),
            ("suspended", "Suspended", "Units that are over: they give no seat and cost nothing."),
            ("assigned", "Assigned", "People who hold it: active + idle + too new."),
            ("active", "Active", "Holders who signed in within inactiveDays."),
            ("idle", "Idle", "Holders who did not: whom the report idle-holders names."),
            ("tooNew", "Too new", "Holders whose account or license is younger than newcomerDays."),
            ("reserved", "Reserved", "Seats held for somebody."),
            ("free", "Free", "Seats that nobody has; below zero when over-assigned."),
            ("waiting", "Waiting", "People who wait for a seat."),
            ("inError", "In error", "People who do not get it for another reason."),
        ),
        ReportColumn(
            name="utilization",
            title="In use",
            kind=ColumnKind.PERCENT,
            meaning="Assigned of all seats that can be assigned, in per cent.",
        ),
        ReportColumn(
            name="price", title="Price", kind=_MONEY, meaning="One unit a month, on average."
        ),
        ReportColumn(name="spend", title="Spend", kind=_MONEY, meaning="All its units a month."),
        ReportColumn(name="idleSpend", title="Idle spend", kind=_MONEY, meaning="Idle holders."),
        ReportColumn(name="freeSpend", title="Free spend", kind=_MONEY, meaning="Free seats."),
        CURRENCY,
    ),
    parameters=(INACTIVE_DAYS, NEWCOMER_DAYS),
    reads_everything=True,
)

_PER_PERSON: Final = Report(
    id="per-person",
    title="Per person",
    meaning="Every person with every product they hold, or are meant to hold and do not get, with"
    " the reason; one row for a person and product, and one for whoever has nothing.",
    columns=(
        *PERSON,
        *PRODUCT,
        ReportColumn(
            name="state", title="State", meaning="held, missing, or none for nobody's product."
        ),
        ReportColumn(name="reason", title="Reason", meaning="The code of why it is missing."),
        ReportColumn(name="since", title="Since", kind=_MOMENT, meaning="Held, or missing, since."),
        ReportColumn(
            name="price", title="Price", kind=_MONEY, meaning="The seat a month, where it is held."
        ),
        SEAT_CURRENCY,
    ),
    parameters=(SKU,),
)


def _costs_by(report: str, title: str, column: str) -> Report:
    noun = title.rstrip("s").lower()
    return Report(
        id=report,
        title=title,
        meaning=f"Seats and what they cost a month, by {noun}. Whoever has none is under (none). A"
        " row for each currency, never added up: people and seats are counted on the first row of"
        f" a {noun}, so that every column adds up.",
        columns=(
            ReportColumn(name=column, title=title.rstrip("s")),
            *_counts(
                ("people", "People", "Everybody there who is not deleted."),
                ("licensed", "Licensed", "Of these, people who hold something."),
                ("seats", "Seats", "Products that they hold."),
                ("unpriced", "Unpriced", "Of these, seats of products without a price."),
            ),
            ReportColumn(
                name="monthlyCost",
                title="Cost a month",
                kind=_MONEY,
                meaning="What the seats cost a month in this currency.",
            ),
            CURRENCY,
        ),
        reads_everything=True,
    )


_SOURCE: Final = (
    ReportColumn(name="source", title="Source", meaning="direct, group, policy, request or hold."),
    ReportColumn(name="group", title="Group", meaning="The group that gives it."),
    ReportColumn(name="groupId", title="Group id"),
)

_ASSIGNMENTS: Final = Report(
    id="assignments",
    title="Assignments",
    meaning="Who is meant to have what, and where it comes from: directly, or inherited from which"
    " group by which path. One row for a person, product and source.",
    columns=(
        *NAMED,
        *PRODUCT,
        *_SOURCE,
        ReportColumn(
            name="path",
            title="Path",
            meaning="From the group that the person is in to the one that gives it.",
        ),
        ReportColumn(name="strategy", title="Strategy"),
        ReportColumn(
            name="state",
            title="State",
            meaning="active, waiting, error, scheduled, or pending: it is being worked on.",
        ),
        ReportColumn(name="reason", title="Reason", meaning="The code of what stands in the way."),
        ReportColumn(
            name="otherSources",
            title="Other sources",
            kind=_COUNT,
            meaning="How often else the same person has the same product.",
        ),
        ReportColumn(name="assignedAt", title="Assigned", kind=_MOMENT),
        ReportColumn(name="assignedBy", title="By", meaning="Who made the assignment."),
        ReportColumn(name="expiresAt", title="Expires", kind=_MOMENT),
    ),
    parameters=(
        SKU,
        ReportParameter(
            name="source",
            kind=ParameterKind.CHOICE,
            meaning="Only what stands on people themselves, or only what groups give.",
            default="all",
            choices=("all", "direct", "inherited"),
        ),
    ),
)

_GROUP: Final = ReportParameter(
    name="group",
    kind=ParameterKind.TEXT,
    meaning="Only what this group does not give, by id, external id or name.",
)
_FIX: Final = ReportColumn(name="fix", title="What mends it")

_ERRORS: Final = Report(
    id="errors",
    title="Errors",
    meaning="Everybody who does not get what they are meant to have, with the sentence that says"
    " why and what mends it; one row for a person, product and source.",
    columns=(
        ReportColumn(name="reason", title="Reason", meaning="The code, of /docs/errors."),
        *PRODUCT,
        *NAMED,
        *_SOURCE,
        ReportColumn(name="since", title="Since", kind=_MOMENT),
        ReportColumn(name="sentence", title="What happened", is_detail=True),
        _FIX,
    ),
    parameters=(
        ReportParameter(
            name="reason", kind=ParameterKind.TEXT, meaning="Only this code: noSeatLeft, say."
        ),
        SKU,
        _GROUP,
    ),
)

_ERROR_TOTALS: Final = Report(
    id="error-totals",
    title="Error totals",
    meaning="How many people do not get which product from which source, by reason; the largest"
    " number first.",
    columns=(
        ReportColumn(name="reason", title="Reason"),
        *PRODUCT,
        *_SOURCE,
        ReportColumn(name="people", title="People", kind=_COUNT),
        ReportColumn(name="since", title="Since", kind=_MOMENT, meaning="The oldest of them."),
        _FIX,
    ),
    reads_everything=True,
)

_IDLE: Final = Report(
    id="idle-holders",
    title="Idle holders",
    meaning="Candidates to take licenses back from, fairly: whose sign-in is longest ago comes"
    " first, whoever never signed in comes after them, and newcomers are left out. Nothing is taken"
    " by itself.",
    columns=(
        ReportColumn(name="state", title="State", meaning="idle, or neverSignedIn."),
        *PERSON,
        ReportColumn(
            name="idleDays",
            title="Idle days",
            kind=_COUNT,
            meaning="Since the last sign-in; without one, since the license was given.",
            is_detail=True,
        ),
        *PRODUCT,
        ReportColumn(name="since", title="Held since", kind=_MOMENT),
        ReportColumn(name="source", title="Source"),
        ReportColumn(name="group", title="Group", meaning="The group to take them out of."),
        ReportColumn(
            name="saving", title="Would save", kind=_MONEY, meaning="What the seat costs a month."
        ),
        SEAT_CURRENCY,
    ),
    parameters=(INACTIVE_DAYS, NEWCOMER_DAYS, SKU),
)

_UNLICENSED: Final = Report(
    id="unlicensed",
    title="Unlicensed",
    meaning="People who should be able to sign in, for their account is enabled, and hold nothing.",
    columns=(
        *PERSON,
        ReportColumn(name="usageLocation", title="Location", is_detail=True),
        ReportColumn(name="createdAt", title="Created", kind=_MOMENT, is_detail=True),
    ),
)

_ADVICE: Final = Report(
    id="strategy-advice",
    title="Strategy advice",
    meaning="Products that more people have by hand than the setting bulkAdviceAbove: another"
    " strategy would serve better.",
    columns=(
        *PRODUCT,
        ReportColumn(name="people", title="By hand", kind=_COUNT),
        ReportColumn(name="advice", title="Advice"),
    ),
    reads_everything=True,
)

_GRANTS: Final = Report(
    id="grants",
    title="Grants",
    meaning="Who was given or lost what, by whom, by which strategy and why: the audit trail,"
    " newest first.",
    columns=(
        ReportColumn(name="at", title="When", kind=_MOMENT),
        ReportColumn(name="action", title="Action"),
        *NAMED,
        *PRODUCT,
        ReportColumn(name="strategy", title="Strategy"),
        *_SOURCE,
        ReportColumn(name="principal", title="By"),
        ReportColumn(name="principalKind", title="Kind of principal"),
        ReportColumn(name="reason", title="Reason"),
        ReportColumn(name="correlationId", title="Correlation id"),
    ),
    parameters=(
        ReportParameter(
            name="sinceDays",
            kind=ParameterKind.NUMBER,
            meaning="Only what happened in the last so many days.",
            default=31,
            low=1,
            high=3650,
        ),
        SKU,
        ReportParameter(
            name="strategy",
            kind=ParameterKind.CHOICE,
            meaning="Only what came about this way.",
            choices=("manual", "bulk", "group", "request", "on_demand"),
        ),
    ),
)

REPORTS: Final[Mapping[str, Report]] = {
    report.id: report
    for report in (
        _INVENTORY,
        _PER_PERSON,
        _costs_by("departments", "Departments", "department"),
        _costs_by("cost-centers", "Cost centers", "costCenter"),
        _ASSIGNMENTS,
        _ERRORS,
        _ERROR_TOTALS,
        _IDLE,
        _UNLICENSED,
        _ADVICE,
        _GRANTS,
    )
}
"""The catalogue of reports, in the order in which it is listed."""


def require_report(text: str) -> Report:
    """The report with this id.

    Raises Refusal unknownReport.
    """
    report = REPORTS.get(text.strip().lower())
    if report is None:
        raise Refusal(
            Reason.UNKNOWN_REPORT,
            f"There is no report “{text[:60]}”. There are: {', '.join(REPORTS)}.",
            context={"report": text[:60]},
        )
    return report
