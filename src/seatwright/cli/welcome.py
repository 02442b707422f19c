"""What a person reads when the server is up: where it is, how to get in, what to try."""

from __future__ import annotations

import typer

from seatwright.settings import Settings

_TRY = (
    "seatwright licenses",
    "seatwright groups list --licensed",
    "seatwright users list --search alex",
)


def welcome(settings: Settings) -> None:
    """Print the address, the token and the commands to try next, on standard output."""
    lines = [f"seatwright serves {settings.served_url}  (Ctrl-C stops it)"]
    if settings.token_file.exists():
        lines += [
            "",
            f"Token: {settings.token_file.read_text().strip()}",
            f"       (kept in {settings.token_file}; commands on this machine find it there)",
            "",
            "Try, in another terminal:",
            *(f"  .venv/bin/{command}" for command in _TRY),
        ]
    else:
        lines += ["", "No tenant yet. Make one:  .venv/bin/seatwright tenant create NAME"]
    typer.echo("\n".join(lines))
