"""Tokens and clients: issued once, rotated, revoked, and never shown again."""

from __future__ import annotations

from seatwright.domain.roles import Role
from tests.office import Office
from tests.world import call_of


async def test_a_token_works_until_it_is_revoked(office: Office) -> None:
    made = await office.admin.post(
        "/api/tokens", json={"name": "nightly", "roles": ["global-reader"]}
    )
    assert made.status_code == 201, made.text
    reader = office.client(made.json()["token"])
    assert (await reader.get("/api/settings")).status_code == 200
    gone = await office.admin.delete(f"/api/tokens/{made.json()['id']}")
    assert gone.status_code == 204
    refused = await reader.get("/api/settings")
    assert refused.status_code == 401
    assert refused.json()["code"] == "notSignedIn"


async def test_a_rotated_token_answers_only_under_its_new_secret(office: Office) -> None:
    made = (
        await office.admin.post("/api/tokens", json={"name": "n", "roles": ["global-reader"]})
    ).json()
    rotated = await office.admin.post(f"/api/tokens/{made['id']}/rotate")
    assert rotated.status_code == 200
    assert (await office.client(made["token"]).get("/api/settings")).status_code == 401
    assert (await office.client(rotated.json()["token"]).get("/api/settings")).status_code == 200


async def test_a_wrong_role_is_told_which_roles_may(office: Office) -> None:
    reader = await office.as_role(Role.GLOBAL_READER)
    refused = await reader.patch("/api/settings", json={"usageLocation": "NO"})
    assert refused.status_code == 403
    assert refused.json()["rolesNeeded"] == ["global-administrator"]


async def test_settings_are_changed_whole_or_not_at_all(office: Office) -> None:
    refused = await office.admin.patch(
        "/api/settings", json={"usageLocation": "NO", "preset": "other"}
    )
    assert refused.status_code == 400
    assert "preset" in refused.json()["detail"]
    values = {
        s["name"]: s["value"] for s in (await office.admin.get("/api/settings")).json()["value"]
    }
    assert values["usageLocation"] is None


async def test_the_same_key_and_body_get_the_first_answer_again(office: Office) -> None:
    path = "/api/identity/groups"
    headers = {"idempotency-key": "k1"}
    first = await office.admin.post(path, json={"displayName": "HR"}, headers=headers)
    second = await office.admin.post(path, json={"displayName": "HR"}, headers=headers)
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json()
    other = await office.admin.post(path, json={"displayName": "IT"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "keyReused"


async def test_an_unknown_path_is_a_problem_and_not_a_page(office: Office) -> None:
    answer = await office.admin.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_secret_is_kept_nowhere_not_even_for_a_repeated_call(office: Office) -> None:
    body = {"name": "once more", "roles": ["global-reader"]}
    headers = {"idempotency-key": "secret-1"}
    first = await office.admin.post("/api/tokens", json=body, headers=headers)
    assert first.status_code == 201
    again = await office.admin.post("/api/tokens", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "alreadyDecided")
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select body from idempotent_answer")
        kept = b"".join(bytes(row[0]) for row in await cursor.fetchall())
    assert first.json()["token"].encode() not in kept


async def test_a_permission_that_is_none_is_refused_by_name(office: Office) -> None:
    body = {"name": "c", "roles": ["global-reader"], "permissions": ["drop table"]}
    refused = await office.admin.post("/api/clients", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "drop table" in refused.json()["detail"]
