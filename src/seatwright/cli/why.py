"""`seatwright why`: why a person has a product or lacks it, and what would turn that."""

from __future__ import annotations

import textwrap

from rich.text import Text

from seatwright.cli.client import Json, open_api, path_of
from seatwright.cli.options import AsJson, Person, Product
from seatwright.cli.screen import print_json, result_screen, say, visible
from seatwright.cli.suggestions import command_of
from seatwright.cli.tables import Column, Row, count_of, minute, show_facts, show_table

LISTED_MAX = 8


def _way(row: Row) -> str:
    """`direct`, or the licensed group and the groups through which the person is in it."""
    if not row["path"]:
        return str(row["kind"])
    groups = [step["displayName"] for step in row["path"]]
    way = f"group {groups[-1]}"
    return f"{way}, through {' in '.join(groups[:-1])}" if len(groups) > 1 else way


def _state(row: Row) -> str:
    return f"{row['state']}: {row['reason']}" if row["reason"] else str(row["state"])


def _dates(row: Row) -> list[str]:
    told = {"starts": row["startsAt"], "ends": row["expiresAt"]}
    return [f"{word} {minute(at)[:10]}" for word, at in told.items() if at]


def _job(row: Row) -> str:
    job = row["job"]
    if job is None:
        return str(row["madeBy"] or "")
    template = f", template {job['template']}" if job["template"] else ""
    return f"{row['madeBy'] or ''} by a {job['kind']} job{template}"


_CHAIN = (
    Column(title="Wished by", cell=_way, is_prose=True),
    Column(title="State", cell=_state, is_prose=True),
    Column(title="Dates", cell=_dates, is_prose=True, is_optional=True),
    Column(title="Made by", cell=_job, is_prose=True),
    Column(title="On", cell=lambda row: minute(row["madeAt"])[:10]),
    Column(title="Off", cell="disabledServicePlans", is_prose=True, is_optional=True),
)


def why(person: Person, product: Product, *, as_json: AsJson = False) -> None:
    """Say why a person has a product or lacks it, and the smallest change that would turn it."""
    with open_api() as api:
        found = api.read(path_of("users", person, "licenses", product, "why"))
    if as_json:
        print_json(found)
        return
    _say_prose(found["sentence"])
    say("")
    if found["chain"]:
        show_table(found["chain"], _CHAIN)
        say("")
    show_facts(_facts(found))
    say("")
    _show_change(found["smallestChange"], is_held=found["outcome"] == "held")


def _show_change(change: Json, *, is_held: bool) -> None:
    screen = result_screen()
    head = "To take it away: " if is_held else "Smallest change: "
    _say_prose((head if change["calls"] else "") + change["words"])
    if change["besides"]:
        _say_prose(change["besides"])
    for call in change["calls"]:
        # Not wrapped by us, so that the command can be copied whole.
        screen.print(f"→ {visible(command_of(call))}", soft_wrap=True)


def _say_prose(text: str) -> None:
    """Print sentences, wrapped also where nobody watches: a help desk pastes them."""
    screen = result_screen()
    screen.print(Text(textwrap.fill(visible(text), screen.width)))


def _facts(found: Json) -> list[tuple[str, object]]:
    rules = found["rules"]
    return [
        ("Seats", _seats(rules["seats"])),
        ("Usage location", _location(rules["location"])),
        *(("Excluded by", _exclusion(one)) for one in rules["exclusions"]),
        *(("Needs", _dependency(one)) for one in rules["dependencies"]),
        *(
            ("Kept back by", f"{one['product']['displayName']} of {one['group']}: {one['reason']}")
            for one in rules["siblings"]
        ),
        *(("Off", line) for line in _off(found)),
    ]


def _seats(seats: Json) -> str:
    parts = [f"{seats['consumed']:,} of {seats['assignable']:,} in use"]
    if seats["reserved"]:
        parts.append(f"{seats['reserved']:,} reserved")
    parts.append(f"{max(0, seats['free']):,} free")
    if seats["place"] is not None:
        parts.append(f"place {seats['place']:,} in the waiting list")
    elif seats["waitingBefore"]:
        parts.append(count_of(seats["waitingBefore"], "person waits", "people wait"))
    return ", ".join(parts)


def _location(location: Json) -> str:
    place = location["usageLocation"]
    if place is None:
        return "none, and a product that is assigned directly needs one"
    told = f"{place}, the tenant's default" if location["isTenantDefault"] else str(place)
    if location["productProhibited"]:
        return f"{told}: the product may not be used there"
    plans = ", ".join(location["prohibitedServicePlans"])
    return f"{told}: {plans} may not be used there" if plans else told


def _exclusion(rule: Json) -> str:
    has = "held" if rule["held"] else "wished earlier"
    other = rule["otherProduct"]["displayName"]
    return f"{rule['otherServicePlan']} in {other} ({has}), for {rule['servicePlan']}"


def _dependency(rule: Json) -> str:
    wants = f"{rule['servicePlan']} needs {' or '.join(rule['anyOf'])}"
    supplied = [one["displayName"] for one in rule["suppliedBy"]]
    if supplied:
        return f"{wants}: {', '.join(supplied)} supplies it"
    would = [one["skuPartNumber"] for one in rule["wouldSupply"]][:LISTED_MAX]
    return f"{wants}: missing; {', '.join(would)} would supply it" if would else f"{wants}: missing"


def _off(found: Json) -> list[str]:
    """Service plans that are off although the product is held, each with who switched it off."""
    if found["outcome"] != "held":
        return []
    return [
        f"{plan['displayName']}"
        + (f", by {' and '.join(plan['switchedOffBy'])}" if plan["switchedOffBy"] else "")
        for plan in found["servicePlans"]
        if not plan["enabled"]
    ]
