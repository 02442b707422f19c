"""More of the documented scenarios (`entra-graph.md` §7): what is added, delta, limits, rules."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from seatwright.app import access
from seatwright.app.tenants import calling
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.web.graph.application import GraphApplication
from seatwright.web.graph.request import Sent
from seatwright.web.graph.throttle import UNITS_MAX, WRITES_MAX, Throttle
from seatwright.web.watch import Watch
from tests.dynamic import work_off
from tests.web.graph.city import ACTIVE, City

HISTORY = "/api/identity/licenses/assignment-history"


async def test_20_a_service_plan_that_is_added_is_on_wherever_it_is_not_switched_off(
    city: City,
) -> None:
    await city.product("S", "PLAN_1", "PLAN_2")
    ada, bo = await city.graph.person("ada"), await city.graph.person("bo")
    a, b = await city.graph.group("A", ada), await city.graph.group("B", bo)
    await city.give(f"groups/{a}", "S", without=("PLAN_2",))
    await city.give(f"groups/{b}", "S")
    more = [{"name": f"PLAN_{number}"} for number in (1, 2, 13)]
    changed = await city.office.admin.patch("/api/catalog/products/S", json={"servicePlans": more})
    assert changed.status_code == 200, changed.text
    await work_off(city.office)
    assert await _plans(city, ada) == {"PLAN_1", "PLAN_13"}
    assert await _plans(city, bo) == {"PLAN_1", "PLAN_2", "PLAN_13"}
    await city.buy("S", 1)
    await city.give(f"groups/{b}", "S", without=("PLAN_13",))
    assert await _plans(city, bo) == {"PLAN_1", "PLAN_2"}


async def _plans(city: City, person: str) -> set[str]:
    """The service plans that somebody can use."""
    details = await city.graph.get(f"/users/{person}/licenseDetails")
    return {
        plan["servicePlanName"]
        for held in details["value"]
        for plan in held["servicePlans"]
        if plan["provisioningStatus"] == "Success"
    }


async def test_22_to_24_what_delta_tells_and_for_how_long(city: City) -> None:
    await city.product("S", "PLAN_1", units=1)
    ada, bo = await city.graph.person("ada"), await city.graph.person("bo")
    a, b = await city.graph.group("A", ada), await city.graph.group("B", ada, bo)
    await city.give(f"groups/{a}", "S")
    people = await _round(city, "/users/delta?$select=assignedLicenses,licenseAssignmentStates")
    groups = await _round(city, "/groups/delta?$select=members")
    # 22: a second source for the same product, and Bo's error row for want of a seat.
    await city.give(f"groups/{b}", "S")
    assert (await city.states(bo))["S", b] == ("Error", "CountViolation")
    told, link = await _told(city, people)
    assert told == []
    # 23: who leaves is among the members, as removed.
    await city.leave(b, bo)
    told, _ = await _told(city, groups)
    gone = {"@odata.type": "#microsoft.graph.user", "id": bo, "@removed": {"reason": "deleted"}}
    assert [(one["id"], one["members@delta"]) for one in told] == [(b, [gone])]
    # 24: after eight days the client begins again where it is told to.
    city.office.clock.move(days=8)
    answer = await city.graph.ask("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")
    told, _ = await _told(city, answer.headers["location"])
    assert {one["id"] for one in told} == {ada, bo}


async def _told(city: City, link: str) -> tuple[list[dict[str, Any]], str]:
    """Everything of a round, and the link of the next."""
    told: list[dict[str, Any]] = []
    for _ in range(20):
        page = await city.graph.get(link)
        told += page["value"]
        if "@odata.deltaLink" in page:
            return told, str(page["@odata.deltaLink"])
        link = page["@odata.nextLink"]
    raise AssertionError("a round without an end")


async def _round(city: City, path: str) -> str:
    return (await _told(city, path))[1]


class Meter:
    """Throttling with the published limits, and a clock that tests move."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.time = 1000.0
        self.throttle = Throttle(seconds=lambda: self.time)
        clock: Any = city.office.clock
        city.office.app = Watch(
            GraphApplication(database=city.office.database, clock=clock, throttle=self.throttle)
        )

    async def app(self) -> tuple[httpx.AsyncClient, Principal]:
        """The one app of these scenarios."""
        office = self.city.office
        async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
            issued = await access.issue(
                call,
                access.NewPrincipal(
                    kind=PrincipalKind.TOKEN,
                    name="one app",
                    roles=(Role.LICENSE_ADMINISTRATOR,),
                ),
            )
        return office.client(issued.secret), issued.principal

    def spend(self, app: Principal, *, calls: int, method: str, path: str) -> None:
        """Have an app's calls counted by the throttle that counts those over HTTP."""
        blank = Sent(method=method, version="v1.0", path=path, headers={}, origin="http://h")
        for _ in range(calls):
            tenant, sent = self.city.office.made.tenant, blank.at(path, "")
            self.throttle.take(sent, tenant=tenant, principal=app, size="large")
            self.time += 0.04


