"""`seatwright requests`: asking for products, the queue, and deciding about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.assignment import instant
from seatwright.cli.client import Json, Query, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.groups import group_id
from seatwright.cli.options import AsJson, Disabled, Limit, Product, ShowAll, given, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.request_words import LEFT_OUT, age
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import (
    Column,
    Row,
    count_of,
    minute,
    moment,
    show_facts,
    show_list,
    show_table,
)

request_commands = typer.Typer(
    help="License requests: ask, see the queue, approve and deny.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

RequestId: TypeAlias = Annotated[
    str, typer.Argument(metavar="REQUEST", help="The request's id, as `list` shows it.")
]
RequestIds: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="REQUEST...", help="Ids of requests, as `list` shows them.")
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--person", help="Only this person of the request; again for more."),
]
Message: TypeAlias = Annotated[
    str | None, typer.Option("--message", "-m", help="What the people are told with it.")
]

_SHOWN_MAX = 50


def _person(row: Row) -> str:
    return "somebody who is gone" if row["person"] is None else str(row["person"]["displayName"])


def _seat(row: Row) -> str:
    hold = row["hold"]
    match hold["state"]:
        case "held":
            return f"held to {str(hold['until'])[:10]}"
        case "line":
            return f"number {hold['place']}"
        case _ if row["state"] != "pending":
            return ""
        case _:
            return f"{row['seatsFree']:,} free"


def _price(row: Row) -> str:
    return f"{row['price']} {row['currency']}" if row["price"] is not None else ""


def _state(row: Row) -> str:
    if row["blocked"] is not None:
        return f"{row['state']}: {row['blocked']['reason']}"
    return str(row["state"])


_LINES = (
    Column(title="Request", cell="requestId", is_small=True),
    Column(title="Who", cell=_person),
    Column(title="Product", cell=lambda row: row["product"]["skuPartNumber"]),
    Column(title="State", cell=_state),
    Column(title="Age", cell=lambda row: age(row["ageSeconds"])),
    Column(title="Seat", cell=_seat),
)
_RESULTS = (
    Column(title="Who", cell=_person),
    Column(title="Is now", cell="state"),
    Column(title="To know", cell="detail", is_prose=True, is_optional=True),
)
_PEOPLE = (
    Column(title="Who", cell=_person),
    Column(title="State", cell=_state),
    Column(title="Seat", cell=_seat, is_optional=True),
    Column(title="A month", cell=_price, is_optional=True),
    Column(title="Holds now", cell=lambda row: ", ".join(row["holds"]), is_prose=True),
)


def _show(decided: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(decided)
        return
    _tell(decided)


def _tell(decided: Json) -> None:
    show_table(decided["results"], _RESULTS)
    if decided["notDone"]:
        left = count_of(decided["notDone"], "person", "people")
        warn(f"Nothing changes for {left}, for the reasons above.")


@request_commands.command("ask", epilog=EXIT_CODES)
@previewable()
def ask(
    product: Product,
    *,
    why: Annotated[str | None, typer.Option("--for", "-f", help="What it is needed for.")] = None,
    person: Annotated[
        list[str] | None,
        typer.Option("--person", help="For this person instead of oneself; again for more."),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="For everybody in this group, by name or id.")
    ] = None,
    disable: Disabled = None,
    starts: Annotated[
        str | None,
        typer.Option("--starts", metavar="WHEN", help="From this day or time on; default: now."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="WHEN", help="To the end of this day (UTC); default: for good."
        ),
    ] = None,
    extend: Annotated[
        bool, typer.Option("--extend", help="More time for what one has and that ends.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a product; `process` says beforehand what will happen."""
    with open_api() as api:
        body = given(
            people=person,
            group=None if group is None else group_id(api, group),
            justification=why,
            disabledServicePlans=disable,
            startsAt=instant(starts, "--starts"),
            expiresAt=instant(until, "--until", is_end=True),
            extends=extend or None,
        )
        asked = api.write(
            "POST", api_path("license-requests"), body={"skuPartNumber": product, **body}
        )
    if as_json:
        print_json(asked)
        return
    say(f"Asked for {asked['product']['displayName']}: request {asked['id']}.")
    _show_people(asked)
    for one in asked["leftOut"][:_SHOWN_MAX]:
        warn(f"Not for {_person(one)}: {LEFT_OUT.get(one['reason'], one['reason'])}.")
    _say_approvers(asked["people"])


