"""Giving a group a rule, changing it, pausing it, and making the group static again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.dynamic.demands import check_group, check_references, warning_about
from seatwright.app.dynamic.foreseeing import foresee_moves
from seatwright.app.dynamic.judging import judge
from seatwright.app.dynamic.memberships import settle_moves, tell_complete
from seatwright.app.dynamic.work import start_evaluation
from seatwright.app.reconcile import USERS_AT_ONCE_MAX
from seatwright.app.record import record
from seatwright.domain.directory import Group
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.jobs import Job
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.questions import questions_of
from seatwright.postgres.dynamic_columns import last_user_no
from seatwright.postgres.dynamic_read import StoredRule
from seatwright.postgres.dynamic_write import (
    drop_rule,
    hold_rules,
    store_questions,
    store_rule,
)
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_read import read_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOrder:
    """What to change of a group's rule: a `text` of None makes the group static.

    `is_paused` None leaves the rule on or paused as it is; with `keeps_text` the rule itself stays.
    """

    text: str | None = None
    is_paused: bool | None = None
    keeps_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What a change of a rule came to: who joins and leaves, at once or by the job.

    `taken` is how many people the rule takes in; None where nobody was judged.
    """

    group: Group
    job: Job | None = None
    joining: int = 0
    leaving: int = 0
    taken: int | None = None
    warning: str | None = None


async def hold_all_rules(call: Call) -> None:
    """Have all rules alone, as `change_rule` does: first, where a call writes more of the group.

    Only a preview shares them: nothing of it stays, so that nobody need wait for it.
    """
    await hold_rules(call.tx, is_exclusive=not call.is_preview)


async def change_rule(call: Call, group: Group, order: RuleOrder) -> RuleOutcome:
    """Give a group a rule, change, pause or resume it, or make the group static.

    A rule that is on is evaluated: whoever belongs stays undisturbed, the others come and go
    (GBL-054, CON-02), at once where up to 500 people move, else by a job. While it is judged at
    once, changes of people wait: a few seconds for a million. A paused rule moves nobody. A group
    that becomes static keeps its members.

    Raises RuleRefusal for a rule that cannot be read; Refusal unknownGroup and unknownUser for what
    it names; invalidValue for a group that cannot be dynamic, and for limits (DYN-002, DYN-061).
    """
    await hold_all_rules(call)
    await hold_groups(call.tx, (group.group_no,), is_exclusive=True)
    group = await _stored(call, group)
    text = _text_wanted(group, order)
    if text is None:
        return await _make_static(call, group)
    was_paused = group.dynamic is not None and group.dynamic.is_paused
    is_paused = was_paused if order.is_paused is None else order.is_paused
    is_same = group.dynamic is not None and group.dynamic.rule == text
    if is_same and is_paused == was_paused:
        return RuleOutcome(group=group)
    warning = await _store(call, group, text, is_paused=is_paused, is_same=is_same)
    if is_paused:
        return RuleOutcome(group=await _stored(call, group), warning=warning)
    return await _evaluate(call, group, StoredRule(group=group.group_no, text=text), warning)


def _text_wanted(group: Group, order: RuleOrder) -> str | None:
    if not order.keeps_text:
        return order.text
    if group.dynamic is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{group.display_name} is a static group and has no rule to pause or resume: give it a"
            " membershipRule first.",
            context={"field": "membershipRuleProcessingState"},
        )
    return group.dynamic.rule


async def _store(
    call: Call, group: Group, text: str, *, is_paused: bool, is_same: bool
) -> str | None:
    """Check and store a rule, with its history; answers what to warn of."""
    rule = parse_rule(text)
    await check_group(call, group)
    sources = await check_references(call, group, rule)
    before = None if group.dynamic is None else group.dynamic.rule
    await store_rule(call.tx, group.group_no, text, is_paused=is_paused, at=call.now)
    await store_questions(call.tx, group.group_no, asks=questions_of(rule), sources=sources)
    if is_same:
        action = HistoryAction.GROUP_RULE_PAUSED if is_paused else HistoryAction.GROUP_RULE_RESUMED
        await _record(call, group, action)
    else:
        detail = {"membershipRule": {"before": before, "after": text}, "isPaused": is_paused}
        await _record(call, group, HistoryAction.GROUP_RULE_CHANGED, detail)
    return await warning_about(call)


async def _evaluate(call: Call, group: Group, rule: StoredRule, warning: str | None) -> RuleOutcome:
    judged = await judge(call, rule, first=0, last=await last_user_no(call.tx))
    job = None
    if len(judged.users) <= USERS_AT_ONCE_MAX:
        await settle_moves(call, judged.moves())
        await tell_complete(call, (group.group_no,))
    else:
        if call.is_foreseen:
            await foresee_moves(call, judged)
        if not call.is_preview:
            job = await start_evaluation(call, group.group_no)
    return RuleOutcome(
        group=await _stored(call, group),
        job=job,
        joining=len(judged.joining),
        leaving=len(judged.leaving),
        taken=judged.taken,
        warning=warning,
    )


async def evaluate_group(call: Call, group: Group) -> RuleOutcome:
    """Judge everybody by a group's rule again, for whoever doubts (DYN-011 has no such thing).

    Raises Refusal invalidValue for a group that has no rule, or one that is paused.
    """
    await hold_all_rules(call)
    group = await _stored(call, group)
    if group.dynamic is None or group.dynamic.is_paused:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{group.display_name} has no rule that is on: there is nothing to evaluate.",
        )
    await _record(call, group, HistoryAction.REPROCESSED)
    rule = StoredRule(group=group.group_no, text=group.dynamic.rule)
    return await _evaluate(call, group, rule, None)


async def _make_static(call: Call, group: Group) -> RuleOutcome:
    if group.dynamic is not None:
        await drop_rule(call.tx, group.group_no)
        detail = {"membershipRule": {"before": group.dynamic.rule, "after": None}}
        await _record(call, group, HistoryAction.GROUP_MADE_STATIC, detail)
    return RuleOutcome(group=await _stored(call, group))


async def _record(
    call: Call, group: Group, action: HistoryAction, detail: Mapping[str, object] | None = None
) -> None:
    await record(call, HistoryLine(action=action, group=group.group_no, detail=detail))


async def _stored(call: Call, group: Group) -> Group:
    found = (await read_groups(call.tx, (group.group_no,))).get(group.group_no)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"The group {group.display_name} was deleted at this very moment.",
            context={"group": str(group.id)},
        )
    return found
