"""Every role before every route: who is let in, who is told which roles may, who is not known."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from seatwright.domain.roles import Permission, Role, roles_permitting
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.doors import Door, doors_of
from tests.office import Office

DOORS = doors_of(create_rest_application())
"""Every door of the application, taken from it and not from a list."""


def named(door: Door) -> str:
    return f"{door.method} {door.path}"


def address(door: Door) -> str:
    """A path that the route serves, about things that do not exist."""
    parts = door.path.split("/")
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in parts)


async def knock(client: httpx.AsyncClient, door: Door) -> httpx.Response:
    """Call a route with as little as it takes to be let in."""
    content = None if door.method in {"GET", "DELETE"} else b"{}"
    headers = {"content-type": "application/json"} if content else {}
    return await client.request(door.method, address(door), content=content, headers=headers)


def test_every_route_is_below_api_and_names_the_permission_it_needs() -> None:
    assert len(DOORS) > 10
    assert [named(door) for door in DOORS if not isinstance(door.permission, Permission)] == []
    assert [named(door) for door in DOORS if not door.path.startswith("/api/")] == []


def test_every_permission_is_asked_for_by_a_route_and_held_by_a_role() -> None:
    asked = {door.permission for door in DOORS}
    # Whose approver somebody is, no route knows: the lines of requests say it.
    assert set(Permission) - asked == {Permission.DECIDE_ANY_REQUEST}
    assert all(roles_permitting(permission) for permission in Permission)


async def test_nobody_is_let_in_without_a_token(office: Office) -> None:
    for token in (None, "", "wrong", "swt_" + "a" * 43):
        async with office.client(token) as stranger:
            for door in DOORS:
                answer = await knock(stranger, door)
                assert answer.status_code == 401, named(door)
                assert answer.json()["code"] == "notSignedIn"
                assert answer.headers["www-authenticate"] == "Bearer"


def is_closed(answer: httpx.Response) -> bool:
    """Whether an answer says that the caller may not come in.

    A reverse proxy is told 403 of whatever else is wrong, too (`interfaces.md`, Authorize).
    """
    return answer.status_code == 401 or (
        answer.status_code == 403 and answer.json()["code"] == "roleMissing"
    )


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_its_doors_and_no_other(office: Office, role: Role) -> None:
    client = await office.as_role(role)
    for door in DOORS:
        assert door.permission is not None
        allowed = roles_permitting(door.permission)
        answer = await knock(client, door)
        if role in allowed:
            assert not is_closed(answer), f"{named(door)}: {answer.text}"
            assert answer.status_code < 500, f"{named(door)}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{named(door)}: {answer.status_code} {answer.text}"
            assert answer.json()["code"] == "roleMissing"
            assert answer.json()["rolesNeeded"] == [one.value for one in allowed]
            assert all(one.value in answer.json()["detail"] for one in allowed)


async def test_several_roles_open_the_doors_of_each(office: Office) -> None:
    roles = [Role.BILLING_ADMINISTRATOR.value, Role.GROUPS_ADMINISTRATOR.value]
    made = await office.admin.post("/api/tokens", json={"name": "two", "roles": roles})
    client = office.client(made.json()["token"])
    for door in DOORS:
        assert door.permission is not None
        allowed = {one.value for one in roles_permitting(door.permission)}
        is_open = not is_closed(await knock(client, door))
        assert is_open == bool(allowed & set(roles)), named(door)


async def test_a_suspended_tenant_is_closed_to_all_its_tokens(office: Office) -> None:
    async with office.database.connection() as connection:
        await connection.execute("update tenant set state = 'suspended'")
    answer = await office.admin.get("/api/settings")
    assert answer.status_code == 403
    assert "suspended" in answer.json()["detail"]
