"""What rules ask is read from the database in two ways, for few and for many: both must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from seatwright.app.dynamic.judging import judge
from seatwright.app.dynamic.memberships import moves_of_few
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.dynamic_read import StoredRule
from tests.office import Office
from tests.world import add_people, call_of, set_seats

USERS = "/api/identity/users"
LANGUAGE = Path(__file__).parents[1] / "scenarios" / "rules" / "language.yaml"

PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {
        "department": "Sales",
        "country": "NO",
        "city": "Oslo",
        "jobTitle": "Sales manager",
        "mail": "ada@contoso.example",
        "otherMails": "ada@home.example berg@old.example",
        "extensionAttribute1": "7",
        "employeeHireDate": "2026-11-20",
        "displayName": "Ada",
    },
    "ben": {
        "department": "sales",
        "country": "SE",
        "city": "Lagos",
        "accountEnabled": False,
        "userType": "Guest",
        "employeeHireDate": "2026-12-20",
        "mailNickname": "benny",
    },
    "cara": {
        "department": "HR",
        "displayName": 'Cara "C" O\'Hara',
        "jobTitle": "null",
        "mail": "cara@fabrikam.example",
        "onPremisesSyncEnabled": True,
        "city": "Örebro",
    },
    "dina": {"manager": "ada@contoso.example", "surname": "Ðal"},
    "gone": {"department": "Sales"},
}
MORE = (
    'user.mailNickName -in ["ada", "benny"]',
    'user.surname -eq "ðAL" -or user.city -startsWith "ö"',
    "user.mailNickName -ne null",
    "user.proxyAddresses -eq null",
    "user.objectId -eq null",
    "user.sipProxyAddress -eq null",
)


async def test_few_and_many_are_read_and_judged_alike(office: Office) -> None:
    numbers = await add_people(office, *PEOPLE)
    await set_seats(office, "SPE_E3", 5)
    for name, fields in PEOPLE.items():
        answer = await office.admin.patch(f"{USERS}/{name}@contoso.example", json=fields)
        assert answer.status_code == 200, answer.text
    assign = {"skuPartNumber": "SPE_E3"}
    given = await office.admin.post(f"{USERS}/cara@contoso.example/licenses", json=assign)
    assert given.status_code == 201, given.text
    assert (await office.admin.delete(f"{USERS}/gone@contoso.example")).status_code == 204
    boss = (await office.admin.get(f"{USERS}/ada@contoso.example")).json()["id"]
    rules = [case["rule"] for case in yaml.safe_load(LANGUAGE.read_text())["cases"]]
    found = set()
    async with call_of(office) as call:
        for text in (*rules, *MORE, f'Direct Reports for "{boss}"'):
            rule = StoredRule(group=GroupNo(1), text=text)
            many = await judge(call, rule, first=0, last=max(numbers))
            few = await moves_of_few(call, [UserNo(one) for one in numbers], (rule,))
            assert many.joining.tolist() == [one.user for one in few.joining], text
            found.add(tuple(many.joining.tolist()))
    assert len(found) > 10, "the rules tell people apart"
    assert not any(numbers[-1] in taken for taken in found), "who is deleted is in nothing"
