"""An invitation holds its seats until it is accepted, withdrawn or over, and passes them on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.app.reservations import give_back
from seatwright.domain.invitations import ALLOWS, InvitationAction, InvitationState
from seatwright.domain.reservations import ReservationKind
from seatwright.domain.roles import Role
from tests.bulk import reserved_seats
from tests.office import Office
from tests.timing import after, buy, give, history, seats, tick, told
from tests.world import add_group, add_people, call_of, counts_agree

URL = "/api/identity/invitations"
GUEST = {
    "mail": "Gina.Guest@partner.example",
    "displayName": "Gina Guest",
    "usageLocation": "SE",
    "licenses": [{"skuPartNumber": "SPE_E3"}],
}


async def invited(office: Office, **fields: Any) -> dict[str, Any]:
    answer = await office.admin.post(URL, json={**GUEST, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def do(office: Office, made: dict[str, Any], action: str) -> Any:
    return await office.admin.post(f"{URL}/{made['id']}/{action}")


async def waiting_for_one(office: Office) -> None:
    """Ada waits for a seat of Microsoft 365 E3."""
    people = await add_people(office, "ada")
    group = await add_group(office, "Waiting", people)
    place = f"/api/identity/groups/{group}/licenses"
    assert (await office.admin.post(place, json={"skuPartNumber": "SPE_E3"})).status_code == 202


async def test_a_seat_is_held_until_the_guest_accepts_and_passes_without_a_gap(
    office: Office,
) -> None:
    await buy(office, 1)
    made = await invited(office)
    assert (made["state"], made["daysLeft"]) == ("pending", 14)
    assert (await seats(office), await reserved_seats(office)) == ((1, 0, 0), 1)
    await waiting_for_one(office)
    done = await do(office, made, "accept")
    assert done.status_code == 200, done.text
    assert (await seats(office), await reserved_seats(office)) == ((1, 1, 0), 0)
    guest = (await office.admin.get(f"/api/identity/users/{done.json()['userId']}")).json()
    assert (guest["userType"], guest["mail"]) == ("Guest", GUEST["mail"])
    assert (guest["usageLocation"], guest["displayName"]) == ("SE", "Gina Guest")
    (held,) = (await office.admin.get("/api/identity/licenses/SPE_E3/holders")).json()["value"]
    assert held["user"]["id"] == done.json()["userId"]
    actions = ("invitationSent", "invitationAccepted")
    assert [row["action"] for row in await history(office, *actions)] == list(actions)
    assert await counts_agree(office)


async def test_after_fourteen_days_the_seat_goes_to_whoever_waits(office: Office) -> None:
    await buy(office, 1)
    made = await invited(office)
    await waiting_for_one(office)
    await after(office, days=10)
    assert (await office.admin.get(f"{URL}/{made['id']}")).json()["daysLeft"] == 4
    await after(office, days=3.9)
    assert await seats(office) == (1, 0, 0)
    await asyncio.gather(after(office, days=0.2), tick(office))
    assert (await seats(office), await reserved_seats(office)) == ((1, 1, 0), 0)
    assert [one["person"] for one in await told(office, "invitationExpiring")] == ["Gina Guest"]
    assert [one["person"] for one in await told(office, "invitationExpired")] == ["Gina Guest"]
    late = await do(office, made, "accept")
    assert (late.status_code, late.json()["code"]) == (409, "alreadyDecided")
    assert "expired" in late.json()["detail"]
    await after(office, days=100)
    assert (await office.admin.get(f"{URL}/{made['id']}")).json()["code"] == "unknownInvitation"


async def test_sending_it_again_begins_the_fourteen_days_anew(office: Office) -> None:
    await buy(office, 1)
    made = await invited(office)
    await after(office, days=13)
    again = (await do(office, made, "resend")).json()
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select address, body from delivery where kind = 'invitationSent' order by delivery_no"
        )
        mails = await cursor.fetchall()
    assert [address for address, _ in mails] == [GUEST["mail"]] * 2
    assert "Gina Guest is invited by Contoso, with Microsoft 365 E3." in mails[0][1]
    assert len(await told(office, "invitationSent")) == 2
    assert (again["timesSent"], again["daysLeft"]) == (2, 14)
    await after(office, days=10)
    assert (await seats(office), await reserved_seats(office)) == ((1, 0, 0), 1)
    assert (await do(office, made, "accept")).status_code == 200


async def test_sending_it_again_holds_anew_what_was_lost_or_refuses(office: Office) -> None:
    await buy(office, 1)
    made = await invited(office)
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select ref from seat_reservation")
        await give_back(
            call, ReservationKind.INVITATION, [row[0] for row in await cursor.fetchall()]
        )
    assert (await do(office, made, "resend")).status_code == 200
    assert (await seats(office), await reserved_seats(office)) == ((1, 0, 0), 1)
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select ref from seat_reservation")
        await give_back(
            call, ReservationKind.INVITATION, [row[0] for row in await cursor.fetchall()]
        )
    await waiting_for_one(office)
    refused = await do(office, made, "resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "noSeatLeft")
    assert await reserved_seats(office) == 0


async def test_a_withdrawn_invitation_gives_its_seats_to_whoever_waits(office: Office) -> None:
    await buy(office, 1)
    made = await invited(office)
    await waiting_for_one(office)
    gone = await do(office, made, "withdraw")
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert (await seats(office), await reserved_seats(office)) == ((1, 1, 0), 0)


async def test_addresses_that_are_known_or_invited_are_refused(office: Office) -> None:
    await buy(office, 5)
    made = await invited(office)
    twice = await office.admin.post(URL, json={**GUEST, "mail": "gina.guest@PARTNER.example"})
    assert (twice.status_code, twice.json()["code"]) == (409, "alreadyInvited")
    assert twice.json()["invitationId"] == made["id"]
    await add_people(office, "ada")
    known = await office.admin.post(URL, json={**GUEST, "mail": "ada@contoso.example"})
    assert (known.status_code, known.json()["code"]) == (409, "addressNotUnique")
    assert await reserved_seats(office) == 1
    office.clock.move(days=15)
    assert (await office.admin.post(URL, json=GUEST)).status_code == 201
    assert await reserved_seats(office) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"mail": "no address"}, 400, "invalidValue"),
        ({"licenses": []}, 400, "invalidValue"),
        ({"usageLocation": "Norway"}, 400, "invalidValue"),
        ({"usageLocation": None}, 400, "usageLocationMissing"),
        ({"message": "x" * 1001}, 400, "invalidValue"),
        ({"licenses": [{"skuPartNumber": "NONE"}]}, 400, "unknownSku"),
        ({"templateId": "None"}, 404, "unknownTemplate"),
        ({"licenses": [{"skuPartNumber": "VISIOCLIENT"}]}, 409, "noSeatLeft"),
    ],
)
async def test_an_invitation_that_does_not_fit_is_refused_and_holds_nothing(
    office: Office, fields: dict[str, Any], status: int, code: str
) -> None:
    await buy(office, 5)
    refused = await office.admin.post(URL, json={**GUEST, **fields})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await reserved_seats(office) == 0


async def test_a_template_and_service_plans_are_promised_too(office: Office) -> None:
    await buy(office, 5)
    await buy(office, 5, skuPartNumber="VISIOCLIENT")
    body = {"name": "Partner", "products": [{"skuPartNumber": "VISIOCLIENT"}]}
    assert (await office.admin.post("/api/templates", json=body)).status_code == 201
    licenses = [{"skuPartNumber": "SPE_E3", "disabledServicePlans": ["YAMMER_ENTERPRISE"]}]
    made = await invited(office, templateId="Partner", licenses=licenses)
    assert {one["skuPartNumber"] for one in made["licenses"]} == {"SPE_E3", "VISIOCLIENT"}
    assert await reserved_seats(office) == 2
    user = (await do(office, made, "accept")).json()["userId"]
    held = (await office.admin.get(f"/api/identity/users/{user}/licenses")).json()["value"]
    plans = next(one for one in held if one["skuPartNumber"] == "SPE_E3")["servicePlans"]
    assert [plan["name"] for plan in plans if not plan["enabled"]] == ["YAMMER_ENTERPRISE"]


async def test_accepting_races_with_the_lapse_withdrawal_and_itself(office: Office) -> None:
    await buy(office, 2)
    await waiting_for_one(office)
    made = await invited(office)
    office.clock.move(days=13, hours=23)
    answers = await asyncio.gather(
        *(do(office, made, action) for action in ("accept", "withdraw", "accept")), tick(office)
    )
    codes = sorted(answer.status_code for answer in answers[:3])
    assert codes == [200, 409, 409]
    other = await office.admin.post(URL, json={**GUEST, "mail": "otto@partner.example"})
    if other.status_code == 201:
        office.clock.move(days=14, seconds=1)
        both = await asyncio.gather(do(office, other.json(), "accept"), tick(office), tick(office))
        assert both[0].status_code == 409
    assert await reserved_seats(office) == 0
    assert (await seats(office))[2] >= 0
    assert await counts_agree(office)


async def test_every_state_allows_what_the_table_says(office: Office) -> None:
    await buy(office, 9)
    for state in InvitationState:
        for action in InvitationAction:
            mail = f"{state.value}.{action.name.lower()}@partner.example"
            made = await invited(office, mail=mail)
            ends = {"accepted": "accept", "withdrawn": "withdraw"}
            if state.value in ends:
                assert (await do(office, made, ends[state.value])).status_code == 200
            if state is InvitationState.EXPIRED:
                office.clock.move(days=15)
            answer = await do(office, made, action.name.lower())
            if action in ALLOWS[state]:
                assert answer.status_code == 200, answer.text
            else:
                assert answer.json()["code"] == "alreadyDecided"
                assert state.value in answer.json()["detail"]


async def test_invitations_are_listed_newest_first_by_state(office: Office) -> None:
    await buy(office, 9)
    made = {}
    for number in range(3):
        office.clock.move(minutes=1)
        made = await invited(office, mail=f"guest{number}@partner.example")
    assert (await do(office, made, "accept")).status_code == 200
    first = (await office.admin.get(f"{URL}?limit=2")).json()
    rest = (await office.admin.get(f"{URL}?cursor={first['nextCursor']}")).json()
    mails = [row["mail"] for row in first["value"] + rest["value"]]
    assert mails == [f"guest{number}@partner.example" for number in (2, 1, 0)]
    assert first["value"][0]["userId"] is not None
    pending = (await office.admin.get(f"{URL}?state=pending")).json()["value"]
    assert len(pending) == 2
    assert (await office.admin.get(f"{URL}?state=open")).json()["code"] == "invalidValue"


async def test_who_may_not_assign_may_not_invite(office: Office) -> None:
    await buy(office, 1)
    for role, status in (
        (Role.USER_ADMINISTRATOR, 201),
        (Role.GLOBAL_READER, 403),
        (Role.PERSON, 403),
    ):
        client = await office.as_role(role)
        body = {**GUEST, "mail": f"{role.value}@partner.example"}
        assert (await client.post(URL, json=body)).status_code == status, role
        await client.aclose()


async def test_a_guest_who_is_purged_takes_their_invitation_along(office: Office) -> None:
    await buy(office, 1)
    made = await invited(office)
    user = (await do(office, made, "accept")).json()["userId"]
    assert (await office.admin.delete(f"/api/identity/users/{user}")).status_code == 204
    await after(office, days=31)
    gone = await office.admin.get(f"{URL}/{made['id']}")
    assert gone.json()["code"] == "unknownInvitation"


async def test_held_seats_are_nobody_elses(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    made = await invited(office)
    refused = await office.admin.post(
        "/api/identity/users/ada@contoso.example/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert refused.json()["code"] == "noSeatLeft"
    await do(office, made, "withdraw")
    await give(office, "ada")
