"""What a filter finds, beside what its words mean: random filters over people, judged twice.

The second judge is plain Python over the same people, and knows nothing of SQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought

SEED: Final = 20261121
FILTERS: Final = 400
INSIDE: Final = 100
"""Filters of each kind that are about collections alone."""

E3: Final = "05e9a617-0261-4cee-bb44-138d3ef5d965"
POWER_BI: Final = "f8a1db68-be16-40ed-86d5-cb42ce701560"
EXCHANGE: Final = "efb87545-963c-4e0d-99df-69c6916d9eb0"
TEAMS: Final = "57ff2da0-773e-42df-b2af-ffb7a2317929"
DASHBOARDS: Final = "70d33638-9c74-4d01-bfd3-562de28bd4ba"
NOBODYS: Final = "11111111-1111-4111-8111-111111111111"

Person = dict[str, Any]
Judge = Callable[[Person], bool]
OfElement = Callable[[Any], bool]
Leaf = Callable[[random.Random], tuple[str, OfElement]]

TEXTS: Final = {
    "displayName": ("Ada", "ada lovelace", "Bo", "Ådne", "O'Neil", "A_b%", "Z"),
    "department": ("Math", "math", "Art", "", None),
    "city": ("Oslo", "OSLO", "Rome", None),
    "jobTitle": ("Lead", "lead engineer", None),
    "mail": ("ada@x.example", "BO@X.example", None),
    "employeeId": ("7", "10", "A1", None),
}
FLAGS: Final = ("accountEnabled",)
ADDRESSES: Final = ("a@b.example", "C@d.example", "a@d.test", "c@B.test")
PHONES: Final = ("+47 22 00", "+47 33 11", "22")


def quoted(value: str | None) -> str:
    """A value as a filter writes it."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def folded(value: str | None) -> str | None:
    """A text as it is compared."""
    return None if value is None else value.casefold()


def compared(chance: random.Random) -> tuple[str, Judge]:
    """One comparison, and what it means."""
    name = chance.choice((*TEXTS, *FLAGS, "$count", *COLLECTIONS))
    if name in FLAGS:
        wanted = chance.choice((True, False))
        operator = chance.choice(("eq", "ne"))
        return (
            f"{name} {operator} {str(wanted).lower()}",
            lambda p: (p[name] is wanted) is (operator == "eq"),
        )
    if name == "$count":
        operator = chance.choice(("eq", "ne"))
        return (
            f"assignedLicenses/$count {operator} 0",
            lambda p: bool(p["assignedLicenses"]) is (operator == "ne"),
        )
    if name in COLLECTIONS:
        return quantified(chance, name)
    return _text(chance, name)


def _text(chance: random.Random, name: str) -> tuple[str, Judge]:
    values = TEXTS[name]
    operators = ["eq", "ne", "in", "startsWith", "ge", "le"]
    operator = chance.choice(operators + (["endsWith"] if name == "mail" else []))
    if operator == "in":
        some = [one for one in chance.sample(values, 2) if one is not None] or ["nothing"]
        keys = [one.casefold() for one in some]
        listed = ",".join(quoted(one) for one in some)
        return f"{name} in ({listed})", lambda p: folded(p[name]) in keys
    value = chance.choice(values)
    if operator in {"eq", "ne"}:
        if value is None and name == "displayName":
            value = "Z"
        key = folded(value)
        return (
            f"{name} {operator} {quoted(value)}",
            lambda p: (folded(p[name]) == key) is (operator == "eq"),
        )
    text = value or "a"
    text = text[: chance.randint(1, len(text))] if operator == "startsWith" else text
    text = text[chance.randrange(len(text)) :] if operator == "endsWith" else text
    key = text.casefold()
    if operator in {"ge", "le"}:
        return (
            f"{name} {operator} {quoted(text)}",
            lambda p: p[name] is not None and _ordered(folded(p[name]) or "", operator, key),
        )
    return (
        f"{operator}({name},{quoted(text)})",
        lambda p: p[name] is not None and _at_end(folded(p[name]) or "", operator, key),
    )


def _ordered(held: str, operator: str, key: str) -> bool:
    return held >= key if operator == "ge" else held <= key


def _at_end(held: str, operator: str, key: str) -> bool:
    return held.startswith(key) if operator == "startsWith" else held.endswith(key)


def _of_text(
    chance: random.Random, words: tuple[str, ...], operators: str
) -> tuple[str, OfElement]:
    """One comparison of a text that is itself the element of a collection."""
    operator, word = chance.choice(operators.split()), chance.choice(words)
    if operator == "in":
        listed = chance.sample(words, 2)
        keys = [one.casefold() for one in listed]
        return f"x in ({','.join(map(quoted, listed))})", lambda e: e.casefold() in keys
    if operator == "eq":
        return f"x eq {quoted(word)}", lambda e: e.casefold() == word.casefold()
    part = word[:3] if operator == "startsWith" else word[-5:]
    return (
        f"{operator}(x,{quoted(part)})",
        lambda e: _at_end(e.casefold(), operator, part.casefold()),
    )


