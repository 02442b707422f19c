"""`seatwright history timeline`: one person's products over time, drawn."""

from __future__ import annotations

from datetime import datetime, timedelta

from seatwright.cli.client import Json, open_api, path_of
from seatwright.cli.licenses import source_of
from seatwright.cli.options import AsJson, Person
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, minute, show_table

BAR_WIDTH = 40
"""Characters of a bar, so that the names and the bars fit a screen of 100."""

NAME_WIDTH_MAX = 44
_MARK_OF = {"held": "█", "waiting": "▒", "failed": "▁"}
_RANK = {" ": 0, "▁": 1, "▒": 2, "█": 3}


def timeline(person: Person, *, as_json: AsJson = False) -> None:
    """Draw when a person held what, waited for it, or could not have it."""
    with open_api() as api:
        found = api.read(path_of("users", person, "timeline"))
    if as_json:
        print_json(found)
        return
    name = _name(found["user"], person)
    spans = [span for product in found["products"] for span in product["spans"]]
    if not spans:
        say(f"{name} never held a product, and never waited for one.")
        return
    begin = min(_moment(span["since"]) for span in spans)
    _draw(name, found["products"], begin, max(_moment(found["at"]), begin))
    show_table([_row(product, span) for product, span in _pairs(found)], _COLUMNS)
    if not found["isComplete"]:
        say("The history of this person is long: older waits and errors are left out.")


def _draw(name: str, products: list[Json], begin: datetime, end: datetime) -> None:
    width = min(NAME_WIDTH_MAX, max(len(product["displayName"]) for product in products))
    left, right = begin.strftime("%Y-%m-%d"), end.strftime("%Y-%m-%d")
    say(name)
    say(f"{'':{width}}  {left}{right:>{BAR_WIDTH - len(left)}}")
    for product in products:
        say(f"{product['displayName'][:width]:{width}}  {_bar(product['spans'], begin, end)}")
    say(f"{'':{width}}  █ held  ▒ waiting for a seat  ▁ in error")
    say("")


def _bar(spans: list[Json], begin: datetime, end: datetime) -> str:
    """One character for each equal stretch of time: the best that there was in it."""
    whole = max(end - begin, timedelta(seconds=1))
    cells = [" "] * BAR_WIDTH
    for span in spans:
        until = _moment(span["until"]) if span["until"] else end
        # What begins just now is in the last cell.
        first = min(int((_moment(span["since"]) - begin) / whole * BAR_WIDTH), BAR_WIDTH - 1)
        last = int((until - begin) / whole * BAR_WIDTH)
        mark = _MARK_OF[span["kind"]]
        for at in range(first, max(min(last, BAR_WIDTH), first + 1)):
            cells[at] = max(cells[at], mark, key=_RANK.__getitem__)
    return "".join(cells)


def _pairs(found: Json) -> list[tuple[Json, Json]]:
    return [(product, span) for product in found["products"] for span in product["spans"]]


def _row(product: Json, span: Json) -> Row:
    return {"product": product["skuPartNumber"], **span}


def _what(row: Row) -> str:
    source = source_of(row["source"]) if row["source"] else ""
    off = ", ".join(row["disabledServicePlans"] or ())
    parts = [row["reason"] or source, f"without {off}" if off else ""]
    if row["ended"]:
        parts.append(f"ended: {row['ended']}")
    return ", ".join(part for part in parts if part)


_COLUMNS = (
    Column(title="Product", cell="product"),
    Column(title="From (UTC)", cell=lambda row: minute(row["since"])),
    Column(title="Until", cell=lambda row: minute(row["until"]) or "now"),
    Column(title="", cell="kind"),
    Column(title="How", cell=_what, is_prose=True),
)


def _name(user: Json | None, person: str) -> str:
    if user is None or user["displayName"] is None:
        return f"{person} (the name was erased)"
    return f"{user['displayName']} ({user['userPrincipalName']})"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
