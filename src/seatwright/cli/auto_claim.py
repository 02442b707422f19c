"""`seatwright auto-claim`: the switch, and the policies that license whoever opens an app."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.assignment import sku_field
from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.options import AsJson, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import Column, Row, minute, show_facts, show_list, show_table

auto_claim_commands = typer.Typer(
    help="License whoever opens an app and lacks a license: policies, what they gave, notices.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


class Scope(StrEnum):
    """In which environments a policy gives licenses."""

    ALL = "all"
    MANAGED = "managed"

    @property
    def wire(self) -> str:
        """As the API spells it."""
        return {"all": "allEnvironments", "managed": "onlyManagedEnvironments"}[self.value]


Policy: TypeAlias = Annotated[
    str, typer.Argument(metavar="POLICY", help="The policy's name or id.")
]
Products: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--product", help="The primary product; again for up to four backups in order."),
]
Off: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--disable", metavar="PRODUCT:SERVICE_PLAN", help="Leave this off; again."),
]
ScopeOption: TypeAlias = Annotated[
    Scope | None, typer.Option("--scope", help="Environments in which it gives licenses.")
]
GroupOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--group", help="Deliver by adding people to this licensed group."),
]
LimitTo: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--limit-to", metavar="GROUP", help="Only members claim; again for more."),
]
Cap: TypeAlias = Annotated[
    int | None, typer.Option("--cap", min=0, help="At most so many people hold it; 0: no limit.")
]
Release: TypeAlias = Annotated[
    int | None,
    typer.Option("--release-after", min=0, metavar="DAYS", help="Take back unused; 0: never."),
]
NoticeDays: TypeAlias = Annotated[
    int | None,
    typer.Option("--notice", min=1, metavar="DAYS", help="Tell people this long before."),
]
Alert: TypeAlias = Annotated[
    int | None,
    typer.Option("--alert-below", min=0, metavar="SEATS", help="Say so when fewer are free."),
]

_COLUMNS = (
    Column(title="Policy", cell="name", is_prose=True),
    Column(title="App", cell="app", is_prose=True),
    Column(title="Product", cell="product"),
    Column(title="Available licenses", cell="availableLicenses", is_number=True),
    Column(title="Status", cell="status"),
)
_PRODUCTS = (
    Column(
        title="Place", cell=lambda row: f"backup {row['backup']}" if row["backup"] else "primary"
    ),
    Column(title="Product", cell="displayName"),
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Available", cell="availableLicenses", is_number=True),
    Column(title="Off", cell=lambda row: row["disabledServicePlans"] or "nothing", is_prose=True),
)
_APPS = (
    Column(title="App", cell="id"),
    Column(
        title="Name",
        cell=lambda row: row["name"] + (" (legacy)" if row["isLegacy"] else ""),
        is_prose=True,
    ),
    Column(title="Product", cell=lambda row: (row["primary"] or {}).get("skuPartNumber")),
    Column(
        title="Backups",
        cell=lambda row: (
            [one["displayName"] for one in row["eligible"] if one != row["primary"]]
            or "none in the catalogue"
        ),
        is_prose=True,
    ),
)


def policies_path(*more: str) -> str:
    """`/api/auto-claim/policies` and what is below it."""
    return api_path("auto-claim", "policies", *more)


@auto_claim_commands.command("on", epilog=EXIT_CODES)
@previewable()
def turn_on(*, as_json: AsJson = False) -> None:
    """Let people claim licenses, as the policies say."""
    _turn(enabled=True, as_json=as_json)


@auto_claim_commands.command("off", epilog=EXIT_CODES)
@previewable()
def turn_off(*, as_json: AsJson = False) -> None:
    """Let nobody claim anything; what was claimed stays."""
    _turn(enabled=False, as_json=as_json)


def _turn(*, enabled: bool, as_json: bool) -> None:
    with open_api() as api:
        now = api.write("PATCH", api_path("auto-claim", "settings"), body={"enabled": enabled})
    if as_json:
        print_json(now)
        return
    say(f"Auto-claim is {'on' if now['enabled'] else 'off: nobody claims, and what was stays'}.")


@auto_claim_commands.command("apps", epilog=EXIT_CODES)
def apps(*, as_json: AsJson = False) -> None:
    """List Microsoft's apps with their product; every own app can have a policy too."""
    with open_api() as api:
        rows = api.rows(api_path("auto-claim", "apps"))
    show_list(rows, _APPS, empty="The catalogue has none of the apps' products.", as_json=as_json)


