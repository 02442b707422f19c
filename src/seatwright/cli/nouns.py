"""The commands about tenants, people, groups and licenses, and adding them to the program."""

from __future__ import annotations

from typing import Final

import typer

from seatwright.cli.accounts import account_commands
from seatwright.cli.assignment import assign, redate, swap, unassign
from seatwright.cli.auto_claim_claims import auto_claim_commands
from seatwright.cli.bulk import bulk
from seatwright.cli.catalog import catalog_commands
from seatwright.cli.conflicts import conflicts, mend
from seatwright.cli.demo import demo_commands
from seatwright.cli.domains import domain_commands
from seatwright.cli.dynamic import rule_commands
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.groups import group_commands
from seatwright.cli.held import held_commands
from seatwright.cli.history import history_commands
from seatwright.cli.imports import holdings_commands
from seatwright.cli.inbox import inbox_commands
from seatwright.cli.invitations import invitation_commands
from seatwright.cli.jobs import job_commands
from seatwright.cli.launch import launch
from seatwright.cli.licenses import holders, licenses, waiting
from seatwright.cli.mail import mail_commands
from seatwright.cli.moves import move_commands
from seatwright.cli.platform_apps import app_commands
from seatwright.cli.platform_environments import environment_commands
from seatwright.cli.platform_flows import flow_commands
from seatwright.cli.platform_roles import role_commands
from seatwright.cli.principals import client_commands, token_commands
from seatwright.cli.reconcile import reconcile_commands
from seatwright.cli.reports import report_commands
from seatwright.cli.request_policies import request_commands
from seatwright.cli.seats import seat_commands
from seatwright.cli.settings import settings_commands
from seatwright.cli.sign_in import sign_in_link
from seatwright.cli.signing_keys import signing_key_commands
from seatwright.cli.subscription_life import subscription_commands
from seatwright.cli.templates import template_commands
from seatwright.cli.tenants import tenant_commands
from seatwright.cli.true_up import true_up
from seatwright.cli.undo import undo
from seatwright.cli.users import user_commands
from seatwright.cli.webhooks import webhook_commands
from seatwright.cli.why import why

LICENSING: Final = "Licenses (over the API)"
OPERATING: Final = "Tenants and access (on the database)"

_COMMANDS: Final = (
    licenses,
    holders,
    waiting,
    assign,
    redate,
    unassign,
    swap,
    bulk,
    launch,
    undo,
    why,
    conflicts,
    mend,
)

_NOUNS: Final = {
    "users": user_commands,
    "groups": group_commands,
    "move": move_commands,
    "templates": template_commands,
    "catalog": catalog_commands,
    "subscriptions": subscription_commands,
    "seats": seat_commands,
    "invitations": invitation_commands,
    "history": history_commands,
    "reports": report_commands,
    "holdings": holdings_commands,
    "jobs": job_commands,
    "requests": request_commands,
    "held": held_commands,
    "inbox": inbox_commands,
    "mail": mail_commands,
    "webhooks": webhook_commands,
    "reconcile": reconcile_commands,
    "settings": settings_commands,
    "domains": domain_commands,
    "auto-claim": auto_claim_commands,
    "environments": environment_commands,
    "apps": app_commands,
    "flows": flow_commands,
    "security-roles": role_commands,
}

_OPERATOR_NOUNS: Final = {
    "tenant": tenant_commands,
    "demo": demo_commands,
    "client": client_commands,
    "token": token_commands,
    "signing-key": signing_key_commands,
    "accounts": account_commands,
}


def add_nouns(program: typer.Typer) -> None:
    """Add every noun's commands to the program, in the order in which `--help` lists them."""
    group_commands.add_typer(rule_commands, name="rule")
    for command in _COMMANDS:
        program.command(epilog=EXIT_CODES, rich_help_panel=LICENSING)(command)
    report_commands.command("true-up", epilog=EXIT_CODES)(true_up)
    for name, commands in _NOUNS.items():
        program.add_typer(commands, name=name, rich_help_panel=LICENSING)
    program.command("sign-in-link", epilog=EXIT_CODES, rich_help_panel=OPERATING)(sign_in_link)
    for name, commands in _OPERATOR_NOUNS.items():
        program.add_typer(commands, name=name, rich_help_panel=OPERATING)
