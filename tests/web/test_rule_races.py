"""Rules and people at the same moment, each pair held where one could miss the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from seatwright.app.directory.groups import find_group
from seatwright.app.directory.import_users import import_users
from seatwright.app.directory.imports import ImportChoices
from seatwright.app.directory.users import change_user
from seatwright.app.dynamic import judging, memberships
from seatwright.app.dynamic.follow import follow_later
from seatwright.app.dynamic.rules import RuleOrder, change_rule
from seatwright.app.dynamic.work import start_evaluation
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import UserField
from seatwright.domain.ids import UserNo
from seatwright.postgres.dynamic_read import members_between, memberships_among
from seatwright.postgres.group_write import Membership, add_members
from tests.dynamic import GROUPS, USERS, change, members, set_rule, work_off
from tests.office import Office
from tests.waiting import Answer, as_far_as_it_comes, begin
from tests.world import add_group, add_people, call_of

IN_SALES = 'user.department -eq "Sales"'
ROW = {"userPrincipalName": "ada@contoso.example", "department": "Sales"}
FILE = "\n".join([",".join(ROW), ",".join(ROW.values())])
TABLE = Table(rows=(TableRow(2, ROW),), columns=frozenset(ROW), ignored_columns=())


async def _end(calling: Answer) -> None:
    answer = await calling
    assert answer.is_success, answer.text


class _Meanwhile:
    """A call that begins between two reads of a judgement that is written."""

    def __init__(self, office: Office, method: str, path: str, **sent: Any) -> None:
        self.office, self.order, self.sent = office, (method, path), sent
        self.calling: Answer | None = None

    def before(self, read: Callable[..., Awaitable[Any]], *, turn: int) -> Callable[..., Any]:
        """The same read, which at its nth turn lets the call come as far as it can first."""
        turns = count(1)

        async def reading(*args: Any, **named: Any) -> Any:
            if next(turns) == turn:
                self.calling = begin(self.office, *self.order, **self.sent)
                await as_far_as_it_comes(self.office, self.calling)
            return await read(*args, **named)

        return reading

    async def end(self) -> None:
        assert self.calling is not None, "the job never judged a second time"
        await _end(self.calling)


async def _put(office: Office, group: str, *users: int) -> None:
    """Put people into a group by a hand that no rule follows."""
    async with call_of(office) as call:
        found = await find_group(call, group)
        rows = [Membership(UserNo(user), found.group_no) for user in users]
        await add_members(call.tx, rows, since=call.now)


async def _evaluate_later(office: Office, group: str) -> None:
    async with call_of(office) as call:
        await start_evaluation(call, (await find_group(call, group)).group_no)


@pytest.mark.parametrize(("was", "becomes"), [("HR", "Sales"), ("Sales", "HR")])
async def test_who_changes_while_an_evaluation_judges_stays_where_the_change_put_them(
    office: Office, monkeypatch: pytest.MonkeyPatch, was: str, becomes: str
) -> None:
    await add_people(office, "ada", "ben")
    await change(office, "ada", department=was)
    group = await add_group(office, "Sellers")
    await set_rule(office, group, IN_SALES)
    async with call_of(office) as call:
        # Nobody follows it, so that the evaluation has somebody to move.
        await call.tx.connection.execute(
            "update app_user set department = 'Sales' where upn = 'ben@contoso.example'"
        )
    path = f"{USERS}/ada@contoso.example"
    patch = _Meanwhile(office, "PATCH", path, json={"department": becomes})
    monkeypatch.setattr(judging, "members_between", patch.before(members_between, turn=2))
    await _evaluate_later(office, group)
    await work_off(office)
    await patch.end()
    assert await members(office, group) == (["ada", "ben"] if becomes == "Sales" else ["ben"])


async def test_who_joins_a_source_while_its_rule_is_evaluated_is_taken_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada,) = await add_people(office, "ada")
    source, group = await add_group(office, "Source"), await add_group(office, "Fed")
    await set_rule(office, group, f"user.memberOf -any (group.objectId -in ['{source}'])")
    await _put(office, group, ada)
    join = _Meanwhile(
        office, "POST", f"{GROUPS}/{source}/members", json={"users": ["ada@contoso.example"]}
    )
    monkeypatch.setattr(judging, "members_between", join.before(members_between, turn=2))
    await _evaluate_later(office, group)
    await work_off(office)
    await join.end()
    assert await members(office, group) == ["ada"]


async def test_who_joins_a_source_while_a_job_judges_them_is_taken_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await add_people(office, "ada", "ben")
    source, group = await add_group(office, "Source"), await add_group(office, "Fed")
    await set_rule(office, group, f"user.memberOf -any (group.objectId -in ['{source}'])")
    await _put(office, source, ben)
    join = _Meanwhile(
        office, "POST", f"{GROUPS}/{source}/members", json={"users": ["ada@contoso.example"]}
    )
    read = join.before(memberships_among, turn=2)
    monkeypatch.setattr(memberships, "memberships_among", read)
    async with call_of(office) as call:
        await follow_later(call, [UserNo(ada), UserNo(ben)])
    await work_off(office)
    await join.end()
    assert await members(office, group) == ["ada", "ben"]


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("PATCH", f"{USERS}/ada@contoso.example", {"json": {"department": "Sales"}}),
        (
            "POST",
            USERS,
            {"json": {"userPrincipalName": "dina@contoso.example", "department": "Sales"}},
        ),
        (
            "POST",
            "/api/imports/users",
            {"content": FILE, "headers": {"content-type": "text/csv"}},
        ),
    ],
    ids=["a change", "a new person", "an import"],
)
async def test_the_first_rule_of_a_tenant_misses_nobody_who_changes_before_it_is_committed(
    office: Office, method: str, path: str, sent: dict[str, Any]
) -> None:
    await add_people(office, "ada")
    group = await add_group(office, "Sellers")
    async with call_of(office) as call:
        await change_rule(call, await find_group(call, group), RuleOrder(text=IN_SALES))
        calling = await as_far_as_it_comes(office, begin(office, method, path, **sent))
    await _end(calling)
    await work_off(office)
    assert await members(office, group) == (["dina"] if path == USERS else ["ada"])


@pytest.mark.parametrize("way", ["a change", "an import"])
async def test_the_first_rule_of_a_tenant_sees_who_was_changing_when_it_came(
    office: Office, way: str
) -> None:
    await add_people(office, "ada")
    group = await add_group(office, "Sellers")
    async with call_of(office) as call:
        if way == "a change":
            await change_user(call, "ada@contoso.example", {UserField.DEPARTMENT: "Sales"})
        else:
            await import_users(call, TABLE, ImportChoices())
        rule = {"membershipRule": IN_SALES}
        calling = begin(office, "PATCH", f"{GROUPS}/{group}/rule", json=rule)
        await as_far_as_it_comes(office, calling)
    await _end(calling)
    await work_off(office)
    assert await members(office, group) == ["ada"]
