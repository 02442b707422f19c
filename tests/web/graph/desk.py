"""Calling the Graph surface of an office: as whom, and with which Graph permissions."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from seatwright.app import access
from seatwright.app.tenants import calling
from seatwright.domain.roles import Role
from seatwright.domain.tenants import PrincipalKind
from tests.office import Office

ENVELOPE_KEYS = {"code", "message", "innerError"}


async def with_permissions(office: Office, *permissions: str) -> httpx.AsyncClient:
    """A caller with every role and only these Graph permissions."""
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        issued = await access.issue(
            call,
            access.NewPrincipal(
                kind=PrincipalKind.TOKEN,
                name=f"only these {uuid4()}",
                roles=(Role.GLOBAL_ADMINISTRATOR,),
                permissions=permissions,
            ),
        )
    return office.client(issued.secret)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """The error that an answer tells; every answer of the surface has its envelope and headers."""
    assert answer.headers["content-type"] == "application/json", answer.text
    assert answer.headers["odata-version"] == "4.0"
    error: dict[str, Any] = answer.json()["error"]
    assert error.keys() >= ENVELOPE_KEYS
    assert error["message"]
    inner = error["innerError"]
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["client-request-id"] == answer.headers["client-request-id"]
    assert inner["date"]
    return error


def reason_of(answer: httpx.Response) -> str:
    """The code of the reasons table that an error carries."""
    (detail,) = error_of(answer)["details"]
    return str(detail["code"])


async def bought(office: Office, part_number: str, units: int = 10) -> dict[str, Any]:
    """A subscription of this product."""
    answer = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": part_number, "units": units}
    )
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


SCOPE = "https://graph.microsoft.com/.default"
TOKEN = "/common/oauth2/v2.0/token"


async def client_of(office: Office, **more: Any) -> dict[str, str]:
    """A new API client, with its secret."""
    body = {"name": f"script {uuid4()}", "roles": ["license-administrator"], **more}
    answer = await office.admin.post("/api/clients", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def form_of(client: dict[str, str], **more: str) -> dict[str, str]:
    """What a client sends to the token endpoint."""
    return {
        "grant_type": "client_credentials",
        "client_id": client["clientId"],
        "client_secret": client["clientSecret"],
        "scope": SCOPE,
        **more,
    }


async def token_of(office: Office, client: dict[str, str], path: str = TOKEN) -> str:
    """An access token of a client."""
    answer = await office.client(None).post(path, data=form_of(client))
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token
