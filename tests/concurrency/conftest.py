"""One real server with two web workers for all the races, and a tenant for each of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.demo.draft import DraftPurchase, TenantDraft
from seatwright.demo.generate import generate
from tests.books import audit
from tests.served import Furnished, Served, furnish, serving

_names = count(1)


@dataclass(slots=True, kw_only=True)
class Arena:
    """A tenant of unlicensed people behind two web workers."""

    served: Served
    draft: TenantDraft
    furnished: Furnished
    api: httpx.AsyncClient

    @property
    def addresses(self) -> list[str]:
        """Everybody's user principal name."""
        return [person.user_principal_name for person in self.draft.people]

    async def assign(self, address: str, sku: str) -> httpx.Response:
        """Assign a product to a person."""
        path = f"/api/identity/users/{address}/licenses"
        return await self.api.post(path, json={"skuPartNumber": sku})

    async def unassign(self, address: str, sku: str) -> httpx.Response:
        """Take a product from a person."""
        return await self.api.delete(f"/api/identity/users/{address}/licenses/{sku}")

    async def group(self, name: str) -> str:
        """A new group's id."""
        answer = await self.api.post("/api/identity/groups", json={"displayName": name})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def license_group(self, group: str, sku: str) -> httpx.Response:
        """License a group."""
        path = f"/api/identity/groups/{group}/licenses"
        return await self.api.post(path, json={"skuPartNumber": sku})

    async def holders(self, sku: str) -> set[str]:
        """Who holds a product."""
        found: set[str] = set()
        params: dict[str, Any] = {"limit": 200}
        while True:
            answer = await self.api.get(f"/api/identity/licenses/{sku}/holders", params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found |= {row["user"]["userPrincipalName"] for row in page["value"]}
            if page["nextCursor"] is None:
                return found
            params["cursor"] = page["nextCursor"]

    def audit(self, *, is_cut: bool = False) -> list[str]:
        """What is wrong in the tenant's books; `is_cut`: seats were taken away from outside."""
        return audit(self.served.urls.owner, self.furnished.tenant_id, is_cut=is_cut)


@pytest.fixture(scope="package")
def two_workers() -> Iterator[Served]:
    """A server with two web workers and the job worker."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-races-"))
    root.chmod(0o711)
    try:
        with serving(root / "data", workers=2) as served:
            yield served
    finally:
        shutil.rmtree(root, ignore_errors=True)


@asynccontextmanager
async def arena(served: Served, people: int, **seats: int) -> AsyncIterator[Arena]:
    """A tenant with this many people and these seats."""
    draft = generate(people, 11)
    bought = tuple(
        DraftPurchase(external_id=sku, sku=sku, units=units, price=Decimal(10))
        for sku, units in seats.items()
    )
    draft = replace(draft, purchases=bought, groups=(), group_licenses=())
    furnished = await furnish(served.urls.app, draft, name=f"Arena {next(_names)}")
    async with httpx.AsyncClient(
        base_url=served.url,
        headers={"authorization": f"Bearer {furnished.token}"},
        timeout=120,
        # Shorter than the server keeps an idle connection, so that none ends under a call.
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=2),
    ) as api:
        # A race takes more from people in an hour than the brake lets pass without a second person.
        answer = await api.patch("/api/settings", json={"brakeOnRemovals": False})
        assert answer.status_code == 200, answer.text
        yield Arena(served=served, draft=draft, furnished=furnished, api=api)
