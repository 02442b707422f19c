"""`seatwright launch`: what happens when somebody opens an app or runs a flow."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.options import AsJson, Person
from seatwright.cli.screen import print_json, say


def launch(
    person: Person,
    app: Annotated[
        str | None,
        typer.Argument(metavar="APP", help="Name or id; none for Power Automate for desktop."),
    ] = None,
    *,
    flow: Annotated[
        str | None, typer.Option(metavar="FLOW", help="A flow by name or id instead of an app.")
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            metavar="EVENT",
            help="appLaunch (default), flowTrigger (default with --flow), flowSave, flowTurnOn,"
            " licenseRequested, goPremium, trialRpaUse.",
        ),
    ] = None,
    environment: Annotated[
        str | None, typer.Option(metavar="ENVIRONMENT", help="Where it happens, by name or id.")
    ] = None,
    client_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Of Power Automate for desktop: 2.43.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The same event is never taken twice.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Launch an app for a person: a license is given if they need one and a policy says so.

    Just as if they had opened it: there is no preview, and a second launch changes nothing.
    """
    body: Json = {
        "user": person,
        "app": app,
        "flow": flow,
        "event": event or ("appLaunch" if flow is None else "flowTrigger"),
        "environment": environment,
        "clientVersion": client_version,
        "eventId": event_id,
    }
    with open_api() as api:
        answer = api.write("POST", api_path("launch"), body=body)
    if as_json:
        print_json(answer)
        return
    say(str(answer["message"]))
