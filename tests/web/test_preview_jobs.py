"""Changes of more than 500 people are jobs: their preview says what the job then does."""

from __future__ import annotations

import pytest

from tests.bulk import csv_of, send_json
from tests.moves import give, license_group, worked
from tests.office import Office
from tests.previews import (
    BULK,
    E3,
    GROUPS,
    Json,
    apply,
    preview,
    upn,
)
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

PEOPLE = 520
"""More than fit into one call."""

NAMES = tuple(f"p{number:03}" for number in range(PEOPLE))
LATE = ("late1", "late2", "late3")
"""People who wait for a seat before the change."""

Holdings = set[tuple[str, str, str]]


@pytest.fixture(autouse=True)
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews that show all their lines, so that they can be compared whole."""
    for module in ("app.preview", "web.rest.preview"):
        monkeypatch.setattr(f"seatwright.{module}.LINES_MAX", 10_000)


@pytest.fixture
async def crowd(office: Office) -> list[int]:
    """Many people in an office, by their numbers."""
    return await add_people(office, *NAMES)


async def holdings(office: Office) -> Holdings:
    """Who holds which product, with the service plans that are on."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select u.display_name, s.part_number, p.bits from effective_license l"
            " join app_user u on (u.tenant_id, u.user_no) = (l.tenant_id, l.user_no)"
            " join sku s on (s.tenant_id, s.sku_no) = (l.tenant_id, l.sku_no)"
            " join service_plan_set p on (p.tenant_id, p.set_id) = (l.tenant_id, l.enabled_set)"
            " where l.tenant_id = %s",
            (call.tx.tenant_id,),
        )
        return {(name, sku, bits) for name, sku, bits in await cursor.fetchall()}


async def waits(office: Office) -> set[tuple[str, str, str]]:
    """Who is in error with which product, and why."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select u.display_name, s.part_number, e.reason from license_error e"
            " join app_user u on (u.tenant_id, u.user_no) = (e.tenant_id, e.user_no)"
            " join sku s on (s.tenant_id, s.sku_no) = (e.tenant_id, e.sku_no)"
            " where e.tenant_id = %s",
            (call.tx.tenant_id,),
        )
        return {(name, sku, reason) for name, sku, reason in await cursor.fetchall()}


def foreseen(seen: Json) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Who would get and who would lose which product."""
    lines = [
        (line["action"], (line["user"]["displayName"], line["product"]["skuPartNumber"]))
        for line in seen["changes"]
    ]
    return {one for action, one in lines if action == "grant"}, {
        one for action, one in lines if action == "revoke"
    }


async def done_as_previewed(office: Office, method: str, path: str, body: object) -> Json:
    """Apply a preview, work its job, and compare what it said with what came of it."""
    seen = await preview(office, method, path, body)
    assert seen["truncated"] is False
    before, erring = await holdings(office), await waits(office)
    started = await apply(office.admin, method, path, body, digest=seen["digest"])
    assert started.status_code in {200, 202}, started.text
    await worked(office, job_of(started.json()))
    after, errors = await holdings(office), await waits(office)
    pairs_before, pairs_after = {one[:2] for one in before}, {one[:2] for one in after}
    assert foreseen(seen) == (pairs_after - pairs_before, pairs_before - pairs_after)
    coming = {error_of(one) for one in seen["errors"] if one["isComing"]}
    going = {error_of(one) for one in seen["errors"] if not one["isComing"]}
    assert (coming, going) == (errors - erring, erring - errors)
    assert sum(one["people"] for one in seen["held"]) == await held_people(office)
    for seats in seen["seats"]:
        holders = sum(one[1] == seats["skuPartNumber"] for one in after)
        assert seats["consumedAfter"] == holders, seats
    assert await counts_agree(office)
    return seen


def job_of(answer: Json) -> str:
    told = answer.get("answer") or answer
    return str(told.get("jobId") or told["id"])


def error_of(line: Json) -> tuple[str, str, str]:
    return line["user"]["displayName"], line["product"]["skuPartNumber"], line["code"]


async def held_people(office: Office) -> int:
    held = (await office.admin.get("/api/held-changes")).json()["value"]
    return sum(one["people"] for one in held)


