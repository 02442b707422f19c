"""Options that many commands share, so that one name means one thing everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from seatwright.cli.endings import Ending, stop

ROWS_SHOWN = 50
"""How many rows a table of people shows when nobody says how many: one or two screens."""

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the API's JSON, whole, instead of a table.")
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, help=f"At most this many rows. Default: {ROWS_SHOWN} in a table, all with --json."
    ),
]
ShowAll: TypeAlias = Annotated[bool, typer.Option("--all", help="Every row, however many.")]
Search: TypeAlias = Annotated[
    str | None, typer.Option(help="Only those with a name or address that begins so.")
]
TenantName: TypeAlias = Annotated[
    str | None,
    typer.Option("--tenant", help="Name or id. Default: the only tenant, else the demo."),
]
Roles: TypeAlias = Annotated[
    list[str], typer.Option("--role", help="A role's slug; give it again for more than one.")
]
Person: TypeAlias = Annotated[
    str, typer.Argument(metavar="PERSON", help="User principal name or id.")
]
People: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PERSON...", help="User principal names or ids.")
]
Product: TypeAlias = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="Part number, alias or GUID: SPE_E3, say.")
]
Group: TypeAlias = Annotated[str, typer.Argument(metavar="GROUP", help="Name or id.")]
CsvFile: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A CSV file."),
]
OutFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", dir_okay=False, help="Write here instead of to stdout."),
]
OnlyPreview: TypeAlias = Annotated[
    bool,
    typer.Option("--preview", help="Show what would happen to licenses, and change nothing."),
]
ApplyDigest: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--apply", metavar="DIGEST", help="Do it if it is still what the preview with DIGEST said."
    ),
]
Filter: TypeAlias = Annotated[
    str | None,
    typer.Option("--filter", metavar="ODATA", help="Only those that this OData filter finds."),
]
AsPreviewJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the preview, or the difference to it, as JSON.")
]
Confirm: TypeAlias = Annotated[
    bool, typer.Option("--confirm", help="Go ahead although much is removed.")
]
WaitOption: TypeAlias = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the result, or only start it.")
]
Fields: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any field of the API, by its name there."),
]
Disabled: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--disable", metavar="SERVICE_PLAN", help="Leave this service plan off; again for more."
    ),
]
UsageLocation: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="CC", help="Two-letter country code of where services are used."),
]

_LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


def rows_wanted(*, limit: int | None, show_all: bool, as_json: bool) -> int | None:
    """How many rows to ask for; None: all. JSON is for programs, which want everything."""
    if limit is not None:
        return limit
    return None if show_all or as_json else ROWS_SHOWN


def fields_of(texts: list[str] | None) -> dict[str, object]:
    """`FIELD=VALUE` as the fields of a body."""
    fields: dict[str, object] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            stop(Ending.USAGE, f"“{text}” is no FIELD=VALUE: write --set department=Sales, say.")
        fields[name.strip()] = literal(value)
    return fields


def literal(text: str) -> str | int | bool | None:
    """`true`, `false`, `null` and whole numbers as JSON has them; anything else is text."""
    if text in _LITERALS:
        return _LITERALS[text]
    is_number = text.removeprefix("-").isdecimal() and text.isascii()
    return int(text) if is_number else text


def given(**fields: object) -> dict[str, object]:
    """The fields that have a value, for a body: what is not said is not sent."""
    return {name: value for name, value in fields.items() if value is not None}
