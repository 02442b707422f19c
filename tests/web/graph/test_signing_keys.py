"""The keys that sign access tokens: each tenant's own, overlapping, withdrawn when one leaked."""

from __future__ import annotations

import base64
import json

from seatwright.app.graph_tokens import KEY_SIGNS, rotate_signing_key
from seatwright.app.tenants import NewTenant, calling
from tests.conftest import Database as DatabaseOfTest
from tests.office import Office, open_office
from tests.web.graph.desk import client_of as _client
from tests.web.graph.desk import token_of as _token


async def _kids(office: Office, tenant: str = "common") -> list[str]:
    answer = await office.client(None).get(f"/{tenant}/discovery/v2.0/keys")
    return [key["kid"] for key in answer.json()["keys"]]


async def test_keys_rotate_by_themselves_and_overlap(office: Office) -> None:
    client = await _client(office)
    await _token(office, client)
    (first,) = await _kids(office)
    office.clock.move(days=KEY_SIGNS.days - 1)
    before = await _token(office, client)
    assert _kid(before) == first
    kids = await _kids(office)
    assert kids[0] == first
    assert len(kids) == 2
    office.clock.move(days=1)
    after = await _token(office, client)
    assert _kid(after) == kids[1]
    assert await _kids(office) == kids
    office.clock.move(days=1)
    assert await _kids(office) == kids[1:]
    await _token(office, client)
    assert await _kids(office) == kids[1:]


def _kid(token: str) -> str:
    head = token.split(".", maxsplit=1)[0]
    kid: str = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    return kid


async def test_each_tenant_has_keys_of_its_own(office: Office, database: DatabaseOfTest) -> None:
    new = NewTenant(name="Fabrikam", domain="fabrikam.example")
    async with open_office(database.app_url, new) as other:
        await _token(office, await _client(office))
        await _token(other, await _client(other))
        mine = await _kids(office, str(office.made.tenant.id))
        theirs = await _kids(office, str(other.made.tenant.id))
        assert len(mine) == len(theirs) == 1
        assert mine != theirs
        assert await _kids(office) == mine + theirs


async def test_a_withdrawn_key_ends_its_tokens_at_once(office: Office) -> None:
    client = await _client(office)
    token = await _token(office, client)
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        await rotate_signing_key(call, withdraw=False)
    assert (await office.client(token).get("/v1.0/organization")).status_code == 200
    assert len(await _kids(office)) == 2
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        done = await rotate_signing_key(call, withdraw=True)
    assert done.tokens_ended == 1
    assert (await office.client(token).get("/v1.0/organization")).status_code == 401
    assert await _kids(office) == [done.key.kid]
    assert _kid(await _token(office, client)) == done.key.kid
