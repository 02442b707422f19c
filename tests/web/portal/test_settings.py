"""Settings: what an administrator changes there, what is shown once, and who may not."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from seatwright.domain.settings import SETTINGS
from tests.office import HOST, Office
from tests.web.portal.visitor import browser_at, digest_in, led_to, visit
from tests.world import add_people

PAGES = (
    "/settings",
    "/settings/roles",
    "/settings/tokens",
    "/settings/clients",
    "/settings/sign-in",
    "/settings/mail",
    "/settings/mail/assignmentExpiring",
    "/settings/webhooks",
)
ADA = "ada@contoso.example"


async def values_of(office: Office) -> dict[str, object]:
    """What every setting is, over the API."""
    answer = await office.admin.get("/api/settings")
    return {one["name"]: one["value"] for one in answer.json()["value"]}


async def test_every_setting_is_on_the_page_and_one_group_is_saved_at_a_time(
    office: Office,
) -> None:
    visitor = await visit(office)
    page = await visitor.get("/settings")
    for name in SETTINGS:
        assert f'name="{name}"' in page.text, name
    saved = await visitor.send(
        "/settings", page, group="removals", brakePeopleMax="7", importRemovalsMax="12"
    )
    assert saved.status_code == 303, saved.text
    assert saved.headers["location"].startswith("/settings?done=saved")
    now = {
        one["name"]: one["value"]
        for one in (await office.admin.get("/api/settings")).json()["value"]
    }
    assert (now["brakePeopleMax"], now["importRemovalsMax"]) == (7, 12)
    page = await visitor.get("/settings")
    wrong = await visitor.send(
        "/settings", page, group="removals", brakePeopleMax="9", importRemovalsMax="many"
    )
    assert (wrong.status_code, "a whole number from 0" in wrong.text) == (400, True)
    assert 'value="many"' in wrong.text
    now = {
        one["name"]: one["value"]
        for one in (await office.admin.get("/api/settings")).json()["value"]
    }
    assert now["brakePeopleMax"] == 7


async def test_how_licensing_behaves_is_looked_at_before_it_is_changed(office: Office) -> None:
    visitor = await visit(office)
    page = await visitor.get("/settings")
    fields = {
        "group": "semantics",
        "preset": "entra",
        "nestedGroupsCount": "yes",
        "usageLocation": "",
    }
    shown = await visitor.send("/settings", page, step="preview", **fields)
    assert (shown.status_code, "Nothing is done yet" in shown.text) == (200, True), shown.text
    done = await visitor.send("/settings", shown, step="apply", digest=digest_in(shown), **fields)
    assert "?done=saved&job=" in led_to(done)
    page = await visitor.get(led_to(done))
    assert '<option value="entra" selected>' in page.text
    assert re.search(r'data-progress="/bulk/[0-9a-f-]{36}/progress"', page.text)


async def test_a_token_a_client_and_a_webhook_are_shown_once_and_then_end(office: Office) -> None:
    visitor = await visit(office)
    page = await visitor.get("/settings/tokens")
    refused = await visitor.send("/settings/tokens", page, name="robot")
    assert (refused.status_code, "No role is given" in refused.text) == (400, True)
    made = await visitor.send("/settings/tokens", page, name="robot", role=["global-reader"])
    assert made.headers["cache-control"] == "no-store"
    [token] = re.findall(r"swt_[\w-]+", made.text)
    assert (await office.client(token).get("/api/settings")).status_code == 200
    listed = await visitor.get("/settings/tokens")
    assert token not in listed.text
    [(robot, _)] = re.findall(
        r'value="([0-9a-f-]{36})"[^>]*><button[^>]*>(Revoke)<span[^>]*> robot', listed.text
    )
    assert (await visitor.send("/settings/tokens/revoke", listed, id=robot)).status_code == 303
    assert (await office.client(token).get("/api/settings")).status_code == 401
    page = await visitor.get("/settings/clients")
    made = await visitor.send(
        "/settings/clients",
        page,
        name="script",
        role=["user-administrator"],
        permissions="User.Read.All",
    )
    assert re.search(r"sws_[\w-]+", made.text)
    assert "User.Read.All" in (await visitor.get("/settings/clients")).text
    page = await visitor.get("/settings/webhooks")
    wrong = await visitor.send("/settings/webhooks", page, url="ftp://x")
    assert (wrong.status_code, 'value="ftp://x"' in wrong.text) == (400, True)
    made = await visitor.send("/settings/webhooks", page, url="https://hooks.example.com/in")
    assert "whsec_" in made.text
    [hook] = set(re.findall(r"/settings/webhooks/[0-9a-f-]{36}", made.text))
    one = await visitor.get(hook)
    for what, says in (
        ("test", "webhookTest"),
        ("disable", "Disabled by hand"),
        ("enable", "Post a test"),
    ):
        assert (await visitor.send(hook, one, do=what)).status_code == 303, what
        one = await visitor.get(hook)
        assert says in one.text
    [call] = set(re.findall(r"/settings/deliveries/[0-9a-f-]{36}", one.text))
    assert "This is a test." in (await visitor.get(call)).text
    assert "whsec_" in (await visitor.send(hook, one, do="rotate")).text
    assert (await visitor.send(hook, one, do="remove")).status_code == 303
    assert (await visitor.get(hook)).status_code == 404


async def test_a_role_is_given_and_taken_and_never_ones_own_last_way_in(office: Office) -> None:
    await add_people(office, "ada")
    visitor = await visit(office)
    page = await visitor.get("/settings/roles")
    wrong = await visitor.send("/settings/roles", page, name="eve@x.example", role="global-reader")
    assert (wrong.status_code, "nobody in the directory" in wrong.text) == (400, True)
    for role in ("global-administrator", "helpdesk-administrator"):
        given = await visitor.send("/settings/roles", page, name=ADA.upper(), role=role)
        assert given.status_code == 303, given.text
    listed = await visitor.get("/settings/roles")
    assert ADA in listed.text
    link = await visitor.send("/settings/accounts", listed, name=ADA)
    [path] = re.findall(rf"http://{re.escape(HOST)}(/sign-in/password/[\w-]+)", link.text)
    ada = browser_at(office)
    form = dict.fromkeys(("password", "again"), "four plain words here")
    ours = {"sec-fetch-site": "same-origin"}
    assert (await ada.post(path, data=form, headers=ours)).status_code == 303
    mine = await ada.get("/settings/roles")
    [id_] = set(re.findall(r'name="id" value="([0-9a-f-]{36})"', mine.text))
    [proof] = set(re.findall(r'name="proof" value="([0-9a-f]{64})"', mine.text))
    own = {"proof": proof, "id": id_, "role": "global-administrator"}
    refused = await ada.post("/settings/roles/take", data=own, headers=ours)
    assert (refused.status_code, "from yourself" in refused.text) == (400, True)
    for role in ("global-administrator", "helpdesk-administrator"):
        taken = await visitor.send("/settings/roles/take", listed, id=id_, role=role)
        assert taken.status_code == 303
    assert (await ada.get("/settings/roles")).status_code == 403
    assert "Nobody was given a role" in (await visitor.get("/settings/roles")).text


async def test_a_session_is_seen_and_ended_and_an_account_with_it(office: Office) -> None:
    await add_people(office, "ada")
    visitor, other = await visit(office), await visit(office, Role.GLOBAL_READER)
    page = await visitor.get("/settings/sign-in")
    assert "this one" in page.text
    [session] = re.findall(r'name="session" value="([0-9a-f]{64})"', page.text)
    assert (await other.get("/licenses")).status_code == 200
    assert (await visitor.send("/settings/sessions/end", page, session=session)).status_code == 303
    assert (await other.get("/licenses")).status_code == 303
    refused = await visitor.send("/settings/accounts", page, name="nobody@x.example")
    assert (refused.status_code, "needs a role" in refused.text) == (400, True)
    await visitor.send("/settings/accounts", page, name=ADA)
    again = await visitor.send("/settings/accounts", page, name=ADA)
    assert (again.status_code, "has an account already" in again.text) == (400, True)
    page = await visitor.get("/settings/sign-in")
    assert "not set yet" in page.text
    [account] = set(re.findall(r'name="id" value="([0-9a-f-]{36})"', page.text))
    assert (
        "/sign-in/password/"
        in (await visitor.send("/settings/accounts/link", page, id=account)).text
    )
    assert (await visitor.send("/settings/accounts/end", page, id=account)).status_code == 303
    assert "Nobody signs in with a password" in (await visitor.get("/settings/sign-in")).text


async def test_the_words_of_a_mail_are_changed_looked_at_and_taken_back(office: Office) -> None:
    visitor = await visit(office)
    path = "/settings/mail/assignmentExpiring"
    page = await visitor.get(path)
    wrong = await visitor.send(path, page, mailed="yes", subject="It ends: {{ nothing }}", text="x")
    assert (wrong.status_code, "nothing" in wrong.text) == (400, True)
    saved = await visitor.send(path, page, subject="It ends: {{ product }}", text="Soon.")
    assert saved.status_code == 303, saved.text
    listed = await visitor.get("/settings/mail")
    assert "It ends: {{ product }}" in listed.text
    assert "own words" in listed.text
    assert (await visitor.send(path, page, restore="yes")).status_code == 303
    assert "own words" not in (await visitor.get("/settings/mail")).text


async def test_settings_are_for_those_who_may(office: Office) -> None:
    reader = await visit(office, Role.GLOBAL_READER)
    seen = {path: (await reader.get(path)).status_code for path in PAGES}
    allowed = {
        "/settings",
        "/settings/mail",
        "/settings/mail/assignmentExpiring",
        "/settings/webhooks",
    }
    assert {path for path, status in seen.items() if status == 200} == allowed
    page = await reader.get("/settings")
    assert "/settings/tokens" not in page.text
    assert 'type="submit" name="step"' not in page.text
    for path in ("/settings", "/settings/tokens", "/settings/webhooks", "/settings/accounts"):
        answer = await reader.send(path, page, name="x", brakePeopleMax="1")
        assert answer.status_code == 403, path
    helper = await visit(office, Role.HELPDESK_ADMINISTRATOR)
    answer = await helper.get("/settings")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/password")
    assert (await helper.get("/settings/password")).status_code == 200
