"""`seatwright tenant`: making, listing, suspending and deleting tenants."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.operator import Operator, operate
from seatwright.cli.options import AsJson
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, show_facts, show_list
from seatwright.domain.domain_names import shown_domain_name
from seatwright.domain.semantics import Preset
from seatwright.domain.settings import setting_value
from seatwright.domain.tenants import Tenant, TenantState

if TYPE_CHECKING:
    from seatwright.app.tenants import MadeTenant

tenant_commands = typer.Typer(
    help="Make, list, suspend and delete tenants (works on the database).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

TenantArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="TENANT", help="The tenant's name or id.")
]

DomainArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="A domain such as contoso.example.")
]

_COLUMNS = (
    Column(title="Name", cell="name"),
    Column(title="Domain", cell="domain"),
    Column(title="State", cell="state"),
    Column(title="Preset", cell="preset"),
    Column(title="Demo", cell="isDemo"),
    Column(title="Id", cell="id", is_small=True),
)


@tenant_commands.command("create", epilog=EXIT_CODES)
def create(
    name: Annotated[str, typer.Argument(help="What the organization is called.")],
    *,
    domain: Annotated[str | None, typer.Option(help="Its domain. Default: NAME.example.")] = None,
    usage_location: Annotated[
        str | None, typer.Option(metavar="CC", help="For people without one, for what groups give.")
    ] = None,
    preset: Annotated[Preset, typer.Option(help="Which semantics it has.")] = Preset.NATIVE,
    as_json: AsJson = False,
) -> None:
    """Make a tenant with its catalogue and a local administrator, and print that one's token."""
    from seatwright.app.tenants import NewTenant, create_tenant

    new = NewTenant(name=name, domain=domain, usage_location=usage_location, preset=preset)

    async def work(operator: Operator) -> tuple[MadeTenant, bool]:
        made = await create_tenant(operator.database, new, now=operator.now)
        return made, _keep_first_token(operator, made)

    made, is_kept = operate(work)
    if as_json:
        print_json({**_shape(made.tenant), "tenantId": str(made.tenant.id), "token": made.token})
        return
    show_facts(
        [
            ("Tenant", made.tenant.name),
            ("Id", made.tenant.id),
            ("Domain", made.tenant.domain),
            ("Token", made.token),
        ]
    )
    where = "commands on this machine find it by themselves" if is_kept else "set SEATWRIGHT_TOKEN"
    warn(f"The token of the local administrator is shown this once: keep it, or {where}.")


@tenant_commands.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the tenants, oldest first."""
    from seatwright.app.tenants import all_tenants

    rows = [_shape(tenant) for tenant in operate(lambda operator: all_tenants(operator.database))]
    empty = "There is no tenant yet: `seatwright tenant create NAME`."
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


@tenant_commands.command("suspend", epilog=EXIT_CODES)
def suspend(tenant: TenantArgument) -> None:
    """Refuse every call of a tenant, keeping all that it has."""
    changed = _change_state(tenant, TenantState.SUSPENDED)
    say(f"Suspended {changed.name}: every call is refused until `seatwright tenant resume`.")


@tenant_commands.command("resume", epilog=EXIT_CODES)
def resume(tenant: TenantArgument) -> None:
    """Let a suspended tenant work again."""
    say(f"{_change_state(tenant, TenantState.ACTIVE).name} works again.")


@tenant_commands.command("delete", epilog=EXIT_CODES)
def delete(
    tenant: TenantArgument,
    *,
    confirm: Annotated[bool, typer.Option("--confirm", help="Yes, everything.")] = False,
) -> None:
    """Delete a tenant with its people, licenses and history. Nothing brings it back."""
    from seatwright.app.tenants import remove_tenant

    if not confirm:
        stop(
            Ending.USAGE,
            f"Deleting “{tenant}” removes its people, licenses and history, and nothing brings"
            " them back.",
            fix=f"→ seatwright backup FILE first, then seatwright tenant delete '{tenant}'"
            " --confirm",
        )
    removed = operate(lambda operator: remove_tenant(operator.database, tenant), as_owner=True)
    say(f"Deleted {removed.name} with everything it had.")


@tenant_commands.command("take-domain", epilog=EXIT_CODES)
def take_domain(tenant: TenantArgument, domain: DomainArgument) -> None:
    """Take a domain back from a tenant, even its default one; its people stay as they are."""

    async def work(operator: Operator) -> tuple[str, str]:
        from seatwright.app import domains

        async with operator.in_tenant(tenant) as call:
            taken = await domains.take_domain(call, domain)
            left = [one for one in await domains.all_domains(call) if one.is_default]
        return shown_domain_name(taken.name), shown_domain_name(left[0].name)

    taken, default = operate(work)
    say(f"{taken} is no domain of {tenant} any more; its default domain is {default}.")


@tenant_commands.command("give-domain", epilog=EXIT_CODES)
def give_domain(tenant: TenantArgument, domain: DomainArgument) -> None:
    """Give a tenant a domain that nobody owns, though people of another are named in it."""

    async def work(operator: Operator) -> str:
        from seatwright.app import domains

        async with operator.in_tenant(tenant) as call:
            given, _ = await domains.add_domain(call, domain, is_vouched=True)
        return shown_domain_name(given.name)

    say(f"{operate(work)} is a domain of {tenant}.")


def _change_state(tenant: str, state: TenantState) -> Tenant:
    from seatwright.app.tenants import change_tenant_state

    return operate(lambda operator: change_tenant_state(operator.database, tenant, state))


def _shape(tenant: Tenant) -> dict[str, object]:
    return {
        "id": str(tenant.id),
        "name": tenant.name,
        "domain": tenant.domain,
        "state": tenant.state.value,
        "preset": setting_value(tenant.settings, "preset"),
        "isDemo": tenant.is_demo,
    }


def _keep_first_token(operator: Operator, made: MadeTenant) -> bool:
    """Keep the token where commands look for one, if nothing is there and the data is here.

    Never over another: the file belongs to whichever tenant came first.
    """
    settings = operator.settings
    if settings.database_url is not None or not settings.data_dir.is_dir():
        return False
    try:
        descriptor = os.open(settings.token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(made.token + "\n")
    return True
