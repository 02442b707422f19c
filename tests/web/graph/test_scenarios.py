"""The documented scenarios (`entra-graph.md` §7) through this surface, under the preset `entra`.

Each test says which; the rest of the list is in `test_more_scenarios.py`.
"""

from __future__ import annotations

from tests.web.graph.city import ACTIVE, City

PLANS = tuple(f"PLAN_{number}" for number in range(1, 13))


async def test_1_to_4_sources_are_united_and_each_is_changed_where_it_stands(city: City) -> None:
    await city.product("S", *PLANS)
    ada = await city.graph.person("ada")
    a, b = await city.graph.group("A", ada), await city.graph.group("B", ada)
    await city.give(f"groups/{a}", "S", without=PLANS[4:])
    await city.give(f"groups/{b}", "S", without=(*PLANS[:4], *PLANS[7:]))
    assert await city.off(ada) == {"S": set(PLANS[7:])}
    assert await city.states(ada) == {("S", a): ACTIVE, ("S", b): ACTIVE}
    assert await city.consumed("S") == 1
    # 3: what a group gives is not taken from the person.
    said = await city.refuses(f"users/{ada}", remove=("S",))
    assert "inherited from a group membership" in said
    # 2 and 4: a direct assignment on top, and away again.
    await city.leave(b, ada)
    await city.give(f"users/{ada}", "S", without=(*PLANS[:8], *PLANS[9:]))
    assert await city.off(ada) == {"S": {*PLANS[4:8], *PLANS[9:]}}
    assert await city.consumed("S") == 1
    await city.give(f"users/{ada}", remove=("S",))
    assert await city.off(ada) == {"S": set(PLANS[4:])}
    assert await city.states(ada) == {("S", a): ACTIVE}


async def test_5_groups_inside_a_licensed_group_give_nothing(city: City) -> None:
    await city.product("S", "PLAN_1")
    bo = await city.graph.person("bo")
    inner, outer = await city.graph.group("Inner", bo), await city.graph.group("Outer")
    await city.join(outer, inner)
    await city.give(f"groups/{outer}", "S")
    assert await city.states(bo) == {}


async def test_6_and_7_scarcity_and_a_freed_unit_that_waits_for_a_reprocess(city: City) -> None:
    await city.product("S", "PLAN_1", units=3)
    people = [await city.graph.person(name) for name in ("ada", "bo", "cy", "dee")]
    await city.give(f"users/{people[3]}", "S")
    group = await city.graph.group("Staff", *people[:3])
    await city.give(f"groups/{group}", "S")
    states = [(await city.states(person))["S", group] for person in people[:3]]
    assert sorted(states) == [ACTIVE, ACTIVE, ("Error", "CountViolation")]
    found = await city.graph.get("/groups?$filter=hasMembersWithLicenseErrors eq true")
    assert [one["id"] for one in found["value"]] == [group]
    failing = await city.graph.get(f"/groups/{group}/membersWithLicenseErrors")
    (waiting,) = [one["id"] for one in failing["value"]]
    read = await city.graph.get(f"/groups/{group}?$select=licenseProcessingState")
    assert read["licenseProcessingState"]["state"] == "ProcessingComplete"
    await city.give(f"users/{people[3]}", remove=("S",))
    assert (await city.states(waiting))["S", group] == ("Error", "CountViolation")
    await city.graph.done("POST", f"/users/{waiting}/reprocessLicenseAssignment")
    assert (await city.states(waiting))["S", group] == ACTIVE


async def test_8_and_9_a_product_that_fails_blocks_its_group_and_no_other(city: City) -> None:
    await city.product("S", "PLAN_1", units=5)
    await city.product("T", "PLAN_2", units=1)
    await city.product("U", "PLAN_3", units=5)
    ada, taker = await city.graph.person("ada"), await city.graph.person("taker")
    await city.give(f"users/{taker}", "T")
    both, other = await city.graph.group("Both", ada), await city.graph.group("Other", ada)
    await city.give(f"groups/{other}", "U")
    await city.give(f"groups/{both}", "S", "T")
    assert await city.states(ada) == {
        ("S", both): ("Error", "Other"),
        ("T", both): ("Error", "CountViolation"),
        ("U", other): ACTIVE,
    }
    assert await city.off(ada) == {"U": set()}


async def test_10_and_11_moves_between_products_that_exclude_each_other_and_not(
    city: City,
) -> None:
    for name in ("STANDARDPACK", "ENTERPRISEPACK", "SPE_E3", "SPE_E5"):
        await city.buy(name, 5)
    ada, bo = await city.graph.person("ada"), await city.graph.person("bo")
    one, two = await city.graph.group("One", ada), await city.graph.group("Two")
    await city.give(f"groups/{one}", "STANDARDPACK")
    await city.give(f"groups/{two}", "ENTERPRISEPACK")
    await city.join(two, ada)
    assert await city.states(ada) == {
        ("STANDARDPACK", one): ACTIVE,
        ("ENTERPRISEPACK", two): ("Error", "MutuallyExclusiveViolation"),
    }
    await city.leave(one, ada)
    assert await city.states(ada) == {("ENTERPRISEPACK", two): ACTIVE}
    three, five = await city.graph.group("Three", bo), await city.graph.group("Five")
    await city.give(f"groups/{three}", "SPE_E3")
    await city.give(f"groups/{five}", "SPE_E5")
    await city.join(five, bo)
    assert await city.states(bo) == {("SPE_E3", three): ACTIVE, ("SPE_E5", five): ACTIVE}
    await city.leave(three, bo)
    assert await city.states(bo) == {("SPE_E5", five): ACTIVE}


