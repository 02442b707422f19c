"""Assigning to one person: effective in the same call, or refused whole with its reason."""

from __future__ import annotations

import asyncio

from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats

ADA = "/api/identity/users/ada@contoso.example/licenses"


async def test_an_assignment_is_effective_in_the_same_call(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 5)
    answer = await office.admin.post(ADA, json={"skuPartNumber": "spe_e3"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["state"] == "Active"
    assert all(plan["enabled"] for plan in body["servicePlans"])
    assert body["sources"][0]["kind"] == "direct"
    assert await counts_agree(office)


async def test_assigning_twice_takes_one_seat_and_answers_200(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    assert (await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})).status_code == 201
    assert (await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})).status_code == 200
    assert await counts_agree(office)


async def test_without_a_seat_nothing_is_stored_and_the_answer_says_what_to_buy(
    office: Office,
) -> None:
    await add_people(office, "ada")
    answer = await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "noSeatLeft"
    assert "Microsoft 365 E3" in answer.json()["detail"]
    assert (await office.admin.get(ADA)).json()["value"] == []


async def test_a_person_without_a_location_is_refused_until_one_is_given(office: Office) -> None:
    await add_people(office, "ada", location=None)
    await set_seats(office, "SPE_E3", 1)
    refused = await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})
    assert (refused.status_code, refused.json()["code"]) == (400, "usageLocationMissing")
    done = await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3", "usageLocation": "no"})
    assert done.status_code == 201, done.text


async def test_a_service_plan_can_be_left_off_and_put_on_again(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    body = {"skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]}
    made = (await office.admin.post(ADA, json=body)).json()
    assert {p["name"] for p in made["servicePlans"] if not p["enabled"]} == {"TEAMS1"}
    changed = await office.admin.patch(f"{ADA}/SPE_E3", json={"disabledServicePlans": []})
    assert changed.status_code == 200, changed.text
    assert all(plan["enabled"] for plan in changed.json()["servicePlans"])


async def test_a_foreign_service_plan_is_refused_by_name(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    body = {"skuPartNumber": "SPE_E3", "disabledServicePlans": ["NOT_A_PLAN"]}
    answer = await office.admin.post(ADA, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "servicePlanNotInSku")
    assert "NOT_A_PLAN" in answer.json()["detail"]


async def test_removing_frees_the_seat_and_removing_again_is_404(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})
    assert (await office.admin.delete(f"{ADA}/SPE_E3")).status_code == 204
    again = await office.admin.delete(f"{ADA}/SPE_E3")
    assert (again.status_code, again.json()["code"]) == (404, "notAssigned")
    bob = "/api/identity/users/bob@contoso.example/licenses"
    assert (await office.admin.post(bob, json={"skuPartNumber": "SPE_E3"})).status_code == 201


async def test_two_products_that_exclude_each_other_are_named(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await set_seats(office, "STANDARDPACK", 1)
    await office.admin.post(ADA, json={"skuPartNumber": "STANDARDPACK"})
    refused = await office.admin.post(ADA, json={"skuPartNumber": "SPE_E3"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflictingServicePlans")
    assert "SharePoint" in refused.json()["detail"]
    swapped = await office.admin.post(
        ADA, json={"skuPartNumber": "SPE_E3", "replaces": ["STANDARDPACK"]}
    )
    assert swapped.status_code == 201, swapped.text
    held = {one["skuPartNumber"] for one in (await office.admin.get(ADA)).json()["value"]}
    assert held == {"SPE_E3"}
    assert await counts_agree(office)


async def test_an_unknown_person_is_404_and_an_unknown_product_400(office: Office) -> None:
    await add_people(office, "ada")
    nobody = "/api/identity/users/nobody@contoso.example/licenses"
    assert (await office.admin.post(nobody, json={"skuPartNumber": "SPE_E3"})).status_code == 404
    assert (await office.admin.post(ADA, json={"skuPartNumber": "NOPE"})).status_code == 400
    assert (await office.admin.delete(f"{ADA}/NOPE")).status_code == 404


async def test_sixty_four_callers_on_twenty_seats_get_exactly_twenty(office: Office) -> None:
    names = [f"p{n}" for n in range(64)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 20)

    async def take(name: str) -> tuple[int, str]:
        answer = await office.admin.post(
            f"/api/identity/users/{name}@contoso.example/licenses", json={"skuPartNumber": "SPE_E3"}
        )
        return answer.status_code, answer.json().get("code", "")

    answers = await asyncio.gather(*(take(name) for name in names))
    assert sum(status == 201 for status, _ in answers) == 20
    assert {code for status, code in answers if status != 201} == {"noSeatLeft"}
    assert await counts_agree(office)


async def test_a_removal_that_something_else_needs_is_refused_whoever_gave_the_license_first(
    office: Office,
) -> None:
    people = await add_people(office, "ada")
    group = await add_group(office, "HR", people)
    for sku in ("EXCHANGESTANDARD", "WORKPLACE_ANALYTICS"):
        await set_seats(office, sku, 1)
    path = f"/api/identity/groups/{group}"
    await office.admin.post(f"{path}/licenses", json={"skuPartNumber": "EXCHANGESTANDARD"})
    for sku in ("EXCHANGESTANDARD", "WORKPLACE_ANALYTICS"):
        answer = await office.admin.post(ADA, json={"skuPartNumber": sku})
        assert answer.status_code == 201, answer.text
    assert (await office.admin.delete(f"{path}/licenses/EXCHANGESTANDARD")).status_code == 202
    refused = await office.admin.delete(f"{ADA}/EXCHANGESTANDARD")
    assert (refused.status_code, refused.json()["code"]) == (409, "dependencyMissing")
    assert await counts_agree(office)


async def test_a_product_outside_the_strategies_is_assigned_with_a_warning(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "VIRTUAL_AGENT_USL", 1)
    answer = await office.admin.post(ADA, json={"skuPartNumber": "VIRTUAL_AGENT_USL"})
    assert answer.status_code == 201, answer.text
    assert "Copilot Studio" in answer.json()["warnings"][0]


async def test_a_product_for_the_whole_organisation_is_not_for_people(office: Office) -> None:
    await add_people(office, "ada")
    answer = await office.admin.post(ADA, json={"skuPartNumber": "POWERAPPS_PER_APP"})
    assert (answer.status_code, answer.json()["code"]) == (400, "notAssignableToUsers")


async def test_assigning_to_one_person_leaves_everybody_else_as_they_were(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    bob = "/api/identity/users/bob@contoso.example/licenses"
    await office.admin.post(bob, json={"skuPartNumber": "SPE_E3", "disabledServicePlans": []})
    before = (await office.admin.get(bob)).json()
    body = {"skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]}
    assert (await office.admin.post(ADA, json=body)).status_code == 201
    assert (await office.admin.get(bob)).json() == before


async def test_what_a_person_has_comes_in_pages_like_every_list(office: Office) -> None:
    await add_people(office, "ada")
    for sku in ("SPE_E3", "VISIOCLIENT"):
        await set_seats(office, sku, 1)
        await office.admin.post(ADA, json={"skuPartNumber": sku})
    first = (await office.admin.get(f"{ADA}?limit=1")).json()
    second = (await office.admin.get(f"{ADA}?limit=1&cursor={first['nextCursor']}")).json()
    both = [*first["value"], *second["value"]]
    assert {one["skuPartNumber"] for one in both} == {"SPE_E3", "VISIOCLIENT"}
    assert second["nextCursor"] is None
