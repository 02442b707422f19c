"""`seatwright webhooks`: where events are posted to."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.mail import DELIVERIES
from seatwright.cli.options import AsJson, Limit, ShowAll, given, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, moment, show_facts, show_list

webhook_commands = typer.Typer(
    help="Webhooks: where events are posted to, signed.", epilog=EXIT_CODES, no_args_is_help=True
)

WebhookId: TypeAlias = Annotated[
    str, typer.Argument(metavar="WEBHOOK", help="A webhook's id: `seatwright webhooks list`.")
]
Kinds: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only this kind of event; again for more."),
]


def _kinds(row: Json) -> str:
    return "all" if row["kinds"] is None else ", ".join(row["kinds"])


def _state(row: Json) -> str:
    if not row["enabled"]:
        return "disabled"
    return "failing" if row["failingSince"] else "enabled"


_WEBHOOKS = (
    Column(title="Id", cell="id", is_small=True),
    Column(title="Address", cell="url"),
    Column(title="Events", cell=_kinds),
    Column(title="State", cell=_state),
)


@webhook_commands.command("list", epilog=EXIT_CODES)
def list_(*, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False) -> None:
    """List webhooks."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("webhooks"), limit=wanted)
    show_list(found, _WEBHOOKS, empty="There are no webhooks.", as_json=as_json)


@webhook_commands.command("show", epilog=EXIT_CODES)
def show(webhook: WebhookId, *, as_json: AsJson = False) -> None:
    """Show a webhook, and whether its calls are taken."""
    with open_api() as api:
        found = api.read(api_path("webhooks", webhook))
    if as_json:
        print_json(found)
        return
    show_facts(
        [
            ("Id", found["id"]),
            ("Address", found["url"]),
            ("Events", _kinds(found)),
            ("State", _state(found)),
            ("Failing since (UTC)", moment("failingSince")(found)),
            ("Why disabled", found["disabledReason"]),
            ("Old secret signs until (UTC)", moment("oldSecretSignsUntil")(found)),
        ]
    )


@webhook_commands.command("add", epilog=EXIT_CODES)
@previewable()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://… that takes POST.")],
    *,
    kind: Kinds = None,
    as_json: AsJson = False,
) -> None:
    """Have events posted to an address; its secret is shown this once."""
    with open_api() as api:
        made = api.write("POST", api_path("webhooks"), body=given(url=url, kinds=kind))
    _tell_secret(made, as_json=as_json)


@webhook_commands.command("change", epilog=EXIT_CODES)
@previewable()
def change(
    webhook: WebhookId,
    *,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    kind: Kinds = None,
    all_kinds: Annotated[bool, typer.Option("--all-kinds", help="Every kind of event.")] = False,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is called.")
    ] = None,
) -> None:
    """Change where a webhook leads or for what it is called, or enable it again."""
    body = given(url=url, kinds=kind, enabled=enabled)
    with open_api() as api:
        path = api_path("webhooks", webhook)
        found = api.write("PATCH", path, body={**body, **({"kinds": None} if all_kinds else {})})
    say(f"{found['url']} is {_state(found)}, for {_kinds(found)} events.")


@webhook_commands.command("rotate", epilog=EXIT_CODES)
@previewable()
def rotate(webhook: WebhookId, *, as_json: AsJson = False) -> None:
    """Give a webhook a new secret; for a day the old one signs too."""
    with open_api() as api:
        made = api.write("POST", api_path("webhooks", webhook, "rotate"))
    _tell_secret(made, as_json=as_json)


@webhook_commands.command("remove", epilog=EXIT_CODES)
@previewable()
def remove(webhook: WebhookId) -> None:
    """Call a webhook no more, and forget its secret and its calls."""
    with open_api() as api:
        api.write("DELETE", api_path("webhooks", webhook))
    say("The webhook is removed.")


@webhook_commands.command("test", epilog=EXIT_CODES)
@previewable()
def test(webhook: WebhookId) -> None:
    """Post a test event."""
    with open_api() as api:
        api.write("POST", api_path("webhooks", webhook, "test"))
    say("A test event is on its way.")
    say(f"→ seatwright webhooks calls {webhook} --limit 1")


@webhook_commands.command("calls", epilog=EXIT_CODES)
def calls(
    webhook: WebhookId, *, limit: Limit = None, show_all: ShowAll = False, as_json: AsJson = False
) -> None:
    """List the calls of a webhook, newest first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    with open_api() as api:
        found = api.listing(api_path("webhooks", webhook, "calls"), limit=wanted)
    show_list(found, DELIVERIES, empty="It was not called yet.", as_json=as_json)


def _tell_secret(made: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    say(f"{made['url']} is called for {_kinds(made)} events.")
    say(f"Webhook: {made['id']}")
    say(f"Secret:  {made['secret']}")
    say("The secret is shown this once: the receiver verifies calls with it.")
