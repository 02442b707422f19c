"""Writing the rules of dynamic groups, and how far their evaluation is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from seatwright.domain.directory import RuleStatus
from seatwright.domain.ids import GroupNo, JobNo, UserNo
from seatwright.postgres.dynamic_read import HAS_RULES
from seatwright.postgres.transaction import Transaction


async def hold_rules(tx: Transaction, *, is_exclusive: bool = False) -> None:
    """Keep changes of rules and changes of what rules ask apart, until the transaction ends.

    Whoever changes a person, or a membership that feeds a rule, shares; whoever stores a rule and
    evaluates it at once has all rules alone. Without it the person's change would be judged by the
    old rule, and the new rule would see the old person. Taken before groups, pools and people.
    """
    function = "pg_advisory_xact_lock" if is_exclusive else "pg_advisory_xact_lock_shared"
    await tx.connection.execute(
        f"select {function}(hashtext('membership rules'), %s)", (tx.tenant_id,)
    )


async def hold_and_find_rules(tx: Transaction) -> bool:
    """Share the rules as `hold_rules` does, then say whether there are any; one round trip.

    Never the other way about: a tenant's first rule, stored and not yet committed, is one that who
    looks first does not see and does not wait for.
    """
    async with tx.together():
        await hold_rules(tx)
        cursor = await tx.connection.execute(HAS_RULES, (tx.tenant_id,))
    row = await cursor.fetchone()
    return bool(row and row[0])


_SHARED_IF_FREE = "select pg_try_advisory_xact_lock_shared(hashtext('membership rules'), %s)"


async def hold_rules_if_free(tx: Transaction) -> bool:
    """Share the rules, unless somebody has them alone, or waits to: False, and nothing is held.

    For whoever has people locked by now, which is too late to wait for rules.
    """
    cursor = await tx.connection.execute(_SHARED_IF_FREE, (tx.tenant_id,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def may_feed(tx: Transaction, groups: Collection[GroupNo]) -> bool:
    """Whether a memberOf rule looks at the members of these groups, or one may just be stored.

    Shares the rules where they are free, as `hold_rules_if_free` does; one round trip.
    """
    async with tx.together():
        is_free = await tx.connection.execute(_SHARED_IF_FREE, (tx.tenant_id,))
        feeds = await tx.connection.execute(
            "select exists (select from rule_source where tenant_id = %s and source_no = any(%s))",
            (tx.tenant_id, sorted(groups)),
        )
    free, found = await is_free.fetchone(), await feeds.fetchone()
    return not (free and free[0]) or bool(found and found[0])


async def store_rule(
    tx: Transaction, group: GroupNo, rule: str, *, is_paused: bool, at: datetime
) -> None:
    """Store a rule; nobody is moved by it yet."""
    status = RuleStatus.PAUSED if is_paused else RuleStatus.NOT_STARTED
    await tx.connection.execute(
        "update app_group set membership_rule = %s, rule_state = %s, rule_status = %s,"
        " rule_changed_at = %s where tenant_id = %s and group_no = %s",
        (rule, "paused" if is_paused else "on", status.value, at, tx.tenant_id, group),
    )


async def store_questions(
    tx: Transaction,
    group: GroupNo,
    *,
    asks: Collection[str],
    sources: Sequence[GroupNo],
) -> None:
    """Store what the rule of a group asks, in place of what was stored."""
    key = (tx.tenant_id, group)
    for table in ("rule_question", "rule_source"):
        await tx.connection.execute(
            f"delete from {table} where tenant_id = %s and group_no = %s", key
        )
    await tx.connection.execute(
        "insert into rule_question (tenant_id, group_no, asks)"
        " select %s, %s, line from unnest(%s::text[]) line",
        (*key, sorted(asks)),
    )
    await tx.connection.execute(
        "insert into rule_source (tenant_id, group_no, source_no)"
        " select %s, %s, line from unnest(%s::int4[]) line",
        (*key, list(sources)),
    )


async def drop_rule(tx: Transaction, group: GroupNo) -> None:
    """Make a group static; its members stay."""
    await store_questions(tx, group, asks=(), sources=())
    await tx.connection.execute(
        "update app_group set membership_rule = null, rule_state = null, rule_status = null,"
        " rule_changed_at = null, rule_evaluated_at = null, members_changed_at = null,"
        " rule_begun_at = null"
        " where tenant_id = %s and group_no = %s",
        (tx.tenant_id, group),
    )


async def store_status(
    tx: Transaction,
    groups: Collection[GroupNo],
    status: RuleStatus,
    *,
    evaluated_at: datetime | None = None,
) -> None:
    """Say how far the evaluation of these groups is, and when it was whole."""
    await tx.connection.execute(
        "update app_group set rule_status = %s,"
        " rule_evaluated_at = coalesce(%s::timestamptz, rule_evaluated_at)"
        " where tenant_id = %s and group_no = any(%s) and membership_rule is not null",
        (status.value, evaluated_at, tx.tenant_id, sorted(groups)),
    )


async def begin_evaluation(tx: Transaction, group: GroupNo, *, at: datetime) -> None:
    """Say that everybody is about to be judged by the rule of a group."""
    await tx.connection.execute(
        "update app_group set rule_status = %s, rule_begun_at = %s"
        " where tenant_id = %s and group_no = %s and membership_rule is not null",
        (RuleStatus.EVALUATING.value, at, tx.tenant_id, group),
    )


async def end_evaluation(
    tx: Transaction,
    group: GroupNo,
    status: RuleStatus,
    *,
    begun_at: datetime,
    evaluated_at: datetime | None = None,
) -> None:
    """Say how the evaluation of a group's rule ended, unless the rule was paused or changed since.

    Who paused it is told so, and who changed it is told by the evaluation of the new rule.
    """
    await tx.connection.execute(
        "update app_group set rule_status = %s,"
        " rule_evaluated_at = coalesce(%s::timestamptz, rule_evaluated_at)"
        " where tenant_id = %s and group_no = %s and rule_state = 'on' and rule_changed_at <= %s",
        (status.value, evaluated_at, tx.tenant_id, group, begun_at),
    )


async def note_moves(tx: Transaction, groups: Collection[GroupNo], *, at: datetime) -> None:
    """Say that members of these groups came or went."""
    await tx.connection.execute(
        "update app_group set members_changed_at = %s"
        " where tenant_id = %s and group_no = any(%s) and membership_rule is not null",
        (at, tx.tenant_id, sorted(groups)),
    )


async def remember_moved(tx: Transaction, job: JobNo, users: Sequence[UserNo]) -> None:
    """Remember whom a job moved."""
    await tx.connection.execute(
        "insert into rule_moved (tenant_id, job_no, user_no)"
        " select %s, %s, line from unnest(%s::int4[]) line on conflict do nothing",
        (tx.tenant_id, job, list(users)),
    )


async def take_moved(tx: Transaction, job: JobNo) -> tuple[UserNo, ...]:
    """Everybody whom a job moved; they are forgotten."""
    cursor = await tx.connection.execute(
        "delete from rule_moved where tenant_id = %s and job_no = %s returning user_no",
        (tx.tenant_id, job),
    )
    return tuple(sorted(UserNo(row[0]) for row in await cursor.fetchall()))


async def store_look(tx: Transaction, at: datetime) -> None:
    """Note up to when the history has been looked through."""
    await tx.connection.execute(
        "insert into rule_look (tenant_id, looked_at) values (%s, %s)"
        " on conflict (tenant_id) do update set looked_at = excluded.looked_at",
        (tx.tenant_id, at),
    )


async def store_states(tx: Transaction, states: str) -> bool:
    """Note the states of products that rules see; False where they are those of the last look."""
    cursor = await tx.connection.execute(
        "update rule_look set plan_states = %s"
        " where tenant_id = %s and plan_states is distinct from %s",
        (states, tx.tenant_id, states),
    )
    return cursor.rowcount > 0