async def test_12_and_13_usage_locations(city: City) -> None:
    await city.product("S", "PLAN_1")
    nowhere = await city.graph.person("cy", usageLocation=None)
    far, near = await city.graph.person("far", usageLocation="CN"), await city.graph.person("near")
    answer = await city.office.admin.put(
        "/api/catalog/products/S/prohibited-locations", json={"locations": ["CN"]}
    )
    assert answer.is_success, answer.text
    group = await city.graph.group("Staff", nowhere, far, near)
    await city.give(f"groups/{group}", "S")
    assert (await city.states(nowhere))["S", group] == ACTIVE
    assert (await city.states(near))["S", group] == ACTIVE
    assert (await city.states(far))["S", group] == ("Error", "ProhibitedInUsageLocationViolation")
    alone = await city.graph.person("dee", usageLocation=None)
    assert "invalid usage location" in await city.refuses(f"users/{alone}", "S")


async def test_14_to_16_dependencies_on_people_and_on_groups(city: City) -> None:
    project = {"name": "SHAREPOINT_PROJECT"}
    base = {"name": "SHAREPOINTENTERPRISE"}
    for name, plan in (("ADDON", project), ("BASE", base)):
        body = {"skuPartNumber": name, "displayName": name, "servicePlans": [plan, {"name": "X"}]}
        made = await city.office.admin.post("/api/catalog/products", json=body)
        assert made.status_code == 201, made.text
        await city.buy(name, 5)
    ada = await city.graph.person("ada")
    said = await city.refuses(f"users/{ada}", "ADDON")
    assert f"service plan {city.plans['SHAREPOINT_PROJECT']} depends on the service plan(s)" in said
    assert city.plans["SHAREPOINTENTERPRISE"] in said
    await city.give(f"users/{ada}", "ADDON", without=("SHAREPOINT_PROJECT",))
    # 15: what is still needed stays, with an error, until what needs it is gone (CON-01).
    group = await city.graph.group("Base", ada)
    await city.give(f"groups/{group}", "BASE")
    await city.give(f"users/{ada}", "ADDON")
    await city.leave(group, ada)
    assert (await city.states(ada))["BASE", group] == ("ActiveWithError", "DependencyViolation")
    await city.give(f"users/{ada}", remove=("ADDON",))
    await city.graph.done("POST", f"/users/{ada}/reprocessLicenseAssignment")
    assert await city.off(ada) == {}
    # 16: the prerequisite has to be on the same group.
    other = await city.graph.group("Add-on")
    assert "depends on the service plan(s)" in await city.refuses(f"groups/{other}", "ADDON")
    await city.graph.done(
        "POST",
        f"/groups/{other}/assignLicense",
        {
            "addLicenses": [
                {"skuId": city.skus["ADDON"], "disabledPlans": []},
                {"skuId": city.skus["BASE"], "disabledPlans": [city.plans["X"]]},
            ],
            "removeLicenses": [],
        },
    )


async def test_17_to_19_and_21_choices_foreign_plans_deletion_and_company_products(
    city: City,
) -> None:
    await city.product("S", "PLAN_1", "PLAN_2")
    await city.product("T", "PLAN_3")
    await city.product("C", "PLAN_4", company=True)
    ada = await city.graph.person("ada")
    await city.give(f"users/{ada}", "S", without=("PLAN_1",))
    await city.give(f"users/{ada}", "S", without=("PLAN_2",))
    assert await city.off(ada) == {"S": {"PLAN_2"}}
    assert "does not belong" in await city.refuses(f"users/{ada}", "S", without=("PLAN_3",))
    assert "cannot be assigned to a user" in await city.refuses(f"users/{ada}", "C")
    group = await city.graph.group("Staff", ada)
    await city.give(f"groups/{group}", "T")
    assert (await city.graph.refused("DELETE", f"/groups/{group}"))[0] == 400
    await city.give(f"groups/{group}", remove=("T",))
    await city.graph.done("DELETE", f"/groups/{group}")
    assert await city.off(ada) == {"S": {"PLAN_2"}}


async def test_32_to_34_suspension_fewer_seats_and_a_restore(city: City) -> None:
    await city.product("S", "PLAN_1", units=0)
    bought = await city.buy("S", 2)
    ada, bo = await city.graph.person("ada"), await city.graph.person("bo")
    group = await city.graph.group("Staff", ada)
    for person in (ada, bo):
        await city.give(f"users/{person}", "S")
    answer = await city.office.admin.patch(
        f"/api/subscriptions/{bought}", json={"units": 1, "external": True}
    )
    assert answer.is_success, answer.text
    assert await city.consumed("S") == 2
    cy = await city.graph.person("cy")
    assert "does not have any available licenses" in await city.refuses(f"users/{cy}", "S")
    await city.graph.done("DELETE", f"/users/{ada}")
    assert await city.consumed("S") == 1
    await city.graph.done("POST", f"/directory/deletedItems/{ada}/restore")
    assert await city.off(ada) == {"S": set()}
    read = await city.graph.get(f"/users/{ada}/memberOf")
    assert [one["id"] for one in read["value"]] == [group]
    answer = await city.office.admin.patch(
        f"/api/subscriptions/{bought}", json={"status": "Suspended", "external": True}
    )
    assert answer.is_success, answer.text
    said = await city.refuses(f"users/{cy}", "S")
    assert "available licenses" in said or "suspended" in said.casefold()
    plans = (await city.graph.get(f"/users/{ada}?$select=assignedPlans"))["assignedPlans"]
    assert [plan["capabilityStatus"] for plan in plans] == ["Suspended"]
