"""Previews of bulk assignments: nothing is written, and the job then does what they said."""

from __future__ import annotations

import random
from typing import Any

import pytest

from seatwright.app.work import Workshop, work_job
from seatwright.postgres.jobs import find_job
from tests.bulk import BULK, csv_of, holders, outcomes, reserved_seats, send_json, upn
from tests.office import Office
from tests.world import add_people, call_of, counts_agree, set_seats


async def test_a_preview_says_what_the_job_then_does(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await set_seats(office, "SPE_E3", 2)
    body: dict[str, Any] = {
        "users": [upn(name) for name in ("ada", "bob", "cid", "nobody")],
        "skuPartNumber": "SPE_E3",
    }
    for policy in ("asMany", "wait", "allOrNothing"):
        answer = await office.admin.post(
            f"{BULK}?preview=true", json={**body, "fillPolicy": policy}
        )
        assert answer.status_code == 200, answer.text
        seats = answer.json()["seats"][0]
        preview = answer.json()["result"]
        assert await holders(office, "SPE_E3") == 0
        job = await send_json(office, {**body, "fillPolicy": policy})
        assert outcomes(preview) == outcomes(job)
        assert [r["message"] for r in preview["rows"]] == [r["message"] for r in job["rows"]]
        assert (seats["skuPartNumber"], seats["freeBefore"]) == ("SPE_E3", 2)
        assert seats["consumedAfter"] == await holders(office, "SPE_E3")
        assert sum(one["rows"] for one in preview["outcomes"]) == 4
        if policy != "allOrNothing":
            users = {**body, "action": "remove"}
            await send_json(office, users)
    assert await counts_agree(office)


@pytest.mark.parametrize("seed", range(4))
async def test_a_preview_of_many_slices_says_what_the_job_then_does(
    office: Office, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for module in ("slices", "foresight"):
        monkeypatch.setattr(f"seatwright.app.bulk.{module}.SLICE_ROWS", 7)
    dice = random.Random(seed)
    names = [f"p{number}" for number in range(12)]
    await add_people(office, *names)
    products = ["SPE_E3", "STANDARDPACK", "VISIOCLIENT"]
    for product in products:
        await set_seats(office, product, dice.randint(2, 6))
    for policy in ("asMany", "allOrNothing", "asMany", "asMany"):
        rows = [
            {
                "user": upn(dice.choice([*names, "nobody"] if policy == "asMany" else names)),
                "sku": dice.choice(products),
                "action": dice.choice(["add", "add", "remove", "replace"]),
            }
            for _ in range(40 if policy == "asMany" else 3)
        ]
        body = {"rows": rows, "fillPolicy": policy}
        preview = (await office.admin.post(f"{BULK}?preview=true", json=body)).json()
        assert preview["counts"]["people"] <= len(names)
        job = await send_json(office, body)
        assert outcomes(preview["result"]) == outcomes(job)
        for seats in preview["seats"]:
            assert seats["consumedAfter"] == await holders(office, seats["skuPartNumber"])
        assert await counts_agree(office)


@pytest.mark.slow
async def test_100_000_rows_are_previewed_and_done(office: Office) -> None:
    names = [f"p{number}" for number in range(50_000)]
    for start in range(0, len(names), 10_000):
        await add_people(office, *names[start : start + 10_000])
    await set_seats(office, "SPE_E3", 60_000)
    await set_seats(office, "VISIOCLIENT", 49_999)
    content = csv_of(*(f"{upn(name)},{sku}" for name in names for sku in ("SPE_E3", "VISIOCLIENT")))
    headers = {"content-type": "text/csv", "prefer": "wait=60"}
    preview = await office.admin.post(f"{BULK}?preview=true", content=content, headers=headers)
    assert preview.status_code == 200, preview.text
    result = preview.json()["result"]
    assert (result["succeeded"], result["failed"]) == (99_999, 1)
    assert (len(result["rows"]), len(preview.json()["changes"])) == (1_000, 1_000)
    assert (preview.json()["truncated"], preview.json()["counts"]["grants"]) == (True, 99_999)
    refused = await office.admin.post(
        f"{BULK}?fillPolicy=allOrNothing", content=content, headers=headers
    )
    assert refused.json()["state"] == "failed", refused.text[:500]
    assert await reserved_seats(office) == 0
    await set_seats(office, "VISIOCLIENT", 50_000)
    started = await office.admin.post(
        f"{BULK}?fillPolicy=allOrNothing", content=content, headers={"content-type": "text/csv"}
    )
    bench = Workshop(database=office.database, clock=office.clock)
    async with call_of(office) as call:
        job = await find_job(call.tx, started.json()["jobId"])
    assert job is not None
    await work_job(bench, office.made.tenant.tenant_id, job.job_no)
    done = (await office.admin.get(started.headers["location"])).json()
    assert (done["state"], done["succeeded"]) == ("completed", 100_000)
    assert (await holders(office, "SPE_E3"), await holders(office, "VISIOCLIENT")) == (
        50_000,
        50_000,
    )
    assert await reserved_seats(office) == 0
    assert await counts_agree(office)
