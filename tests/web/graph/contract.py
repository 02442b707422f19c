"""Holding answers against the contract of Graph's answers, where that file is there."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from tests.office import Office

_NAME = "graph-openapi-licensing.yaml"
_PLACES = (os.environ.get("SEATWRIGHT_SPEC_DIR", ""), "../shared/spec/data")


@lru_cache(maxsize=1)
def contract() -> dict[str, Any] | None:
    """The contract, from SEATWRIGHT_SPEC_DIR or the folder beside the checkout."""
    for place in _PLACES:
        file = Path(place) / _NAME
        if place and file.is_file():
            found: dict[str, Any] = _plain(yaml.load(file.read_text(), Loader=yaml.CSafeLoader))
            return found
    return None


def _plain(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, and unknown members are refused."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items()}
    if plain.pop("nullable", False) and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain


def needs_contract() -> dict[str, Any]:
    """The contract; the test is skipped with a word where there is none."""
    found = contract()
    if found is None:
        pytest.skip(f"{_NAME} is in neither SEATWRIGHT_SPEC_DIR nor ../shared/spec/data")
    return found


def _matches(template: str, path: str) -> bool:
    wanted = template.replace("()", "").split("/")
    given = path.replace("()", "").split("/")
    return len(wanted) == len(given) and all(
        one.startswith("{") or one == two for one, two in zip(wanted, given, strict=True)
    )


def hold_to_contract(method: str, path: str, answer: httpx.Response) -> None:
    """Fail where an answer is not one that the contract has for this path.

    Paths that the contract lacks are held against nothing but the error envelope.
    """
    found = contract()
    if found is None:
        return
    bare = path.partition("?")[0]
    # A literal segment beats a parameter, as `$count` does.
    templates = sorted((t for t in found["paths"] if _matches(t, bare)), key=lambda t: t.count("{"))
    if answer.status_code >= 400:
        schema: Any = {"$ref": "#/components/schemas/microsoft.graph.ODataErrors.ODataError"}
    elif templates and method.lower() in found["paths"][templates[0]]:
        responses = found["paths"][templates[0]][method.lower()]["responses"]
        assert str(answer.status_code) in responses, f"{method} {path}: {answer.status_code}"
        content = responses[str(answer.status_code)].get("content", {})
        if "application/json" not in content:
            return
        schema = content["application/json"]["schema"]
    else:
        return
    whole = {**schema, "components": found["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(
        answer.json()
    )


class Graph:
    """The surface as a client sees it; every answer is held to the contract."""

    def __init__(self, office: Office, client: httpx.AsyncClient | None = None) -> None:
        """Call as the office's administrator, or as another."""
        self._client = client or office.admin

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One call; `path` comes after `/v1.0`, or is a whole link."""
        url = path if path.startswith("http") else f"/v1.0{path}"
        answer = await self._client.request(method, url, json=body, headers=headers)
        if not path.startswith("http"):
            hold_to_contract(method, path, answer)
        return answer

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
