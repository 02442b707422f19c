"""Clients of Node, unmodified: the Graph client for JavaScript and the CLI for Microsoft 365."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.installed import node_client
from tests.clients.stand import DOMAIN, GraphStand, graph_stand, steps_of
from tests.conftest import Database

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_the_javascript_client_pages_counts_batches_and_reads_errors(
    database: Database, tmp_path: Path
) -> None:
    folder = node_client()
    script = Path(__file__).with_name("graph_js_visit.mjs")
    shutil.copy(script, folder / script.name)
    with graph_stand(database.app_url, tmp_path) as stand:
        environment = {**stand.environment(), "BASE_URL": stand.hosts.front}
        told = steps_of("node", script.name, environment=environment, folder=folder)
    assert told["skus"]["part"] == "SPE_E3"
    assert told["skus"]["context"].startswith(stand.hosts.front)
    assert told["created"]["count"] == 3
    assert told["assigned"]["skuIds"] == [True]
    assert told["paged"]["names"] == ["ada", "grace", "mary"]
    assert told["counted"]["count"] == 3
    assert told["batched"]["statuses"] == {"1": 200, "2": 404, "3": 424}
    assert told["missing"] == {
        "step": "missing",
        "status": 404,
        "code": "Request_ResourceNotFound",
        "requestId": True,
    }


def test_the_cli_for_microsoft_365_manages_licenses(database: Database, tmp_path: Path) -> None:
    folder = node_client()
    with graph_stand(database.app_url, tmp_path) as stand:
        cli = _Cli(folder, stand, tmp_path)
        cli.run(
            "login", "--authType", "secret", "--appId", stand.client_id,
            "--tenant", stand.tenant_id, "--secret", stand.client_secret,
        )  # fmt: skip
        assert cli.run("status")["authType"] == "secret"
        (license_,) = cli.run("entra", "license", "list")
        assert license_["skuPartNumber"] == "SPE_E3"
        upn = f"ada@{DOMAIN}"
        cli.run(
            "entra", "user", "add", "--displayName", "Ada", "--userName", upn,
            "--password", "not kept 4nywhere", "--usageLocation", "NO",
        )  # fmt: skip
        cli.run("entra", "user", "license", "add", "--userName", upn, "--ids", license_["skuId"])
        held = cli.run("entra", "user", "license", "list", "--userName", upn)
        assert [one["skuPartNumber"] for one in held] == ["SPE_E3"]
        (after,) = cli.run("entra", "license", "list")
        assert after["consumedUnits"] == 1
        cli.run(
            "entra", "user", "license", "remove", "--userName", upn,
            "--ids", license_["skuId"], "--force",
        )  # fmt: skip
        (after,) = cli.run("entra", "license", "list")
        assert after["consumedUnits"] == 0
    # It would tell Microsoft how it is used; nothing else is asked of anybody.
    assert all(host.endswith(".applicationinsights.azure.com") for host in stand.hosts.refused)


class _Cli:
    """The command line tool, with a home of its own that nothing is left in."""

    def __init__(self, folder: Path, stand: GraphStand, home: Path) -> None:
        self._command = ["node", str(folder / "node_modules" / ".bin" / "m365")]
        self._environment = {
            **stand.environment(),
            "HOME": str(home),
            "CLIMICROSOFT365_ENV": "docker",
            "NO_UPDATE_NOTIFIER": "1",
        }

    def run(self, *words: str) -> Any:
        """Run a command and read its answer."""
        done = subprocess.run(
            [*self._command, *words, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"m365 {' '.join(words)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None