def _of_object(
    chance: random.Random, name: str, values: tuple[str, ...], *, is_quoted: bool = False
) -> tuple[str, OfElement]:
    """One comparison of a property that an element of a collection has."""
    some = chance.sample(values, 2) if chance.random() < 0.3 else [chance.choice(values)]
    keys = [one.casefold() for one in some]
    listed = [quoted(one) if is_quoted else one for one in some]
    text = f"eq {listed[0]}" if len(some) == 1 else f"in ({','.join(listed)})"
    return f"x/{name} {text}", lambda e: e[name].casefold() in keys


def _of_plan(chance: random.Random) -> tuple[str, OfElement]:
    if chance.random() < 0.6:
        plans = (EXCHANGE, TEAMS, DASHBOARDS, NOBODYS)
        return _of_object(chance, "servicePlanId", plans)
    states = ("Enabled", "suspended", "Warning")
    return _of_object(chance, "capabilityStatus", states, is_quoted=True)


COLLECTIONS: Final[dict[str, Leaf]] = {
    "assignedLicenses": lambda c: _of_object(c, "skuId", (E3, POWER_BI, NOBODYS)),
    "assignedPlans": _of_plan,
    "otherMails": lambda c: _of_text(c, ADDRESSES, "eq in startsWith endsWith"),
    "businessPhones": lambda c: _of_text(c, PHONES, "eq in startsWith"),
    "proxyAddresses": lambda c: _of_text(
        c, ("smtp:ada@x.example", "SMTP:BO@X.example"), "eq in startsWith"
    ),
}
KINDS_OF_GROUPS: Final[dict[str, Leaf]] = {
    "groupTypes": lambda c: _of_text(c, ("Unified", "DynamicMembership", "Other"), "eq")
}


def element(chance: random.Random, depth: int, leaf: Leaf, *words: str) -> tuple[str, OfElement]:
    """What is asked of one element, with these words between the comparisons."""
    kind = chance.choice(("leaf", *words)) if depth else "leaf"
    if kind == "leaf":
        return leaf(chance)
    first, is_first = element(chance, depth - 1, leaf, *words)
    if kind == "not":
        return f"not({first})", lambda e: not is_first(e)
    second, is_second = element(chance, depth - 1, leaf, *words)
    if kind == "and":
        return f"({first} and {second})", lambda e: is_first(e) and is_second(e)
    return f"({first} or {second})", lambda e: is_first(e) or is_second(e)


def quantified(chance: random.Random, name: str) -> tuple[str, Judge]:
    """A condition of `any`, which one element must fulfil by itself."""
    leaf = (COLLECTIONS | KINDS_OF_GROUPS)[name]
    text, is_meant = element(chance, chance.randint(0, 3), leaf, "and", "or")
    return f"{name}/any(x:{text})", lambda p: any(map(is_meant, p[name]))


def tree(chance: random.Random, depth: int) -> tuple[str, Judge]:
    """A filter of conditions inside each other, and what it means."""
    kind = chance.choice(("leaf", "and", "or", "not")) if depth else "leaf"
    if kind == "leaf":
        return compared(chance)
    first, is_first = tree(chance, depth - 1)
    if kind == "not":
        return f"not({first})", lambda p: not is_first(p)
    second, is_second = tree(chance, depth - 1)
    if kind == "and":
        return f"({first} and {second})", lambda p: is_first(p) and is_second(p)
    return f"({first} or {second})", lambda p: is_first(p) or is_second(p)


async def _person(graph: Graph, chance: random.Random, number: int) -> tuple[str, Person]:
    person: Person = {name: chance.choice(values) for name, values in TEXTS.items()}
    person["accountEnabled"] = chance.random() < 0.7
    person["otherMails"] = chance.sample(ADDRESSES, chance.choice((0, 1, 2, 2, 3)))
    person["businessPhones"] = chance.sample(PHONES, chance.choice((0, 1)))
    id_ = await graph.person(f"p{number}", **{k: None if v == "" else v for k, v in person.items()})
    person |= {name: person[name] or None for name in TEXTS}
    person["proxyAddresses"] = [f"SMTP:{person['mail']}"] if person["mail"] else []
    return id_, person


async def _licensed(office: Office, graph: Graph, chance: random.Random, ids: list[str]) -> None:
    """Give two products that share no service plan, and suspend one of them."""
    await bought(office, "SPE_E3", 40)
    second = await bought(office, "POWER_BI_PRO", 40)
    skus = (await graph.get("/subscribedSkus"))["value"]
    plans = {sku["skuId"]: [plan["servicePlanId"] for plan in sku["servicePlans"]] for sku in skus}
    assert not set(plans[E3]) & set(plans[POWER_BI])
    for id_ in ids:
        for sku in chance.sample((E3, POWER_BI), chance.choice((0, 1, 1, 2))):
            disabled = chance.choice(([], [], [EXCHANGE], [EXCHANGE, TEAMS], plans[sku]))
            known = [plan for plan in disabled if plan in plans[sku]]
            add = [{"skuId": sku, "disabledPlans": known}]
            order = {"addLicenses": add, "removeLicenses": []}
            await graph.done("POST", f"/users/{id_}/assignLicense", order)
    answer = await office.admin.patch(
        f"/api/subscriptions/{second['id']}", json={"status": "Suspended", "external": True}
    )
    assert answer.is_success, answer.text


