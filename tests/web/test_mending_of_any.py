"""Whatever people have, mending everything changes nobody but as the preview said."""

from __future__ import annotations

import random

import pytest

from tests.office import Office
from tests.previews import apply, ask
from tests.web.test_group_licenses import work_all_jobs
from tests.web.test_mending import DOUBLES, DUPLICATES, URL, licenses_of
from tests.web.test_why import buy, license_group
from tests.world import add_group, add_people, call_of, counts_agree

PEOPLE = tuple(f"p{number:02}" for number in range(14))
OFF = {
    "SPE_E3": (None, ["SWAY"], ["TEAMS1"]),
    "EXCHANGESTANDARD": (None,),
    "VISIOCLIENT": (None, ["ONEDRIVE_BASIC"]),
    "PROJECTPROFESSIONAL": (None, ["PROJECT_PROFESSIONAL"]),
}
"""Products, with the service plans that somebody may leave off."""


async def anything(office: Office, chance: random.Random) -> None:
    """People with products of their own and by groups, some inside others; not all get a seat."""
    numbers = await add_people(office, *PEOPLE)
    # What is taken here is more than the brake lets by.
    settings = await office.admin.patch("/api/settings", json={"brakeOnRemovals": False})
    assert settings.status_code == 200, settings.text
    for product in OFF:
        await buy(office, product, chance.randrange(6, 16))
    groups: list[str] = []
    for place in range(4):
        members = [number for number in numbers if chance.random() < 0.4]
        group = await add_group(office, f"Group {place}", members)
        if groups and chance.random() < 0.5:
            path = f"/api/identity/groups/{chance.choice(groups)}/members"
            answer = await office.admin.post(path, json={"groups": [group]})
            assert answer.status_code < 300, answer.text
        groups.append(group)
    for group in groups:
        product = chance.choice(list(OFF))
        await license_group(office, group, product, **_off(chance, product))
    for name in PEOPLE:
        for product in chance.sample(list(OFF), chance.randrange(3)):
            path = f"/api/identity/users/{name}@contoso.example/licenses"
            body = {"skuPartNumber": product, **_off(chance, product)}
            # Where a rule or the seats refuse it, that is a world, too.
            await office.admin.post(path, json=body)


def _off(chance: random.Random, product: str) -> dict[str, list[str]]:
    plans = chance.choice(OFF[product])
    return {} if plans is None else {"disabledServicePlans": plans}


@pytest.mark.parametrize("seed", range(5))
async def test_mending_everything_changes_nobody_but_as_the_preview_said(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    await anything(office, chance)
    for body in (DOUBLES, DUPLICATES):
        before = {(user, sku): plans for user, sku, plans in await licenses_of(office)}
        seen = await ask(office.admin, "POST", URL, body)
        if seen.status_code == 400:
            assert seen.json()["code"] == "noChange"
            continue
        told = seen.json()
        done = await apply(office.admin, "POST", URL, body, digest=told["digest"])
        assert done.status_code == 202, done.text
        await work_all_jobs(office)
        after = {(user, sku): plans for user, sku, plans in await licenses_of(office)}
        changed = {
            pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)
        }
        assert await _named(office, changed) == {
            (line["user"]["displayName"], line["product"]["skuPartNumber"])
            for line in told["changes"]
        }
        if body is DOUBLES:
            assert not changed, "a group gives all of it"
        assert await counts_agree(office)
        left = (await ask(office.admin, "POST", URL, body)).json()
        assert left.get("code") == "noChange", left


async def _named(office: Office, pairs: set[tuple[int, int]]) -> set[tuple[str, str]]:
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select p.user_no, p.sku_no, u.display_name, s.part_number"
            " from unnest(%s::int4[], %s::int2[]) p (user_no, sku_no)"
            " join app_user u on u.tenant_id = %s and u.user_no = p.user_no"
            " join sku s on s.tenant_id = u.tenant_id and s.sku_no = p.sku_no",
            ([user for user, _ in pairs], [sku for _, sku in pairs], call.tx.tenant_id),
        )
        return {(name, product) for _, _, name, product in await cursor.fetchall()}
