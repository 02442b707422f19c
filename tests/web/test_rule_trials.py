"""Rules looked at and tried before they move anybody."""

from __future__ import annotations

from tests.dynamic import GROUPS, Json, members, sales
from tests.office import Office

__all__ = ["sales"]


async def test_a_wrong_rule_is_refused_with_its_place(office: Office, sales: str) -> None:
    answer = await office.admin.patch(
        f"{GROUPS}/{sales}/rule", json={"membershipRule": 'user.departmnt -eq "Sales"'}
    )
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "invalidMembershipRule")
    assert (body["line"], body["column"], body["text"]) == (1, 1, "user.departmnt")
    assert "did you mean user.department?" in body["detail"]
    assert await members(office, sales) == ["ada", "ben"]


async def test_a_rule_is_tried_on_people_clause_by_clause(office: Office, sales: str) -> None:
    answer = await office.admin.post(
        f"{GROUPS}/{sales}/rule/validate",
        json={
            "users": ["ada@contoso.example", "cara@contoso.example"],
            "membershipRule": 'user.department -eq "HR" -and user.accountEnabled -eq true',
        },
    )
    assert answer.status_code == 200, answer.text
    ada, cara = answer.json()["value"]
    assert (ada["result"], ada["isMember"], cara["result"], cara["isMember"]) == (
        False,
        True,
        True,
        False,
    )
    clause = ada["account"]["clauses"][0]
    assert clause == {
        "expression": 'user.department -eq "HR"',
        "result": False,
        "property": "user.department",
        "value": "Sales",
        "joinedBy": None,
        "clauses": [],
    }
    assert await members(office, sales) == ["ada", "ben"]


async def test_lint_tells_problems_and_advice(office: Office) -> None:
    async def lint(rule: str) -> Json:
        answer = await office.admin.post("/api/dynamic-groups/lint", json={"membershipRule": rule})
        assert answer.status_code == 200, answer.text
        looked: Json = answer.json()
        return looked

    wrong = await lint("user.city -is 5")
    assert (wrong["isValid"], wrong["problem"]["column"]) == (False, 11)
    good = await lint('user.city -eq "a" -or user.city -eq "b"')
    assert good["remarks"][0]["instead"] == 'user.city -in ["a", "b"]'
    assert good["asks"] == ["city"]
