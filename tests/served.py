"""A real ``seatwright serve`` in a process group of its own, for tests and benchmarks.

It is started as the README starts it: its own PostgreSQL with fsync on, web workers and the job
worker, on a port of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from seatwright.app.tenants import NewTenant, create_tenant, founding
from seatwright.demo.draft import TenantDraft
from seatwright.demo.load import load_draft
from seatwright.domain.ids import TenantId
from seatwright.postgres.cluster import Urls
from seatwright.postgres.embedded import running_urls
from seatwright.postgres.pool import Database

READY_SECONDS_MAX = 60.0


@dataclass(slots=True, kw_only=True)
class Served:
    """A running ``serve``."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path

    @property
    def urls(self) -> Urls:
        """The connection strings of its database."""
        found = running_urls(self.data_dir)
        assert found is not None, "its PostgreSQL runs"
        return found

    def children(self) -> dict[int, str]:
        """The living processes that the parent started, with their command lines."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = b" ".join(words).decode()
        return found

    def pid_of(self, words: str) -> int | None:
        """The child with the lowest number whose command line has these words."""
        return min((pid for pid, line in self.children().items() if words in line), default=None)

    def last_words(self) -> str:
        """The newest log lines but for those about calls."""
        lines = _log(self.data_dir).read_text().splitlines()
        return "\n".join([line for line in lines if '"message":"call"' not in line][-60:])

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_ready(self) -> None:
        """Wait until it serves."""
        wait_until(self.is_ready, seconds_max=READY_SECONDS_MAX)


def wait_until(condition: Callable[[], bool], *, seconds_max: float) -> None:
    """Wait for something to become true; the caller fails when it does not in time."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds_max:.0f} seconds"
        time.sleep(0.02)


@contextlib.contextmanager
def serving(data_dir: Path, *, workers: int = 1, port: int = 0) -> Iterator[Served]:
    """Serve until the block ends; what it logs goes to ``serve.log`` beside the data."""
    served = start_serving(data_dir, workers=workers, port=port)
    try:
        yield served
    finally:
        stop_serving(served)


def start_serving(data_dir: Path, *, workers: int = 1, port: int = 0, demo: bool = False) -> Served:
    """Start ``serve`` and wait until it answers."""
    process = launch(data_dir, workers=workers, port=port, demo=demo)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("seatwright serves http://"), (
        f"{first}\n{_log(data_dir).read_text()[-2000:]}"
    )
    served = Served(process=process, url=first.split()[2], data_dir=data_dir)
    served.wait_until_ready()
    return served


def launch(
    data_dir: Path, *, workers: int = 1, port: int = 0, demo: bool = False
) -> subprocess.Popen[str]:
    """Start ``serve`` in a session of its own, and do not wait for anything."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SEATWRIGHT_")}
    program = [sys.executable, "-m", "seatwright", "serve", "--workers", str(workers)]
    chosen = ["--port", str(port), "--data-dir", str(data_dir), "--demo" if demo else "--empty"]
    with _log(data_dir).open("a") as errors:
        return subprocess.Popen(
            [*program, *chosen],
            env=kept,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def _log(data_dir: Path) -> Path:
    return data_dir.with_name(f"{data_dir.name}.serve.log")


def stop_serving(served: Served) -> None:
    """Ask it to stop, and make sure that nothing of it stays."""
    served.process.terminate()
    try:
        served.process.wait(25)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(served.process.pid, signal.SIGKILL)
        if served.process.stdout is not None:
            served.process.stdout.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """A tenant made from a draft, and its administrator's token."""

    tenant_id: TenantId
    token: str


async def furnish(app_url: str, draft: TenantDraft, *, name: str) -> Furnished:
    """Make a tenant from a draft in the database behind a server."""
    database = Database(app_url, connections_max=2)
    await database.open()
    try:
        # Several tenants are made from one draft, and a domain is one tenant's.
        new = NewTenant(name=name)
        now = datetime.now(UTC)
        async with founding(database, new, now=now) as founded:
            await load_draft(founded.call, replace(draft, at=now))
        return Furnished(tenant_id=founded.call.tenant.tenant_id, token=founded.token)
    finally:
        await database.close()


async def furnish_empty(app_url: str, *, domain: str, name: str) -> Furnished:
    """Make a tenant that has nothing but its catalogue."""
    database = Database(app_url, connections_max=2)
    await database.open()
    try:
        made = await create_tenant(
            database, NewTenant(name=name, domain=domain), now=datetime.now(UTC)
        )
        return Furnished(tenant_id=made.tenant.tenant_id, token=made.token)
    finally:
        await database.close()
