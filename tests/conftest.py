"""A real PostgreSQL for the tests: one server for each test process, one database for each test."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from seatwright.postgres.binaries import Binaries
from seatwright.postgres.cluster import Urls, create_database
from seatwright.postgres.embedded import EmbeddedServer
from seatwright.postgres.migrate import migrate
from tests.microsoft import (  # noqa: F401  # fixtures, which tests take by name
    microsoft_csv,
    published_dependencies,
    published_exclusions,
    spec_directory,
)
from tests.office import office as office

_DEBIAN_POSTGRES15 = "/usr/lib/postgresql/15/bin"
_TEMPLATE = "seatwright_template"
_DIRECTORY_PREFIX = "seatwright-test-"
# Small, because several test processes share a machine.
_SERVER_OPTIONS = {"shared_buffers": "64MB", "maintenance_work_mem": "64MB"}
_BYTES_FREE_MIN = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A migrated, empty database of a test's own."""

    name: str
    owner_url: str
    app_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestServer:
    """A running server and how to make databases on it."""

    __test__ = False

    server: EmbeddedServer
    urls: Urls

    def url(self, kind: str, name: str) -> str:
        """Return the connection string of role ``kind`` to the database ``name``."""
        url: str = getattr(self.urls, kind)
        head, _, tail = url.partition("@/")
        return f"{head}@/{name}?{tail.partition('?')[2]}"

    @contextlib.contextmanager
    def new_database(self, *, template: str = _TEMPLATE) -> Iterator[Database]:
        """Give a new database cloned from ``template``, and drop it afterwards."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self.urls.admin, autocommit=True) as admin:
            create_database(admin, name=name, template=template, strategy="file_copy")
        try:
            yield Database(
                name=name, owner_url=self.url("owner", name), app_url=self.url("app", name)
            )
        finally:
            with psycopg.connect(self.urls.admin, autocommit=True) as admin:
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the PostgreSQL that every ``database`` fixture uses."""
    parser.addoption(
        "--postgres",
        choices=("embedded", "15"),
        default="embedded",
        help="the PostgreSQL to test on: the embedded one, or Debian's version 15",
    )


@pytest.fixture(scope="session")
def embedded_test_server() -> Iterator[TestServer]:
    """The wheel's PostgreSQL, with a migrated template database."""
    with _running_server(None) as server:
        yield server


@pytest.fixture(scope="session")
def postgres15_test_server() -> Iterator[TestServer]:
    """Debian's PostgreSQL 15, the oldest that seatwright supports, or a skipped test."""
    directory = Path(os.environ.get("SEATWRIGHT_TEST_POSTGRES15", _DEBIAN_POSTGRES15))
    if not (directory / "postgres").exists():
        pytest.skip(f"PostgreSQL 15 is not in {directory}; install Debian's postgresql-15")
    with _running_server(Binaries.in_directory(directory)) as server:
        yield server


@pytest.fixture
def database_server(request: pytest.FixtureRequest) -> TestServer:
    """The server that this test's databases are on."""
    wants_15 = request.config.getoption("--postgres") == "15"
    if wants_15 or request.node.get_closest_marker("postgres15"):
        chosen: TestServer = request.getfixturevalue("postgres15_test_server")
    else:
        chosen = request.getfixturevalue("embedded_test_server")
    return chosen


@pytest.fixture
def database(database_server: TestServer) -> Iterator[Database]:
    """A migrated, empty database of this test's own."""
    with database_server.new_database() as made:
        yield made


@pytest.fixture
def empty_database(database_server: TestServer) -> Iterator[Database]:
    """A database of this test's own that was never migrated."""
    with database_server.new_database(template="template0") as made:
        yield made


@pytest.fixture
def data_directory() -> Iterator[Callable[[str], Path]]:
    """Give new data directories that PostgreSQL's account can reach, removed after the test.

    pytest's own temporary directories are closed to other users, so as root they will not do.
    """
    root = _make_directory()
    try:
        yield lambda name: root / name
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _running_server(binaries: Binaries | None) -> Iterator[TestServer]:
    directory = _make_directory()
    server = EmbeddedServer(directory / "data", options=_SERVER_OPTIONS, binaries=binaries)
    try:
        made = TestServer(server=server, urls=server.start())
        with psycopg.connect(made.urls.admin, autocommit=True) as admin:
            create_database(admin, name=_TEMPLATE)
        migrate(made.url("owner", _TEMPLATE))
        yield made
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _make_directory() -> Path:
    """Make a directory in memory if there is room, so that fsync (always on) costs nothing."""
    memory = Path("/dev/shm")  # noqa: S108  A new private directory is made in it.
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > _BYTES_FREE_MIN
    parent = memory if has_room and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _remove_left_directories(parent)
    directory = Path(tempfile.mkdtemp(prefix=f"{_DIRECTORY_PREFIX}{os.getpid()}-", dir=parent))
    directory.chmod(0o711)
    return directory


def _remove_left_directories(parent: Path) -> None:
    """Remove what test processes left that were killed before they could clean up."""
    for left in parent.glob(f"{_DIRECTORY_PREFIX}*"):
        pid = left.name.removeprefix(_DIRECTORY_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(left, ignore_errors=True)
