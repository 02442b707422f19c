"""The table of properties, tried both ways: what is in it is taken, all else is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters import (
    GROUP_PROPERTIES,
    SUBSCRIPTION_PROPERTIES,
    USER_PROPERTIES,
    Kind,
    Need,
    Operator,
    Property,
    Scope,
    check_filter,
    parse_filter,
    parse_names,
    parse_order,
    parse_search,
)
from seatwright.domain.filters.listed import LISTED_GROUPS, LISTED_PEOPLE
from seatwright.postgres.filter_columns import (
    GROUP_COLUMNS,
    LISTED_GROUP_COLUMNS,
    LISTED_PEOPLE_COLUMNS,
    USER_COLUMNS,
)

SAMPLES = {
    Kind.TEXT: "'Ada'",
    Kind.FLAG: "true",
    Kind.ID: "05e9a617-0261-4cee-bb44-138d3ef5d965",
    Kind.TIME: "2026-11-21T09:00:00Z",
    Kind.NUMBER: "5",
}
WORDS = (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)


def clause(name: str, kind: Kind, operator: Operator) -> str | None:
    """A filter that uses an operator; None where no filter could be written."""
    if kind in {Kind.TEXTS, Kind.OBJECTS}:
        return None
    value = SAMPLES[kind]
    if operator in WORDS:
        return f"{operator.value}({name},{value})"
    if operator is Operator.IN:
        return f"{name} in ({value},{value})"
    if operator is Operator.NOT:
        return f"not ({name} eq {value})"
    if operator in {Operator.ANY, Operator.ALL, Operator.COUNT}:
        return None
    return f"{name} {operator.value} {value}"


def clauses(properties: tuple[Property, ...]) -> Iterator[tuple[str, Need | None]]:
    """Every operator on every property and element, and what the table says of it."""
    for one in properties:
        for operator in Operator:
            text = clause(one.name, one.kind, operator)
            if text is not None:
                yield text, one.operators.get(operator)
        for element in one.elements:
            path = f"x/{element.name}" if element.name else "x"
            for operator in Operator:
                text = clause(path, element.kind, operator)
                if text is not None and operator is not Operator.NOT:
                    yield f"{one.name}/any(x:{text})", element.operators.get(operator)
        if one.kind in {Kind.TEXTS, Kind.OBJECTS}:
            yield f"{one.name}/$count eq 0", one.operators.get(Operator.COUNT)
            yield f"{one.name}/$count ne 0", one.operators.get(Operator.COUNT)
            first = one.elements[0]
            path = f"x/{first.name}" if first.name else "x"
            yield f"{one.name}/all(x:{path} eq {SAMPLES[first.kind]})", None


def check(text: str, properties: tuple[Property, ...], *, is_advanced: bool) -> None:
    scope = Scope(noun="users", properties=properties, is_advanced=is_advanced)
    check_filter(parse_filter(text), scope)


@pytest.mark.parametrize(
    "properties",
    [USER_PROPERTIES, GROUP_PROPERTIES, SUBSCRIPTION_PROPERTIES, LISTED_PEOPLE, LISTED_GROUPS],
)
def test_every_operator_is_taken_where_the_table_has_it_and_refused_elsewhere(
    properties: tuple[Property, ...],
) -> None:
    tried = 0
    for text, need in clauses(properties):
        tried += 1
        if need is None:
            with pytest.raises(Refusal) as refused:
                check(text, properties, is_advanced=True)
            assert refused.value.reason is Reason.UNSUPPORTED_QUERY, text
            continue
        check(text, properties, is_advanced=True)
        if need is Need.PLAIN:
            check(text, properties, is_advanced=False)
        else:
            with pytest.raises(Refusal, match="ConsistencyLevel"):
                check(text, properties, is_advanced=False)
    assert tried > 60


def test_every_property_of_the_table_has_its_place_in_the_database() -> None:
    for properties, columns in (
        (USER_PROPERTIES, USER_COLUMNS),
        (GROUP_PROPERTIES, GROUP_COLUMNS),
        (LISTED_PEOPLE, LISTED_PEOPLE_COLUMNS),
        (LISTED_GROUPS, LISTED_GROUP_COLUMNS),
    ):
        plain = {one.name for one in properties if one.kind not in {Kind.TEXTS, Kind.OBJECTS}}
        texts = {one.name for one in properties if one.kind is Kind.TEXTS}
        assert plain == set(columns.plain)
        assert texts == set(columns.texts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hairColor eq 'red'", "hairColor"),
        ("licenseAssignmentStates/any(x:x/state eq 'Error')", "licenseAssignmentStates"),
        ("assignedLicenses/any(x:y/skuId eq null)", "y/skuId"),
        ("assignedLicenses eq null", "assignedLicenses"),
        ("memberOf/any(x:x/id eq 'a')", "memberOf"),
    ],
)
def test_what_the_table_does_not_have_is_refused_by_its_name(text: str, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(text, USER_PROPERTIES, is_advanced=True)
    assert refused.value.reason is Reason.UNSUPPORTED_QUERY
    assert name in refused.value.detail


def test_names_are_found_whatever_their_case() -> None:
    check("DISPLAYNAME eq 'a' and AssignedLicenses/any(X:X/SKUID eq "
          "05e9a617-0261-4cee-bb44-138d3ef5d965)", USER_PROPERTIES, is_advanced=False)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["accountEnabled eq 'true'", "displayName eq 7", "id eq 'x'", "displayName ge null"],
)
def test_a_value_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(text, USER_PROPERTIES, is_advanced=True)
    assert refused.value.reason is Reason.INVALID_VALUE


def test_order_select_and_search_are_read_or_refused() -> None:
    order = parse_order("displayname DESC", USER_PROPERTIES, is_advanced=False, noun="users")
    assert (order.name, order.is_descending) == ("displayName", True)
    for text in ("", "displayName up", "displayName,id", "hair", "a b c"):
        with pytest.raises(Refusal):
            parse_order(text, USER_PROPERTIES, is_advanced=True, noun="users")
    assert parse_names("$select", "ID, displayname,id", ("id", "displayName")) == (
        "id",
        "displayName",
    )
    found = parse_search(
        '"displayName:ada l" AND "mail:x" OR "surname:y"', ("displayName", "mail", "surname")
    )
    assert [[term.text for term in terms] for terms in found] == [["ada l", "x"], ["y"]]
    for text in ("ada", '"ada"', '"hair:red"', '"mail:"', '"mail:x" "mail:y"', '("mail:x")', ""):
        with pytest.raises(Refusal):
            parse_search(text, ("mail",))
