"""`seatwright invitations`: people from outside, for whom seats are held until they accept."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Query, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import (
    AsJson,
    Limit,
    ShowAll,
    UsageLocation,
    given,
    rows_wanted,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, count_of, minute, moment, show_list

invitation_commands = typer.Typer(
    help="Invitations: a seat is held for whoever is invited, for fourteen days.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

InvitationId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The invitation's id.")]


def _products(row: Row) -> str:
    return ", ".join(one["displayName"] for one in row["licenses"])


_INVITATIONS: Final = (
    Column(title="Name", cell="displayName"),
    Column(title="Address", cell="mail"),
    Column(title="Gets", cell=_products, is_prose=True),
    Column(title="State", cell="state"),
    Column(
        title="Days left",
        cell=lambda row: row["daysLeft"] or "",
        is_number=True,
        is_optional=True,
    ),
    Column(title="Sent (UTC)", cell=moment("sentAt")),
    Column(title="Id", cell="id", is_small=True),
)


@invitation_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only pending, accepted, expired or withdrawn ones.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List invitations, the newest first."""
    query: Query = {} if state is None else {"state": state}
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("identity", "invitations"), query=query, limit=wanted)
    empty = "Nobody was invited: `seatwright invitations send ADDRESS NAME --product PRODUCT`."
    show_list(found, _INVITATIONS, empty=empty, as_json=as_json)


@invitation_commands.command("send", epilog=EXIT_CODES)
@previewable()
def send(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Their mail address.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they are called.")],
    *,
    product: Annotated[
        list[str] | None,
        typer.Option("--product", help="What they get; give it again for more than one."),
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="Everything of this template: its name or id.")
    ] = None,
    usage_location: UsageLocation = None,
    message: Annotated[str | None, typer.Option(help="A word to them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody from outside; a seat of each product is held for fourteen days."""
    body = {
        "mail": address,
        "displayName": name,
        "licenses": [dict(sku_field(one)) for one in product or ()],
        **given(templateId=template, usageLocation=usage_location, message=message),
    }
    with open_api() as api:
        made = api.write("POST", api_path("identity", "invitations"), body=body)
    if as_json:
        print_json(made)
        return
    until = minute(made["expiresAt"])
    say(f"Invited {made['displayName']}: {_products(made)} is held until {until} UTC.")


@invitation_commands.command("accept", epilog=EXIT_CODES)
@previewable()
def accept(id_: InvitationId, *, as_json: AsJson = False) -> None:
    """Make the invited person a guest who has what was promised."""
    done = _do(id_, "accept")
    if as_json:
        print_json(done)
        return
    say(f"{done['displayName']} is a guest now and has {_products(done)}.")


@invitation_commands.command("resend", epilog=EXIT_CODES)
@previewable()
def resend(id_: InvitationId, *, as_json: AsJson = False) -> None:
    """Send an invitation again; its fourteen days begin anew."""
    done = _do(id_, "resend")
    if as_json:
        print_json(done)
        return
    left = count_of(done["daysLeft"], "day", "days")
    say(f"Sent again to {done['mail']}: {left} left to accept.")


@invitation_commands.command("withdraw", epilog=EXIT_CODES)
@previewable()
def withdraw(id_: InvitationId, *, as_json: AsJson = False) -> None:
    """Withdraw an invitation; its seats go first to whoever waits for one."""
    done = _do(id_, "withdraw")
    if as_json:
        print_json(done)
        return
    say(f"Withdrew the invitation of {done['mail']}; its seats are back.")


def _do(id_: str, action: str) -> Row:
    with open_api() as api:
        return dict(api.write("POST", api_path("identity", "invitations", id_, action)))
