"""All conflicts of a kind are mended by one call, and come back by one undo as they were."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.app.bulk.needless import GONE_ALREADY
from seatwright.app.conflicts import desk, finding
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.roles import Role
from tests.bulk import upn
from tests.office import Office
from tests.previews import apply, ask, people_of, preview
from tests.web.test_conflict_list import SCENES, conflicts
from tests.web.test_group_licenses import held_by, work_all_jobs
from tests.web.test_why import assign, buy, license_group
from tests.world import add_group, add_people, call_of, counts_agree

URL = "/api/conflicts/mend"
DOUBLES = {"kind": "directBesideInherited"}
DUPLICATES = {"kind": "duplicate"}


async def licenses_of(office: Office) -> list[tuple[Any, ...]]:
    """What everybody really holds, each product with its service plans that are on."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select user_no, sku_no, enabled_set from effective_license where tenant_id = %s"
            " order by 1, 2",
            (call.tx.tenant_id,),
        )
        return await cursor.fetchall()


async def wishes_of(office: Office) -> list[tuple[Any, ...]]:
    """Every own assignment with all that it says, but for when it was written."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select user_no, sku_no, source_kind, source_no, strategy, disabled_set, priority,"
            " starts_at, expires_at, template_no, created_at, created_by from assignment"
            " where tenant_id = %s and user_no is not null order by 1, 2, 3, 4",
            (call.tx.tenant_id,),
        )
        return await cursor.fetchall()


async def everybody(office: Office) -> None:
    """A group of five with a direct assignment each: dates, service plans off, and none."""
    names = ("ada", "bob", "cyd", "dan", "eve")
    people = await add_people(office, *names)
    await buy(office, "VISIOCLIENT", 9)
    group = await add_group(office, "Engineers", people)
    await license_group(office, group, "VISIOCLIENT")
    await assign(office, "ada", "VISIOCLIENT")
    await assign(office, "bob", "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    await assign(office, "cyd", "VISIOCLIENT", expiresAt="2027-03-01T00:00:00Z")
    await assign(office, "dan", "VISIOCLIENT", startsAt="2026-12-24T00:00:00Z")


async def mended(office: Office, body: dict[str, str]) -> str:
    """Preview and do it; gives the job's id."""
    seen = await preview(office, "POST", URL, body)
    done = await apply(office.admin, "POST", URL, body, digest=seen["digest"])
    assert done.status_code == 202, done.text
    await work_all_jobs(office)
    return str(done.json()["jobId"])


async def test_all_of_a_kind_are_mended_by_one_call_and_nobody_loses_anything(
    office: Office,
) -> None:
    await everybody(office)
    before = await licenses_of(office)
    seen = await preview(office, "POST", URL, DOUBLES)
    result = seen["result"]
    assert (result["total"], result["succeeded"], result["losing"]) == (4, 4, 0)
    assert result["keptThrough"] == [{"product": "Visio Plan 2", "groups": ["Engineers"]}]
    assert seen["changes"] == []
    job = await mended(office, DOUBLES)
    rows = (await office.admin.get(f"/api/jobs/{job}/rows")).json()["value"]
    assert {row["outcome"] for row in rows} == {"succeeded"}
    assert await licenses_of(office) == before
    assert await wishes_of(office) == []
    assert await conflicts(office, kind="directBesideInherited") == []
    assert await counts_agree(office)


async def test_one_undo_brings_every_assignment_back_with_its_dates_and_service_plans(
    office: Office,
) -> None:
    await everybody(office)
    wishes, licenses = await wishes_of(office), await licenses_of(office)
    office.clock.move(hours=1)
    job = await mended(office, DOUBLES)
    assert await wishes_of(office) == []
    undone = await office.admin.post(f"/api/jobs/{job}/undo", headers={"prefer": "wait=10"})
    assert undone.status_code in {200, 202}, undone.text
    await work_all_jobs(office)
    assert await wishes_of(office) == wishes
    assert await licenses_of(office) == licenses


