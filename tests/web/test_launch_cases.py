"""Every trigger of the sources against every refusal, through the API: what is answered, field by
field.

Each refusal is arranged once, and every trigger is sent against it. Where a refusal cannot stand
against a trigger, the person is given the product: a client's version matters to nobody but the
desktop client, an environment to nobody who has none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from tests.launching import APPS, FIELDS, FLOWS, RPA, Stage, set_stage
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

PAIRS = {
    "powerApps": APPS,
    "powerAutomatePerUser": FLOWS,
    "powerAutomateRpaAttended": RPA,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that happens, to what, and the auto-claim app whose policy answers it."""

    named: Mapping[str, Any]
    app: str

    @property
    def gives(self) -> str:
        """The product that it gives."""
        return PAIRS[self.app]


_FLOW = Trigger(named=MappingProxyType({"flow": "Premium flow"}), app="powerAutomatePerUser")
_DESK = Trigger(named=MappingProxyType({"clientVersion": "2.43"}), app="powerAutomateRpaAttended")
_APP = Trigger(named=MappingProxyType({"app": "Premium app"}), app="powerApps")
TRIGGERS = {
    "appLaunch": _APP,
    "flowTrigger": _FLOW,
    "flowSave": _FLOW,
    "flowTurnOn": _FLOW,
    "licenseRequested": _APP,
    "goPremium": _DESK,
    "trialRpaUse": _DESK,
}
OF_FLOWS = frozenset({"flowTrigger", "flowSave", "flowTurnOn"})
OF_DESKTOP = frozenset({"goPremium", "trialRpaUse"})
ALL = frozenset(TRIGGERS)


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with the three policies of the sources, and a person for each trigger."""
    await add_people(office, *map(str.lower, TRIGGERS), "other")
    made = await set_stage(office, seats=20)
    for app in PAIRS:
        await made.policy(app)
    return made


def who(event: str) -> str:
    """The person of a trigger."""
    return f"{event.lower()}@contoso.example"


async def policies(stage: Stage) -> dict[str, dict[str, Any]]:
    """The policies by their names."""
    rows = (await stage.office.admin.get("/api/auto-claim/policies")).json()["value"]
    return {row["name"]: row for row in rows}


async def change_all(stage: Stage, **fields: Any) -> None:
    for policy in (await policies(stage)).values():
        await stage.change(policy, **fields)


async def block(stage: Stage) -> None:
    for event in TRIGGERS:
        answer = await stage.office.admin.patch(
            f"/api/identity/users/{who(event)}", json={"accountEnabled": False}
        )
        assert answer.status_code == 200, answer.text


async def turn_off(stage: Stage) -> None:
    await stage.turn(on=False)


async def delete_policies(stage: Stage) -> None:
    for policy in (await policies(stage)).values():
        await stage.office.admin.delete(f"/api/auto-claim/policies/{policy['id']}")


async def policies_off(stage: Stage) -> None:
    await change_all(stage, status="off")


async def policies_begin_later(stage: Stage) -> None:
    await delete_policies(stage)
    await stage.office.admin.patch("/api/settings", json={"preset": "entra"})
    for app in PAIRS:
        await stage.policy(app)


async def reach_caps(stage: Stage) -> None:
    await change_all(stage, claimsMax=1)
    for event in ("appLaunch", "flowSave", "goPremium"):
        answer = await stage.launch("other", event, **TRIGGERS[event].named)
        assert answer.json()["outcome"] == "granted", answer.text


async def limit_to_a_group(stage: Stage) -> None:
    await change_all(stage, limitedTo=[await add_group(stage.office, "Makers")])


async def share_with_nobody(stage: Stage) -> None:
    answer = await stage.office.admin.delete("/api/platform/apps/Premium app/shares/everyone")
    assert answer.status_code == 204, answer.text


async def only_managed(stage: Stage) -> None:
    await change_all(stage, environmentScope="onlyManagedEnvironments")


async def use_up_seats(stage: Stage) -> None:
    for product in PAIRS.values():
        await set_seats(stage.office, product, 0)


async def nothing(_: Stage) -> None:
    """What is named is cause enough."""


async def forget_locations(stage: Stage) -> None:
    async with call_of(stage.office) as call:
        await call.tx.connection.execute("update app_user set usage_location = null")


async def prohibit(stage: Stage) -> None:
    for product in PAIRS.values():
        url = f"/api/catalog/products/{product}/prohibited-locations"
        answer = await stage.office.admin.put(url, json={"locations": ["NO"]})
        assert answer.status_code == 200, answer.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A refusal: how it comes about, and whom it stops; `sends` is what is sent besides."""

    reason: str
    arrange: Callable[[Stage], Awaitable[None]]
    stops: frozenset[str] = ALL
    sends: Mapping[str, Any] = field(default_factory=dict)
    says: str = "{upn}"
    names_policy: bool = True
    status: int = 403


