"""What a person reads when the server is up: where it is, how to get in, what to try."""

from __future__ import annotations

import os
import subprocess
import sys

import typer

from seatwright.settings import PREFIX, Settings

_TRY = (
    "seatwright licenses",
    "seatwright groups list --licensed",
    "seatwright users list --search alex",
)

_LINK_SECONDS_MAX = 30.0


def welcome(settings: Settings) -> None:
    """Print the address, the token and the commands to try next, on standard output."""
    lines = [f"seatwright serves {settings.served_url}  (Ctrl-C stops it)"]
    if settings.token_file.exists():
        lines += [
            "",
            f"Token: {settings.token_file.read_text().strip()}",
            f"       (kept in {settings.token_file}; commands on this machine find it there)",
            "",
            *_sign_in(settings),
            "Try, in another terminal:",
            *(f"  .venv/bin/{command}" for command in _TRY),
        ]
    else:
        lines += ["", "No tenant yet. Make one:  .venv/bin/seatwright tenant create NAME"]
    typer.echo("\n".join(lines))


def _sign_in(settings: Settings) -> list[str]:
    """A fresh one-time link to the portal; no lines where none can be made.

    A process of its own makes it: its libraries have threads, and this process must stay without.
    """
    inherited = {n: text for n, text in os.environ.items() if not n.startswith(PREFIX)}
    made = subprocess.run(
        [sys.executable, "-m", "seatwright", "sign-in-link"],
        check=False,
        env={**inherited, **settings.to_environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=_LINK_SECONDS_MAX,
    )
    if made.returncode != 0:
        return []
    return [f"Sign in: {made.stdout.strip()}", "       (works once, within a day)", ""]
