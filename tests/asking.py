"""A company in which people ask for products: managers above, seats below, tokens for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from tests.office import Office
from tests.previews import upn
from tests.world import add_people, call_of, set_seats

URL = "/api/license-requests"
POLICIES = "/api/license-request-policies"
SKU = "SPE_E3"
OTHER = "VISIOCLIENT"
WHY = "The plans of the new plant."


@dataclass(slots=True)
class Company:
    """Ada leads bob, who leads cid, dan and eve; each has a token of their own."""

    office: Office
    numbers: dict[str, int]
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def of(self, name: str) -> httpx.AsyncClient:
        """A client of somebody's own token, of role person."""
        if name not in self.clients:
            self.clients[name] = await self.token(name, "person")
        return self.clients[name]

    async def token(self, name: str, role: str) -> httpx.AsyncClient:
        """A client of a new token with a role, bound to a person if one is named so."""
        acts_as = {"user": f"{name}@contoso.example"} if name in self.numbers else {}
        made = await self.office.admin.post(
            "/api/tokens", json={"name": f"{name} as {role}", "roles": [role], **acts_as}
        )
        assert made.status_code == 201, made.text
        return self.office.client(made.json()["token"])

    async def desk(self) -> httpx.AsyncClient:
        """A license administrator who is nobody of the directory."""
        if "" not in self.clients:
            self.clients[""] = await self.token("desk", "license-administrator")
        return self.clients[""]

    async def ask(self, name: str, sku: str = SKU, **body: Any) -> dict[str, Any]:
        """A request that somebody makes, as it was answered."""
        answer = await self.try_asking(name, sku, **body)
        assert answer.status_code == 201, answer.text
        asked: dict[str, Any] = answer.json()
        return asked

    async def try_asking(self, name: str, sku: str = SKU, **body: Any) -> httpx.Response:
        """The answer to a request."""
        sent = {"skuPartNumber": sku, "justification": WHY} | body
        return await (await self.of(name)).post(URL, json=sent)

    async def decide(self, name: str, request: str, decision: str, **body: Any) -> httpx.Response:
        """The answer to a decision; by the desk where nobody is named."""
        client = await self.of(name) if name else await self.desk()
        return await client.post(f"{URL}/{request}/decision", json={"decision": decision} | body)

    async def seats(self, sku: str = SKU) -> tuple[int, int, int]:
        """How many are in use, held and free."""
        row = (await self.office.admin.get(f"/api/identity/licenses/{sku}")).json()
        return row["consumed"], row["reserved"], row["free"]

    async def line(self, request: str, name: str | None = None) -> dict[str, Any]:
        """A line of a request as the desk sees it: somebody's, or the only one."""
        seen = (await (await self.desk()).get(f"{URL}/{request}")).json()
        lines = [
            line
            for line in seen["people"]
            if name is None or line["person"]["userPrincipalName"] == upn(name)
        ]
        assert len(lines) == 1, seen
        found: dict[str, Any] = lines[0]
        return found

    async def holds(self, name: str) -> set[str]:
        """What somebody holds."""
        answer = await self.office.admin.get(f"/api/identity/users/{upn(name)}/licenses")
        return {one["skuPartNumber"] for one in answer.json()["value"] if one["state"] == "Active"}

    async def policy(self, product: str = "default", **body: Any) -> None:
        """Set a request policy."""
        sent = {"approvers": {"kind": "manager"}} | body
        answer = await self.office.admin.put(f"{POLICIES}/{product}", json=sent)
        assert answer.status_code == 200, answer.text

    async def tend(self) -> None:
        """Let upkeep do what is due."""
        workshop = Workshop(database=self.office.database, clock=self.office.clock)
        await tend_tenant(workshop, self.office.made.tenant.tenant_id)

    async def told(self) -> list[tuple[str, str | None]]:
        """Everything that was written down to be told: the kind, and to whom."""
        async with call_of(self.office) as call:
            cursor = await call.tx.connection.execute(
                "select t.kind, u.display_name from telling t left join app_user u"
                " on u.tenant_id = t.tenant_id and u.user_no = t.user_no"
                " where t.tenant_id = %s order by t.telling_no",
                (call.tx.tenant_id,),
            )
            return [(row[0], row[1]) for row in await cursor.fetchall()]


async def set_company(office: Office, *, seats: int = 10, more: tuple[str, ...] = ()) -> Company:
    """The company, with this many seats of the product and a few of another."""
    names = ("ada", "bob", "cid", "dan", "eve", *more)
    numbers = dict(zip(names, await add_people(office, *names), strict=True))
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update app_user u set manager_no = m.manager from unnest(%s::int4[], %s::int4[])"
            " as m (user_no, manager) where u.tenant_id = %s and u.user_no = m.user_no",
            (
                [numbers[name] for name in names[1:]],
                [numbers["ada" if name == "bob" else "bob"] for name in names[1:]],
                call.tx.tenant_id,
            ),
        )
    await set_seats(office, SKU, seats)
    await set_seats(office, OTHER, 5)
    return Company(office=office, numbers=numbers)
