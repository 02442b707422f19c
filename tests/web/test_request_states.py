"""Every state with every action: the table is complete, the page shows it, and it is what happens.

Hypothesis walks the table against a real database: whatever it tries, the answer is the table's,
and seats, held seats and holders are what the states say.
"""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

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

from seatwright.app.tenants import NewTenant
from seatwright.domain.requests.states import TABLE, Act, Allowed, LineState, Refused
from tests.asking import SKU, URL, Company, set_company
from tests.conftest import Database
from tests.office import open_office
from tests.world import call_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "requests.md"
PENDING_DAYS = 10
SEATS = 3
_names = count(1)


def test_every_state_has_every_action_and_the_page_shows_each() -> None:
    assert set(TABLE) == set(LineState)
    page = PAGE.read_text()
    for state, steps in TABLE.items():
        assert set(steps) == set(Act), state
        for act, step in steps.items():
            assert f"| `{state.value}` | `{act.value}`" in page
            if isinstance(step, Allowed) and state is not LineState.PENDING:
                assert act in {Act.UNDO, Act.ASK_AGAIN}, "what is decided stays decided"


def test_time_acts_on_nothing_but_what_is_pending() -> None:
    for state in set(LineState) - {LineState.PENDING}:
        for act in (act for act in Act if act.is_of_time):
            assert isinstance(TABLE[state][act], Refused)


class Requests(RuleBasedStateMachine):
    """A company whose people ask, decide, cancel, undo and wait."""

    app_url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.states: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.expiring: dict[str, float] = {}
        self.company: Company

    @initialize()
    def found(self) -> None:
        """A tenant of its own, with three seats for five people."""
        new = NewTenant(name=f"Contoso {next(_names)}")
        self.opened = open_office(self.app_url, new)
        self.company = self.runner.run(self._found())

    async def _found(self) -> Company:
        company = await set_company(await self.opened.__aenter__(), seats=SEATS)
        await company.policy(
            pendingDays=PENDING_DAYS,
            alternate={"kind": "roles", "roles": ["user-administrator"]},
            alternateAfterHours=48,
        )
        return company

    def teardown(self) -> None:
        """Close the application."""
        if hasattr(self, "company"):
            self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()

    @rule(name=st.sampled_from(["cid", "dan", "eve", "bob"]))
    def ask(self, name: str) -> None:
        """Who neither has it nor asked gets a request; the others are told why not."""
        answer = self.runner.run(self.company.try_asking(name))
        mine = [self.states[one] for one, who in self.people.items() if who == name]
        if "pending" in mine:
            assert answer.json()["code"] == "alreadyRequested"
        elif "approved" in mine:
            assert answer.json()["code"] == "noChange"
        else:
            self._add(answer.json(), name)

    def _add(self, asked: dict[str, Any], name: str) -> None:
        self.states[asked["id"]] = "pending"
        self.people[asked["id"]] = name
        self.expiring[asked["id"]] = PENDING_DAYS * 24.0

    @precondition(lambda self: self.states)
    @rule(
        data=st.data(),
        act=st.sampled_from([Act.APPROVE, Act.DENY, Act.CANCEL, Act.UNDO, Act.ASK_AGAIN]),
    )
    def act(self, data: st.DataObject, act: Act) -> None:
        """Whatever is tried with a request comes to what the table says."""
        # In the order in which they were made: their ids are random, and a walk is walked again.
        chosen = data.draw(st.sampled_from(list(self.states)))
        state = LineState(self.states[chosen])
        answer = self.runner.run(self._send(chosen, act))
        step = TABLE[state][act]
        if isinstance(step, Refused):
            assert answer.json()["code"] == step.reason.value, (state, act, answer.text)
            return
        if act is Act.ASK_AGAIN:
            self._asked_again(chosen, answer)
            return
        assert answer.status_code == 200, answer.text
        if answer.json()["notDone"]:
            assert act is Act.APPROVE
            assert answer.json()["results"][0]["reason"] == "noSeatLeft"
            assert self._approved() == SEATS or self._is_not_held(chosen)
            return
        self.states[chosen] = step.to.value

    async def _send(self, request: str, act: Act) -> Any:
        if act in {Act.APPROVE, Act.DENY}:
            return await self.company.decide("", request, act.value)
        words = {Act.CANCEL: "cancel", Act.UNDO: "undo", Act.ASK_AGAIN: "again"}
        body: dict[str, str] | None = None if act is Act.ASK_AGAIN else {}
        return await (await self.company.desk()).post(f"{URL}/{request}/{words[act]}", json=body)

    def _asked_again(self, chosen: str, answer: Any) -> None:
        name = self.people[chosen]
        mine = {self.states[one] for one, who in self.people.items() if who == name}
        if mine & {"pending", "approved"}:
            assert answer.json()["code"] in {"alreadyRequested", "noChange"}
            return
        # The desk has asked, so the desk cannot decide it: it is left to be cancelled or to expire.
        self.runner.run(self._cancel(answer.json()["id"]))

    async def _cancel(self, request: str) -> None:
        desk = await self.company.desk()
        assert (await desk.post(f"{URL}/{request}/cancel", json={})).status_code == 200

    def _approved(self) -> int:
        return list(self.states.values()).count("approved")

    def _is_not_held(self, chosen: str) -> bool:
        line = self.runner.run(self.company.line(chosen))
        return bool(line["hold"]["state"] != "held")

    @rule(hours=st.sampled_from([1, 30, 50, 73, 24 * (PENDING_DAYS + 1)]))
    def wait(self, hours: int) -> None:
        """Time passes, and upkeep does what is due."""
        self.company.office.clock.move(hours=hours)
        self.runner.run(self.company.tend())
        for request, left in self.expiring.items():
            self.expiring[request] = left - hours
            if self.states[request] == "pending" and left - hours <= 0:
                self.states[request] = "expired"

    @invariant()
    def states_are_as_the_table_says(self) -> None:
        """The queue, the holders and the seats agree with the states."""
        if not hasattr(self, "company"):
            return
        seen, held, pool = self.runner.run(self._look())
        assert seen == self.states | {k: v for k, v in seen.items() if k not in self.states}
        assert pool["reserved"] == held
        assert pool["consumed"] == self._approved()
        assert pool["free"] >= 0
        assert held <= list(seen.values()).count("pending")

    async def _look(self) -> tuple[dict[str, str], int, dict[str, int]]:
        desk = await self.company.desk()
        rows = (await desk.get(URL, params={"limit": 1000})).json()["value"]
        seats = (await self.company.office.admin.get(f"/api/identity/licenses/{SKU}")).json()
        async with call_of(self.company.office) as call:
            cursor = await call.tx.connection.execute(
                "select count(*) from seat_reservation where tenant_id = %s", (call.tx.tenant_id,)
            )
            row = await cursor.fetchone()
        assert row is not None
        return {one["requestId"]: one["state"] for one in rows}, int(row[0]), seats


def _walk(database: Database, *, examples: int, steps: int) -> None:
    machine = type("Walk", (Requests,), {"app_url": database.app_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_short_walk_finds_what_the_table_says(database: Database) -> None:
    _walk(database, examples=3, steps=15)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_long_walk_finds_what_the_table_says(database: Database) -> None:
    _walk(database, examples=12, steps=40)