def _show_people(request: Json) -> None:
    """The first people of a request; a group may have thousands."""
    people = request["people"]
    show_table(people[:_SHOWN_MAX], _PEOPLE)
    if len(people) > _SHOWN_MAX:
        warn(f"These are the first {_SHOWN_MAX} of {len(people):,}; --json shows every one.")


def _say_approvers(lines: list[Row]) -> None:
    pending = [line for line in lines if line["state"] == "pending"]
    names = sorted({name for line in pending for name in line["approvers"]})
    if names:
        due = min(line["dueAt"] for line in pending)
        say(f"To be decided by {', '.join(names)}, until {minute(due)[:10]}.")


@request_commands.command("process", epilog=EXIT_CODES)
def process(
    product: Product,
    *,
    person: Annotated[str | None, typer.Option("--person", help="For whom, if not you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what will happen to a request before it is made."""
    query: Query = {"product": product, "person": person}
    with open_api() as api:
        told = api.read(api_path("license-requests", "process"), query)
    if as_json:
        print_json(told)
        return
    say(told["message"])
    show_facts(
        [
            ("Product", told["product"]["displayName"]),
            ("Address", told["url"]),
            ("Price of a month", _price(told)),
            ("Seats free", told["seatsFree"]),
            ("Lasts (days)", told["licenseDays"]),
            ("Say what for", told["needsJustification"] if told["way"] == "approval" else None),
        ]
    )


@request_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    state: Annotated[
        str | None,
        typer.Option(help="pending (the default), completed, or one state; all for every one."),
    ] = None,
    product: Annotated[str | None, typer.Option(help="Only this product.")] = None,
    person: Annotated[str | None, typer.Option(help="Only for this person.")] = None,
    approver: Annotated[str | None, typer.Option(help="Only what is before this person.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only one's own.")] = False,
    to_decide: Annotated[
        bool, typer.Option("--to-decide", help="Only what is before oneself.")
    ] = False,
    search: Annotated[
        str | None,
        typer.Option("--search", "-s", help="Words of the person's names, or of the product's."),
    ] = None,
    order: Annotated[
        str | None, typer.Option("--order", help="oldest, newest, person or product.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List requests, a row for each person: what is pending with the oldest first."""
    query: Query = {
        "state": None if state == "all" else state or ("pending" if not mine else None),
        "product": product,
        "person": person,
        "approver": approver,
        "mine": mine or None,
        "toDecide": to_decide or None,
        "search": search,
        "order": order,
    }
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("license-requests"), query=query, limit=wanted)
        waits = 0
        if found.rows and not (as_json or to_decide or mine or approver):
            before: Query = {"toDecide": True, "state": "pending"}
            waits = len(api.listing(api_path("license-requests"), query=before, limit=100).rows)
    show_list(found, _LINES, empty="No request is so.", as_json=as_json)
    if waits:
        number = "100 or more wait" if waits == 100 else count_of(waits, "waits", "wait")
        say(f"{number} for your decision: --to-decide shows them.")


@request_commands.command("show", epilog=EXIT_CODES)
def show(request: RequestId, *, as_json: AsJson = False) -> None:
    """Show a request: what for, at what price, and each of its people."""
    with open_api() as api:
        found = api.read(api_path("license-requests", request))
    if as_json:
        print_json(found)
        return
    first = found["people"][0]
    show_facts(
        [
            ("Request", found["id"]),
            ("Product", found["product"]["displayName"]),
            ("Asked by", found["requestedBy"]),
            ("Asked (UTC)", moment("askedAt")(found)),
            ("Needed for", found["justification"]),
            ("Price of a month", _price_of_all(found["people"])),
            ("Seats free", first["seatsFree"]),
            ("More time", True if first["isExtension"] else None),
            ("From", moment("startsAt")(first)),
            ("Until", moment("expiresAt")(first)),
        ]
    )
    say("")
    _show_people(found)
    for line in found["people"][:_SHOWN_MAX]:
        if line["decided"] is not None:
            _say_decided(line)
        elif line["blocked"] is not None:
            warn(line["blocked"]["detail"])
    _say_approvers(found["people"])


def _price_of_all(lines: list[Row]) -> str:
    """What those who are pending would cost a month together, and each of them."""
    first, count = lines[0], sum(line["state"] == "pending" for line in lines)
    if count < 2 or first["price"] is None:
        return _price(first)
    total = Decimal(str(first["price"])) * count
    return f"{total:,} {first['currency']} for {count:,} people, {_price(first)} each"


def _say_decided(line: Json) -> None:
    decided = line["decided"]
    after = age(decided["afterSeconds"])
    message = f": “{decided['message']}”" if decided["message"] else ""
    say(f"{_person(line)} was {line['state']} by {decided['by']} after {after}{message}.")


@request_commands.command("approve", epilog=EXIT_CODES)
@previewable(tell_result=_tell)
def approve(
    requests: RequestIds,
    *,
    person: Only = None,
    message: Message = None,
    group: Annotated[
        str | None,
        typer.Option("--group", help="Deliver through this group, which gives the product."),
    ] = None,
    product: Annotated[
        str | None, typer.Option("--product", help="Give this product instead.")
    ] = None,
    disable: Disabled = None,
    as_json: AsJson = False,
) -> None:
    """Approve requests: the products are given at once, as rules and seats let."""
    with open_api() as api:
        more = given(
            group=None if group is None else group_id(api, group),
            skuPartNumber=product,
            disabledServicePlans=disable,
            people=person,
            message=message,
        )
        decisions = [{"request": one, "decision": "approve", **more} for one in requests]
        decided = api.write(
            "POST", api_path("license-requests", "decisions"), body={"decisions": decisions}
        )
    _show(decided, as_json=as_json)


@request_commands.command("deny", epilog=EXIT_CODES)
@previewable(tell_result=_tell)
def deny(
    requests: RequestIds, *, person: Only = None, message: Message = None, as_json: AsJson = False
) -> None:
    """Deny requests; the seats that are held for them go back."""
    more = given(people=person, message=message)
    decisions = [{"request": one, "decision": "deny", **more} for one in requests]
    with open_api() as api:
        decided = api.write(
            "POST", api_path("license-requests", "decisions"), body={"decisions": decisions}
        )
    _show(decided, as_json=as_json)


@request_commands.command("cancel", epilog=EXIT_CODES)
@previewable(tell_result=_tell)
def cancel(
    request: RequestId, *, person: Only = None, message: Message = None, as_json: AsJson = False
) -> None:
    """Withdraw a request that was not decided yet."""
    _show(_end(request, "cancel", person, message), as_json=as_json)


@request_commands.command("undo", epilog=EXIT_CODES)
@previewable(tell_result=_tell)
def undo(
    request: RequestId, *, person: Only = None, message: Message = None, as_json: AsJson = False
) -> None:
    """Take back what an approval gave."""
    _show(_end(request, "undo", person, message), as_json=as_json)


def _end(request: str, how: str, person: list[str] | None, message: str | None) -> Json:
    with open_api() as api:
        return api.write(
            "POST",
            api_path("license-requests", request, how),
            body=given(people=person, message=message),
        )


@request_commands.command("again", epilog=EXIT_CODES)
@previewable()
def again(request: RequestId, *, as_json: AsJson = False) -> None:
    """Ask for the same again, after it was denied, cancelled, undone or expired."""
    with open_api() as api:
        asked = api.write("POST", api_path("license-requests", request, "again"))
    if as_json:
        print_json(asked)
        return
    say(f"Asked for {asked['product']['displayName']} again: request {asked['id']}.")
    _say_approvers(asked["people"])