@pytest.fixture
async def meter(city: City) -> Meter:
    await city.product("S", "PLAN_1")
    await city.office.admin.patch("/api/settings", json={"graphThrottling": "large"})
    return Meter(city)


async def test_26_the_3001st_assignment_in_150_seconds_waits(city: City, meter: Meter) -> None:
    """The first 2,999 are counted without the rest of their calls, the last two are whole."""
    ada = await city.graph.person("ada")
    client, app = await meter.app()
    path = f"/users/{ada}/assignLicense"
    meter.spend(app, calls=WRITES_MAX - 1, method="POST", path=path)
    assert WRITES_MAX == 3000
    answer = await client.post(f"/v1.0{path}", json=city.order("S"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-ms-resource-unit"] == "1"
    answer = await client.post(f"/v1.0{path}", json=city.order(remove=("S",)))
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "TooManyRequests"
    assert answer.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert answer.headers["x-ms-throttle-scope"].startswith(f"Tenant_Application/Write/{app.id}/")
    assert await city.consumed("S") == 1
    meter.time += float(answer.headers["retry-after"])
    answer = await client.post(f"/v1.0{path}", json=city.order(remove=("S",)))
    assert answer.status_code == 200, answer.text


async def test_25_a_batch_and_a_step_beyond_the_limit_that_fails_no_sibling(
    city: City, meter: Meter
) -> None:
    ada = await city.graph.person("ada")
    client, app = await meter.app()
    get = [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(21)]
    answer = await client.post("/v1.0/$batch", json={"requests": get})
    assert answer.status_code == 400
    meter.spend(app, calls=WRITES_MAX, method="POST", path="/users/x/assignLicense")
    assert UNITS_MAX["large"] == 8000
    order = {
        "id": "give",
        "method": "POST",
        "url": f"/users/{ada}/assignLicense",
        "headers": {"Content-Type": "application/json"},
        "body": city.order("S"),
    }
    last = {"id": "last", "method": "GET", "url": f"/users/{ada}", "dependsOn": ["give"]}
    answer = await client.post("/v1.0/$batch", json={"requests": [order, get[0], last]})
    assert answer.status_code == 200
    steps = {one["id"]: one for one in answer.json()["responses"]}
    assert {id_: one["status"] for id_, one in steps.items()} == {
        "give": 429,
        "0": 200,
        "last": 424,
    }
    assert int(steps["give"]["headers"]["Retry-After"]) >= 1


async def _rule_refused(city: City, rule: str) -> str:
    body = {
        "displayName": "Ruled",
        "mailEnabled": False,
        "mailNickname": "ruled",
        "securityEnabled": True,
        "groupTypes": ["DynamicMembership"],
        "membershipRule": rule,
        "membershipRuleProcessingState": "On",
    }
    answer = await city.graph.ask("POST", "/groups", body)
    assert answer.status_code == 400, answer.text
    (detail,) = answer.json()["error"]["details"]
    assert detail["code"] == "invalidMembershipRule"
    return str(detail["message"])


async def _ruled(city: City, rule: str) -> set[str]:
    """The names of who a rule takes in."""
    more = {"groupTypes": ["DynamicMembership"], "membershipRule": rule}
    group = await city.graph.group(f"Rule {rule[:40]}", **more, membershipRuleProcessingState="On")
    page = await city.graph.get(f"/groups/{group}/members?$select=displayName")
    return {one["displayName"].lower() for one in page["value"]}


async def test_27_to_31_rules_that_are_refused_and_what_others_mean(city: City) -> None:
    # 27: memberOf names up to 50 groups, and stands alone.
    ids = [f"'{UUID(int=number)}'" for number in range(1, 52)]
    said = await _rule_refused(city, f"user.memberOf -any (group.objectId -in [{','.join(ids)}])")
    assert "50" in said
    one = f"user.memberOf -any (group.objectId -in [{ids[0]}])"
    said = await _rule_refused(city, f'{one} -and user.city -eq "Oslo"')
    assert "memberOf" in said
    # 28: a or (b and not c).
    await city.graph.person("ada", department="x", jobTitle="z")
    await city.graph.person("bo", city="y", jobTitle="z")
    await city.graph.person("cy", city="y")
    rule = 'user.department -eq "x" -or user.city -eq "y" -and -not user.jobTitle -eq "z"'
    assert await _ruled(city, rule) == {"ada", "cy"}
    # 29: 3,072 characters and no more.
    short = 'user.city -eq "y"'
    assert await _ruled(city, short.ljust(3072)) == {"bo", "cy"}
    assert re.search(r"3[,. ]?072", await _rule_refused(city, short.ljust(3073)))
    # 30: a pattern is found anywhere, whatever the case, and has to be one.
    assert await _ruled(city, 'user.displayName -match "D"') == {"ada"}
    await _rule_refused(city, 'user.mail -match "*@x"')
    # 31: what Booleans do not have.
    assert "-contains" in await _rule_refused(city, "user.accountEnabled -contains true")


async def test_32_a_subscription_that_expires_is_suspended_and_comes_back(city: City) -> None:
    await city.product("S", "PLAN_1", units=0)
    bought = await city.buy("S", 3)
    ada, bo = await city.graph.person("ada"), await city.graph.person("bo")
    await city.give(f"users/{ada}", "S")

    async def becomes(status: str) -> str:
        answer = await city.office.admin.patch(
            f"/api/subscriptions/{bought}", json={"status": status, "external": True}
        )
        assert answer.is_success, answer.text
        read = await city.graph.get(f"/users/{ada}?$select=assignedPlans")
        (plan,) = read["assignedPlans"]
        return str(plan["capabilityStatus"])

    assert await becomes("Warning") == "Warning"
    await city.give(f"users/{bo}", "S")
    assert await becomes("Suspended") == "Suspended"
    cy = await city.graph.person("cy")
    await city.refuses(f"users/{cy}", "S")
    assert await city.off(ada) == {"S": set()}
    assert await city.consumed("S") == 2
    assert await becomes("Enabled") == "Enabled"
    await city.give(f"users/{cy}", "S")
    assert await city.consumed("S") == 3


async def test_35_a_change_of_a_groups_license_leaves_a_trail(city: City) -> None:
    """`Set group license` and one `Change user license` each, found by Graph's request-id."""
    await city.product("S", "PLAN_1", units=2)
    people = [await city.graph.person(name) for name in ("ada", "bo", "cy")]
    group = await city.graph.group("Staff", *people)
    answer = await city.graph.ask("POST", f"/groups/{group}/assignLicense", city.order("S"))
    assert answer.status_code == 202, answer.text
    rows = (await city.office.admin.get(HISTORY, params={"limit": 100})).json()["value"]
    told = [row for row in rows if row["correlationId"] == answer.headers["request-id"]]
    assert sorted(row["action"] for row in told) == [
        *("granted", "granted", "groupLicenseAssigned", "waiting")
    ]
    by_person = {row["user"]["id"]: row for row in told if row["user"] is not None}
    assert by_person.keys() == set(people)
    waits = next(row for row in told if row["action"] == "waiting")
    assert waits["reason"] == "noSeatLeft"
    assert (await city.states(waits["user"]["id"]))["S", group] == ("Error", "CountViolation")
    held = [person for person in people if (await city.states(person))["S", group] == ACTIVE]
    assert {id_ for id_, row in by_person.items() if row["action"] == "granted"} == set(held)
