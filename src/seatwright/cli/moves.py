"""`seatwright move`: from one assignment, group or product to another, without a gap."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Api, Content, Json, Query, api_path, open_api, path_of
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.files import read_file
from seatwright.cli.groups import group_commands, group_id
from seatwright.cli.imports import warn_ignored
from seatwright.cli.jobs import FINAL_STATES, PAUSE_SECONDS_MAX, finish, follow, show_reasons
from seatwright.cli.options import AsJson, Disabled, Group, Product, WaitOption, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, count_of, show_facts, show_table

move_commands = typer.Typer(
    help="Move people to a group, between groups, or to another product: nobody is ever without.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


class Surplus(StrEnum):
    """What becomes of people for whom service plans would go off."""

    SKIP = "skip"
    KEEP_DIRECT = "keep-direct"
    ADD_TO_GROUP = "add-to-group"

    @property
    def wire(self) -> str:
        """As the API spells it."""
        return {"skip": "skip", "keep-direct": "keepDirect", "add-to-group": "addToGroup"}[
            self.value
        ]


Movers: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PERSON]...", help="Address, id or display name of who moves."),
]
MoversFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--file", exists=True, dir_okay=False, help="A CSV with who moves, one a row."),
]
SurplusOption: TypeAlias = Annotated[
    Surplus,
    typer.Option("--surplus", help="For whom service plans would go off: what becomes of them."),
]
Strategies: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        help="Which assignments move: manual, bulk, request, on_demand; again for more.",
    ),
]
WaitForSeats: TypeAlias = Annotated[
    bool,
    typer.Option("--wait-for-seats", help="Keep who cannot move yet, and try again each minute."),
]

_SURPLUS = (
    Column(title="Service plan that would go off", cell="displayName"),
    Column(title="People", cell="people", is_number=True),
)
_ERRORS = (
    Column(title="Reason", cell="reason"),
    Column(title="People", cell="people", is_number=True),
    Column(
        title="The first of them",
        cell=lambda row: ", ".join(one["displayName"] for one in row["first"]),
        is_prose=True,
    ),
)


def _tell_rows(rows: Json) -> None:
    waiting = f", {rows['waiting']:,} would wait" if rows["waiting"] else ""
    failed = f", {rows['failed']:,} would stay as they are" if rows["failed"] else ""
    unchanged = f", {rows['unchanged']:,} are there already" if rows["unchanged"] else ""
    changed = rows["succeeded"] - rows["unchanged"]
    say(
        f"{changed:,} of {count_of(rows['total'], 'person', 'people')} would be"
        f" moved{unchanged}{waiting}{failed}."
    )
    if rows["surplus"]:
        say("")
        show_table(rows["surplus"], _SURPLUS)
    if rows["failed"] or rows["waiting"]:
        troubled = [one for one in rows["outcomes"] if one["outcome"] != "succeeded"]
        show_reasons(troubled, [row for row in rows["rows"] if row["outcome"] == "failed"])
    warn_ignored(rows["ignoredColumns"])
    _warn(rows)


def _warn(answer: Json) -> None:
    if answer["warning"]:
        warn(answer["warning"])
    for strategy, people in answer["leftOut"].items():
        left = count_of(people, "person is", "people are")
        warn(f"{left} left out, who came by it in the way {strategy}: --strategy {strategy}")


@move_commands.command("direct-to-group", epilog=EXIT_CODES)
@previewable(_tell_rows)
def direct_to_group(
    product: Product,
    group: Group,
    people: Movers = None,
    *,
    file: MoversFile = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody who has it by their own name.")
    ] = False,
    surplus: SurplusOption = Surplus.SKIP,
    strategy: Strategies = None,
    wait_for_seats: WaitForSeats = False,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Put people into a group that gives a product, and take their own assignment away.

    Nobody uses a second seat meanwhile. Who would lose service plans, or would not get the product
    from the group, stays as they are and is reported.
    """
    body = {
        "kind": "directToGroup",
        "sku": product,
        "group": group,
        "surplus": surplus.wire,
        **given(strategies=strategy, wait=wait_for_seats or None, all=everybody or None),
    }
    _move(_with_people(body, people, file), wait=wait, as_json=as_json)


