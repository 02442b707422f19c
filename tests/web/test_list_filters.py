"""`filter=` of the lists of people and groups: Graph's language on what these lists show."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.filters import Kind, Operator, Property
from seatwright.domain.filters.listed import LISTED_GROUPS, LISTED_PEOPLE
from tests.office import Office

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
ADA: dict[str, Any] = {
    "userPrincipalName": "ada@contoso.example",
    "displayName": "Ada",
    "usageLocation": "NO",
    "city": "ΒΟΛΟΣ",
    "costCenter": "C-1",
    "businessPhone": "+47 1",
    "externalId": "HR-1",
    "extensionAttribute7": "Blue",
    "lastSignInAt": "2026-11-01T08:00:00Z",
}
BO: dict[str, Any] = {
    "userPrincipalName": "bo@contoso.example",
    "displayName": "Bo",
    "usageLocation": "SE",
    "userType": "Guest",
    "otherMails": "bo@elsewhere.example",
}


async def _post(office: Office, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await office.admin.post(path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _found(office: Office, noun: str, text: str, **more: Any) -> list[str]:
    answer = await office.admin.get(f"/api/identity/{noun}", params={"filter": text, **more})
    assert answer.status_code == 200, (text, answer.text)
    return [one["displayName"] for one in answer.json()["value"]]


async def test_people_are_found_by_what_the_list_shows_of_them(office: Office) -> None:
    await _post(office, "/api/subscriptions", {"skuPartNumber": "SPE_E3", "units": 5})
    license_ = {"skuPartNumber": "SPE_E3"}
    await _post(office, "/api/identity/users", {**ADA, "licenses": [license_]})
    bo = await _post(office, "/api/identity/users", BO)
    for text, found in {
        "city eq 'ΒΟΛΟΣ'": ["Ada"],
        "not (city eq 'ΒΟΛΟΣ')": ["Bo"],
        "costCenter eq 'c-1' and usageLocation in ('NO', 'DK')": ["Ada"],
        "businessPhone ne '+47 1'": ["Bo"],
        "externalId eq 'HR-1'": ["Ada"],
        "extensionAttribute7 eq 'blue'": ["Ada"],
        "lastSignInAt ge 2026-11-01": ["Ada"],
        "lastSignInAt eq null": ["Bo"],
        "otherMails/any(m:endsWith(m,'@elsewhere.example'))": ["Bo"],
        f"assignedLicenses/any(l:l/skuId eq {E3})": ["Ada"],
        "assignedLicenses/$count eq 0": ["Bo"],
        "startsWith(displayName, 'a') or userType eq 'guest'": ["Ada", "Bo"],
        f"id eq {bo['id']}": ["Bo"],
    }.items():
        assert await _found(office, "users", text) == found, text
    assert await _found(office, "users", "userType ne 'x'", search="bo", enabled=True) == ["Bo"]
    await office.admin.delete(f"/api/identity/users/{bo['id']}")
    assert await _found(office, "users", "deletedAt ge 2026-01-01") == []
    assert await _found(office, "users", "deletedAt ge 2026-01-01", deleted=True) == ["Bo"]


async def test_groups_are_found_by_what_they_are(office: Office) -> None:
    rule = 'user.city -eq "Oslo"'
    for body in (
        {"displayName": "Sales"},
        {"displayName": "Service", "kind": "microsoft365", "externalId": "G-2"},
        {"displayName": "Oslo", "membershipRule": rule},
    ):
        await _post(office, "/api/identity/groups", body)
    for text, found in {
        "kind eq 'Microsoft365'": ["Service"],
        "kind eq 'security' and membershipRule eq null": ["Sales"],
        "membershipRuleProcessingState eq 'On'": ["Oslo"],
        "startsWith(displayName, 's') and externalId ne 'G-2'": ["Sales"],
        "createdAt le 2026-11-21T09:00:00Z": ["Oslo", "Sales", "Service"],
        "hasMembersWithLicenseErrors eq true": [],
        "assignedLicenses/$count eq 0": ["Oslo", "Sales", "Service"],
    }.items():
        assert await _found(office, "groups", text) == found, text


async def test_a_filtered_list_goes_on_by_its_cursor(office: Office) -> None:
    for number in range(5):
        upn = f"p{number}@contoso.example"
        body = {"userPrincipalName": upn, "city": "Oslo" if number % 2 else "Rome"}
        await _post(office, "/api/identity/users", body)
    query = {"filter": "city eq 'Rome'", "limit": "2"}
    first = (await office.admin.get("/api/identity/users", params=query)).json()
    query["cursor"] = first["nextCursor"]
    second = (await office.admin.get("/api/identity/users", params=query)).json()
    names = [one["displayName"] for one in (*first["value"], *second["value"])]
    assert names == ["p0", "p2", "p4"]
    assert second["nextCursor"] is None


_VALUES = {
    Kind.TEXT: "'x'",
    Kind.FLAG: "true",
    Kind.TIME: "2026-11-21",
    Kind.ID: E3,
    Kind.NUMBER: "1",
}
_WORDS = {Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS}


def _clause(one: Property, operator: Operator) -> str | None:
    if one.kind in {Kind.TEXTS, Kind.OBJECTS}:
        first = one.elements[0]
        element = f"x/{first.name}" if first.name else "x"
        return {
            Operator.ANY: f"{one.name}/any(x:{element} eq {_VALUES[first.kind]})",
            Operator.ALL: f"{one.name}/all(x:{element} eq {_VALUES[first.kind]})",
            Operator.NOT: f"not {one.name}/any(x:{element} eq {_VALUES[first.kind]})",
            Operator.COUNT: f"{one.name}/$count eq 0",
        }.get(operator)
    value = _VALUES[one.kind]
    if operator in _WORDS:
        return f"{operator.value}({one.name},{value})"
    if operator is Operator.IN:
        return f"{one.name} in ({value})"
    if operator is Operator.NOT:
        return f"not ({one.name} eq {value})"
    if operator in {Operator.ANY, Operator.ALL, Operator.COUNT}:
        return None
    return f"{one.name} {operator.value} {value}"


@pytest.mark.parametrize(
    ("noun", "properties"), [("users", LISTED_PEOPLE), ("groups", LISTED_GROUPS)]
)
async def test_every_operator_of_the_table_runs_and_another_is_refused_by_name(
    office: Office, noun: str, properties: tuple[Property, ...]
) -> None:
    """That each of the others is refused, `tests/domain/filters/test_checking.py` shows."""
    for one in properties:
        clauses = {operator: _clause(one, operator) for operator in Operator}
        for operator in one.operators:
            text = clauses[operator]
            answer = await office.admin.get(f"/api/identity/{noun}", params={"filter": text or ""})
            assert answer.status_code == 200, (text, answer.text)
        text = next(text for op, text in clauses.items() if text and op not in one.operators)
        answer = await office.admin.get(f"/api/identity/{noun}", params={"filter": text})
        assert answer.status_code == 400, text
        assert answer.json()["code"] == "unsupportedQuery", text
        assert one.name in answer.json()["detail"]


@pytest.mark.parametrize("text", ["", "city", "city eq", "city eq 'a' and", "hair eq 'red'",
                                  "displayName eq 5", "createdAt gt 'soon'"])  # fmt: skip
async def test_what_cannot_be_read_is_refused(office: Office, text: str) -> None:
    for noun in ("users", "groups"):
        answer = await office.admin.get(f"/api/identity/{noun}", params={"filter": text})
        assert answer.status_code == 400, text
        assert answer.json()["code"] in {"invalidValue", "unsupportedQuery"}
