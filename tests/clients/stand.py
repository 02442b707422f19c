"""A tenant with something to license, served under Microsoft's hosts, and a client that may."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from seatwright.app import access
from seatwright.app.tenants import NewTenant, calling, create_tenant
from seatwright.bootstrap import assemble_web_app
from seatwright.domain.roles import Role
from seatwright.domain.tenants import PrincipalKind
from seatwright.postgres.pool import Database
from seatwright.settings import OffsetClock
from tests.clients.fixed_hosts import FixedHosts, fixed_hosts
from tests.contract.hold import HeldToContract

DOMAIN = "contoso.example"
PUBLIC_HOST = "seatwright.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStand:
    """Where clients find what they need."""

    hosts: FixedHosts
    tenant_id: str
    client_id: str
    client_secret: str
    token: str

    def environment(self) -> dict[str, str]:
        """What a client's process is started with."""
        return {
            **self.hosts.environment(),
            "TENANT_ID": self.tenant_id,
            "CLIENT_ID": self.client_id,
            "CLIENT_SECRET": self.client_secret,
            "TOKEN": self.token,
            "DOMAIN": DOMAIN,
        }


@contextlib.contextmanager
def graph_stand(app_url: str, folder: Path, *, units: int = 10) -> Iterator[GraphStand]:
    """Make and serve it until the block ends."""
    tenant_id, client_id, secret, token = asyncio.run(_make(app_url))

    held: list[HeldToContract] = []

    def app() -> Any:
        made = assemble_web_app(
            database=Database(app_url), clock=OffsetClock(), public_host=PUBLIC_HOST
        )
        held.append(HeldToContract(made))
        return held[-1]

    with fixed_hosts(app, folder) as hosts:
        stand = GraphStand(
            hosts=hosts,
            tenant_id=tenant_id,
            client_id=client_id,
            client_secret=secret,
            token=token,
        )
        bought = httpx.post(
            f"{hosts.plain}/api/subscriptions",
            json={"skuPartNumber": "SPE_E3", "units": units},
            headers={"authorization": f"Bearer {token}", "host": PUBLIC_HOST},
        )
        assert bought.status_code == 201, bought.text
        yield stand
    assert [fault for one in held for fault in one.faults] == []


async def _make(app_url: str) -> tuple[str, str, str, str]:
    database = Database(app_url)
    await database.open()
    try:
        now = datetime.now(UTC)
        made = await create_tenant(database, NewTenant(name="Contoso", domain=DOMAIN), now=now)
        async with calling(database, made.tenant, now=now) as call:
            issued = await access.issue(
                call,
                access.NewPrincipal(
                    kind=PrincipalKind.CLIENT,
                    name="real client",
                    roles=(Role.GLOBAL_ADMINISTRATOR,),
                ),
            )
    finally:
        await database.close()
    return str(made.tenant.id), str(issued.principal.id), issued.secret, made.token


def steps_of(
    *command: str, environment: Mapping[str, str], folder: Path | None = None
) -> dict[str, dict[str, Any]]:
    """Run a visit and read what it told, step by step."""
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {one["step"]: one for one in told}
