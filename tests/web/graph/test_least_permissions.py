"""Every route does its work for a client that has the least permission of it, and no other."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.web.graph.routes import GRAPH_ROUTES
from seatwright.web.graph.routing import Route
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought, with_permissions

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
OBJECTS = "https://graph.microsoft.com/v1.0/directoryObjects"

Json = dict[str, Any]


class Things:
    """What the parameters of each path stand for, and what its body says."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.keys: dict[str, str] = {
            "organization": str(office.made.tenant.id),
            "domain": office.made.tenant.domain,
            "sku": f"{office.made.tenant.id}_{E3}",
            "license": E3,
            "allotment": E3,
        }
        self.ids: dict[str, str] = {}

    async def furnish(self) -> None:
        """People and groups, one of each that may go."""
        graph = Graph(self.office)
        self.keys["subscription"] = (await bought(self.office, "SPE_E3"))["id"]
        for name in ("ada", "bo", "cy", "dee", "leaver", "gone", "purged"):
            self.ids[name] = await graph.person(name)
        for name in ("staff", "ended"):
            self.ids[name] = await graph.group(name, self.ids["bo"])
        ada, staff = self.ids["ada"], self.ids["staff"]
        await graph.done("POST", f"/users/{ada}/assignLicense", _order(add=E3))
        await graph.done("PUT", f"/users/{ada}/manager/$ref", _reference(self.ids["bo"]))
        await graph.done("POST", f"/groups/{staff}/owners/$ref", _reference(self.ids["cy"]))
        for name in ("gone", "purged"):
            await graph.done("DELETE", f"/users/{self.ids[name]}")
        named = {"user": "ada", "group": "staff", "object": "ada", "item": "gone"}
        more = {"member": "bo", "owner": "cy"}
        self.keys |= {key: self.ids[name] for key, name in (named | more).items()}

    def path(self, one: Route) -> str:
        """Where a route is called."""
        going = {
            "DELETE users/{user}": "leaver",
            "DELETE groups/{group}": "ended",
            "DELETE directory/deletedItems/{item}": "purged",
        }
        other = {"POST users/{user}/assignLicense": "dee", "PATCH users/{user}": "leaver"} | going
        keys = self.keys
        if name := other.get(f"{one.method} {one.path}"):
            keys = keys | dict.fromkeys(("user", "group", "item"), self.ids[name])
        parts = [keys[p[1:-1]] if p.startswith("{") else p for p in one.path.split("/")]
        return f"/{one.versions[0]}/{'/'.join(parts)}"

    def body(self, one: Route) -> Json | None:
        """What a route is sent."""
        last = one.path.rpartition("/")[2]
        if one.method in {"GET", "DELETE"} or last in {"restore", "reprocessLicenseAssignment"}:
            return None
        if one.path.endswith("$ref"):
            return _reference(self.ids["dee" if "members" in one.path else "bo"])
        bodies: dict[str, Json] = {
            "assignLicense": _order(add=E3),
            "getMemberGroups": {"securityEnabledOnly": False},
            "getMemberObjects": {"securityEnabledOnly": False},
            "checkMemberGroups": {"groupIds": [self.ids["staff"]]},
            "checkMemberObjects": {"ids": [self.ids["staff"]]},
            "getByIds": {"ids": [self.ids["ada"]]},
            "users": _person("new"),
            "groups": _group("new"),
            # `User.EnableDisableAccount.All` is for nothing else,
            "{user}": {"accountEnabled": False},
            # and `GroupMember.ReadWrite.All` for who is in a group.
            "{group}": {"members@odata.bind": [f"{OBJECTS}/{self.ids['cy']}"]},
        }
        return bodies[last]


def _order(*, add: str) -> Json:
    return {"addLicenses": [{"skuId": add, "disabledPlans": []}], "removeLicenses": []}


def _reference(id_: str) -> Json:
    return {"@odata.id": f"{OBJECTS}/{id_}"}


def _person(name: str) -> Json:
    return {
        "accountEnabled": True,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": f"{name}@contoso.example",
        "passwordProfile": {"password": "a long one"},
    }


def _group(name: str) -> Json:
    return {
        "displayName": name,
        "mailEnabled": False,
        "mailNickname": name,
        "securityEnabled": True,
    }


@pytest.fixture
async def things(office: Office) -> Things:
    made = Things(office)
    await made.furnish()
    return made


async def test_every_route_does_its_work_with_its_least_permission_alone(
    office: Office, things: Things
) -> None:
    clients: dict[str, httpx.AsyncClient] = {}
    for one in GRAPH_ROUTES:
        least = one.accepts[0].value
        if least not in clients:
            clients[least] = await with_permissions(office, least)
        headers = {"consistencylevel": "eventual"} if one.path.endswith("$count") else {}
        answer = await clients[least].request(
            one.method, things.path(one), json=things.body(one), headers=headers
        )
        assert answer.is_success, (one.method, one.path, answer.text)
