"""The commands about tenants, people, groups and licenses, and adding them to the program."""

from __future__ import annotations

import typer

from seatwright.cli.principals import client_commands, token_commands
from seatwright.cli.settings import settings_commands
from seatwright.cli.tenants import tenant_commands


def add_nouns(program: typer.Typer) -> None:
    """Add every noun's commands to the program, in the order in which `--help` lists them."""
    program.add_typer(settings_commands, name="settings")
    program.add_typer(tenant_commands, name="tenant")
    program.add_typer(client_commands, name="client")
    program.add_typer(token_commands, name="token")
