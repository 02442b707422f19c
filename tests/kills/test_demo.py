"""A start that is killed while it makes the demo leaves nothing half made."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.served import launch, start_serving, stop_serving

ROUNDS = 4
# The demo is in the making from about the second second to the tenth.
KILL_AFTER_SECONDS = (1.0, 9.0)

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory of this test's own, on disk."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-demo-"))
    root.chmod(0o711)
    yield root / "data"
    shutil.rmtree(root, ignore_errors=True)


def test_the_demo_is_whole_after_starts_that_were_killed(data_dir: Path) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        killed = launch(data_dir, demo=True)
        time.sleep(chance.uniform(*KILL_AFTER_SECONDS))
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
    served = start_serving(data_dir, demo=True)
    try:
        token = (data_dir / "token").read_text().strip()
        assert (data_dir / "token").stat().st_mode & 0o777 == 0o600
        headers = {"authorization": f"Bearer {token}"}
        rows = httpx.get(
            f"{served.url}/api/identity/groups", params={"licensed": "true"}, headers=headers
        ).json()["value"]
        shown = {row["displayName"]: (row["memberCount"], row["status"]) for row in rows}
        assert shown["All Employees"] == (4234, "Active")
        assert shown["Executive Team"] == (156, "Active")
        assert shown["Contractors"] == (89, "3 Errors")
    finally:
        stop_serving(served)
