"""A preview as tables: licenses, errors, seats, costs, what the brake holds; and a difference.

People to whom the same happens share a row, so that a change of many reads like one of few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from seatwright.cli.client import Json
from seatwright.cli.screen import result_screen, say, visible, warn
from seatwright.cli.tables import Column, Row, count_of, show_table

NAMES_SHOWN: Final = 6
"""Of people, or service plans, in one cell; --json has all of them."""

LINES_SHOWN: Final = 20
"""Rows of one table: previews that are longer than a screen are not read."""

_VERBS: Final = {"grant": "get", "update": "change", "revoke": "lose"}


def _people(row: Row) -> str:
    return _some([_name(line["user"]) for line in row["lines"]])


def _name(user: Json) -> str:
    return str(user["displayName"] or user["userPrincipalName"] or "(was purged)")


def _some(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    if len(names) <= NAMES_SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:NAMES_SHOWN])} and {len(names) - NAMES_SHOWN:,} more"


def _service_plans(row: Row) -> str:
    signs = (("+", row["first"]["gains"]), ("-", row["first"]["loses"]))
    return "; ".join(f"{sign} {_some(names)}" for sign, names in signs if names)


def _given_by(row: Row) -> str:
    source = row["first"]["source"]
    if source is None:
        return ""
    return str(source["kind"] if source["kind"] != "group" else f"group {source['displayName']}")


def _product(row: Row) -> str:
    return str(row["first"]["product"]["displayName"])


_LICENSES: Final = (
    Column(title="People", cell=lambda row: len(row["lines"]), is_number=True),
    Column(title="", cell=lambda row: _VERBS[row["first"]["action"]]),
    Column(title="Product", cell=_product),
    Column(title="Who", cell=_people, is_prose=True),
    Column(title="Service plans", cell=_service_plans, is_prose=True),
    Column(title="By", cell=_given_by, is_prose=True, is_optional=True),
)

_ERRORS: Final = (
    Column(title="People", cell=lambda row: len(row["lines"]), is_number=True),
    Column(title="Error", cell=lambda row: row["first"]["code"]),
    Column(title="", cell=lambda row: "comes" if row["first"]["isComing"] else "goes"),
    Column(title="Product", cell=_product),
    Column(title="Who", cell=_people, is_prose=True),
)


def _moved(before: str, after: str) -> Callable[[Row], str]:
    """A cell of two numbers, or of one where it stays."""

    def cell(row: Row) -> str:
        was, will = row[before], row[after]
        return f"{will:,}" if was == will else f"{was:,} → {will:,}"

    return cell


_SEATS: Final = (
    Column(title="Product", cell="displayName"),
    Column(title="Bought", cell=_moved("assignableBefore", "assignable"), is_number=True),
    Column(title="In use", cell=_moved("consumedBefore", "consumedAfter"), is_number=True),
    Column(title="Free", cell=_moved("freeBefore", "freeAfter"), is_number=True),
    Column(title="Waiting", cell=_moved("waitingBefore", "waitingAfter"), is_number=True),
    Column(title="To buy", cell=lambda row: row["seatsToBuy"] or "", is_number=True),
)


def _difference(amount: object) -> str:
    number = Decimal(str(amount))
    return f"{number:+,.2f}" if number else "none"


def _amount(field: str) -> Callable[[Row], str]:
    return lambda row: f"{Decimal(str(row[field])):,.2f}"


_COSTS: Final = (
    Column(title="Currency", cell="currency"),
    Column(title="Before", cell=_amount("before"), is_number=True),
    Column(title="After", cell=_amount("after"), is_number=True),
    Column(title="Difference", cell=lambda row: _difference(row["difference"]), is_number=True),
)

_HELD: Final = (
    Column(title="People", cell="people", is_number=True),
    Column(title="Product", cell=lambda row: row["product"]["displayName"]),
    Column(title="Would wait for a second administrator", cell="sentence", is_prose=True),
)


def show_preview(seen: Json) -> None:
    """Print what a call would do: who gains and loses what, seats, costs, and what is held."""
    say(_summary(seen["counts"]))
    show_lines(seen["changes"], seen["errors"])
    if seen["seats"]:
        _titled("Seats", seen["seats"], _SEATS)
    for one in seen["seats"]:
        if one["endsAt"]:
            warn(
                f"Every seat of {one['displayName']} that was bought ends by {one['endsAt'][:10]},"
                " and none renews: whoever gets it now loses it then."
            )
    _show_costs(seen["cost"])
    if seen["held"]:
        _titled("Held by the brake", seen["held"], _HELD)
    if seen["truncated"]:
        warn("The tables are of the first 1,000 lines of each kind; sums, seats and costs of all.")


def show_lines(changes: Sequence[Json], errors: Sequence[Json]) -> None:
    """Print licenses that change and errors that come or go, as far as there are any."""
    if changes:
        alike = _alike(changes, ("action", "product", "gains", "loses", "source"))
        _titled("Licenses", alike, _LICENSES)
    if errors:
        _titled("Errors", _alike(errors, ("isComing", "code", "product")), _ERRORS)


def show_difference(moved: Json) -> None:
    """Print what a call would do now that its preview did not say, and what it no longer would."""
    for title, part in (
        ("New since the preview", moved["appeared"]),
        ("No longer", moved["vanished"]),
    ):
        if part["changes"] or part["errors"]:
            say("")
            say(f"{title}:")
            show_lines(part["changes"], part["errors"])
    if moved["seats"]:
        _titled("Seats in use before → after the call", moved["seats"], _SEATS_MOVED)
    if moved["meanwhile"]:
        _titled("Meanwhile", moved["meanwhile"], _MEANWHILE)
    say("")


def _pair(field: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        pair = row[field]
        return "not moved" if pair is None else f"{pair[0]:,} → {pair[1]:,}"

    return cell


_SEATS_MOVED: Final = (
    Column(title="Product", cell="displayName"),
    Column(title="As previewed", cell=_pair("previewed"), is_number=True),
    Column(title="Now", cell=_pair("now"), is_number=True),
)

_MEANWHILE: Final = (
    Column(title="By", cell="principal"),
    Column(title="Did", cell="action"),
    Column(title="Product", cell="product"),
    Column(title="For", cell="user"),
)


def _summary(counts: Json) -> str:
    people = count_of(counts["people"], "person", "people")
    parts = [
        f"{counts[field]:,} {words}"
        for field, words in (
            ("grants", "given"),
            ("updates", "changed"),
            ("revokes", "taken"),
        )
        if counts[field]
    ]
    coming, going = counts["errorsComing"], counts["errorsGoing"]
    parts += [f"{count_of(coming, 'error', 'errors')} to come"] if coming else []
    parts += [f"{count_of(going, 'error', 'errors')} to go"] if going else []
    held = counts["held"]
    waits = f" {count_of(held, 'removal', 'removals')} would be held." if held else ""
    if not parts:
        return f"No license would change.{waits}"
    return f"{people} concerned. Licenses: {', '.join(parts)}.{waits}"


def _show_costs(cost: Json) -> None:
    if cost["months"]:
        _titled("Cost of these products' licenses in use, a month", cost["months"], _COSTS)
    if cost["unpriced"]:
        say("")
        say(f"No price is known of {_some(cost['unpriced'])}.")


def _alike(lines: Sequence[Json], fields: Sequence[str]) -> list[Row]:
    """Rows of lines that differ in their person alone, in the order of the first of each."""
    rows: dict[str, Row] = {}
    for line in lines:
        key = repr([line[field] for field in fields])
        rows.setdefault(key, {"first": line, "lines": []})["lines"].append(line)
    return list(rows.values())


def _titled(title: str, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    say("")
    result_screen().print(visible(title), style="bold")
    show_table(rows[:LINES_SHOWN], columns)
    if len(rows) > LINES_SHOWN:
        warn(f"These are the first {LINES_SHOWN} of {len(rows):,} kinds; --json has all of them.")