@auto_claim_commands.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the policies: name, app, product, available licenses and status."""
    with open_api() as api:
        rows = api.rows(policies_path())
    empty = (
        "There is no policy yet: `seatwright auto-claim on`, then"
        " `seatwright auto-claim create NAME --app powerApps`."
    )
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


@auto_claim_commands.command("show", epilog=EXIT_CODES)
def show(policy: Policy, *, as_json: AsJson = False) -> None:
    """Show one policy with everything about it."""
    with open_api() as api:
        found = api.read(policies_path(policy))
    if as_json:
        print_json(found)
        return
    show_policy(found)


def show_policy(found: Json) -> None:
    """Print everything about a policy: also what a preview shows for review."""
    group = found["group"]
    show_facts(
        [
            ("Policy", found["name"]),
            ("App", found["app"]["name"]),
            ("Status", found["status"]),
            ("Environments", _SCOPES.get(found["environmentScope"])),
            ("Delivers", f"through the group {group['displayName']}" if group else "directly"),
            ("Who may claim", [one["displayName"] for one in found["limitedTo"]] or "everybody"),
            ("Held by", _held(found)),
            ("Released", _release(found)),
            ("Alert below", found["alertBelow"]),
            ("Active from", minute(found["effectiveFrom"])),
            ("Made by", "seatwright itself" if found["origin"] == "system" else found["origin"]),
            ("Id", found["id"]),
        ]
    )
    say("")
    show_table(found["products"], _PRODUCTS)
    if found["isLow"]:
        warn("Fewer seats are left than the policy's alert: buy more, or add a backup product.")


_SCOPES = {"allEnvironments": "all", "onlyManagedEnvironments": "only managed ones"}


def _held(found: Row) -> str:
    cap = found["claimsMax"]
    people = "1 person" if found["holders"] == 1 else f"{found['holders']:,} people"
    return people if cap is None else f"{people} of {cap:,} at most"


def _release(found: Row) -> str:
    days = found["releaseAfterDays"]
    if days is None:
        return "never"
    return f"after {days} days without use, announced {found['noticeDays']} days before"


@auto_claim_commands.command("create", epilog=EXIT_CODES)
@previewable(show_policy)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    app: Annotated[str, typer.Option("--app", help="powerApps, say, or an own app's id or name.")],
    product: Products = None,
    disable: Off = None,
    scope: ScopeOption = None,
    group: GroupOption = None,
    limit_to: LimitTo = None,
    cap: Cap = None,
    release_after: Release = None,
    notice: NoticeDays = None,
    alert_below: Alert = None,
    as_json: AsJson = False,
) -> None:
    """Make a policy; --preview shows it for review first."""
    terms = _terms(
        cap=cap, release_after=release_after, notice=notice, alert_below=alert_below, scope=scope
    )
    body = {
        "name": name,
        "app": app,
        **given(group=group, limitedTo=limit_to, products=_products(product or [], disable or [])),
        **terms,
    }
    with open_api() as api:
        made = api.write("POST", policies_path(), body=body)
    tell_policy(made, "Made", as_json=as_json)


@auto_claim_commands.command("update", epilog=EXIT_CODES)
@previewable(show_policy)
def update(
    policy: Policy,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    product: Products = None,
    disable: Off = None,
    scope: ScopeOption = None,
    group: GroupOption = None,
    direct: Annotated[bool, typer.Option("--direct", help="Deliver to people directly.")] = False,
    limit_to: LimitTo = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Take the limit away.")] = False,
    cap: Cap = None,
    release_after: Release = None,
    notice: NoticeDays = None,
    alert_below: Alert = None,
    as_json: AsJson = False,
) -> None:
    """Change a policy from the next launch on; --product replaces all of its products."""
    terms = _terms(
        cap=cap, release_after=release_after, notice=notice, alert_below=alert_below, scope=scope
    )
    body = {
        **given(
            name=name,
            group=group,
            limitedTo=[] if everybody else limit_to,
            products=_products(product or [], disable or []),
        ),
        **({"group": None} if direct else {}),
        **terms,
    }
    with open_api() as api:
        changed = api.write("PATCH", policies_path(policy), body=body)
    tell_policy(changed, "Changed", as_json=as_json)


@auto_claim_commands.command("turn-on", epilog=EXIT_CODES)
@previewable(show_policy)
def turn_policy_on(policy: Policy, *, as_json: AsJson = False) -> None:
    """Let a policy give licenses again."""
    _set_status(policy, "on", as_json=as_json)


@auto_claim_commands.command("turn-off", epilog=EXIT_CODES)
@previewable(show_policy)
def turn_policy_off(policy: Policy, *, as_json: AsJson = False) -> None:
    """Have a policy give nothing more; what was claimed stays."""
    _set_status(policy, "off", as_json=as_json)


def _set_status(policy: str, status: str, *, as_json: bool) -> None:
    with open_api() as api:
        changed = api.write("PATCH", policies_path(policy), body={"status": status})
    if as_json:
        print_json(changed)
        return
    say(f"The policy {changed['name']} is {changed['status']}.")


@auto_claim_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(policy: Policy) -> None:
    """Delete a policy; what was claimed stays, and so does its report, by id."""
    with open_api() as api:
        api.write("DELETE", policies_path(policy))
    say(f"Deleted the policy {policy}.")


def tell_policy(policy: Json, verb: str, *, as_json: bool) -> None:
    """Say in one line what was made or changed."""
    if as_json:
        print_json(policy)
        return
    products = ", then ".join(one["displayName"] for one in policy["products"])
    say(f"{verb} the policy {policy['name']} for {policy['app']['name']}: {products}.")


def _terms(
    *,
    cap: int | None,
    release_after: int | None,
    notice: int | None,
    alert_below: int | None,
    scope: Scope | None,
) -> dict[str, object]:
    """The limits of a policy as the API has them; 0 takes one away."""
    numbers = {"claimsMax": cap, "releaseAfterDays": release_after, "alertBelow": alert_below}
    terms: dict[str, object] = {
        name: number or None for name, number in numbers.items() if number is not None
    }
    return {
        **terms,
        **given(noticeDays=notice, environmentScope=None if scope is None else scope.wire),
    }


def _products(products: list[str], disable: list[str]) -> list[dict[str, object]] | None:
    """The products of a body, each with the service plans that are off; None: not said."""
    bodies: dict[str, dict[str, object]] = {
        product.casefold(): {**sku_field(product)} for product in products
    }
    off: dict[str, list[str]] = {}
    for text in disable:
        product, colon, plan = text.partition(":")
        if not colon or product.casefold() not in bodies:
            stop(
                Ending.USAGE,
                f"--disable is “{text}”: write PRODUCT:SERVICE_PLAN, with a product that --product"
                " names.",
            )
        off.setdefault(product.casefold(), []).append(plan)
    for product, plans in off.items():
        bodies[product]["disabledServicePlans"] = plans
    return list(bodies.values()) or None
