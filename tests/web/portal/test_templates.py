"""Templates on pages: made with explicit services, changed, given to people, deleted."""

from __future__ import annotations

import re
from html import unescape

from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.portal.test_pages import E3, _furnish, _holds
from tests.web.portal.visitor import digest_in, led_to, visit

_ON = re.compile(r'<input type="checkbox" name="on" value="([^"]+)"')


async def test_a_template_is_made_with_only_the_services_that_are_ticked(office: Office) -> None:
    await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get("/templates/new")
    shown = await visitor.send(
        "/templates", page, name="Shop", product=[E3, ""], step="plans", description="Tills"
    )
    plans = [unescape(one) for one in _ON.findall(shown.text)]
    assert len(plans) > 5
    assert 'value="Shop"' in shown.text
    assert (await office.admin.get("/api/templates?limit=100")).text.count('"Shop"') == 0
    kept = plans[:3]
    made = await visitor.send(
        "/templates", shown, name="Shop", description="Tills", product=E3, shown=E3, on=kept
    )
    path = led_to(made).partition("?")[0]
    stored = (await office.admin.get("/api/templates/Shop")).json()
    (product,) = stored["products"]
    on = [f"{E3}/{one['name']}" for one in product["servicePlans"] if one["enabled"]]
    assert sorted(on) == sorted(kept)
    one = await visitor.get(path)
    assert f"3 of {len(plans)} services on" in one.text
    assert "Tills" in (await visitor.get("/templates")).text
    twice = await visitor.send("/templates", page, name="shop", product=E3)
    assert twice.status_code == 400
    assert "There is a template named" in twice.text
    assert (await visitor.send("/templates", page, name="Empty")).status_code == 400


async def test_a_template_is_changed_given_after_a_preview_and_deleted(office: Office) -> None:
    user = await _furnish(office)
    made = await office.admin.post(
        "/api/templates", json={"name": "Shop", "products": [{"skuPartNumber": E3}]}
    )
    path = f"/templates/{made.json()['id']}"
    visitor = await visit(office)
    form = await visitor.get(f"{path}/edit")
    plans = [unescape(one) for one in _ON.findall(form.text)]
    saved = await visitor.send(path, form, name="Shops", product=E3, shown=E3, on=plans[1:])
    assert led_to(saved) == f"{path}?done=changed"
    page = await visitor.get(path)
    assert '<span class="tag">off</span>' in page.text
    fields = {"give": f"template:{made.json()['id']}", "lines": "ada@contoso.example"}
    preview = await visitor.send("/bulk", page, **fields, step="preview", fill="asMany")
    assert "gets it" in preview.text
    assert await _holds(office, user) == []
    done = await visitor.send("/bulk", preview, **fields, fill="asMany", digest=digest_in(preview))
    assert led_to(done).startswith("/bulk/")
    (job,) = (await office.admin.get("/api/jobs")).json()["value"]
    assert (job["kind"], job["total"]) == ("bulk", 1)
    asked = await visitor.send(f"{path}/delete", page, step="preview")
    gone = await visitor.send(f"{path}/delete", page, digest=digest_in(asked))
    assert led_to(gone) == "/templates?done=deleted"
    assert (await visitor.get(path)).status_code == 404


async def test_who_may_only_read_templates_changes_none(office: Office) -> None:
    reader = await visit(office, Role.USER_ADMINISTRATOR)
    page = await reader.get("/templates")
    assert page.status_code == 200
    assert "/templates/new" not in page.text
    assert (await reader.get("/templates/new")).status_code == 403
    assert (await reader.send("/templates", page, name="x", product=E3)).status_code == 403
    first = re.findall(r'href="(/templates/[0-9a-f-]+)"', page.text)[0]
    assert (await reader.send(f"{first}/delete", page)).status_code == 403
    assert (await reader.get(first)).status_code == 200
