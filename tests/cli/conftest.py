"""An office served over HTTP on a port of its own, and the command line pointed at it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvicorn
from procrastinate import App
from typer.testing import CliRunner, Result

from seatwright.app.work import Workshop
from seatwright.bootstrap import assemble_web_app
from seatwright.cli.program import program
from seatwright.jobs.worker import create_queue
from tests.conftest import Database as DatabaseOfTest
from tests.office import Office, open_office

START_SECONDS_MAX = 30.0


@dataclass(slots=True, kw_only=True)
class ServedOffice:
    """A tenant behind a real server, and commands run against it as a person would type them."""

    url: str
    token: str
    office: Office
    runner: CliRunner = field(default_factory=CliRunner)

    def run(self, *arguments: str, token: str | None = None, **environment: str) -> Result:
        """Run one command; what it prints and its exit code are in the result."""
        return self.runner.invoke(
            program,
            list(arguments),
            env={
                "SEATWRIGHT_URL": self.url,
                "SEATWRIGHT_TOKEN": self.token if token is None else token,
                **environment,
            },
            prog_name="seatwright",
        )

    def done(self, *arguments: str) -> str:
        """Run a command that must succeed, and give what it printed on stdout."""
        result = self.run(*arguments)
        assert result.exit_code == 0, f"{arguments}: {result.output}"
        return result.stdout


@dataclass(slots=True)
class Serving:
    """A server in a thread with an event loop of its own, because commands block theirs."""

    app_url: str
    has_worker: bool = True
    ready: threading.Event = field(default_factory=threading.Event)
    office: Office | None = None
    port: int = 0
    server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until the server is told to stop."""
        try:
            asyncio.run(self._serve())
        finally:
            self.ready.set()

    async def _serve(self) -> None:
        async with open_office(self.app_url) as office:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self.port = listener.getsockname()[1]
                app: Any = assemble_web_app(
                    database=office.database,
                    clock=office.clock,
                    public_host=f"127.0.0.1:{self.port}",
                )
                config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
                self.server = uvicorn.Server(config)
                self.office = office
                queue = create_queue(
                    Workshop(database=office.database, clock=office.clock), listen_url=self.app_url
                )
                async with queue.open_async():
                    working = asyncio.create_task(_work(queue) if self.has_worker else _idle())
                    # Calls that come before the server accepts wait in the listener's queue.
                    self.ready.set()
                    await self.server.serve(sockets=[listener])
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)


async def _idle() -> None:
    """Do what a worker does that is not there."""


async def _work(queue: App) -> None:
    """Work on jobs as the worker process does, in this thread, which may not have signals."""
    await queue.run_worker_async(
        concurrency=1,
        delete_jobs="always",
        install_signal_handlers=False,
        fetch_job_polling_interval=0.2,
        shutdown_graceful_timeout=5.0,
    )


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """Keep the server's log lines off the streams of the commands that share its process."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
def served_office(
    request: pytest.FixtureRequest,
    database: DatabaseOfTest,
    monkeypatch: pytest.MonkeyPatch,
    quiet_logs: None,
) -> Iterator[ServedOffice]:
    """An office of this test's own behind a real server; its parameter: whether it has a worker."""
    for name in ("SEATWRIGHT_DATABASE_URL", "SEATWRIGHT_DATA_DIR", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    serving = Serving(database.app_url, has_worker=getattr(request, "param", True))
    thread = threading.Thread(target=serving.run, name="served office")
    thread.start()
    try:
        assert serving.ready.wait(START_SECONDS_MAX), "the server did not start"
        # pytest turns what ended the thread into a warning, and warnings are errors here.
        assert serving.office is not None, "the server failed"
        yield ServedOffice(
            url=f"http://127.0.0.1:{serving.port}",
            token=serving.office.made.token,
            office=serving.office,
        )
    finally:
        if serving.server is not None:
            serving.server.should_exit = True
        thread.join(START_SECONDS_MAX)


@pytest.fixture
def operator_environment(database: DatabaseOfTest, tmp_path: Path) -> dict[str, str]:
    """The environment of an operator whose database is this test's."""
    return {
        "SEATWRIGHT_DATABASE_URL": database.app_url,
        "SEATWRIGHT_MIGRATE_URL": database.owner_url,
        "SEATWRIGHT_DATA_DIR": str(tmp_path),
        "SEATWRIGHT_TOKEN": "",
        "SEATWRIGHT_URL": "",
    }
