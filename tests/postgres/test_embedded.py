"""The embedded PostgreSQL, started, stopped, killed and refused for real."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seatwright.postgres.account import Account, server_account
from seatwright.postgres.binaries import readable_binaries, wheel_binaries
from seatwright.postgres.embedded import EmbeddedServer, EmbeddedServerError, opened, running_urls

_PROGRAM = Path(__file__).with_name("supervise.py")
_SMALL = {"shared_buffers": "32MB"}
Directories = Callable[[str], Path]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextlib.contextmanager
def supervisor(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run ``supervise.py`` and give the process with what it reported."""
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} outlived its supervisor"
        time.sleep(0.02)


@pytest.fixture
def temporary_user() -> Iterator[str]:
    name = f"swtest{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--home-dir", "/nonexistent", name], check=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)


def test_data_survives_a_stop_and_a_start(data_directory: Directories) -> None:
    server = EmbeddedServer(data_directory("data"), options=_SMALL)
    with psycopg.connect(server.start().owner) as owner:
        owner.execute("create table kept as select 42 as value")
    server.stop()
    assert server.pid is None
    with opened(server.data_dir) as urls, psycopg.connect(urls.owner) as owner:
        assert owner.execute("select value from kept").fetchone() == (42,)


def test_it_listens_on_no_network_and_syncs_every_commit(data_directory: Directories) -> None:
    with (
        opened(data_directory("data")) as urls,
        psycopg.connect(urls.app) as app,
    ):
        shown = [
            app.execute(f"show {name}").fetchone()
            for name in ("listen_addresses", "fsync", "full_page_writes", "synchronous_commit")
        ]
    assert shown == [("",), ("on",), ("on",), ("on",)]


def test_files_and_socket_are_closed_to_other_users(data_directory: Directories) -> None:
    directory = data_directory("data")
    with opened(directory) as urls:
        socket_dir = Path(urls.app.partition("host=")[2])
        assert stat.S_IMODE((directory / "postgres").stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert len(str(socket_dir / ".s.PGSQL.5432").encode()) <= 107
    assert not socket_dir.exists()


def test_a_very_long_data_directory_still_has_a_short_socket(data_directory: Directories) -> None:
    directory = data_directory("long-" * 40)
    with opened(directory) as urls, psycopg.connect(urls.app) as app:
        assert app.execute("select 1").fetchone() == (1,)


def test_the_two_roles_have_no_more_power_than_they_need(data_directory: Directories) -> None:
    with opened(data_directory("data")) as urls, psycopg.connect(urls.app) as app:
        roles = app.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles "
            "where rolname like 'seatwright%' order by rolname"
        ).fetchall()
    assert roles == [
        ("seatwright_app", False, False, False, False),
        ("seatwright_owner", False, False, False, False),
    ]


def test_a_second_supervisor_is_refused_while_one_runs(data_directory: Directories) -> None:
    directory = data_directory("data")
    with opened(directory), pytest.raises(EmbeddedServerError, match="already runs"):
        EmbeddedServer(directory).start()


def test_a_command_uses_the_server_that_already_runs(data_directory: Directories) -> None:
    directory = data_directory("data")
    assert running_urls(directory) is None
    with opened(directory) as first, opened(directory) as second:
        assert first == second == running_urls(directory)
    assert running_urls(directory) is None


def test_another_major_version_is_refused_with_what_to_do(data_directory: Directories) -> None:
    directory = data_directory("data")
    with opened(directory):
        pass
    version_file = directory / "postgres" / "PG_VERSION"
    version_file.write_text("15\n")
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL 15.*seatwright restore FILE"):
        EmbeddedServer(directory).start()
    version_file.write_text(f"{wheel_binaries().major}\n")
    with opened(directory) as urls, psycopg.connect(urls.app) as app:
        assert app.execute("select 1").fetchone() == (1,)


