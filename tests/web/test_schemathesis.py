"""schemathesis against a live server: what the description says is what the server does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import Database
from tests.web.served import Served, serve

SEED = 20261121


def fill(served: Served) -> None:
    """People, a group, seats and a license, so that there is something to find."""
    with httpx.Client(
        base_url=served.url, headers={"authorization": f"Bearer {served.token}"}
    ) as client:
        made = client.post("/api/identity/groups", json={"displayName": "Sales"})
        group = f"identity/groups/{made.json()['id']}"
        for path, body in (
            ("subscriptions", {"skuPartNumber": "SPE_E3", "units": 20}),
            ("subscriptions", {"skuPartNumber": "VISIOCLIENT", "units": 20}),
            ("identity/users", {"userPrincipalName": "ada@x.example", "displayName": "Ada"}),
            ("identity/users", {"userPrincipalName": "bob@x.example", "displayName": "Bob"}),
            (f"{group}/members", {"users": ["ada@x.example"]}),
            (f"{group}/licenses", {"skuPartNumber": "SPE_E3"}),
            (
                "identity/users/bob@x.example/licenses",
                {"skuPartNumber": "VISIOCLIENT", "usageLocation": "NO"},
            ),
        ):
            answer = client.post(f"/api/{path}", json=body)
            assert answer.status_code < 300, f"{path}: {answer.text}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_generated_calls_find_no_way_around_the_description(
    database: Database, tmp_path: Path
) -> None:
    with serve(database.app_url) as served:
        fill(served)
        finished = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{served.url}/openapi.json",
                f"--header=Authorization: Bearer {served.token}",
                "--phases=examples,coverage,fuzzing",
                "--checks=all",
                # Valid by its schema is not enough: what a call names must be there.
                "--exclude-checks=positive_data_acceptance",
                # It would replace the very token that the run works with.
                "--exclude-operation-id=rotate_token",
                "--max-examples=3",
                f"--seed={SEED}",
                "--suppress-health-check=all",
                "--no-color",
                "--generation-database=none",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=840,
        )
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr[-2000:]
