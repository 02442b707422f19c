"""`seatwright templates`: products and service plan choices that are assigned together."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seatwright.cli.assignment import Moment, instant, sku_field
from seatwright.cli.bulk import Fill, FillOption, start
from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.imports import tell_rows
from seatwright.cli.options import AsJson, People, WaitOption, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, Row, show_facts, show_list, show_table

template_commands = typer.Typer(
    help="Templates: products and service plan choices that are assigned together.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Template: TypeAlias = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="The template's name or id.")
]
Products: TypeAlias = Annotated[
    list[str] | None, typer.Option("--product", help="A product of it; again for more.")
]
Off: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--disable", metavar="PRODUCT:SERVICE_PLAN", help="Leave this off; again."),
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="PRODUCT:SERVICE_PLAN", help="Nothing else on; again."),
]
Description: TypeAlias = Annotated[str | None, typer.Option(help="What it is for.")]


def _products(row: Row) -> list[str]:
    return [product["displayName"] for product in row["products"]]


_COLUMNS = (
    Column(title="Template", cell="name"),
    Column(title="Products", cell=_products, is_prose=True),
    Column(title="For", cell="description", is_prose=True),
)

_PRODUCTS = (
    Column(title="Product", cell="displayName"),
    Column(title="Part number", cell="skuPartNumber"),
    Column(title="Off", cell=lambda row: row["disabledServicePlans"] or "nothing", is_prose=True),
)


@template_commands.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the templates by name."""
    with open_api() as api:
        rows = api.rows(api_path("templates"))
    empty = "There is no template yet: `seatwright templates create NAME --product PRODUCT`."
    show_list(rows, _COLUMNS, empty=empty, as_json=as_json)


@template_commands.command("show", epilog=EXIT_CODES)
def show(template: Template, *, as_json: AsJson = False) -> None:
    """Show one template with its products and the service plans that are off."""
    with open_api() as api:
        found = api.read(api_path("templates", template))
    if as_json:
        print_json(found)
        return
    show_facts([("Template", found["name"]), ("For", found["description"]), ("Id", found["id"])])
    say("")
    show_table(found["products"], _PRODUCTS)


@template_commands.command("create", epilog=EXIT_CODES)
@previewable()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    product: Products = None,
    disable: Off = None,
    only: Only = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Store a template."""
    products = _product_bodies(product or [], disable or [], only or [])
    if not products:
        stop(Ending.USAGE, "A template has at least one product: say --product PRODUCT.")
    body = {"name": name, "products": products, **given(description=description)}
    with open_api() as api:
        made = api.write("POST", api_path("templates"), body=body)
    _show_saved(made, "Stored", as_json=as_json)


@template_commands.command("update", epilog=EXIT_CODES)
@previewable()
def update(
    template: Template,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    product: Products = None,
    disable: Off = None,
    only: Only = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Change a template; --product replaces all of its products."""
    products = _product_bodies(product or [], disable or [], only or [])
    body = given(name=name, description=description, products=products or None)
    with open_api() as api:
        changed = api.write("PATCH", api_path("templates", template), body=body)
    _show_saved(changed, "Changed", as_json=as_json)


@template_commands.command("delete", epilog=EXIT_CODES)
@previewable()
def delete(template: Template) -> None:
    """Delete a template; people who were assigned with it keep what they have."""
    with open_api() as api:
        api.write("DELETE", api_path("templates", template))
    say(f"Deleted the template {template}.")


@template_commands.command("apply", epilog=EXIT_CODES)
@previewable(tell_rows)
def apply(
    template: Template,
    people: People,
    *,
    starts: Moment = None,
    expires: Moment = None,
    fill: FillOption = Fill.AS_MANY,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Assign everything in a template to some people, from a day on or until one where you say."""
    body = {
        "users": people,
        "fillPolicy": fill.wire,
        **given(startsAt=instant(starts, "--starts"), expiresAt=instant(expires, "--expires")),
    }
    path = api_path("templates", template, "apply")
    with open_api() as api:
        start(api, path, body=body, wait=wait, as_json=as_json)


def _show_saved(template: Json, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(template)
        return
    say(f"{verb} the template {template['name']}: {', '.join(_products(template))}.")


def _product_bodies(
    products: list[str], disable: list[str], only: list[str]
) -> list[dict[str, object]]:
    """The products of a body, each with the service plans that are named for it."""
    bodies: dict[str, dict[str, object]] = {
        product.casefold(): {**sku_field(product)} for product in products
    }
    for option, field, texts in (
        ("--disable", "disabledServicePlans", disable),
        ("--only", "enabledServicePlans", only),
    ):
        for text in texts:
            product, colon, plan = text.partition(":")
            body = bodies.get(product.casefold())
            if not colon or body is None:
                stop(
                    Ending.USAGE,
                    f"{option} is “{text}”: write PRODUCT:SERVICE_PLAN, with a product that"
                    " --product names.",
                )
            plans = body.setdefault(field, [])
            assert isinstance(plans, list), "the line above made it"
            plans.append(plan)
    return list(bodies.values())