CASES = {
    "a blocked account": Case(
        reason="accountDisabled",
        arrange=block,
        says="The account of {upn} is disabled",
        names_policy=False,
    ),
    "auto-claim is off": Case(reason="featureOff", arrange=turn_off, says="auto-claim is turned"),
    "no policy for the app": Case(
        reason="noPolicy", arrange=delete_policies, says="no auto-claim policy", names_policy=False
    ),
    "the policy is off": Case(reason="policyOff", arrange=policies_off, says="is turned off"),
    "the policy begins later": Case(
        reason="policyNotYetActive",
        arrange=policies_begin_later,
        says="begins to give licenses at 2026-11-21T11:00",
    ),
    "the cap is reached": Case(
        reason="policyCapReached", arrange=reach_caps, says="to 1 people at most"
    ),
    "others are meant": Case(
        reason="notInGroup", arrange=limit_to_a_group, says="members of its groups only"
    ),
    "the app is not shared with them": Case(
        reason="notInGroup",
        arrange=share_with_nobody,
        stops=frozenset({"appLaunch", "licenseRequested"}),
        says="“Premium app” is not shared with {upn}",
        names_policy=False,
    ),
    "the environment is not managed": Case(
        reason="environmentOutOfScope",
        arrange=only_managed,
        stops=ALL - OF_DESKTOP,
        says="“Default”, which is not managed",
    ),
    "nothing is premium": Case(
        reason="notPremium",
        arrange=nothing,
        stops=OF_FLOWS | {"appLaunch"},
        sends={"standard": True},
        says="needs no premium license",
    ),
    "the client is too old": Case(
        reason="clientTooOld",
        arrange=nothing,
        stops=OF_DESKTOP,
        sends={"clientVersion": "2.42.9"},
        says="install 2.43 or later",
    ),
    "the trial is not used": Case(
        reason="trialNotInUse",
        arrange=nothing,
        stops=frozenset({"trialRpaUse"}),
        sends={"isInUse": False},
        says="does not use attended RPA",
    ),
    "no seat is left": Case(
        reason="noSeatLeft", arrange=use_up_seats, says="No seat is left of", status=409
    ),
    "it is not known where they are": Case(
        reason="usageLocationMissing", arrange=forget_locations, says="not known where they use"
    ),
    "it may not be used where they are": Case(
        reason="usageLocationProhibited", arrange=prohibit, says="may not be used where they are"
    ),
}


def named(event: str, case: Case) -> dict[str, Any]:
    """What a trigger names in a case."""
    fields = {**TRIGGERS[event].named, **case.sends}
    if fields.pop("standard", False):
        for thing in ("app", "flow"):
            if thing in fields:
                fields[thing] = f"Standard {thing}"
    return fields


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_stands_against_the_triggers_that_it_concerns(
    stage: Stage, name: str
) -> None:
    case = CASES[name]
    await case.arrange(stage)
    stored = await policies(stage)
    for event, trigger in TRIGGERS.items():
        answer = await stage.launch(who(event), event, **named(event, case))
        if event not in case.stops:
            assert answer.json()["outcome"] == "granted", f"{event}: {answer.text}"
            continue
        policy = stored[f"Policy of {trigger.app}"] if case.names_policy else None
        check_denial(answer, case, event=event, policy=policy)
        assert await stage.holds(event.lower()) == {}
    assert await stage.count("select count(*) from license_error") == 0
    assert await counts_agree(stage.office)


def check_denial(
    answer: httpx.Response, case: Case, *, event: str, policy: dict[str, Any] | None
) -> None:
    """Every field of a denial, and those of a problem beside them."""
    body = answer.json()
    assert (answer.status_code, body["reason"]) == (case.status, case.reason), f"{event}: {body}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) >= FIELDS | {"type", "title", "status", "detail", "code"}
    assert (body["outcome"], body["code"], body["status"]) == ("denied", case.reason, case.status)
    assert body["backup"] is None
    assert body["policyId"] == (None if policy is None else policy["id"])
    wanted = None if policy is None else TRIGGERS[event].gives
    assert body["skuPartNumber"] == wanted
    assert (body["skuId"] is None) == (wanted is None)
    assert body["requestUrl"].startswith("http://127.0.0.1:8080/requests/new?")
    assert ("skuId=" in body["requestUrl"]) == (wanted is not None)
    assert body["message"] == body["detail"]
    assert case.says.format(upn=who(event)) in body["message"], body["message"]
    assert body["message"].endswith(".")
    assert "None" not in body["message"]


@pytest.mark.parametrize("event", TRIGGERS)
async def test_a_trigger_is_answered_with_all_its_fields(stage: Stage, event: str) -> None:
    trigger = TRIGGERS[event]
    policy = (await policies(stage))[f"Policy of {trigger.app}"]
    for outcome in ("granted", "alreadyEntitled"):
        answer = await stage.launch(who(event), event, **trigger.named)
        body = answer.json()
        assert (answer.status_code, set(body)) == (200, FIELDS), answer.text
        assert (body["outcome"], body["reason"], body["requestUrl"]) == (outcome, None, None)
        assert (body["policyId"], body["backup"]) == (policy["id"], 0)
        assert body["skuPartNumber"] == trigger.gives
        assert who(event) in body["message"]
    assert list(await stage.holds(event.lower())) == [trigger.gives]
    assert await counts_agree(stage.office)


@pytest.mark.parametrize("event", TRIGGERS)
async def test_what_is_unknown_or_not_allowed_is_so_for_every_trigger(
    stage: Stage, event: str
) -> None:
    fields = dict(TRIGGERS[event].named)
    unknown = await stage.launch("nobody", event, **fields)
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "unknownUser")
    thing = next((one for one in ("app", "flow") if one in fields), "app")
    gone = await stage.launch(who(event), event, **{**fields, thing: "no such thing"})
    assert (gone.status_code, gone.json()["reason"]) == (404, "unknownApp")
    away = await stage.launch(who(event), event, **{**fields, "environment": "Nowhere"})
    assert (away.status_code, away.json()["reason"]) == (404, "unknownEnvironment")
    async with stage.office.client("wrong") as stranger:
        answer = await stage.launch(who(event), event, by=stranger, **fields)
        assert (answer.status_code, answer.json()["code"]) == (401, "notSignedIn")
    assert await stage.holds(event.lower()) == {}