async def licensed_crowd(office: Office, crowd: list[int], *, seats: int) -> str:
    """A group of everybody that gives Microsoft 365 E3, as far as the seats go."""
    await set_seats(office, "SPE_E3", seats)
    group = await add_group(office, "Crowd", crowd)
    answer = await office.admin.post(f"{GROUPS}/{group}/licenses", json=E3)
    await worked(office, answer.json()["jobId"])
    return group


async def queue_up(office: Office) -> None:
    """People who wait for a seat of Microsoft 365 E3, of which none is free."""
    await add_people(office, *LATE)
    await send_json(office, {"users": [upn(name) for name in LATE], **E3, "fillPolicy": "wait"})


async def set_brake(office: Office, *, is_on: bool) -> None:
    answer = await office.admin.patch("/api/settings", json={"brakeOnRemovals": is_on})
    assert answer.status_code == 200, answer.text


async def test_a_product_given_to_a_large_group(office: Office, crowd: list[int]) -> None:
    await set_seats(office, "SPE_E3", PEOPLE - 7)
    group = await add_group(office, "Crowd", crowd)
    seen = await done_as_previewed(office, "POST", f"{GROUPS}/{group}/licenses", E3)
    assert (seen["counts"]["grants"], seen["counts"]["errorsComing"]) == (PEOPLE - 7, 7)


async def test_a_product_taken_from_a_large_group_is_held_by_the_brake(
    office: Office, crowd: list[int]
) -> None:
    group = await licensed_crowd(office, crowd, seats=PEOPLE)
    path = f"{GROUPS}/{group}/licenses/SPE_E3"
    seen = await done_as_previewed(office, "DELETE", path, None)
    assert (seen["counts"]["revokes"], seen["counts"]["held"]) == (0, PEOPLE)
    (held,) = seen["held"]
    assert held["product"]["skuPartNumber"] == "SPE_E3"
    (stored,) = (await office.admin.get("/api/held-changes")).json()["value"]
    assert held["sentence"] == stored["sentence"]


async def test_seats_that_a_large_group_frees_go_to_those_who_wait(
    office: Office, crowd: list[int]
) -> None:
    await set_brake(office, is_on=False)
    group = await licensed_crowd(office, crowd, seats=PEOPLE)
    await queue_up(office)
    seen = await done_as_previewed(office, "DELETE", f"{GROUPS}/{group}/licenses/SPE_E3", None)
    assert (seen["counts"]["grants"], seen["counts"]["revokes"]) == (len(LATE), PEOPLE)
    reasons = {line["reason"] for line in seen["changes"] if line["action"] == "grant"}
    assert reasons == {"seatFreed"}


async def test_a_bulk_assignment(office: Office, crowd: list[int]) -> None:
    await set_seats(office, "SPE_E3", PEOPLE - 3)
    rows = csv_of(*(f"{upn(name)},SPE_E3" for name in NAMES), "nobody@x.example,SPE_E3").decode()
    path = f"{BULK}?fillPolicy=wait"
    seen = await done_as_previewed(office, "POST", path, rows)
    assert seen["result"]["failed"] == 1
    assert (seen["counts"]["grants"], seen["counts"]["errorsComing"]) == (PEOPLE - 3, 3)


async def test_a_bulk_removal_is_held_by_the_brake(office: Office, crowd: list[int]) -> None:
    await give_everybody(office)
    body = {"users": [upn(name) for name in NAMES], **E3, "action": "remove"}
    seen = await done_as_previewed(office, "POST", BULK, body)
    assert (seen["counts"]["revokes"], seen["counts"]["held"]) == (0, PEOPLE)
    reasons = {(one["outcome"], one["reason"]) for one in seen["result"]["outcomes"]}
    assert reasons == {("succeeded", "heldForApproval")}
    (stored,) = (await office.admin.get("/api/held-changes")).json()["value"]
    assert seen["held"][0]["sentence"] == stored["sentence"]


async def test_seats_that_a_bulk_removal_frees_go_to_those_who_wait(
    office: Office, crowd: list[int]
) -> None:
    await set_brake(office, is_on=False)
    await give_everybody(office)
    await queue_up(office)
    body = {"users": [upn(name) for name in NAMES], **E3, "action": "remove"}
    seen = await done_as_previewed(office, "POST", BULK, body)
    assert (seen["counts"]["grants"], seen["counts"]["revokes"]) == (len(LATE), PEOPLE)