def test_a_lock_file_naming_an_unrelated_process_is_no_obstacle(
    data_directory: Directories,
) -> None:
    directory = data_directory("data")
    with opened(directory):
        pass
    # After a container restarts, another program may have the killed postmaster's process id.
    pid_file = directory / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{directory}/postgres\n1\n5432\n/nowhere\n\n\nready\n")
    assert running_urls(directory) is None
    with opened(directory) as urls, psycopg.connect(urls.app) as app:
        assert app.execute("select 1").fetchone() == (1,)


def test_a_first_start_killed_half_way_is_completed(data_directory: Directories) -> None:
    directory = data_directory("data")
    (directory / "postgres.unfinished" / "base").mkdir(parents=True)
    directory.chmod(0o711)
    with opened(directory) as urls, psycopg.connect(urls.app) as app:
        assert app.execute("select 1").fetchone() == (1,)


def test_a_bad_server_setting_is_reported_with_the_log(data_directory: Directories) -> None:
    server = EmbeddedServer(data_directory("data"), options={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedServerError, match="nonsense"):
        server.start()
    assert server.pid is None


def test_only_the_main_thread_may_start_it(data_directory: Directories) -> None:
    refusals: list[str] = []

    def start() -> None:
        try:
            EmbeddedServer(data_directory("data")).start()
        except EmbeddedServerError as refused:
            refusals.append(str(refused))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refusals == ["The embedded PostgreSQL must be started by the main thread."]


def test_a_killed_supervisor_leaves_no_postgres_and_the_next_start_recovers(
    data_directory: Directories,
) -> None:
    directory = data_directory("data")
    with supervisor(str(directory)) as (process, report):
        with psycopg.connect(report["owner"]) as owner:
            owner.execute("create table acknowledged as select 7 as value")
        process.send_signal(signal.SIGKILL)
        process.wait()
        # Started at once, while the old server may still be shutting down.
        with opened(directory) as urls, psycopg.connect(urls.owner) as owner:
            assert owner.execute("select value from acknowledged").fetchone() == (7,)
        wait_until_gone(report["pid"])


@pytest.mark.kill
@pytest.mark.parametrize("attempt", range(5))
def test_a_killed_postmaster_is_started_again_without_loss(
    data_directory: Directories, attempt: int
) -> None:
    server = EmbeddedServer(data_directory("data"), options=_SMALL)
    try:
        urls = server.start()
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute("create table acknowledged (value int)")
            for value in range(100 + attempt):
                owner.execute("insert into acknowledged values (%s)", (value,))
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while server.is_running():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with psycopg.connect(server.start().owner) as owner:
            row = owner.execute("select count(*) from acknowledged").fetchone()
        assert row == (100 + attempt,)
    finally:
        server.stop()


@needs_root
def test_as_root_the_server_runs_as_its_own_system_user(data_directory: Directories) -> None:
    with supervisor(str(data_directory("data"))) as (_, report):
        owner = Path(f"/proc/{report['pid']}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name == "seatwright"
        assert report["role"] == "seatwright_app"


@needs_root
def test_a_normal_user_runs_the_server_as_oneself(
    data_directory: Directories, temporary_user: str
) -> None:
    home = data_directory("home")
    home.mkdir()
    shutil.chown(home, user=temporary_user)
    with supervisor(str(home / "data"), temporary_user) as (_, report):
        owner = Path(f"/proc/{report['pid']}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name == temporary_user
        assert report["role"] == "seatwright_app"
        assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700


@needs_root
def test_a_data_directory_that_the_server_cannot_enter_is_refused(
    data_directory: Directories,
) -> None:
    closed = data_directory("closed")
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match="cannot enter"):
        EmbeddedServer(closed / "data").start()


@needs_root
def test_programs_are_copied_when_the_environment_is_closed(
    data_directory: Directories, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    copies = data_directory("copies")
    copies.mkdir()
    copies.chmod(0o755)
    monkeypatch.setattr(Account, "can", lambda *_: False)
    copied = readable_binaries(account, copies)
    monkeypatch.undo()
    assert copied.directory.is_relative_to(copies)
    assert account.can("-x", Path(copied.program("postgres")))
    server = EmbeddedServer(data_directory("data"), binaries=copied, options=_SMALL)
    try:
        with psycopg.connect(server.start().app) as app:
            assert app.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()
