"""Everybody at once: a requestor, managers, an alternate and administrators walk the state table.

Hypothesis lets them ask for several people, extend, decide, cancel and undo, directly and through
a group, and lets upkeep do some of its steps. Who may do what, and what comes of it, is said here
in a few lines of its own; the answers and the seats must agree with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seatwright.app.call import Call
from seatwright.app.requests.following import drop_needless, route_again
from seatwright.app.requests.time import (
    escalate_requests,
    expire_requests,
    give_back_lapsed_holds,
    hold_for_next,
)
from seatwright.app.tenants import NewTenant
from seatwright.domain.requests.states import Act, Allowed, LineState, Refused, step_of
from tests.asking import SKU, URL, Company, set_company
from tests.conftest import Database
from tests.moves import license_group
from tests.office import open_office
from tests.previews import upn
from tests.world import add_group, call_of

SEATS, PENDING_DAYS, HOURS = 3, 10, 48
BOSS: Final = {"cid": "bob", "dan": "bob", "eve": "bob", "bob": "ada"}
"""Whose manager is whose; ada is the alternate too, and nobody is above her."""

DESK: Final = ""
ACTORS: Final = (DESK, "ada", "bob", "cid", "dan")
STEPS: Final[tuple[Callable[[Call], Awaitable[bool]], ...]] = (
    give_back_lapsed_holds,
    expire_requests,
    drop_needless,
    route_again,
    escalate_requests,
    hold_for_next,
)
_WORDS: Final = {Act.CANCEL: "cancel", Act.UNDO: "undo"}
_names = count(1)


@dataclass(slots=True)
class Wish:
    """One person of a request, as the walk thinks that it stands."""

    who: str
    asker: str
    is_extension: bool
    has_dates: bool
    state: LineState = LineState.PENDING
    hours: int = 0
    is_escalated: bool = False

    def now(self) -> LineState:
        """What it is, whether or not upkeep has seen it."""
        is_over = self.state is LineState.PENDING and self.hours >= PENDING_DAYS * 24
        return LineState.EXPIRED if is_over else self.state

    def is_own(self, actor: str) -> bool:
        """Whether somebody asked for it, or would get it."""
        return actor in {self.who, self.asker}

    def is_before(self, actor: str) -> bool:
        """Whether it is somebody's to decide."""
        boss = BOSS.get(self.who)
        while boss is not None and boss in {self.who, self.asker}:
            boss = BOSS.get(boss)
        return actor in {DESK, boss} or (actor == "ada" and self.is_escalated)