async def give_everybody(office: Office) -> None:
    """Microsoft 365 E3 for everybody by their own name, and not one seat more."""
    await set_seats(office, "SPE_E3", PEOPLE)
    body = {"users": [upn(name) for name in NAMES], **E3}
    answer = await office.admin.post(BULK, json=body)
    await worked(office, answer.json()["jobId"])


async def test_an_import_of_holdings(office: Office, crowd: list[int]) -> None:
    await set_seats(office, "SPE_E3", 10)
    rows = csv_of(*(f"{upn(name)},SPE_E3" for name in NAMES), "nobody@x.example,SPE_E3").decode()
    seen = await done_as_previewed(office, "POST", "/api/imports/holdings", rows)
    assert (seen["counts"]["grants"], seen["result"]["failed"]) == (PEOPLE, 1)


async def test_a_look_at_everybody(office: Office, crowd: list[int]) -> None:
    group = await licensed_crowd(office, crowd, seats=PEOPLE)
    joined = await add_people(office, *LATE)
    await join_silently(office, group, joined)
    await set_seats(office, "SPE_E3", PEOPLE + 2)
    seen = await done_as_previewed(office, "POST", "/api/reconcile", None)
    assert (seen["counts"]["grants"], seen["counts"]["errorsComing"]) == (2, 1)


async def join_silently(office: Office, group: str, people: list[int]) -> None:
    """Members of whom nobody was told, as a restored backup would leave them."""
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into membership (tenant_id, user_no, group_no, since)"
            " select g.tenant_id, unnest(%s::int4[]), g.group_no, %s from app_group g"
            " where g.tenant_id = %s and g.id = %s",
            (people, call.now, call.tx.tenant_id, group),
        )


SWAP = {"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5"}
ALL_WAYS = {"all": True, "strategies": ["bulk", "manual"]}


async def test_a_move_to_another_product(office: Office, crowd: list[int]) -> None:
    await give_everybody(office)
    await set_seats(office, "SPE_E5", PEOPLE - 4)
    await queue_up(office)
    seen = await done_as_previewed(office, "POST", "/api/moves", {**SWAP, **ALL_WAYS})
    assert seen["counts"]["grants"] == PEOPLE - 4 + len(LATE)
    # Four find no seat of the new product, and those who wait for the old one have none to give.
    assert seen["result"]["failed"] == 4 + len(LATE)


async def test_a_move_of_a_group_to_another_product(office: Office, crowd: list[int]) -> None:
    group = await licensed_crowd(office, crowd, seats=PEOPLE)
    await set_seats(office, "SPE_E5", PEOPLE)
    await queue_up(office)
    seen = await done_as_previewed(office, "POST", "/api/moves", {**SWAP, "group": group})
    assert seen["counts"]["grants"] == PEOPLE + len(LATE)


async def test_a_move_into_a_group(office: Office, crowd: list[int]) -> None:
    await give_everybody(office)
    group = await add_group(office, "Crowd")
    await license_group(office, group, "SPE_E3", disabledServicePlans=["SWAY"])
    body = {"kind": "directToGroup", "sku": "SPE_E3", "group": group, "surplus": "addToGroup"}
    await done_as_previewed(office, "POST", "/api/moves", {**body, **ALL_WAYS})


async def test_a_bulk_call_is_not_done_in_a_world_that_moved(
    office: Office, crowd: list[int]
) -> None:
    await set_seats(office, "SPE_E3", PEOPLE)
    await add_people(office, "eve")
    body = {"users": [upn(name) for name in NAMES], **E3}
    seen = await preview(office, "POST", BULK, body)
    office.clock.move(minutes=1)
    await give(office, "eve", "SPE_E3")
    moved = await apply(office.admin, "POST", BULK, body, digest=seen["digest"])
    assert (moved.status_code, moved.json()["code"]) == (412, "worldMoved")
    told = moved.json()
    (gone,), (new,) = told["vanished"]["changes"], told["appeared"]["errors"] or [None]
    assert gone["action"] == "grant"
    assert new is None or new["user"] == gone["user"]
    assert told["meanwhile"][0]["user"] == "eve"
    assert await held_by(office) == ["eve"]
    assert (await office.admin.get("/api/jobs")).json()["value"] == []


async def held_by(office: Office) -> list[str]:
    return sorted({name for name, *_ in await holdings(office)})
