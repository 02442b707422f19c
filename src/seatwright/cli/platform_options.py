"""Arguments and options that the commands about environments, apps and flows share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.tables import Row

Environment: TypeAlias = Annotated[
    str, typer.Argument(metavar="ENVIRONMENT", help="The environment's name or id.")
]
InEnvironment: TypeAlias = Annotated[
    str | None,
    typer.Option("--environment", "-e", metavar="ENVIRONMENT", help="Its name or id."),
]
App: TypeAlias = Annotated[str, typer.Argument(metavar="APP", help="The app's name or id.")]
Flow: TypeAlias = Annotated[str, typer.Argument(metavar="FLOW", help="The flow's name or id.")]
NewName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
Rename: TypeAlias = Annotated[str | None, typer.Option("--name", help="A new name.")]
ExternalId: TypeAlias = Annotated[
    str | None, typer.Option(help="What it is called where it comes from; empty clears it.")
]
Premium: TypeAlias = Annotated[
    bool | None, typer.Option("--premium/--standard", help="Whether it needs a premium license.")
]


def where(row: Row) -> object:
    """The environment that something is in, and that it is managed if it is."""
    environment = row.get("environment")
    if environment is None:
        return None
    managed = " (managed)" if environment["managed"] else ""
    return f"{environment['displayName']}{managed}"


def tier(row: Row) -> str:
    """Whether a license is needed, in one word or two."""
    if row["premium"]:
        return "premium"
    if not row["needsLicense"]:
        return "standard"
    return "standard, managed" if row["environment"] is not None else "needed"
