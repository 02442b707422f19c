"""Adding a person by a form: what is free is beside each product, and all happens or nothing."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from tests.dynamic import held
from tests.office import Office
from tests.web.portal.visitor import led_to, visit

E3, VISIO = "SPE_E3", "VISIOCLIENT"


async def _buy(office: Office, product: str, units: int) -> None:
    order = {"skuPartNumber": product, "units": units, "status": "Enabled"}
    bought = await office.admin.post("/api/subscriptions", json=order)
    assert bought.status_code == 201, bought.text


async def test_a_person_is_added_with_products_whose_free_seats_are_shown(office: Office) -> None:
    await _buy(office, E3, 2)
    await _buy(office, VISIO, 1)
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    shown = re.findall(r'name="sku" value="(\w+)"( disabled)?.*?class="small">([^<]*)<', form.text)
    assert shown == [(E3, "", "2 free"), (VISIO, "", "1 free")]
    made = await visitor.send(
        "/users",
        form,
        displayName="Ada Lovelace",
        userPrincipalName="ada@contoso.example",
        usageLocation="no",
        department="Research",
        sku=[E3, VISIO],
    )
    page = await visitor.get(led_to(made))
    assert "Ada Lovelace is in the directory now" in page.text
    assert await held(office, "ada") == [E3, VISIO]
    person = (await office.admin.get("/api/identity/users/ada@contoso.example")).json()
    assert (person["usageLocation"], person["department"]) == ("NO", "Research")
    left = await visitor.get("/users/new")
    assert re.findall(r'value="VISIOCLIENT"( disabled)?', left.text) == [" disabled"]
    assert "no seat is free" in left.text


async def test_what_cannot_be_given_leaves_nobody_behind_and_the_form_as_it_was(
    office: Office,
) -> None:
    await _buy(office, E3, 1)
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    typed: dict[str, str | list[str]] = {
        "displayName": "Ben",
        "userPrincipalName": "ben@contoso.example",
        "usageLocation": "NO",
        "sku": [E3, "VISIOCLIENT"],
    }
    refused = await visitor.send("/users", form, **typed)
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert 'value="ben@contoso.example"' in refused.text
    assert re.search(r'value="SPE_E3" checked', refused.text)
    gone = await office.admin.get("/api/identity/users/ben@contoso.example")
    assert gone.status_code == 404
    again = await visitor.send("/users", refused, **{**typed, "sku": [E3]})
    assert again.status_code == 303
    twice = await visitor.send("/users", form, **{**typed, "sku": []})
    assert (twice.status_code, "ben@contoso.example" in twice.text) == (409, True)
    nameless = await visitor.send("/users", form, displayName="Cy")
    assert nameless.status_code == 400
    assert re.search(r'id="userPrincipalName"[^>]*aria-invalid="true"', nameless.text)


async def test_only_who_may_change_people_adds_one(office: Office) -> None:
    for role, may in {
        Role.USER_ADMINISTRATOR: True,
        Role.LICENSE_ADMINISTRATOR: False,
        Role.GLOBAL_READER: False,
    }.items():
        visitor = await visit(office, role)
        assert ("/users/new" in (await visitor.get("/users")).text) == may, role
        assert (await visitor.get("/users/new")).status_code == (200 if may else 403), role
        me = await visitor.get("/me")
        made = await visitor.send(
            "/users", me, displayName=role.value, userPrincipalName=f"{role.value}@contoso.example"
        )
        assert made.status_code == (303 if may else 403), role


async def test_an_add_on_and_its_base_are_given_together_whatever_the_order(
    office: Office,
) -> None:
    await _buy(office, "ENTERPRISEPACK", 2)
    await _buy(office, "MCOMEETADV", 2)
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    made = await visitor.send(
        "/users",
        form,
        displayName="Cy",
        userPrincipalName="cy@contoso.example",
        usageLocation="NO",
        sku=["MCOMEETADV", "ENTERPRISEPACK"],
    )
    assert made.status_code == 303, made.text
    assert sorted(await held(office, "cy")) == ["ENTERPRISEPACK", "MCOMEETADV"]
    body = {
        "userPrincipalName": "di@contoso.example",
        "usageLocation": "NO",
        "licenses": [{"skuPartNumber": "MCOMEETADV"}, {"skuPartNumber": "ENTERPRISEPACK"}],
    }
    created = await office.admin.post("/api/identity/users", json=body)
    assert created.status_code == 201, created.text
    assert sorted(await held(office, "di")) == ["ENTERPRISEPACK", "MCOMEETADV"]


async def test_each_field_that_is_wrong_says_so_beside_itself_and_on_top(office: Office) -> None:
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    for name in ("displayName", "userPrincipalName"):
        assert re.search(rf'for="{name}">[^<]*<span class="needed">\(required\)', form.text)
        assert re.search(rf'id="{name}"[^>]* required', form.text)
    refused = await visitor.send(
        "/users", form, displayName=" ", userPrincipalName="ada", department="Research"
    )
    assert refused.status_code == 400
    summary = re.search(r'id="wrong".*?</div>', refused.text, re.DOTALL)
    assert summary
    for name in ("displayName", "userPrincipalName"):
        assert f'href="#{name}"' in summary[0]
        field = re.search(rf'<input id="{name}"[^>]*>', refused.text)
        assert field
        assert 'aria-invalid="true"' in field[0]
        assert f'aria-describedby="wrong-{name}"' in field[0]
        assert f'class="wrong" id="wrong-{name}"' in refused.text
    assert 'value="Research"' in refused.text
    assert 'value="ada"' in refused.text


async def test_a_manager_who_is_nobody_is_said_at_the_manager(office: Office) -> None:
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    typed: dict[str, str | list[str]] = {
        "displayName": "Ada",
        "userPrincipalName": "ada@contoso.example",
        "manager": "nobody@contoso.example",
    }
    refused = await visitor.send("/users", form, **typed)
    assert refused.status_code == 400
    field = re.search(r'<input id="manager"[^>]*>', refused.text)
    assert field
    assert 'aria-describedby="manager-hint wrong-manager"' in field[0]
    assert 'value="nobody@contoso.example"' in field[0]


async def test_the_usage_location_is_marked_as_needed_with_a_product(office: Office) -> None:
    await _buy(office, E3, 2)
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    assert "(required with a product)" in form.text
    assert re.search(r'id="usageLocation"[^>]*data-needed-with="sku"', form.text)
    typed: dict[str, str | list[str]] = {
        "displayName": "Ada",
        "userPrincipalName": "ada@contoso.example",
        "sku": [E3],
    }
    refused = await visitor.send("/users", form, **typed)
    assert 'href="#usageLocation"' in refused.text
    assert "It is required, for a product is chosen." in refused.text
    assert re.search(r'id="usageLocation"[^>]*aria-invalid="true"', refused.text)
    assert re.search(r'value="SPE_E3" checked', refused.text)


async def test_the_manager_is_found_among_people_and_nothing_else(office: Office) -> None:
    visitor = await visit(office)
    form = await visitor.get("/users/new")
    await visitor.send(
        "/users", form, displayName="Visa Virtanen", userPrincipalName="visa@contoso.example"
    )
    made = await office.admin.post("/api/identity/groups", json={"displayName": "Visio drawers"})
    assert made.status_code == 201, made.text
    assert re.search(
        r'id="manager"[^>]*data-suggests="manager-found" data-kind="people"', form.text
    )
    found = await visitor.get("/find/suggestions?search=vis&kind=people")
    assert 'data-value="visa@contoso.example"' in found.text
    assert "Visio drawers" not in found.text
