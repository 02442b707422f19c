"""The commands about tenants, people, groups and licenses, and adding them to the program."""

from __future__ import annotations

import typer

from seatwright.cli.assignment import assign, swap, unassign
from seatwright.cli.catalog import catalog_commands
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.history import history
from seatwright.cli.jobs import job_commands
from seatwright.cli.licenses import holders, licenses, waiting
from seatwright.cli.principals import client_commands, token_commands
from seatwright.cli.settings import settings_commands
from seatwright.cli.subscriptions import subscription_commands
from seatwright.cli.tenants import tenant_commands
from seatwright.cli.users import user_commands


def add_nouns(program: typer.Typer) -> None:
    """Add every noun's commands to the program, in the order in which `--help` lists them."""
    for command in (licenses, holders, waiting, assign, unassign, swap, history):
        program.command(epilog=EXIT_CODES)(command)
    program.add_typer(user_commands, name="users")
    program.add_typer(catalog_commands, name="catalog")
    program.add_typer(job_commands, name="jobs")
    program.add_typer(subscription_commands, name="subscriptions")
    program.add_typer(settings_commands, name="settings")
    program.add_typer(tenant_commands, name="tenant")
    program.add_typer(client_commands, name="client")
    program.add_typer(token_commands, name="token")
