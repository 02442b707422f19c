"""What must be so for a group to be dynamic, and for its rule to name what it names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from seatwright.app.call import Call
from seatwright.domain.directory import Group
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo
from seatwright.domain.rules.tree import DirectReports, MemberOf, Rule
from seatwright.domain.settings import semantics_in
from seatwright.postgres.dynamic_read import (
    count_rules,
    dynamic_among,
    groups_fed_by,
    has_inner_groups,
    member_of_groups_among,
    numbers_of_groups,
    policies_delivering_through,
)
from seatwright.postgres.group_licenses import has_seats_with_plan
from seatwright.postgres.user_read import find_any_user

RULES_MAX: Final = 15_000
"""Dynamic groups of a tenant (DYN-002, CON-10)."""

MEMBER_OF_MAX: Final = 500
"""Those of them whose rules are memberOf rules (DYN-061)."""

_P1_PLANS: Final = ("AAD_PREMIUM", "AAD_PREMIUM_P2")


async def check_group(call: Call, group: Group) -> None:
    """Refuse a rule for a group that holds groups, or that something else puts people into.

    Raises Refusal invalidValue.
    """
    if await has_inner_groups(call.tx, group.group_no):
        raise _unfit(
            group, "groups are inside of it, and a rule takes in people only: take them out first"
        )
    if await policies_delivering_through(call.tx, group.group_no):
        raise _unfit(
            group,
            "an auto-claim policy puts people into it, whom the rule would put out again: let the"
            " policy deliver through another group first",
        )
    if group.dynamic is None and (await count_rules(call.tx)).groups >= RULES_MAX:
        raise _unfit(group, f"there are {RULES_MAX:,} dynamic groups, and no more can be")


def _unfit(group: Group, why: str) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"{group.display_name} cannot be dynamic: {why}.",
        context={"field": "membershipRule"},
    )


async def check_references(call: Call, group: Group, rule: Rule) -> tuple[GroupNo, ...]:
    """The source groups of a memberOf rule; refuses a rule that names what is not there.

    Raises Refusal unknownGroup and unknownUser, and invalidValue for memberOf groups that would
    feed each other (DYN-063) or are too many (DYN-061).
    """
    match rule:
        case DirectReports():
            await _check_manager(call, rule)
            return ()
        case MemberOf():
            return await _check_sources(call, group, rule)
        case _:
            return ()


async def _check_manager(call: Call, rule: DirectReports) -> None:
    manager = await find_any_user(call.tx, id_=rule.manager, upn_key="")
    if manager is None or manager.deleted_at is not None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"The rule is about the direct reports of {rule.manager}, and nobody has that id: give"
            " the id of a person, from GET /api/identity/users?search=.",
            context={"user": str(rule.manager)},
            is_in_body=True,
        )


async def _check_sources(call: Call, group: Group, rule: MemberOf) -> tuple[GroupNo, ...]:
    found = await numbers_of_groups(call.tx, rule.groups)
    missing = [id_ for id_ in rule.groups if id_ not in found]
    if missing:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"The rule names the group {missing[0]}, and there is none with that id.",
            context={"group": str(missing[0])},
            is_in_body=True,
        )
    if group.group_no in found.values():
        raise _unfit(group, "its rule names the group itself")
    chained = await member_of_groups_among(call.tx, rule.groups)
    if chained:
        raise _unfit(
            group, f"{chained[0]} has a memberOf rule itself, and such a group feeds no other one"
        )
    if await groups_fed_by(call.tx, (group.group_no,)):
        raise _unfit(group, "another memberOf rule names it, and such a group can have none itself")
    if (await count_rules(call.tx)).member_of >= MEMBER_OF_MAX and not _is_member_of(group):
        raise _unfit(group, f"{MEMBER_OF_MAX} groups have memberOf rules, and no more can")
    return tuple(found[id_] for id_ in rule.groups)


def _is_member_of(group: Group) -> bool:
    return group.dynamic is not None and "memberof" in group.dynamic.rule.casefold()


async def warning_about(call: Call) -> str | None:
    """What a tenant without Entra ID P1 is told; the preset entra refuses (DYN-005).

    Raises Refusal prerequisiteMissing.
    """
    if await has_seats_with_plan(call.tx, _P1_PLANS):
        return None
    said = (
        "Every member of a dynamic group needs Microsoft Entra ID P1 or higher, and the tenant has"
        " no product with a seat of it. Add a subscription of one."
    )
    if semantics_in(call.tenant.settings).group_licensing_needs_entra_p1:
        raise Refusal(Reason.PREREQUISITE_MISSING, said)
    return said


def refuse_if_dynamic(group: Group) -> None:
    """Refuse to put somebody into a dynamic group, or to take them out, by hand (DYN-004).

    A group that gets its rule at this very moment has everybody judged within a minute.

    Raises Refusal membersFollowRule.
    """
    if group.dynamic is not None:
        raise _by_rule(group.display_name)


async def refuse_by_hand(call: Call, groups: Collection[GroupNo]) -> None:
    """The same for groups that are known by their numbers."""
    for name in (await dynamic_among(call.tx, groups)).values():
        raise _by_rule(name)


def _by_rule(name: str) -> Refusal:
    return Refusal(
        Reason.MEMBERS_FOLLOW_RULE,
        f"{name} is a dynamic group: its rule alone says who is in it. Change the rule or what it"
        " asks of the person, or make the group static first.",
        context={"group": name},
    )