async def _people(office: Office, graph: Graph, chance: random.Random) -> dict[str, Person]:
    people = dict([await _person(graph, chance, number) for number in range(40)])
    await _licensed(office, graph, chance, list(people))
    for id_ in people:
        # What the person shows is what a filter has to find.
        people[id_] |= await graph.get(f"/users/{id_}?$select=assignedLicenses,assignedPlans")
    shown = {plan["capabilityStatus"] for one in people.values() for plan in one["assignedPlans"]}
    assert shown == {"Enabled", "Suspended"}
    assert any(one["assignedLicenses"] and not one["assignedPlans"] for one in people.values())
    return people


async def _finds(graph: Graph, path: str, text: str) -> set[str]:
    query = f"{path}?$filter={quote(text)}&$count=true&$top=999&$select=id"
    page = await graph.get(query, advanced=True)
    found = {one["id"] for one in page["value"]}
    assert page["@odata.count"] == len(found)
    return found


async def test_one_element_fulfils_the_whole_condition_by_itself(office: Office) -> None:
    graph = Graph(office)
    await bought(office, "SPE_E3")
    ada = await graph.person("ada", otherMails=["a@b.example", "c@d.test"])
    order = {"addLicenses": [{"skuId": E3, "disabledPlans": [TEAMS]}], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", order)
    on, off = f"x/servicePlanId eq {EXCHANGE}", f"x/servicePlanId eq {TEAMS}"
    enabled, suspended = (f"x/capabilityStatus eq '{one}'" for one in ("Enabled", "Suspended"))
    for text, is_found in {
        f"assignedPlans/any(x:{off} or {enabled})": True,
        f"assignedPlans/any(x:{on} or {suspended})": True,
        f"assignedPlans/any(x:{off} or {suspended})": False,
        f"assignedPlans/any(x:({on} and {enabled}) or ({off} and {suspended}))": True,
        f"assignedPlans/any(x:({on} and {suspended}) or ({off} and {enabled}))": False,
        f"assignedPlans/any(x:({on} and {enabled}) and {on})": True,
        f"assignedPlans/any(x:{on} and x/servicePlanId eq {DASHBOARDS})": False,
        "otherMails/any(x:startsWith(x,'a') and endsWith(x,'test'))": False,
        "otherMails/any(x:startsWith(x,'a') and endsWith(x,'example'))": True,
    }.items():
        assert await _finds(graph, "/users", text) == ({ada} if is_found else set()), text
        assert await _finds(graph, "/users", f"not({text})") == (set() if is_found else {ada})


@pytest.mark.slow
async def test_random_filters_find_whom_their_words_mean(office: Office) -> None:
    graph, chance = Graph(office), random.Random(SEED)
    people = await _people(office, graph, chance)
    about_collections = [quantified(chance, name) for name in COLLECTIONS for _ in range(INSIDE)]
    some = about_collections + [tree(chance, chance.randint(0, 3)) for _ in range(FILTERS)]
    found_any = 0
    for text, means in some:
        found = await _finds(graph, "/users", text)
        assert found == {id_ for id_, person in people.items() if means(person)}, text
        found_any += bool(found)
        others = await _finds(graph, "/users", f"not({text})")
        assert others == people.keys() - found, text
    assert found_any > len(some) // 3


@pytest.mark.slow
async def test_random_filters_find_the_groups_that_their_words_mean(office: Office) -> None:
    graph, chance = Graph(office), random.Random(SEED)
    groups: dict[str, Person] = {}
    for number, types in enumerate(
        ([], ["Unified"], ["DynamicMembership"], ["Unified", "DynamicMembership"])
    ):
        more: dict[str, Any] = {"groupTypes": types, "mailEnabled": "Unified" in types}
        if "DynamicMembership" in types:
            rule = {"membershipRule": 'user.department -eq "None"'}
            more |= rule | {"membershipRuleProcessingState": "On"}
        groups[await graph.group(f"g{number}", **more)] = more
    for _ in range(INSIDE):
        text, means = quantified(chance, "groupTypes")
        found = await _finds(graph, "/groups", text)
        assert found == {id_ for id_, group in groups.items() if means(group)}, text
        assert await _finds(graph, "/groups", f"not({text})") == groups.keys() - found, text


async def test_not_inside_of_any_is_refused_by_name(office: Office) -> None:
    graph, chance = Graph(office), random.Random(SEED)
    for name in (*COLLECTIONS, *KINDS_OF_GROUPS):
        leaf = (COLLECTIONS | KINDS_OF_GROUPS)[name]
        path = "/groups" if name in KINDS_OF_GROUPS else "/users"
        for _ in range(10):
            inner, _ = element(chance, 2, leaf, "and", "or", "not")
            text = f"{name}/any(x:not({inner}))"
            query = f"{path}?$filter={quote(text)}&$count=true"
            status, code, message = await graph.refused("GET", query, advanced=True)
            assert (status, code) == (400, "Request_UnsupportedQuery"), text
            assert "inside of any" in message, text