@move_commands.command("group-to-group", epilog=EXIT_CODES)
@previewable(_tell_rows)
def group_to_group(
    from_group: Annotated[str, typer.Argument(metavar="FROM", help="The group they leave.")],
    to_group: Annotated[str, typer.Argument(metavar="TO", help="The group they join.")],
    people: Movers = None,
    *,
    file: MoversFile = None,
    surplus: SurplusOption = Surplus.SKIP,
    wait_for_seats: WaitForSeats = False,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Move people, or everybody, from one group to another, with what the groups give."""
    body = {
        "kind": "groupToGroup",
        "fromGroup": from_group,
        "toGroup": to_group,
        "surplus": surplus.wire,
        **given(wait=wait_for_seats or None),
    }
    _move(_with_people(body, people, file), wait=wait, as_json=as_json)


@move_commands.command("product", epilog=EXIT_CODES)
@previewable(_tell_rows)
def product(
    from_product: Annotated[str, typer.Argument(metavar="FROM", help="The product they have.")],
    to_product: Annotated[str, typer.Argument(metavar="TO", help="The product they get.")],
    people: Movers = None,
    *,
    file: MoversFile = None,
    group: Annotated[
        str | None, typer.Option(help="Change what this group gives, for all its members.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody, and every group that gives it.")
    ] = False,
    disable: Disabled = None,
    strategy: Strategies = None,
    wait_for_seats: WaitForSeats = False,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Give people another product in place of the one they have, as far as the seats go.

    Dates, priority and service plan choice go along. Whoever finds no seat stays on the old one.
    """
    body = {
        "kind": "productToProduct",
        "fromSku": from_product,
        "toSku": to_product,
        **given(
            group=group,
            all=everybody or None,
            disabledServicePlans=disable,
            strategies=strategy,
            wait=wait_for_seats or None,
        ),
    }
    _move(_with_people(body, people, file), wait=wait, as_json=as_json)


@group_commands.command("impact", epilog=EXIT_CODES)
def impact(
    group: Group, product: Product, *, disable: Disabled = None, as_json: AsJson = False
) -> None:
    """Show what it would come to if a group gave a product: seats, errors, cost."""
    query: Query = {"sku": product, "disabledServicePlans": ",".join(disable) if disable else None}
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "license-impact")
        found = api.read(path, query=query)
    if as_json:
        print_json(found)
        return
    show_facts(_impact_facts(found))
    if found["errors"]:
        say("")
        show_table(found["errors"], _ERRORS)


def _impact_facts(found: Json) -> list[tuple[str, object]]:
    cost = found["monthlyCost"]
    amounts = [f"{one['amount']} {one['currency']}" for one in cost or ()]
    gains = found["servicePlansGained"]
    return [
        ("Group", found["groupName"]),
        ("Product", found["displayName"]),
        ("Members", found["members"]),
        ("Have it already", found["alreadyHold"]),
        ("Seats needed", found["seatsNeeded"]),
        ("Seats free", found["seatsFree"]),
        ("Seats to buy", found["seatsToBuy"]),
        ("Service plans gained", len(gains) or None),
        ("Cost a month", " + ".join(amounts) or (None if cost is None else "no price is known")),
    ]


class _Move:
    """A move to send: its body, and the file that names the people where there is one."""

    def __init__(self, body: Json, content: Content | None) -> None:
        self.body = body
        self.content = content

    def send(self, api: Api) -> Json:
        """Start it."""
        if self.content is None:
            return api.write("POST", api_path("moves"), body=self.body)
        query: Query = {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in self.body.items()
        }
        return api.write("POST", api_path("moves"), body=self.content, query=query)


def _with_people(body: Json, people: list[str] | None, file: Path | None) -> _Move:
    if file is not None and (people or body.get("all")):
        stop(Ending.USAGE, "Name people, or give a file with --file, or all: one of them.")
    content = None if file is None else Content(data=read_file(file))
    return _Move({**body, **given(users=people or None)}, content)


def _move(move: _Move, *, wait: bool, as_json: bool) -> None:
    with open_api() as api:
        answer = move.send(api)
        warn_ignored(answer["ignoredColumns"])
        _warn(answer)
        job = api.read(api_path("jobs", str(answer["jobId"])))
        if wait:
            is_patient = bool(move.body.get("wait"))
            finish(api, _tried(api, job) if is_patient else follow(api, job), as_json=as_json)
        elif as_json:
            print_json(job)
        else:
            people = count_of(job["total"], "person", "people")
            say(
                f"Started for {people}:"
                f" `seatwright jobs show {job['id']} --wait` waits for the result."
            )


def _tried(api: Api, job: Json) -> Json:
    """The job once everybody had a turn: those who wait may do so for days."""
    pause = 0.05
    while job["state"] not in FINAL_STATES and (job["done"] < job["total"] or not job["startedAt"]):
        time.sleep(pause)
        pause = min(pause * 1.5, PAUSE_SECONDS_MAX)
        job = api.read(api_path("jobs", str(job["id"])))
    return job
