"""The order of a policy's products: `seatwright auto-claim order`, `step`, `remove-product`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from seatwright.cli.auto_claim import (
    Policy,
    auto_claim_commands,
    policies_path,
    show_policy,
    tell_policy,
)
from seatwright.cli.client import open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson
from seatwright.cli.preview import previewable
from seatwright.cli.screen import say

__all__ = ("auto_claim_commands",)  # With the commands of this file in it.


class Direction(StrEnum):
    """Which way a product moves by one place."""

    UP = "up"
    DOWN = "down"


@auto_claim_commands.command("order", epilog=EXIT_CODES)
@previewable(show_policy)
def order(
    policy: Policy,
    products: Annotated[
        list[str], typer.Argument(metavar="PRODUCT...", help="Each of its products, first first.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Put the products of a policy in this order."""
    with open_api() as api:
        changed = api.write("POST", policies_path(policy, "order"), body={"products": products})
    tell_policy(changed, "Changed", as_json=as_json)


@auto_claim_commands.command("step", epilog=EXIT_CODES)
@previewable(show_policy)
def step(
    policy: Policy,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Which one moves.")],
    direction: Annotated[Direction, typer.Argument(help="By one place.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Move one product of a policy up or down by one place."""
    body = {"product": product, "move": direction.value}
    with open_api() as api:
        changed = api.write("POST", policies_path(policy, "order"), body=body)
    tell_policy(changed, "Changed", as_json=as_json)


@auto_claim_commands.command("remove-product", epilog=EXIT_CODES)
@previewable()
def remove_product(
    policy: Policy,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The backup to take out.")],
) -> None:
    """Take a product out of a policy; what was claimed of it stays."""
    with open_api() as api:
        api.write("DELETE", policies_path(policy, "products", product))
    say(f"Took {product} out of the policy {policy}.")
