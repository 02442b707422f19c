"""Judging many people by one rule, in columns: who should be in its group and who is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import numpy as np

from seatwright.app.call import Call
from seatwright.app.dynamic.memberships import Moves
from seatwright.app.dynamic.plans import ask_plans, plan_words
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.rules.many import Numbers, taken_in
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.questions import values_asked
from seatwright.domain.rules.tree import DirectReports, MemberOf, Rule
from seatwright.postgres.dynamic_columns import (
    living_between,
    members_of_any_between,
    read_people,
    reports_between,
)
from seatwright.postgres.dynamic_read import StoredRule, members_between, numbers_of_groups
from seatwright.postgres.group_write import Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Whom a rule moves; sorted numbers, int32. `taken` is how many it takes in."""

    group: GroupNo
    joining: Numbers
    leaving: Numbers
    taken: int

    @property
    def users(self) -> list[UserNo]:
        """Everybody who moves, by number."""
        return [UserNo(one) for one in np.union1d(self.joining, self.leaving).tolist()]

    def among(self, others: Judged) -> Judged:
        """Of these only those whom the others move too, whichever way."""
        movers = np.union1d(others.joining, others.leaving)
        return replace(
            self,
            joining=np.intersect1d(self.joining, movers, assume_unique=True),
            leaving=np.intersect1d(self.leaving, movers, assume_unique=True),
        )

    def moves(self) -> Moves:
        """The same as memberships."""
        return Moves(
            joining=tuple(Membership(UserNo(one), self.group) for one in self.joining.tolist()),
            leaving=tuple(Membership(UserNo(one), self.group) for one in self.leaving.tolist()),
        )


async def judge(call: Call, stored: StoredRule, *, first: int, last: int) -> Judged:
    """Judge the people with numbers in a range; who is deleted stays where they are."""
    rule = parse_rule(stored.text)
    living = await living_between(call.tx, first, last)
    wanted = await _people_taken_in(call, rule, living, first=first, last=last)
    present = await members_between(call.tx, stored.group, first, last)
    present = np.intersect1d(present, living, assume_unique=True)
    return Judged(
        group=stored.group,
        joining=np.setdiff1d(wanted, present, assume_unique=True),
        leaving=np.setdiff1d(present, wanted, assume_unique=True),
        taken=len(wanted),
    )


async def _people_taken_in(
    call: Call, rule: Rule, living: Numbers, *, first: int, last: int
) -> Numbers:
    """The living people with numbers in a range whom a rule takes in; sorted."""
    match rule:
        case DirectReports():
            return await reports_between(call.tx, rule.manager, first, last)
        case MemberOf():
            groups = (await numbers_of_groups(call.tx, rule.groups)).values()
            return await members_of_any_between(call.tx, sorted(groups), first, last)
        case _:
            asked = values_asked(rule)
            words = await plan_words(call) if ask_plans((rule,)) else None
            people = await read_people(call.tx, asked, living, first=first, last=last, words=words)

            def judged() -> Numbers:
                flags = taken_in(rule, people, now=call.now)
                found: Numbers = people.user_no[flags]
                return found

            # Beside the loop: a clause on a million different names takes seconds.
            return await asyncio.to_thread(judged)
