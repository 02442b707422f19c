"""`seatwright assign`, `redate`, `unassign` and `swap`: one person, one product, at once."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Api, Json, open_api, path_of
from seatwright.cli.endings import Ending, stop
from seatwright.cli.licenses import source_of
from seatwright.cli.options import AsJson, Disabled, Person, Product, UsageLocation, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say, warn
from seatwright.cli.tables import minute

Why: TypeAlias = Annotated[str | None, typer.Option("--reason", help="Kept in the history.")]
Moment: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WHEN", help="A date, or a time such as 2026-12-01T08:00Z.")
]


@previewable()
def assign(
    person: Person,
    product: Product,
    *,
    disable: Disabled = None,
    usage_location: UsageLocation = None,
    starts: Moment = None,
    expires: Moment = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Assign a product to a person, effective at once."""
    body = given(
        disabledServicePlans=disable,
        usageLocation=usage_location,
        startsAt=instant(starts, "--starts"),
        expiresAt=instant(expires, "--expires"),
        reason=reason,
    )
    with open_api() as api:
        license_, is_new = _assign(api, person, product, body)
    if as_json:
        print_json(license_)
        return
    say(_sentence(person, license_, is_new=is_new))
    for warning in license_["warnings"]:
        warn(warning)


@previewable()
def redate(
    person: Person,
    product: Product,
    *,
    starts: Moment = None,
    expires: Moment = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Let it begin now.")] = False,
    for_good: Annotated[bool, typer.Option("--for-good", help="Let it have no end.")] = False,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Change from when or until when a person has a product; what is left out stays."""
    if (starts and at_once) or (expires and for_good):
        stop(Ending.USAGE, "Give --starts or --at-once, and --expires or --for-good.")
    body = given(
        startsAt=instant(starts, "--starts"),
        expiresAt=instant(expires, "--expires"),
        reason=reason,
    )
    body |= {"startsAt": None} if at_once else {}
    body |= {"expiresAt": None} if for_good else {}
    if not body.keys() - {"reason"}:
        stop(Ending.USAGE, "Say what changes: --starts, --at-once, --expires or --for-good.")
    with open_api() as api:
        license_ = api.write("PATCH", path_of("users", person, "licenses", product), body=body)
    if as_json:
        print_json(license_)
        return
    own: Json = next((one for one in license_["sources"] if one["kind"] == "direct"), {})
    begins = f"from {minute(own['startsAt'])} UTC " if own.get("startsAt") else ""
    ends = f"until {minute(own['expiresAt'])} UTC" if own.get("expiresAt") else "for good"
    say(f"{person} has {license_['displayName']} {begins}{ends}.")


@previewable()
def unassign(person: Person, product: Product, *, reason: Why = None) -> None:
    """Take a product from a person; what groups give stays."""
    with open_api() as api:
        api.write("DELETE", path_of("users", person, "licenses", product), query={"reason": reason})
        left = api.read(path_of("users", person, "licenses"))["value"]
    still = next((one for one in left if _is_named(one, product)), None)
    if still is None:
        say(f"{person} no longer has {product}.")
        return
    sources = " and ".join(source_of(source) for source in still["sources"])
    say(f"{person} is no longer assigned {still['displayName']}, but still has it by {sources}.")


@previewable()
def swap(
    person: Person,
    from_: Annotated[str, typer.Argument(metavar="FROM", help="The product to take.")],
    to: Annotated[str, typer.Argument(metavar="TO", help="The product to give.")],
    *,
    disable: Disabled = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Exchange one product of a person for another, without a moment between them."""
    body = given(disabledServicePlans=disable, reason=reason, replaces=[from_])
    with open_api() as api:
        license_, _ = _assign(api, person, to, body)
    if as_json:
        print_json(license_)
        return
    say(f"{person} has {license_['displayName']} instead of {from_}.")


def sku_field(product: str) -> dict[str, str]:
    """A product as bodies name it; the part number's field takes ids and aliases as well."""
    return {"skuPartNumber": product}


def instant(text: str | None, option: str, *, is_end: bool = False) -> str | None:
    """A date or time of the command line as the API wants it; without an offset it is UTC.

    `is_end`: a date says that the whole day is in it, as people read “until”.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if is_end and len(text) == len("2026-12-01"):
            at = datetime.combine(at, time(23, 59, 59))
    except ValueError:
        stop(Ending.USAGE, f"{option} is “{text}”: write 2026-12-01 or 2026-12-01T08:00Z.")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _assign(api: Api, person: str, product: str, body: dict[str, object]) -> tuple[Json, bool]:
    answer = api.call(
        "POST",
        path_of("users", person, "licenses"),
        body={**sku_field(product), **body},
    )
    license_: Json = answer.json()
    return license_, answer.status_code == 201


def _sentence(person: str, license_: Json, *, is_new: bool) -> str:
    product = license_["displayName"]
    own: Json = next((one for one in license_["sources"] if one["kind"] == "direct"), {})
    match license_["state"]:
        case "Scheduled":
            return f"{person} gets {product} on {minute(own.get('startsAt'))} UTC."
        case "Waiting":
            return f"{person} waits for a seat of {product}."
        case _:
            done = f"{person} has {product}" if is_new else f"{person} had {product} already"
    until = f" until {minute(own['expiresAt'])} UTC" if own.get("expiresAt") else ""
    off = ", ".join(plan["name"] for plan in license_["servicePlans"] if not plan["enabled"])
    return f"{done}{until}, without {off}." if off else f"{done}{until}."


def _is_named(license_: Json, product: str) -> bool:
    names = {str(license_["skuId"]), str(license_["skuPartNumber"]).casefold()}
    return product.casefold() in names