async def test_covered_products_go_together_and_what_is_covered_in_part_stays(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben", "cyd")
    for product in ("SPE_E3", "EXCHANGESTANDARD", "SPE_E5", "PROJECTPROFESSIONAL"):
        await buy(office, product, 9)
    for name in ("ada", "ben"):
        await assign(office, name, "SPE_E3")
        await assign(office, name, "EXCHANGESTANDARD")
    await assign(office, "cyd", "SPE_E5")
    await assign(office, "cyd", "PROJECTPROFESSIONAL")
    seen = await preview(office, "POST", URL, DUPLICATES)
    assert people_of(seen["changes"]) == ["ada", "ben"]
    assert {one["product"]["skuPartNumber"] for one in seen["changes"]} == {"EXCHANGESTANDARD"}
    await mended(office, DUPLICATES)
    assert {name: set(await held_by(office, name)) for name in ("ada", "ben", "cyd")} == {
        "ada": {"SPE_E3"},
        "ben": {"SPE_E3"},
        "cyd": {"SPE_E5", "PROJECTPROFESSIONAL"},
    }
    again = await office.admin.post(URL, json=DUPLICATES)
    assert (again.status_code, again.json()["code"]) == (400, "noChange")


async def test_what_another_removed_meanwhile_is_no_failure_of_the_job(office: Office) -> None:
    await everybody(office)
    job = (await office.admin.post(URL, json=DOUBLES)).json()["jobId"]
    removed = await office.admin.delete(f"/api/identity/users/{upn('ada')}/licenses/VISIOCLIENT")
    assert removed.status_code == 204, removed.text
    await work_all_jobs(office)
    rows = (await office.admin.get(f"/api/jobs/{job}/rows")).json()["value"]
    assert {row["outcome"] for row in rows} == {"succeeded"}
    assert [row["message"] for row in rows if row["message"]] == [GONE_ALREADY]
    assert await conflicts(office, kind="directBesideInherited") == []


async def test_a_product_that_its_group_ceases_to_give_stays_though_another_covers_it(
    office: Office,
) -> None:
    people = await add_people(office, "ada")
    for product in ("SPE_E3", "EXCHANGESTANDARD"):
        await buy(office, product, 5)
    group = await add_group(office, "Sales", people)
    await license_group(office, group, "EXCHANGESTANDARD")
    for product in ("SPE_E3", "EXCHANGESTANDARD"):
        await assign(office, "ada", product)
    seen = await preview(office, "POST", URL, DOUBLES)
    assert (seen["result"]["total"], seen["changes"]) == (1, [])
    job = (await apply(office.admin, "POST", URL, DOUBLES, digest=seen["digest"])).json()["jobId"]
    path = f"/api/identity/groups/{group}/licenses/EXCHANGESTANDARD"
    ceased = await office.admin.delete(path)
    assert ceased.status_code == 202, ceased.text
    await work_all_jobs(office)
    [row] = (await office.admin.get(f"/api/jobs/{job}/rows")).json()["value"]
    assert (row["outcome"], row["reason"]) == ("failed", "worldMoved")
    assert "they would now lose Exchange Online (Plan 1)" in row["message"]
    assert set(await held_by(office, "ada")) == {"SPE_E3", "EXCHANGESTANDARD"}
    # Mended for what it is now, it goes: the promise was another.
    await mended(office, DUPLICATES)
    assert set(await held_by(office, "ada")) == {"SPE_E3"}


async def test_only_one_product_is_mended_where_one_is_named(office: Office) -> None:
    await everybody(office)
    await add_people(office, "zoe")
    await buy(office, "PROJECTPROFESSIONAL", 2)
    nothing = await office.admin.post(URL, json={**DOUBLES, "product": "PROJECTPROFESSIONAL"})
    assert (nothing.status_code, nothing.json()["code"]) == (400, "noChange")
    unknown = await office.admin.post(URL, json={**DOUBLES, "product": "NO_SUCH"})
    assert unknown.json()["code"] == "unknownSku"
    seen = await preview(office, "POST", URL, {**DOUBLES, "product": "VISIOCLIENT"})
    assert seen["result"]["total"] == 4


@pytest.mark.parametrize("kind", ["exclusion", "insufficientSeats", "usageLocationMissing", "none"])
async def test_what_somebody_has_to_choose_about_is_not_mended_together(
    office: Office, kind: str
) -> None:
    refused = await office.admin.post(URL, json={"kind": kind})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")


async def test_who_would_lose_service_plans_is_counted_and_left(office: Office) -> None:
    build, _ = SCENES["double"]
    await build(office)
    refused = await office.admin.post(URL, json=DOUBLES)
    assert (refused.status_code, refused.json()["code"]) == (400, "noChange")
    assert "None of the 1 direct assignments" in refused.json()["detail"]


async def test_a_digest_holds_every_assignment_that_is_named(office: Office) -> None:
    await everybody(office)
    seen = await preview(office, "POST", URL, DOUBLES)
    await assign(office, "eve", "VISIOCLIENT")
    moved = await apply(office.admin, "POST", URL, DOUBLES, digest=seen["digest"])
    assert moved.status_code == 412, moved.text
    assert len(await wishes_of(office)) == 5


async def test_only_who_may_assign_in_bulk_mends(office: Office) -> None:
    await everybody(office)
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await ask(reader, "POST", URL, DOUBLES)).status_code == 403
    assert (await reader.post(URL, json=DOUBLES)).status_code == 403


