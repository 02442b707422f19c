"""The box above every page leads to people, products and groups."""

from __future__ import annotations

import re

import pytest

from seatwright.domain.roles import Role
from seatwright.postgres import suggestions
from tests.office import Office
from tests.web.portal.visitor import visit


async def _make(office: Office, *names: str) -> None:
    for name in names:
        upn = f"{name.partition(' ')[0].lower()}@contoso.example"
        body = {"userPrincipalName": upn, "displayName": name}
        made = await office.admin.post("/api/identity/users", json=body)
        assert made.status_code == 201, made.text


async def test_the_box_finds_people_products_and_groups(office: Office) -> None:
    await _make(office, "Visa Virtanen", "Ada")
    made = await office.admin.post("/api/identity/groups", json={"displayName": "Visio drawers"})
    assert made.status_code == 201, made.text
    bought = {"skuPartNumber": "VISIOCLIENT", "units": 5}
    made = await office.admin.post("/api/subscriptions", json=bought)
    assert made.status_code == 201, made.text
    visitor = await visit(office)
    page = await visitor.get("/find?search=vis")
    assert page.status_code == 200
    for name in ("Visa Virtanen", "Visio Plan 2", "Visio drawers"):
        assert f">{name}</a>" in page.text
    assert "ada@" not in page.text


async def test_the_only_thing_that_fits_is_shown_at_once(office: Office) -> None:
    await _make(office, "Ada", "Bob")
    visitor = await visit(office)
    answer = await visitor.get("/find?search=ad")
    assert answer.status_code == 303
    assert "ada@contoso.example" in (await visitor.get(answer.headers["location"])).text


async def test_nothing_found_says_what_to_write(office: Office) -> None:
    visitor = await visit(office)
    assert "no group begins with “zzz”" in (await visitor.get("/find?search=zzz")).text
    assert "Write a name" in (await visitor.get("/find")).text


async def test_who_may_not_read_the_directory_finds_nobody(office: Office) -> None:
    visitor = await visit(office, Role.PERSON)
    assert (await visitor.get("/find?search=a")).status_code == 403


async def test_the_box_suggests_while_somebody_types(office: Office) -> None:
    await _make(office, "Visa Virtanen", "Vera Virtanen", "Ada")
    for name in ("Visio drawers", "Others"):
        made = await office.admin.post("/api/identity/groups", json={"displayName": name})
        assert made.status_code == 201, made.text
    bought = {"skuPartNumber": "VISIOCLIENT", "units": 5}
    made = await office.admin.post("/api/subscriptions", json=bought)
    assert made.status_code == 201, made.text
    visitor = await visit(office)

    async def suggested(words: str) -> list[str]:
        part = await visitor.get(f"/find/suggestions?search={words}")
        assert part.status_code == 200
        assert "<html" not in part.text
        return re.findall(r'data-path="[^"]+"[^>]*>([^<]*?) ?<', part.text)

    assert await suggested("vis") == ["Visa Virtanen", "Visio Plan 2", "Visio drawers"]
    assert await suggested("virt") == ["Vera Virtanen", "Visa Virtanen"]
    # Each word begins a word of the name, in whatever order they stand.
    assert await suggested("virtanen+ve") == ["Vera Virtanen"]
    assert await suggested("v") == []
    assert await suggested("zzz") == []
    helper = await visit(office, Role.PERSON)
    assert (await helper.get("/find/suggestions?search=vis")).status_code == 403


async def test_those_who_left_take_nobodys_place_among_what_is_suggested(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "HITS_MAX", 2)
    await _make(office, "Anna1 Aas", "Anna2 Aas", "Anna3 Berg")
    for gone in ("anna1", "anna2"):
        left = await office.admin.delete(f"/api/identity/users/{gone}@contoso.example")
        assert left.status_code == 204, left.text
    part = await (await visit(office)).get("/find/suggestions?search=anna")
    assert "Anna3 Berg" in part.text
    assert "Aas" not in part.text
