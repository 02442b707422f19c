"""``seatwright serve`` as a real process: what it starts, survives, refuses and leaves behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from seatwright.postgres.embedded import opened, running_urls
from tests.conftest import Database

Directories = Callable[[str], Path]
_PARTS = {"seatwright web": 2, "seatwright worker": 1, "postgres -D": 1}
_PROGRAM = [sys.executable, "-m", "seatwright"]


@dataclass(slots=True, kw_only=True)
class Serving:
    """A running ``serve`` and its address."""

    process: subprocess.Popen[str]
    url: str

    def processes(self) -> dict[int, str]:
        """Return its living processes, itself among them, with their command lines."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(status[3]) == self.process.pid and status[0] != "Z":
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = b" ".join(words).decode()
        return found

    def pid_of(self, words: str) -> int:
        """Return the process whose command line has ``words``, the oldest of several."""
        return min(pid for pid, line in self.processes().items() if words in line)

    def wait_until(self, condition: Callable[[], bool], *, seconds_max: float = 60) -> None:
        """Wait for a condition; the test fails when it does not come true."""
        deadline = time.monotonic() + seconds_max
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Return whether /readyz says so."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def _environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SEATWRIGHT_")}
    return {**kept, **(extra or {})}


@contextlib.contextmanager
def serving(
    *arguments: str, port: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Run ``serve`` in a session of its own until the block ends, and check that it ends well."""
    process = subprocess.Popen(
        [*_PROGRAM, "serve", "--workers", "2", "--port", str(port), *arguments],
        env=_environment(environment),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("seatwright serves http://"), first
        yield Serving(process=process, url=first.split()[2])
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()


def _refusal(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    finished = subprocess.run(
        [*_PROGRAM, *arguments],
        check=False,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
    )
    # rich folds long sentences to the width of the screen.
    return finished.returncode, " ".join(finished.stderr.split())


def _counted(url: str) -> list[float]:
    """Return the counts of refused calls, which any worker gives for all of them."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return [
        float(line.split()[-1])
        for line in lines
        if line.startswith("seatwright_http_requests_total") and 'status="401"' in line
    ]


def test_it_answers_as_one_process_group_and_stops_cleanly(data_directory: Directories) -> None:
    directory = data_directory("data")
    with serving("--data-dir", str(directory)) as server:
        assert server.is_ready()
        lines = list(server.processes().values())
        assert sum("seatwright web" in line for line in lines) == 2
        assert sum("seatwright worker" in line for line in lines) == 1
        assert sum("postgres -D" in line for line in lines) == 1
        groups = {
            os.getpgid(pid) for pid, line in server.processes().items() if "postgres -D" not in line
        }
        assert groups == {server.process.pid}
        for _ in range(20):
            assert httpx.get(f"{server.url}/api/settings").status_code == 401
        assert sum(_counted(server.url)) == 20
        started = time.monotonic()
        server.process.terminate()
        assert server.process.wait(20) == 0
        assert time.monotonic() - started < 20
        assert server.processes() == {}
    assert running_urls(directory) is None


@pytest.mark.slow
def test_the_demo_greets_with_a_token_and_commands_that_work(data_directory: Directories) -> None:
    directory = data_directory("data")
    token_file = directory / "token"
    with serving("--demo", "--data-dir", str(directory)) as server:
        assert server.process.stdout is not None
        greeting = [server.process.stdout.readline().strip() for _ in range(11)]
        assert token_file.stat().st_mode & 0o777 == 0o600
        token = token_file.read_text().strip()
        assert f"Token: {token}" in greeting
        (link,) = [line.split()[2] for line in greeting if line.startswith("Sign in: ")]
        assert "signs you in as" in httpx.get(link).text
        commands = [line.split()[1:] for line in greeting if line.startswith(".venv/bin/")]
        assert len(commands) == 3
        for words in commands:
            finished = subprocess.run(
                [*_PROGRAM, *words],
                check=False,
                env=_environment(
                    {"SEATWRIGHT_DATA_DIR": str(directory), "SEATWRIGHT_URL": server.url}
                ),
                capture_output=True,
                text=True,
            )
            assert finished.returncode == 0, finished.stderr
            assert finished.stdout.count("\n") > 3
    with serving("--demo", "--data-dir", str(directory)):
        assert token_file.read_text().strip() == token


def test_interrupting_from_the_keyboard_stops_the_whole_group(data_directory: Directories) -> None:
    with serving("--data-dir", str(data_directory("data"))) as server:
        started = time.monotonic()
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.process.wait(20) == 0
        assert time.monotonic() - started < 10
        assert server.processes() == {}


