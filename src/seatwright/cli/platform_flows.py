"""`seatwright flows`: flows of environments, standard, premium, or with attended RPA."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, given
from seatwright.cli.platform_things import (
    ExternalId,
    Flow,
    InEnvironment,
    NewName,
    Premium,
    Rename,
    add_file_commands,
    add_list_command,
    tell,
    tier,
    where,
)
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, show_facts

flow_commands = typer.Typer(
    help="Flows: standard, premium, or with attended RPA.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


class Trigger(StrEnum):
    """What starts a flow."""

    INSTANT = "instant"
    AUTOMATED = "automated"
    SCHEDULED = "scheduled"


Rpa: TypeAlias = Annotated[
    bool | None, typer.Option("--rpa/--no-rpa", help="Whether it uses attended RPA.")
]
TriggerOption: TypeAlias = Annotated[
    Trigger | None,
    typer.Option(help="What starts it. Unless by hand, its owner's license counts."),
]
Owner: TypeAlias = Annotated[
    str | None, typer.Option(metavar="PERSON", help="Whose flow it is; empty clears it.")
]


def _license(row: Row) -> str:
    return "premium, attended RPA" if row["attendedRpa"] else tier(row)


def _counts(row: Row) -> str:
    owner = row["owner"]
    if not row["runsAsOwner"]:
        return "whoever starts it"
    return "its owner: nobody is named" if owner is None else str(owner["displayName"])


_FLOWS = (
    Column(title="Flow", cell="displayName"),
    Column(title="Environment", cell=where),
    Column(title="License", cell=_license),
    Column(title="Starts", cell="trigger"),
    Column(title="Whose license counts", cell=_counts),
)


add_list_command(
    flow_commands,
    api_path("platform", "flows"),
    _FLOWS,
    name="list",
    words="List flows with the license that each needs, and whose it is that counts.",
    empty="There is no flow yet: `seatwright flows create NAME --environment ENVIRONMENT`.",
)


@flow_commands.command("show", epilog=EXIT_CODES)
def show(flow: Flow, *, as_json: AsJson = False) -> None:
    """Show one flow."""
    with open_api() as api:
        found = api.read(api_path("platform", "flows", flow))
    if as_json:
        print_json(found)
        return
    owner = found["owner"]
    show_facts(
        [
            ("Flow", found["displayName"]),
            ("Environment", where(found)),
            ("License", _license(found)),
            ("Starts", found["trigger"]),
            ("Whose license counts", _counts(found)),
            ("Owner", owner and f"{owner['displayName']} ({owner['userPrincipalName']})"),
            ("External id", found["externalId"]),
            ("Id", found["id"]),
        ]
    )


@flow_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: NewName,
    *,
    environment: Annotated[
        str, typer.Option("--environment", "-e", metavar="ENVIRONMENT", help="Where it lives.")
    ],
    premium: Premium = None,
    rpa: Rpa = None,
    trigger: TriggerOption = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Store a flow; one with attended RPA is premium."""
    body = {
        "displayName": name,
        "environment": environment,
        **given(
            premium=True if rpa and premium is None else premium,
            attendedRpa=rpa,
            trigger=trigger,
            owner=owner,
            externalId=external_id,
        ),
    }
    with open_api() as api:
        made = api.write("POST", api_path("platform", "flows"), body=body)
    tell(made, lambda made: f"Stored {_named(made)}", as_json=as_json)


@flow_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    flow: Flow,
    *,
    name: Rename = None,
    environment: InEnvironment = None,
    premium: Premium = None,
    rpa: Rpa = None,
    trigger: TriggerOption = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    as_json: AsJson = False,
) -> None:
    """Change a flow; what is not named stays."""
    body = given(
        displayName=name,
        environment=environment,
        premium=True if rpa and premium is None else premium,
        attendedRpa=rpa,
        trigger=trigger,
        owner=owner,
        externalId=external_id,
    )
    with open_api() as api:
        changed = api.write("PATCH", api_path("platform", "flows", flow), body=body)
    tell(changed, lambda changed: f"Changed {_named(changed)}", as_json=as_json)


@flow_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(flow: Flow) -> None:
    """Delete a flow; licenses that people claimed by running it stay."""
    with open_api() as api:
        api.write("DELETE", api_path("platform", "flows", flow))
    say(f"Deleted the flow {flow}.")


def _named(flow: Json) -> str:
    return f"the flow {flow['displayName']} ({_license(flow)}) in {where(flow)}."


add_file_commands(
    flow_commands,
    "flows",
    imports="Create and change flows from a CSV file; safe to run again.",
    exports="Write every flow as CSV.",
)
