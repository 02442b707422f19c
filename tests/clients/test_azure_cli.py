"""The Azure CLI's `az rest`, unmodified, against Microsoft's own hosts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.installed import azure_cli
from tests.clients.stand import DOMAIN, GraphStand, graph_stand
from tests.conftest import Database

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(1200)]

GRAPH = "https://graph.microsoft.com/v1.0"


def test_the_azure_cli_signs_in_and_manages_licenses(database: Database, tmp_path: Path) -> None:
    python = azure_cli()
    with graph_stand(database.app_url, tmp_path) as stand:
        az = _Az(python, stand, tmp_path)
        az.run(
            "login", "--service-principal", "--username", stand.client_id,
            "--password", stand.client_secret, "--tenant", stand.tenant_id,
            "--allow-no-subscriptions", "--skip-subscription-discovery",
        )  # fmt: skip
        (sku,) = az.rest("get", "/subscribedSkus")["value"]
        assert (sku["skuPartNumber"], sku["consumedUnits"]) == ("SPE_E3", 0)
        made = az.rest("post", "/users", body=_person("ada"))
        upn = f"ada@{DOMAIN}"
        add = {"addLicenses": [{"skuId": sku["skuId"]}], "removeLicenses": []}
        said = az.refused("post", f"/users/{upn}/assignLicense", body=add)
        assert "License assignment cannot be done for user with invalid usage location." in said
        assert "usageLocationMissing" in said
        assert az.rest("patch", f"/users/{upn}", body={"usageLocation": "NO"}) is None
        assert az.rest("post", f"/users/{upn}/assignLicense", body=add)["id"] == made["id"]
        query = f"$filter=assignedLicenses/any(x:x/skuId eq {sku['skuId']})&$select=id"
        found = az.rest("get", f"/users?{query}")["value"]
        assert found == [{"id": made["id"]}]
        unlicensed = "/users/$count?$filter=assignedLicenses/$count eq 0"
        assert az.rest("get", unlicensed, "--headers", "ConsistencyLevel=eventual") == 0
        take = {"addLicenses": [], "removeLicenses": [sku["skuId"]]}
        az.rest("post", f"/users/{made['id']}/assignLicense", body=take)
        assert az.rest("get", f"/users/{upn}/licenseDetails")["value"] == []
        assert az.rest("delete", f"/users/{upn}") is None
        assert "Request_ResourceNotFound" in az.refused("get", f"/users/{upn}")
    # It would look for extensions that have a refused command; nothing else is asked of anybody.
    assert set(stand.hosts.refused) <= {"azcliprod.blob.core.windows.net"}


def _person(name: str) -> dict[str, Any]:
    return {
        "accountEnabled": True,
        "displayName": name.title(),
        "mailNickname": name,
        "userPrincipalName": f"{name}@{DOMAIN}",
        "passwordProfile": {"password": "not kept anywhere"},
    }


class _Az:
    """The command line tool, with a home of its own that nothing is left in."""

    def __init__(self, python: Path, stand: GraphStand, home: Path) -> None:
        # What the `az` of the package does, whatever shell there is.
        self._command = [str(python), "-Im", "azure.cli"]
        self._environment = {
            **stand.environment(),
            "HOME": str(home),
            "AZURE_CONFIG_DIR": str(home / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
        }

    def rest(self, method: str, path: str, *words: str, body: Any = None) -> Any:
        """One call of Graph, and what it answers."""
        return self.run("rest", *_call(method, path, body), *words)

    def refused(self, method: str, path: str, *, body: Any = None) -> str:
        """What the tool says about a call that is refused."""
        done = self._done("rest", *_call(method, path, body))
        assert done.returncode != 0, done.stdout
        return done.stderr

    def run(self, *words: str) -> Any:
        """Run a command and read its answer."""
        done = self._done(*words)
        assert done.returncode == 0, f"az {' '.join(words)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def _done(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *words, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _call(method: str, path: str, body: Any) -> list[str]:
    words = ["--method", method, "--url", f"{GRAPH}{path}"]
    return words if body is None else [*words, "--body", json.dumps(body)]
