"""`seatwright requests policy`: who decides about which product."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Api, Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.groups import group_id
from seatwright.cli.options import AsJson, given
from seatwright.cli.preview import previewable
from seatwright.cli.request_sharing import request_commands
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, Row, count_of, show_facts, show_list

__all__ = ("request_commands",)  # With the commands of this file in it.

policy_commands = typer.Typer(
    help="Who decides about which product, and what needs nobody's decision.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
request_commands.add_typer(policy_commands, name="policy")

PolicyProduct: TypeAlias = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="A product, or `default` for all others.")
]
Deciders: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="WHO",
        help="manager, manager:2 (the manager's manager), people:ADDRESS,ADDRESS, group:NAME"
        " or roles:ROLE,ROLE.",
    ),
]


def _who(approvers: Json | None) -> str:
    if approvers is None:
        return ""
    match approvers["kind"]:
        case "manager":
            level = approvers["level"]
            return "manager" if level == 1 else f"manager, {level} levels up"
        case "people":
            return ", ".join(one["displayName"] for one in approvers["people"])
        case "group":
            name = (approvers["group"] or {"displayName": "(deleted)"})["displayName"]
            return f"group {name} (at most {approvers['toldAtMost']} of them are told)"
        case _:
            return ", ".join(approvers["roles"])


def _product(row: Row) -> str:
    return "default" if row["product"] is None else str(row["product"]["skuPartNumber"])


_POLICIES = (
    Column(title="Product", cell=_product),
    Column(title="Open", cell="open"),
    Column(title="Decides", cell=lambda row: _who(row["approvers"]), is_prose=True),
    Column(title="Else", cell=lambda row: _who(row["fallback"]), is_prose=True, is_optional=True),
    Column(title="Lasts (days)", cell="licenseDays", is_number=True, is_optional=True),
)


@policy_commands.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the default and every product that has a policy of its own."""
    with open_api() as api:
        found = api.listing(api_path("license-request-policies"))
    show_list(found, _POLICIES, empty="There is no policy.", as_json=as_json)


@policy_commands.command("show", epilog=EXIT_CODES)
def show(product: PolicyProduct, *, as_json: AsJson = False) -> None:
    """Show what counts for a product."""
    with open_api() as api:
        found = api.read(api_path("license-request-policies", product))
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: Json) -> None:
    wait = count_of(found["alternateAfterHours"] or 0, "hour", "hours")
    alternate = _who(found["alternate"])
    show_facts(
        [
            ("Policy of", _product(found)),
            ("Can be asked for", found["open"]),
            ("Says what for", found["needsJustification"]),
            ("Decides", _who(found["approvers"])),
            ("Where nobody is", _who(found["fallback"]) or "the administrators"),
            ("Alternate", f"{alternate}, after {wait}" if alternate else None),
            ("Approves while free", found["approvesWhileFree"]),
            ("Approves within", found["approvesWithin"]),
            ("Expires after", f"{found['pendingDays']} days without a decision"),
            ("Lasts (days)", found["licenseDays"]),
        ]
    )
    if found["isBeingApplied"]:
        warn("Much is pending: it is put under this policy step by step, in some minutes.")


@policy_commands.command("set", epilog=EXIT_CODES)
@previewable()
def set_(
    product: PolicyProduct,
    *,
    approver: Deciders = "manager",
    fallback: Deciders = None,
    alternate: Deciders = None,
    alternate_after: Annotated[
        int | None, typer.Option(metavar="HOURS", help="When the alternate may decide too.")
    ] = None,
    while_free: Annotated[
        int | None,
        typer.Option(metavar="SEATS", help="Approve at once while more seats are free."),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="Approve at once within this budget of a month."),
    ] = None,
    pending_days: Annotated[
        int | None, typer.Option(help="Expire after so many days. Default: 365.")
    ] = None,
    license_days: Annotated[
        int | None, typer.Option(help="What is approved lasts so long. Default: for good.")
    ] = None,
    justification: Annotated[
        bool, typer.Option("--justification/--no-justification", help="Whether to say what for.")
    ] = True,
    is_open: Annotated[
        bool, typer.Option("--open/--closed", help="Whether it can be asked for at all.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Set the whole policy of a product, or of all that have none; what is pending follows."""
    with open_api() as api:
        body = given(
            open=is_open,
            needsJustification=justification,
            approvers=_approvers(api, approver or "manager"),
            fallback=None if fallback is None else _approvers(api, fallback),
            alternate=None if alternate is None else _approvers(api, alternate),
            alternateAfterHours=alternate_after,
            approvesWhileFree=while_free,
            approvesWithin=within,
            pendingDays=pending_days,
            licenseDays=license_days,
        )
        stored = api.write("PUT", api_path("license-request-policies", product), body=body)
    if as_json:
        print_json(stored)
        return
    _show(stored)


def _approvers(api: Api, text: str) -> dict[str, object]:
    kind, _, named = text.partition(":")
    names = [one.strip() for one in named.split(",") if one.strip()]
    match kind.strip():
        case "manager":
            level = names[0] if names else "1"
            if not level.isdecimal():
                stop(Ending.USAGE, f"“{text}” says no level: write manager or manager:2.")
            return {"kind": "manager", "level": int(level)}
        case "people":
            return {"kind": "people", "people": names}
        case "group":
            return {"kind": "group", "group": group_id(api, named.strip())}
        case "roles":
            return {"kind": "roles", "roles": names}
        case _:
            return stop(
                Ending.USAGE,
                f"“{text}” says nobody: write manager, manager:2, people:…, group:… or roles:….",
            )


@policy_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(product: PolicyProduct) -> None:
    """Let a product go by the default again."""
    with open_api() as api:
        api.write("DELETE", api_path("license-request-policies", product))
    say(f"{product} goes by the default policy again.")
