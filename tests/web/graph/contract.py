"""The Graph surface as a client calls it; what it answers is held to its schemas everywhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.schemas import NAME, contract
from tests.office import Office


def needs_contract() -> None:
    """The test is skipped with a word where there is no contract to hold answers to."""
    if contract() is None:
        pytest.skip(f"{NAME} is in neither SEATWRIGHT_SPEC_DIR nor ../shared/spec/data")


class Graph:
    """The surface as a client sees it; every answer is held to its schema (`tests/contract`)."""

    def __init__(self, office: Office, client: httpx.AsyncClient | None = None) -> None:
        """Call as the office's administrator, or as another."""
        self._client = client or office.admin

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One call; `path` comes after `/v1.0`, or is a whole link."""
        url = path if path.startswith("http") else f"/v1.0{path}"
        return await self._client.request(method, url, json=body, headers=headers)

    async def get(self, path: str, *, advanced: bool = False) -> Any:
        """What a successful read answers."""
        headers = {"consistencylevel": "eventual"} if advanced else None
        answer = await self.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """What a successful write answers; None where it has no body."""
        answer = await self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(
        self, method: str, path: str, body: Any = None, *, advanced: bool = False
    ) -> tuple[int, str, str]:
        """Status, Graph's code and message of a refusal."""
        headers = {"consistencylevel": "eventual"} if advanced else None
        answer = await self.ask(method, path, body, headers=headers)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"]

    async def person(self, name: str, **more: Any) -> str:
        """The id of a new person, who uses services in Norway."""
        body = {
            "accountEnabled": True,
            "displayName": name.title(),
            "mailNickname": name,
            "userPrincipalName": f"{name}@contoso.example",
            "passwordProfile": {"password": "a long one"},
            "usageLocation": "NO",
            **more,
        }
        return str((await self.done("POST", "/users", body))["id"])

    async def group(self, name: str, *members: str, **more: Any) -> str:
        """The id of a new security group with these people."""
        body = {
            "displayName": name,
            "mailEnabled": False,
            "mailNickname": name.replace(" ", ""),
            "securityEnabled": True,
            "members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{m}" for m in members],
            **more,
        }
        return str((await self.done("POST", "/groups", body))["id"])