async def test_what_is_told_of_is_what_one_job_takes_and_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await everybody(office)
    await buy(office, "PROJECTPROFESSIONAL", 9)
    group = await add_group(office, "Planners", await add_people(office, "zoe", "zora"))
    await license_group(office, group, "PROJECTPROFESSIONAL")
    await assign(office, "zoe", "PROJECTPROFESSIONAL")
    monkeypatch.setattr(finding, "MEND_MAX", 4)
    async with call_of(office) as call:
        full = await finding.find_all(call, ConflictKind.DIRECT_BESIDE_INHERITED, product=None)
    assert (len(full.pairs), len(full.people), full.has_more) == (4, 4, True)
    assert full.keeping == (("Visio Plan 2", ("Engineers",)),)
    monkeypatch.setattr(finding, "MEND_MAX", 5)
    seen = (await preview(office, "POST", URL, DOUBLES))["result"]
    assert (seen["total"], seen["hasMore"], len(seen["keptThrough"])) == (5, False, 2)


@pytest.mark.parametrize("body", [DOUBLES, DUPLICATES], ids=["doubles", "duplicates"])
async def test_a_search_ends_in_time_and_says_how_to_go_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, body: dict[str, str]
) -> None:
    await four_in_vain_and_one_of_each_kind(office)
    monkeypatch.setattr(finding, "AT_ONCE", 1)
    monkeypatch.setattr(finding, "LOOKED_AT_MAX", 4)
    refused = await office.admin.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "noChange")
    assert "The search ended after 4 " in refused.json()["detail"]
    assert "name a product to look at others" in refused.json()["detail"]
    of_one = {**body, "product": "EXCHANGESTANDARD"}
    found = (await preview(office, "POST", URL, of_one))["result"]
    assert (found["total"], found["searchEndedAfter"]) == (1, None)
    monkeypatch.setattr(finding, "LOOKED_AT_MAX", 5)
    found = (await preview(office, "POST", URL, body))["result"]
    assert (found["total"], found["searchEndedAfter"]) == (1, None)


def test_answers_for_who_is_alike_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "REMEMBERED_MAX", 2)
    known: dict[int, str] = {}
    assert [desk.remember(known, like, str(like)) for like in range(4)] == ["0", "1", "2", "3"]
    assert known == {2: "2", 3: "3"}


async def four_in_vain_and_one_of_each_kind(office: Office) -> None:
    """Four are looked at in vain for either kind, and for each one after them that can go."""
    for product in ("SPE_E3", "EXCHANGESTANDARD", "VISIOCLIENT", "PROJECTPROFESSIONAL"):
        await buy(office, product, 9)
    names = ("ada", "bob", "cyd", "dan")
    narrow = await add_group(office, "Narrow", await add_people(office, *names))
    await license_group(office, narrow, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    for name in names:
        await assign(office, name, "VISIOCLIENT")
        await assign(office, name, "PROJECTPROFESSIONAL")
    for name, product in (("yan", "EXCHANGESTANDARD"), ("zoe", "SPE_E3")):
        wide = await add_group(office, f"Wide {name}", await add_people(office, name))
        await license_group(office, wide, product)
        await assign(office, name, "EXCHANGESTANDARD")
