"""Input that nobody means: refused in a sentence, stored nowhere, and never an error of ours."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatwright.app.work import Workshop, work_job
from seatwright.postgres.jobs import open_jobs
from seatwright.web.entry import Entry
from tests.bulk import BULK, upn
from tests.office import HOST, Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

LICENSES = f"/api/identity/users/{upn('ada')}/licenses"
LONG = "x" * 100_000

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "\x00", "a\x00b", LONG, "NO", "SPE_E3", "\u202e", "ß" * 600, "9" * 400, "🪑" * 300]
    ),
)
VALUES = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 128, 2**31, 2**63, 2**64, 10**40, 1e308, -0.5]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-02-30"]),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)
FIELDS = {
    LICENSES: (
        "skuId skuPartNumber disabledServicePlans usageLocation startsAt expiresAt priority reason"
        " replaces"
    ),
    "/api/identity/groups/{group}/licenses": "skuId skuPartNumber disabledServicePlans priority",
    "/api/tokens": "name roles scim",
    "/api/clients": "name roles permissions",
    "/api/settings": "preset usageLocation importRemovalsMax deletedUsersKeptDays nothing",
}


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def _bodies(seen: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(FIELDS)))
    names = st.sampled_from(FIELDS[path].split())
    body = data.draw(st.dictionaries(names, VALUES, max_size=5))
    if "skuPartNumber" in FIELDS[path] and data.draw(st.booleans()):
        body.pop("skuId", None)
        body["skuPartNumber"] = "spe_e3"
    seen.append((path, body))


async def test_no_body_is_answered_with_an_error_of_ours(office: Office) -> None:
    people = await add_people(office, "ada")
    group = await add_group(office, "Staff", people)
    await set_seats(office, "SPE_E3", 1)
    bodies: list[tuple[str, dict[str, Any]]] = []
    _bodies(bodies)
    for number, (path, body) in enumerate(bodies):
        method = "PATCH" if path == "/api/settings" else "POST"
        place = path.replace("{group}", group)
        headers = {"idempotency-key": f"key {number}"} if number % 2 else {}
        answer = await office.admin.request(method, place, json=body, headers=headers)
        assert answer.status_code < 500, (path, body, answer.text)
        if path == LICENSES:
            changed = await office.admin.patch(
                f"{place}/SPE_E3", json={k: v for k, v in body.items() if not k.startswith("sku")}
            )
            assert changed.status_code < 500, (path, body, changed.text)
    assert (await office.admin.get(LICENSES)).status_code == 200
    assert await counts_agree(office)


@pytest.mark.parametrize(
    "content",
    [
        b'{"skuPartNumber": "\xff\xfe"}',
        b'{"skuPartNumber": "\\ud800"}',
        b'{"skuPartNumber": "SPE_E3", "reason": "\\ud800"}',
        b'{"skuPartNumber": "SPE_E3", "reason": "\\u0000"}',
        b'{"skuPartNumber": "SPE_E3", "priority": ' + b"9" * 5000 + b"}",
        b"[" * 20_000,
        b"null",
        b"",
    ],
    ids=["utf8", "surrogate", "surrogate note", "nul", "digits", "deep", "null", "nothing"],
)
async def test_no_bytes_are_answered_with_an_error_of_ours(office: Office, content: bytes) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    answer = await office.admin.post(
        LICENSES, content=content, headers={"content-type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert (await office.admin.get(LICENSES)).json()["value"] == []


@pytest.mark.parametrize(
    "address",
    [
        "/api/identity/users/%00/licenses",
        "/api/identity/users/a%00b@contoso.example/licenses/SPE%00",
        "/api/identity/groups/%00/licenses",
        "/api/identity/users/%ff/licenses",
        f"{LICENSES}/SPE_E3?reason=%00",
        f"{LICENSES}/SPE_E3?reason=%ff",
        f"{LICENSES}/SPE_E3?reason={LONG[:20_000]}",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k"}])
async def test_no_address_is_answered_with_an_error_of_ours(
    office: Office, address: str, headers: dict[str, str]
) -> None:
    await add_people(office, "ada")
    for method in ("GET", "POST", "DELETE"):
        body = {"skuPartNumber": "SPE_E3"} if method == "POST" else None
        answer = await office.admin.request(method, address, json=body, headers=headers)
        assert answer.status_code < 500, answer.text


async def test_a_key_is_kept_for_the_longest_address(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    headers = {"idempotency-key": "once"}
    # Random, so that no compression makes it fit into a page of an index.
    noise = Random(7).randbytes(200).hex()
    query = "".join(Random(n).randbytes(200).hex() for n in range(20))
    assert (await office.admin.post(LICENSES, json={"skuPartNumber": "SPE_E3"})).is_success
    taken = await office.admin.delete(f"{LICENSES}/SPE_E3?reason={noise}", headers=headers)
    assert taken.status_code == 204, taken.text
    gone = await office.admin.delete(f"{LICENSES}/SPE_E3?reason={noise}", headers=headers)
    assert (gone.status_code, gone.headers["idempotency-replayed"]) == (204, "true")
    other = await office.admin.delete(f"{LICENSES}/SPE_E3?reason={query}", headers=headers)
    assert other.status_code < 500, other.text
    first = await office.admin.post(LICENSES, json={"skuPartNumber": "SPE_E3"}, headers=headers)
    assert first.status_code == 201, first.text
    again = await office.admin.post(LICENSES, json={"skuPartNumber": "SPE_E3"}, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content
    tabbed = await office.admin.post(
        LICENSES, json={"skuPartNumber": "SPE_E3"}, headers={"idempotency-key": "a\tb"}
    )
    assert (tabbed.status_code, tabbed.json()["code"]) == (400, "invalidValue")


async def test_of_many_calls_with_one_key_one_is_done(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    answers = await asyncio.gather(
        *(
            office.admin.post(
                LICENSES, json={"skuPartNumber": "SPE_E3"}, headers={"idempotency-key": "one"}
            )
            for _ in range(12)
        )
    )
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}, [answer.text for answer in answers]
    first = [a for a in answers if a.status_code == 201 and "idempotency-replayed" not in a.headers]
    assert len(first) == 1
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"callInProgress"}


async def test_a_revoked_token_is_not_even_told_what_it_did_before(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    body = {"name": "robot", "roles": ["license-administrator"]}
    made = (await office.admin.post("/api/tokens", json=body)).json()
    robot = office.client(made["token"])
    headers = {"idempotency-key": "k"}
    call = {"skuPartNumber": "SPE_E3"}
    assert (await robot.post(LICENSES, json=call, headers=headers)).status_code == 201
    assert (await office.admin.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert (await robot.post(LICENSES, json=call, headers=headers)).status_code == 401


async def test_of_secrets_rotated_at_once_one_works(office: Office) -> None:
    made = (
        await office.admin.post("/api/tokens", json={"name": "r", "roles": ["global-reader"]})
    ).json()
    path = f"/api/tokens/{made['id']}/rotate"
    answers = await asyncio.gather(*(office.admin.post(path) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    tokens = [made["token"], *(answer.json()["token"] for answer in answers)]
    tried = [await office.client(token).get("/api/settings") for token in tokens]
    assert [answer.status_code for answer in tried].count(200) == 1


async def test_the_whole_server_can_be_asked_for_its_options() -> None:
    sent: list[Any] = []

    async def surface(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": 404, "headers": []})
        sent.append(scope["path"])

    async def lifespan(receive: Any, send: Any) -> None:
        del receive, send

    entry = Entry(surfaces={}, doors={}, fallback=surface, public_host=HOST, lifespan=lifespan)
    scope = {
        "type": "http",
        "method": "OPTIONS",
        "path": "*",
        "headers": [(b"host", HOST.encode())],
    }

    async def drop(message: Any) -> None:
        del message

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    await entry(scope, nothing, drop)
    assert sent == ["*"]


async def test_reserved_seats_become_licenses_although_purchases_were_cut_meanwhile(
    office: Office,
) -> None:
    names = ["ada", "bob", "eve"]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 3)
    body = {
        "users": [upn(name) for name in names],
        "skuPartNumber": "SPE_E3",
        "fillPolicy": "allOrNothing",
    }
    assert (await office.admin.post(BULK, json=body)).status_code == 202
    bench = Workshop(database=office.database, clock=office.clock)
    async with call_of(office) as call:
        (job,) = await open_jobs(call.tx)
    once = iter([True])
    tenant = office.made.tenant.tenant_id
    await work_job(bench, tenant, job.job_no, goes_on=lambda: next(once, False))
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update sku_pool set assignable = 2, seats_over = 1"
            " where tenant_id = %s and reserved = 3",
            (tenant,),
        )
    await work_job(bench, tenant, job.job_no)
    ended = (await office.admin.get(f"/api/jobs/{job.id}")).json()
    assert (ended["state"], ended["succeeded"]) == ("completed", 2)
    assert await counts_agree(office)
