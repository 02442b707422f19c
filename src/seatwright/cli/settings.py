"""`seatwright settings`: what the tenant is set to."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.options import AsJson, literal
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, plain, show_table

settings_commands = typer.Typer(
    help="Read and change the tenant's settings; without a command: list them.",
    epilog=EXIT_CODES,
)

_COLUMNS = (
    Column(title="Setting", cell="name"),
    Column(title="Value", cell=lambda row: shown(row["value"])),
    Column(title="Default", cell=lambda row: shown(row["default"]), is_small=True),
    Column(title="Meaning", cell="meaning", is_prose=True),
)


@settings_commands.callback(invoke_without_command=True)
def settings(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Read and change the tenant's settings; without a command: list them."""
    if context.invoked_subcommand is not None:
        return
    with open_api() as api:
        answer = api.read(api_path("settings"))
    if as_json:
        print_json(answer)
        return
    show_table(answer["value"], _COLUMNS)


@settings_commands.command("get", epilog=EXIT_CODES)
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The setting's name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print the value of one setting."""
    with open_api() as api:
        setting = _named(api.read(api_path("settings")), name)
    if as_json:
        print_json(setting)
        return
    say(shown(setting["value"]))


@settings_commands.command(
    "set", epilog=EXIT_CODES, context_settings={"ignore_unknown_options": True}
)
@previewable()
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The setting's name.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Text, a number, true, false or null.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Change one setting."""
    with open_api() as api:
        answer = api.write("PATCH", api_path("settings"), body={name: literal(value)})
    setting = _named(answer, name)
    if as_json:
        print_json(setting)
        return
    say(f"{name} is {shown(setting['value'])}.")


def shown(value: object) -> str:
    """A value as it is typed: `null`, `true`, `100`."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else plain(value).replace(",", "")


def _named(answer: Json, name: str) -> Json:
    for setting in answer["value"]:
        if setting["name"].casefold() == name.casefold():
            found: Json = setting
            return found
    return stop(
        Ending.REFUSED,
        f"There is no setting “{name}”.",
        fix="→ seatwright settings lists them",
    )
