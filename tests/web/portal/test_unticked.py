"""A form about the ticked rows of a list, sent without one, is answered by the list itself."""

from __future__ import annotations

import pytest

from tests.office import Office
from tests.web.portal.visitor import visit

SAYS = "Nothing is ticked, so nothing was done"

FORMS = {
    "/requests/decisions": ("/requests?show=all", {"decision": "approve", "step": "preview"}),
    "/conflicts/mend": ("/conflicts?kind=duplicate", {"step": "preview"}),
    "/strategies/move": ("/licenses/VISIOCLIENT", {"sku": "VISIOCLIENT", "step": "choose"}),
    "/auto-claim/none/unassign": ("/auto-claim", {"step": "preview"}),
}


@pytest.mark.parametrize("path", sorted(FORMS))
async def test_a_form_without_a_ticked_row_leads_back_to_its_list_which_says_so(
    office: Office, path: str
) -> None:
    back, fields = FORMS[path]
    visitor = await visit(office)
    page = await visitor.get("/me")
    sent = await visitor.send(path, page, back=back, **fields)
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"].startswith(back)
    shown = await visitor.get(sent.headers["location"])
    assert shown.status_code == 200
    assert SAYS in shown.text.partition("<h1>")[0]
    assert SAYS not in (await visitor.get(back)).text.partition("<h1>")[0]


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
async def test_a_form_without_a_ticked_row_leads_to_no_other_host(
    office: Office, back: str
) -> None:
    visitor = await visit(office)
    sent = await visitor.send(
        "/requests/decisions", await visitor.get("/me"), back=back, decision="deny"
    )
    assert sent.headers["location"] == "/?unticked=yes"


@pytest.mark.parametrize("back", ["/users?search=ada", "/idle"])
async def test_people_are_chosen_before_their_licenses_are_changed_in_bulk(
    office: Office, back: str
) -> None:
    visitor = await visit(office)
    sent = await visitor.browser.get("/bulk", params={"ticked": "yes", "back": back})
    assert sent.status_code == 303
    assert SAYS in (await visitor.get(sent.headers["location"])).text.partition("<h1>")[0]
    chosen = await visitor.browser.get("/bulk", params={"ticked": "yes", "user": "ada@a.example"})
    assert chosen.status_code == 200
