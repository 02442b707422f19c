"""An office to test in: a real application over a real database, with tokens for every role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from seatwright.app.tenants import MadeTenant, NewTenant, create_tenant
from seatwright.bootstrap import assemble_web_app
from seatwright.domain.roles import Role
from seatwright.postgres.pool import Database
from tests.contract.hold import HeldToContract

if TYPE_CHECKING:
    from tests.conftest import Database as DatabaseOfTest

HOST = "127.0.0.1:8080"


@dataclass(slots=True)
class MovableClock:
    """A clock that stands still until the test moves it."""

    time: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time the test last set."""
        return self.time

    def move(self, **duration: float) -> None:
        """Let this much time pass."""
        self.time += timedelta(**duration)


@dataclass(slots=True)
class Office:
    """One tenant, its clock, and clients that call its API as different principals."""

    database: Database
    clock: MovableClock
    made: MadeTenant
    admin: httpx.AsyncClient
    app: Any
    tokens: dict[Role, str] = field(default_factory=dict)

    def client(self, token: str | None) -> httpx.AsyncClient:
        """A client that sends this token, or none."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=HeldToContract(self.app), raise_app_exceptions=True),
            base_url=f"http://{HOST}",
            headers=headers,
            timeout=60,
        )

    async def as_role(self, role: Role) -> httpx.AsyncClient:
        """A client of a token with exactly this role."""
        if role not in self.tokens:
            answer = await self.admin.post(
                "/api/tokens", json={"name": f"test {role.value}", "roles": [role.value]}
            )
            assert answer.status_code == 201, answer.text
            self.tokens[role] = answer.json()["token"]
        return self.client(self.tokens[role])


@asynccontextmanager
async def open_office(app_url: str, new: NewTenant | None = None) -> AsyncIterator[Office]:
    """Make a tenant and serve it in this process over the real database."""
    clock = MovableClock()
    database = Database(app_url)
    await database.open()
    try:
        made = await create_tenant(
            database, new or NewTenant(name="Contoso", domain="contoso.example"), now=clock.now()
        )
        app = assemble_web_app(database=database, clock=clock, public_host=HOST)
        office = Office(database=database, clock=clock, made=made, admin=None, app=app)  # type: ignore[arg-type]  # set in the next line
        office.admin = office.client(made.token)
        yield office
        await office.admin.aclose()
    finally:
        await database.close()


@pytest.fixture
async def office(database: DatabaseOfTest) -> AsyncIterator[Office]:
    """An office of this test's own, with the native preset."""
    async with open_office(database.app_url) as opened:
        yield opened
