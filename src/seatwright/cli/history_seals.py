"""`seatwright history verify`, `heads`, `export`, `checker`: proving that nothing was changed."""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path
from typing import Annotated

import typer

from seatwright.cli.client import api_path, open_api
from seatwright.cli.endings import Ending, stop
from seatwright.cli.files import save
from seatwright.cli.options import AsJson, OutFile
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, count_of, minute, moment, show_list

_HEADS = (
    Column(title="Month", cell="month"),
    Column(title="Block", cell="block", is_number=True),
    Column(title="Sealed (UTC)", cell=moment("sealedAt")),
    Column(title="Digest", cell="digest", is_small=True),
)

BREAKS_SHOWN = 20


def verify(
    *,
    head: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="A digest that was kept elsewhere.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute every seal of the history anew, and say which row was changed if one was."""
    with open_api() as api:
        found = api.read(api_path("history", "verify"), {"head": head}, is_long=True)
    if as_json:
        print_json(found)
    if not found["isIntact"]:
        for one in found["breaks"][:BREAKS_SHOWN] if not as_json else ():
            warn(one["words"])
        stop(
            Ending.REFUSED,
            "The history is not as it was sealed.",
            fix="→ compare with a backup, and check an export with `seatwright history checker`",
        )
    if as_json:
        return
    if found["head"] is None:
        say("Nothing is sealed yet: the worker seals every ten minutes.")
        return
    rows = count_of(found["rows"], "row", "rows")
    blocks = count_of(found["blocks"], "block", "blocks")
    waiting = count_of(found["unsealedRows"], "newer row waits", "newer rows wait")
    say(f"Intact: {rows} in {blocks}, sealed until {minute(found['head']['sealedAt'])} UTC.")
    say(f"Head: {found['head']['digest']}")
    if found["unsealedRows"]:
        say(f"{waiting} for a seal.")


def heads(*, output: OutFile = None, as_json: AsJson = False) -> None:
    """List the last digest of every month, and of now: keep them where nobody can change them."""
    with open_api() as api:
        months = api.rows(api_path("history", "heads"))
        now = api.read(api_path("history", "head"))["head"]
    rows = [*months, *([] if now is None else [{"month": "now", **now}])]
    if output is None:
        show_list(rows, _HEADS, empty="Nothing is sealed yet.", as_json=as_json)
        return
    lines = [f"{row['month']} {row['block']} {row['sealedAt']} {row['digest']}\n" for row in rows]
    try:
        output.write_text("".join(lines))
    except OSError as error:
        stop(Ending.USAGE, f"{output} cannot be written: {error.strerror}.")
    warn(f"Wrote {output}.")


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write it.", dir_okay=False)
    ],
) -> None:
    """Write the sealed history to a file that can be checked without seatwright."""
    with open_api() as api:
        save(api, api_path("history", "export"), output=file)


def checker() -> None:
    """Print a program that checks an export with nothing but Python.

    `seatwright history checker > check.py`, then `python3 -I check.py FILE --head DIGEST`.
    """
    place = importlib.resources.files("seatwright.shipped").joinpath("check_history.py")
    sys.stdout.write(place.read_text(encoding="utf-8"))
