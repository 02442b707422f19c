"""The Graph SDK for Python with Azure Identity, unmodified, against Microsoft's own hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.installed import python_client
from tests.clients.stand import DOMAIN, graph_stand, steps_of
from tests.conftest import Database

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_the_sdk_signs_in_creates_licenses_and_cleans_up(
    database: Database, tmp_path: Path
) -> None:
    python = python_client()
    script = Path(__file__).with_name("graph_sdk_visit.py")
    with graph_stand(database.app_url, tmp_path) as stand:
        told = steps_of(str(python), str(script), DOMAIN, environment=stand.environment())
    assert stand.hosts.refused == []
    assert told["skus"] == {
        "step": "skus",
        "part": "SPE_E3",
        "enabled": 10,
        "id": f"{stand.tenant_id}_05e9a617-0261-4cee-bb44-138d3ef5d965",
    }
    assert told["organization"]["name"] == "Contoso"
    assert told["subscriptions"]["licenses"] == 10
    assert told["created"]["upn"] == f"ada@{DOMAIN}"
    assert told["assigned"]["id"] is True
    assert told["details"]["parts"] == ["SPE_E3"]
    assert told["filtered"]["ids"] == [True]
    assert told["members"]["kinds"] == ["User"]
    assert told["missing"] == {
        "step": "missing",
        "status": 404,
        "code": "Request_ResourceNotFound",
    }
    assert "deleted" in told
