"""Trying a rule: what it says of chosen people, clause by clause, and what could be said better."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.app.call import Call
from seatwright.app.dynamic.facts import facts_of_few
from seatwright.domain.directory import Group, User
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.rules.lint import Remark, remarks_on
from seatwright.domain.rules.one import Clause, account_of, deciding, takes_in
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.printing import print_rule
from seatwright.domain.rules.problems import Problem, RuleRefusal
from seatwright.domain.rules.questions import questions_of
from seatwright.postgres.dynamic_read import memberships_among, rule_of

PEOPLE_MAX: Final = 20
"""People of one trial (DYN-012)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a rule says of one person, and whether they are in the group now."""

    user: User
    account: Clause
    is_member: bool | None


async def try_rule(
    call: Call, text: str | None, users: Sequence[User], *, group: Group | None
) -> tuple[str, tuple[Trial, ...]]:
    """What a rule, or with None the group's own, says of these people; and the rule itself.

    Raises RuleRefusal, and Refusal invalidValue for too many people or a group without a rule.
    """
    if len(users) > PEOPLE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"users names {len(users)} people: give {PEOPLE_MAX} or fewer.",
            context={"field": "users"},
        )
    wanted = text if text is not None else _own_rule(group)
    rule = parse_rule(wanted)
    numbers = [user.user_no for user in users]
    facts = await facts_of_few(call, numbers, (rule,))
    present = frozenset[object]()
    if group is not None:
        present = await memberships_among(call.tx, numbers, (group.group_no,))
    return wanted, tuple(
        Trial(
            user=user,
            account=account_of(rule, facts[user.user_no], now=call.now),
            is_member=None if group is None else (user.user_no, group.group_no) in present,
        )
        for user in users
    )


def _own_rule(group: Group | None) -> str:
    if group is None or group.dynamic is None:
        name = "The call" if group is None else f"{group.display_name} is a static group and"
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} has no rule: give the one to try as membershipRule.",
            context={"field": "membershipRule"},
        )
    return group.dynamic.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is said of a rule: what is wrong with it, or how it reads and could read better."""

    problem: Problem | None = None
    canonical: str | None = None
    asks: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def look_at_rule(text: str) -> Looked:
    """Read a rule without giving it to anybody."""
    try:
        rule = parse_rule(text)
    except RuleRefusal as refusal:
        return Looked(problem=refusal.problem)
    return Looked(
        canonical=print_rule(rule),
        asks=tuple(sorted(questions_of(rule))),
        remarks=remarks_on(rule),
    )


async def reasons_of_rules(
    call: Call, user: UserNo, groups: Collection[GroupNo]
) -> Mapping[GroupNo, str]:
    """Which clauses of their rules take a person into these groups; paused rules say nothing."""
    reasons: dict[GroupNo, str] = {}
    for group in sorted(groups):
        stored = await rule_of(call.tx, group)
        if stored is None:
            continue
        rule = parse_rule(stored.text)
        facts = (await facts_of_few(call, (user,), (rule,))).get(user)
        if facts is not None and takes_in(rule, facts, now=call.now):
            reasons[group] = " and ".join(deciding(account_of(rule, facts, now=call.now)))
    return reasons