class Walk(RuleBasedStateMachine):
    """A company of five with three seats."""

    app_url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.requests: dict[str, list[Wish]] = {}
        self.company: Company
        self.group = ""

    @initialize()
    def found(self) -> None:
        """A tenant of its own."""
        new = NewTenant(name=f"Walk {next(_names)}")
        self.opened = open_office(self.app_url, new)
        self.runner.run(self._found())

    async def _found(self) -> None:
        self.company = await set_company(await self.opened.__aenter__(), seats=SEATS)
        self.group = await add_group(self.company.office, "Licensed")
        await license_group(self.company.office, self.group, SKU)
        await self.company.policy(
            pendingDays=PENDING_DAYS,
            alternate={"kind": "people", "people": [upn("ada")]},
            alternateAfterHours=HOURS,
        )

    def teardown(self) -> None:
        """Close the application."""
        if hasattr(self, "company"):
            self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()

    def _wishes(self, who: str) -> list[Wish]:
        return [one for wishes in self.requests.values() for one in wishes if one.who == who]

    def _holders(self) -> set[str]:
        return {
            one.who
            for wishes in self.requests.values()
            for one in wishes
            if one.state is LineState.APPROVED and not one.is_extension
        }

    @rule(
        asker=st.sampled_from(["bob", "cid", "dan"]),
        people=st.lists(st.sampled_from(["bob", "cid", "dan", "eve"]), min_size=1, unique=True),
        has_dates=st.booleans(),
    )
    def ask(self, asker: str, people: list[str], has_dates: bool) -> None:
        """Whoever neither has it nor asked for it is asked for."""
        body: dict[str, Any] = {"people": [upn(one) for one in people]}
        if has_dates:
            body["expiresAt"] = "2029-01-01T00:00:00Z"
        answer = self.runner.run(self.company.try_asking(asker, **body))
        free = [
            one
            for one in people
            if one not in self._holders()
            and all(wish.now() is not LineState.PENDING for wish in self._wishes(one))
        ]
        if not free:
            assert answer.json()["code"] in {"noChange", "alreadyRequested"}, answer.text
            return
        self._add(answer, asker, free, has_dates=has_dates)

    @rule(who=st.sampled_from(["bob", "cid", "dan"]))
    def extend(self, who: str) -> None:
        """Who has it until a day may ask for more."""
        body: dict[str, Any] = {"extends": True, "expiresAt": "2030-01-01T00:00:00Z"}
        answer = self.runner.run(self.company.try_asking(who, **body))
        if answer.status_code != 201:
            codes = {"notAssigned", "alreadyRequested", "invalidValue"}
            assert answer.json()["code"] in codes, answer.text
            return
        assert who in self._holders()
        self._add(answer, who, [who], is_extension=True)

    def _add(
        self,
        answer: httpx.Response,
        asker: str,
        people: list[str],
        *,
        has_dates: bool = True,
        is_extension: bool = False,
    ) -> None:
        assert answer.status_code == 201, answer.text
        for one in people:  # What is over makes way for what is asked anew.
            for wish in self._wishes(one):
                wish.state = wish.now()
        seen = [line["person"]["displayName"] for line in answer.json()["people"]]
        assert sorted(seen) == sorted(people)
        self.requests[answer.json()["id"]] = [
            Wish(who=one, asker=asker, is_extension=is_extension, has_dates=has_dates)
            for one in people
        ]

    @precondition(lambda self: self.requests)
    @rule(
        data=st.data(),
        actor=st.sampled_from(ACTORS),
        act=st.sampled_from([Act.APPROVE, Act.DENY, Act.CANCEL, Act.UNDO]),
        by_group=st.booleans(),
    )
    def act(self, data: st.DataObject, actor: str, act: Act, by_group: bool) -> None:
        """Whatever somebody tries comes to what they may, and what the table says."""
        request = data.draw(st.sampled_from(list(self.requests)))
        by_group = by_group and act is Act.APPROVE and actor == DESK
        answer = self.runner.run(self._send(request, actor, act, by_group=by_group))
        wishes = [
            one
            for one in self.requests[request]
            if one.is_before(actor) or (actor and one.is_own(actor))
        ]
        wanted = LineState.APPROVED if act is Act.UNDO else LineState.PENDING
        chosen = [one for one in wishes if one.state is wanted] or wishes
        if not chosen:
            assert answer.json()["code"] == "unknownRequest", answer.text
            return
        expected = {one.who: self._expected(one, actor, act) for one in chosen}
        if answer.status_code != 200:
            first = next(iter(expected.values()))
            found = answer.json()["code"]
            assert found == first or (by_group and found == "invalidValue"), answer.text
            return
        for result in answer.json()["results"]:
            who = result["person"]["displayName"]
            wish = next(one for one in chosen if one.who == who)
            self._check(wish, act, result["reason"], expected[who], by_group=by_group)

    async def _send(self, request: str, actor: str, act: Act, *, by_group: bool) -> httpx.Response:
        if act in {Act.APPROVE, Act.DENY}:
            more = {"group": self.group} if by_group else {}
            return await self.company.decide(actor, request, act.value, **more)
        client = await (self.company.of(actor) if actor else self.company.desk())
        return await client.post(f"{URL}/{request}/{_WORDS[act]}", json={})

    def _expected(self, wish: Wish, actor: str, act: Act) -> str | None:
        step = step_of(wish.now(), act)
        if isinstance(step, Refused):
            return step.reason.value
        if act is not Act.CANCEL and actor and wish.is_own(actor):
            return "ownRequest"
        return None

    def _check(
        self, wish: Wish, act: Act, reason: str | None, expected: str | None, *, by_group: bool
    ) -> None:
        if reason != expected:
            assert expected is None, (wish, act, reason)
            assert act is Act.APPROVE, (wish, act, reason)
            if by_group and reason == "invalidValue":
                assert wish.has_dates or wish.is_extension
            elif wish.is_extension:
                assert reason in {"notAssigned", "invalidValue"}, reason
            else:
                assert reason == "noSeatLeft", reason
            return
        step = step_of(wish.now(), act)
        if isinstance(step, Allowed):
            wish.state = step.to

    @rule(hours=st.sampled_from([1, 30, 50, 73]))
    def wait(self, hours: int) -> None:
        """Time passes, and nobody sees to it."""
        self.company.office.clock.move(hours=hours)
        for wish in (one for wishes in self.requests.values() for one in wishes):
            wish.hours += hours

    @rule(step=st.sampled_from(STEPS))
    def half_a_tick(self, step: Callable[[Call], Awaitable[bool]]) -> None:
        """One step of upkeep is done, and the worker dies."""
        self.runner.run(self._do(step))
        holders = self._holders()
        for wish in (one for wishes in self.requests.values() for one in wishes):
            if wish.state is not LineState.PENDING:
                continue
            if step is expire_requests:
                wish.state = wish.now()
            elif step is escalate_requests and wish.hours >= HOURS:
                wish.is_escalated = True
            elif step is drop_needless and wish.is_extension and wish.who not in holders:
                wish.state = LineState.CANCELLED

    async def _do(self, step: Callable[[Call], Awaitable[bool]]) -> None:
        async with call_of(self.company.office) as call:
            await step(call)

    @invariant()
    def the_queue_and_the_seats_agree(self) -> None:
        """States are as the walk thinks; seats in use and held are what they say."""
        if not hasattr(self, "company"):
            return
        seen, held, pool = self.runner.run(self._look())
        for request, wishes in self.requests.items():
            for wish in wishes:
                assert seen[request, wish.who] == wish.now().value, wish
        assert (pool["consumed"], pool["reserved"]) == (len(self._holders()), held)
        assert pool["free"] >= 0

    async def _look(self) -> tuple[dict[tuple[str, str], str], int, dict[str, int]]:
        desk = await self.company.desk()
        rows: list[dict[str, Any]] = (await desk.get(URL, params={"limit": 1000})).json()["value"]
        pool = (await self.company.office.admin.get(f"/api/identity/licenses/{SKU}")).json()
        async with call_of(self.company.office) as call:
            cursor = await call.tx.connection.execute(
                "select count(*) from seat_reservation where tenant_id = %s", (call.tx.tenant_id,)
            )
            row = await cursor.fetchone()
        assert row is not None
        states = {(one["requestId"], one["person"]["displayName"]): one["state"] for one in rows}
        return states, int(row[0]), pool


def _walk(database: Database, *, examples: int, steps: int) -> None:
    machine = type("Together", (Walk,), {"app_url": database.app_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_short_walk_of_everybody_is_as_the_table_says(database: Database) -> None:
    _walk(database, examples=3, steps=15)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_long_walk_of_everybody_is_as_the_table_says(database: Database) -> None:
    _walk(database, examples=10, steps=40)
