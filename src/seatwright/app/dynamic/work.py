"""Jobs of rules: pages of people, judged and moved each in a transaction of its own.

A page holds the rules, then locks its people, then judges them as they are. So whoever changes a
person before is seen, and whoever does it after sees the rule. A judgement is several reads, and
others commit in between: what is written is only of groups that were held, and of people who were
locked, before it began. Whoever else seems to move was moved by such another.

Licenses follow when all pages are done, as one job, so that the brake sees the whole. A killed
worker leaves whom it moved in a table and the page where it was in the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from seatwright.app.call import Call
from seatwright.app.dynamic.judging import judge
from seatwright.app.dynamic.memberships import Moves, moves_of_few, write_moves
from seatwright.app.jobs import enqueue_reconcile, start_job
from seatwright.domain.directory import RuleStatus
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.tree import MemberOf
from seatwright.postgres import jobs as rows
from seatwright.postgres.dynamic_columns import page_after
from seatwright.postgres.dynamic_read import (
    StoredRule,
    groups_fed_by,
    rule_of,
    rules_that_are_on,
)
from seatwright.postgres.dynamic_write import (
    begin_evaluation,
    end_evaluation,
    hold_rules,
    remember_moved,
    take_moved,
)
from seatwright.postgres.group_licenses import hold_groups, set_processing
from seatwright.postgres.user_write import lock_users
from seatwright.postgres.world_read import licensed_groups_above

GROUP_PAGE: Final = 20_000
"""People of one page of a group's evaluation: about a second, in which nobody moves elsewhere."""

PEOPLE_PAGE: Final = 1_000
"""People of one page who are judged by every rule that concerns them."""


async def start_evaluation(call: Call, group: GroupNo) -> Job:
    """Have a worker judge everybody by the rule of a group."""
    await begin_evaluation(call.tx, group, at=call.now)
    total = await rows.count_in_scope(call.tx, {})
    return await start_job(call, JobKind.RULES, params={"group": group}, total=total)


async def work_rules_slice(call: Call, job: Job) -> bool:
    """Judge and move a page of people; True when there are none left."""
    params = cast(dict[str, Any], job.params)
    await hold_rules(call.tx)
    if "group" in params:
        return await _work_group(call, job, GroupNo(params["group"]))
    return await _work_people(call, job, [UserNo(user) for user in params["users"]])


async def _work_group(call: Call, job: Job, group: GroupNo) -> bool:
    page = await page_after(call.tx, job.position, count=GROUP_PAGE)
    rule = await rule_of(call.tx, group)
    if page is None or rule is None:
        await _end(call, job, (group,))
        return True
    await _hold_groups_of(call, (rule,))
    first, last = job.position + 1, page.last
    moving = await judge(call, rule, first=first, last=last)
    if moving.users:
        # Judged again under the locks, because they may have changed at this very moment.
        await lock_users(call.tx, moving.users)
        again = await judge(call, rule, first=first, last=last)
        await _write(call, job, again.among(moving).moves())
    progress = rows.Progress(succeeded=page.people, position=last)
    await rows.advance_job(call.tx, job.job_no, progress)
    return False


async def _work_people(call: Call, job: Job, users: list[UserNo]) -> bool:
    asking = cast(dict[str, Any], job.params).get("asking")
    page = users[job.position : job.position + PEOPLE_PAGE]
    if not page:
        await _end(call, job, ())
        return True
    rules = await rules_that_are_on(call.tx, asking=asking)
    moving = await moves_of_few(call, page, rules)
    if moving.groups:
        # Groups are held before people are locked, as everywhere; then these are judged again.
        held = [rule for rule in rules if rule.group in moving.groups]
        await _hold_groups_of(call, held)
        await lock_users(call.tx, page)
        await _write(call, job, await moves_of_few(call, page, held))
    await rows.advance_job(
        call.tx,
        job.job_no,
        rows.Progress(succeeded=len(page), position=job.position + len(page)),
    )
    return False


async def _hold_groups_of(call: Call, rules: Sequence[StoredRule]) -> None:
    """Hold the groups of these rules and those that they feed, before what is written is judged.

    What other rules ask is of a person, and the person's lock keeps it as it is. What a memberOf
    rule asks is not: who joins a source locks no person and shares the group that the source feeds,
    so that this one is had alone. Sources come before what they feed, as with those who join them.
    """
    fed = {rule.group for rule in rules if isinstance(parse_rule(rule.text), MemberOf)}
    sources = sorted({rule.group for rule in rules} - fed)
    alone = sorted({*fed, *await groups_fed_by(call.tx, sources)})
    await hold_groups(call.tx, sources)
    await hold_groups(call.tx, alone, is_exclusive=True)
    await hold_groups(call.tx, alone)


async def _write(call: Call, job: Job, moves: Moves) -> None:
    """Write a page's moves, and those of memberOf groups that they feed."""
    done = await write_moves(call, moves)
    fed = await groups_fed_by(call.tx, done.groups)
    if fed:
        rules = await rules_that_are_on(call.tx, asking=("memberOf",))
        mine = [one for one in rules if one.group in fed]
        await write_moves(call, await moves_of_few(call, done.users, mine))
    await remember_moved(call.tx, job.job_no, done.users)


async def leave_rules(call: Call, job: Job) -> None:
    """A job that ends before its end: licenses follow whom it moved, and the rule says so."""
    params = cast(dict[str, Any], job.params)
    groups = (GroupNo(params["group"]),) if "group" in params else ()
    await _reconcile_moved(call, job, groups)
    for group in groups:
        await end_evaluation(call.tx, group, RuleStatus.ERROR, begun_at=job.created_at)


async def _end(call: Call, job: Job, groups: tuple[GroupNo, ...]) -> None:
    await _reconcile_moved(call, job, groups)
    for group in groups:
        await end_evaluation(
            call.tx,
            group,
            RuleStatus.COMPLETE,
            begun_at=job.created_at,
            evaluated_at=call.now,
        )


async def _reconcile_moved(call: Call, job: Job, groups: tuple[GroupNo, ...]) -> None:
    moved = await take_moved(call.tx, job.job_no)
    if not moved:
        return
    touched = sorted({*groups, *await groups_fed_by(call.tx, groups)})
    if groups and not await licensed_groups_above(call.tx, touched):
        return
    await set_processing(call.tx, touched, "queued")
    await enqueue_reconcile(
        call, {"users": moved, "groups": touched}, reason=ChangeReason.RULE_FOLLOWED
    )