def test_a_stop_during_the_start_is_obeyed(data_directory: Directories) -> None:
    process = subprocess.Popen(
        [*_PROGRAM, "serve", "--no-worker", "--port", "0"]
        + ["--data-dir", str(data_directory("data"))],
        env=_environment(),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for_data = time.monotonic() + 20
    while not data_directory("data").exists():
        assert time.monotonic() < wait_for_data
        time.sleep(0.01)
    process.terminate()
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said == b""


@pytest.mark.kill
def test_when_the_parent_is_killed_nothing_stays_and_the_next_start_recovers(
    data_directory: Directories,
) -> None:
    directory = data_directory("data")
    with serving("--data-dir", str(directory)) as server:
        urls = running_urls(directory)
        assert urls is not None
        with psycopg.connect(urls.owner) as owner:
            owner.execute("create table acknowledged as select 7 as value")
        postmaster = server.pid_of("postgres -D")
        port = int(server.url.rpartition(":")[2])
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        # The same port and directory, at once, while the killed one's children may still end.
        with serving("--data-dir", str(directory), port=port) as again:
            assert again.is_ready()
            assert server.processes() == {}
            assert not Path(f"/proc/{postmaster}").exists()
            after = running_urls(directory)
            assert after is not None
            with psycopg.connect(after.owner) as owner:
                assert owner.execute("select value from acknowledged").fetchone() == (7,)


@pytest.mark.kill
def test_a_killed_process_group_leaves_no_postgres(data_directory: Directories) -> None:
    directory = data_directory("data")
    with serving("--data-dir", str(directory)) as server:
        postmaster = server.pid_of("postgres -D")
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.wait_until(lambda: not Path(f"/proc/{postmaster}").exists())
    with opened(directory) as urls, psycopg.connect(urls.app) as app:
        assert app.execute("select 1").fetchone() == (1,)


@pytest.mark.kill
def test_whatever_is_killed_is_started_again(data_directory: Directories) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    chance = random.Random(seed)
    with serving("--data-dir", str(data_directory("data"))) as server:
        for _ in range(8):
            victim = server.pid_of(chance.choice([*_PARTS]))
            time.sleep(chance.uniform(0, 0.3))
            os.kill(victim, signal.SIGKILL)
            server.wait_until(lambda pid=victim: pid not in server.processes())  # type: ignore[misc]
            server.wait_until(server.is_ready)
            server.wait_until(
                lambda: all(
                    sum(words in line for line in server.processes().values()) == count
                    for words, count in _PARTS.items()
                )
            )


def test_a_worker_refuses_a_role_that_sees_past_the_wall(database: Database) -> None:
    environment = {**os.environ, "SEATWRIGHT_DATABASE_URL": database.owner_url}
    ended = subprocess.run(
        [*_PROGRAM, "worker"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "row-level security" in " ".join(ended.stderr.split())


def test_a_worker_may_run_apart_from_the_web(database: Database) -> None:
    environment = _environment({"SEATWRIGHT_DATABASE_URL": database.app_url})
    process = subprocess.Popen([*_PROGRAM, "worker"], env=environment, start_new_session=True)
    try:
        with serving(
            "--no-worker", environment={"SEATWRIGHT_DATABASE_URL": database.app_url}
        ) as server:
            assert not any("seatwright worker" in line for line in server.processes().values())
            server.wait_until(lambda: httpx.get(f"{server.url}/readyz").json()["worker"] is True)
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_taken_port_is_refused_with_what_to_do(data_directory: Directories) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = _refusal("serve", "--port", port, "--data-dir", str(data_directory("data")))
    assert code == 3
    assert f"port {port}" in said
    assert "--port" in said
    assert not data_directory("data").exists()


def test_a_bad_setting_is_refused_before_anything_is_started() -> None:
    code, said = _refusal("serve", environment={"SEATWRIGHT_WORKERS": "many"})
    assert code == 2
    assert "SEATWRIGHT_WORKERS is 'many'" in said
    assert _refusal("serve", "--demo", "--empty")[0] == 2


def test_an_external_database_is_migrated_and_served(empty_database: Database) -> None:
    external = {
        "SEATWRIGHT_DATABASE_URL": empty_database.app_url,
        "SEATWRIGHT_MIGRATE_URL": empty_database.owner_url,
    }
    code, said = _refusal(
        "serve", "--port", "0", environment={"SEATWRIGHT_DATABASE_URL": empty_database.app_url}
    )
    assert code == 1
    assert "SEATWRIGHT_MIGRATE_URL" in said
    with serving(environment=external) as server:
        assert server.is_ready()
        assert not any("postgres" in line for line in server.processes().values())
        web = server.pid_of("seatwright web")
        handed = Path(f"/proc/{web}/environ").read_bytes()
        assert b"SEATWRIGHT_DATABASE_URL" in handed
        assert b"SEATWRIGHT_MIGRATE_URL" not in handed


def test_a_role_that_could_bypass_row_security_is_not_served(database: Database) -> None:
    code, said = _refusal(
        "serve", "--port", "0", environment={"SEATWRIGHT_DATABASE_URL": database.owner_url}
    )
    assert code == 1
    assert "row-level security" in said


def test_a_backup_taken_while_serving_is_restored_when_stopped(
    data_directory: Directories, tmp_path: Path
) -> None:
    directory = data_directory("data")
    environment = {"SEATWRIGHT_DATA_DIR": str(directory)}
    file = tmp_path / "all.backup"
    with serving(environment=environment):
        assert _refusal("backup", str(file), environment=environment)[0] == 0
        code, said = _refusal("restore", str(file), environment=environment)
        assert (code, "Stop it" in said) == (1, True)
    assert _refusal("restore", str(file), environment=environment) == (0, "")
    elsewhere = {"SEATWRIGHT_DATA_DIR": str(data_directory("other"))}
    assert _refusal("restore", str(file), environment=elsewhere) == (0, "")
