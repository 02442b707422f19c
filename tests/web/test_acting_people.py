"""Tokens that act as a person of the directory, and end with them."""

from __future__ import annotations

import httpx
import pytest

from tests.office import Office
from tests.world import add_people

ADA = "ada@contoso.example"


async def _token(office: Office, **body: object) -> httpx.Response:
    return await office.admin.post(
        "/api/tokens", json={"name": "ada's own", "roles": ["person"], "user": ADA} | body
    )


async def _status(office: Office, made: httpx.Response) -> int:
    answer = await office.client(made.json()["token"]).get("/api/license-requests?mine=true")
    return answer.status_code


async def test_a_token_acts_as_a_person_and_says_so(office: Office) -> None:
    await add_people(office, "ada")
    made = await _token(office)
    assert made.status_code == 201, made.text
    listed = (await office.admin.get("/api/tokens")).json()["value"]
    for shown in (made.json(), listed[-1]):
        assert shown["user"]["userPrincipalName"] == ADA
        assert shown["permissions"] is None
    assert listed[0]["user"] is None
    rotated = await office.admin.post(f"/api/tokens/{made.json()['id']}/rotate")
    assert rotated.json()["user"]["userPrincipalName"] == ADA
    assert await _status(office, made) == 401
    assert await _status(office, rotated) == 200


async def test_a_token_sleeps_while_its_person_is_disabled_and_ends_when_they_go(
    office: Office,
) -> None:
    await add_people(office, "ada")
    made = await _token(office)
    path = f"/api/identity/users/{ADA}"
    assert await _status(office, made) == 200
    await office.admin.patch(path, json={"accountEnabled": False})
    assert await _status(office, made) == 401
    await office.admin.patch(path, json={"accountEnabled": True})
    assert await _status(office, made) == 200
    await office.admin.delete(path)
    assert await _status(office, made) == 401


@pytest.mark.parametrize(
    ("user", "status", "code"),
    [("nobody@contoso.example", 400, "unknownUser"), ("bob@contoso.example", 400, "invalidValue")],
)
async def test_a_token_for_nobody_or_for_somebody_disabled_is_refused(
    office: Office, user: str, status: int, code: str
) -> None:
    await add_people(office, "bob")
    await office.admin.patch(
        "/api/identity/users/bob@contoso.example", json={"accountEnabled": False}
    )
    refused = await _token(office, user=user)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert user in refused.json()["detail"]
