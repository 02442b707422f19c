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
E3: Final = "05e9a617-0261-4cee-bb44-138d3ef5d965"

Person = dict[str, Any]
Judge = Callable[[Person], bool]

TEXTS: Final = {
    "displayName": ("Ada", "ada lovelace", "Bo", "Ådne", "O'Neil", "A_b%", "Z"),
    "department": ("Math", "math", "Art", "", None),
    "city": ("Oslo", "OSLO", "Rome", None),
    "jobTitle": ("Lead", "lead engineer", None),
    "mail": ("ada@x.example", "BO@X.example", None),
    "employeeId": ("7", "10", "A1", None),
}
FLAGS: Final = ("accountEnabled",)


def quoted(value: str | None) -> str:
    """A value as a filter writes it."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def folded(value: str | None) -> str | None:
    """A text as it is compared."""
    return None if value is None else value.casefold()


def compared(chance: random.Random) -> tuple[str, Judge]:
    """One comparison, and what it means."""
    name = chance.choice((*TEXTS, *FLAGS, "licenses", "otherMails"))
    if name in FLAGS:
        wanted = chance.choice((True, False))
        operator = chance.choice(("eq", "ne"))
        return (
            f"{name} {operator} {str(wanted).lower()}",
            lambda p: (p[name] is wanted) is (operator == "eq"),
        )
    if name == "licenses":
        if chance.random() < 0.5:
            return f"assignedLicenses/any(x:x/skuId eq {E3})", lambda p: bool(p["licensed"])
        operator = chance.choice(("eq", "ne"))
        return (
            f"assignedLicenses/$count {operator} 0",
            lambda p: bool(p["licensed"]) is (operator == "ne"),
        )
    if name == "otherMails":
        word = chance.choice(("a@b.example", "A@B.example", "c@d.example"))
        key = word.casefold()
        return (
            f"otherMails/any(m:m eq '{word}')",
            lambda p: key in [mail.casefold() for mail in p["otherMails"]],
        )
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


@pytest.mark.slow
async def test_random_filters_find_whom_their_words_mean(office: Office) -> None:
    graph, chance = Graph(office), random.Random(SEED)
    await bought(office, "SPE_E3", 40)
    people: dict[str, Person] = {}
    for number in range(40):
        person: Person = {name: chance.choice(values) for name, values in TEXTS.items()}
        person["accountEnabled"] = chance.random() < 0.7
        person["otherMails"] = chance.choice(([], ["a@b.example"], ["C@d.example", "a@b.example"]))
        id_ = await graph.person(
            f"p{number}", **{k: None if v == "" else v for k, v in person.items()}
        )
        person |= {name: person[name] or None for name in TEXTS}
        person["licensed"] = chance.random() < 0.5
        if person["licensed"]:
            order = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
            await graph.done("POST", f"/users/{id_}/assignLicense", order)
        people[id_] = person
    found_any = 0
    for _ in range(FILTERS):
        text, means = tree(chance, chance.randint(0, 3))
        path = f"/users?$filter={quote(text)}&$count=true&$top=999&$select=id"
        page = await graph.get(path, advanced=True)
        found = {one["id"] for one in page["value"]}
        assert found == {id_ for id_, person in people.items() if means(person)}, text
        assert page["@odata.count"] == len(found)
        found_any += bool(found)
    assert found_any > FILTERS // 3
