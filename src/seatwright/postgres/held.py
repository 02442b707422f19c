"""What the brake holds: counts of removals, held changes, the people in them, and their holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from seatwright.domain.assignments import SourceKind
from seatwright.domain.brake import WINDOW, Counted, HeldChange, HeldOutcome, HeldState, minute_of
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.held_read import COLUMNS, held_of_row
from seatwright.postgres.transaction import Transaction

HOLD_KIND = int(SourceKind.HOLD)


async def removals_counted(
    tx: Transaction, principal: PrincipalNo, skus: Sequence[SkuNo], *, now: datetime
) -> dict[SkuNo, Counted]:
    """What a principal removed of these products within the hour; the pools are locked."""
    cursor = await tx.connection.execute(
        "select sku_no, sum(revoked)::int4, sum(held)::int4 from removal_count"
        " where tenant_id = %s and principal_no = %s and sku_no = any(%s) and minute >= %s"
        " group by sku_no",
        (tx.tenant_id, principal, list(skus), minute_of(now) - WINDOW),
    )
    return {
        SkuNo(sku): Counted(revoked=revoked, held=held)
        for sku, revoked, held in await cursor.fetchall()
    }


async def count_removals(
    tx: Transaction,
    principal: PrincipalNo,
    *,
    revoked: Mapping[SkuNo, int],
    held: Mapping[SkuNo, int],
    now: datetime,
) -> None:
    """Add what was removed and what was held to the hour's counts."""
    skus = sorted(revoked.keys() | held.keys())
    if not skus:
        return
    await tx.connection.execute(
        "insert into removal_count as c (tenant_id, principal_no, minute, sku_no, revoked, held)"
        " select %s, %s, %s, line.* from unnest(%s::int2[], %s::int4[], %s::int4[]) line"
        " on conflict (tenant_id, principal_no, sku_no, minute) do update"
        " set revoked = c.revoked + excluded.revoked, held = c.held + excluded.held",
        (
            tx.tenant_id,
            principal,
            minute_of(now),
            skus,
            [revoked.get(sku, 0) for sku in skus],
            [held.get(sku, 0) for sku in skus],
        ),
    )


_EMPTIED = """
with gone as (
    select group_no, count(distinct user_no)::int4 as lost from wish_change
     where tenant_id = %(tenant)s and correlation = %(batch)s and noun = 2
       and after_since is null and user_no = any(%(users)s)
     group by group_no
), come as materialized (
    select group_no, user_no from wish_change
     where tenant_id = %(tenant)s and correlation = %(batch)s and noun = 2
       and before_since is null
)
select lost from gone g
 where not exists (select from membership m
        where m.tenant_id = %(tenant)s and m.group_no = g.group_no
          and not exists (select from come c
                where c.group_no = m.group_no and c.user_no = m.user_no))
 order by lost desc limit 1
"""


async def most_lost_by_emptied_group(
    tx: Transaction, correlation: UUID, users: Sequence[UserNo]
) -> int:
    """How many of these people one group lost by a batch that left nobody in it who was there.

    0 when it emptied none; newcomers make no group fuller.
    """
    cursor = await tx.connection.execute(
        _EMPTIED, {"tenant": tx.tenant_id, "batch": correlation, "users": list(users)}
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def still_held(
    tx: Transaction, sku: SkuNo, users: Sequence[UserNo]
) -> dict[UserNo, ServicePlanSetId]:
    """Which of these people hold a product, with their service plans; they are locked."""
    cursor = await tx.connection.execute(
        "select user_no, enabled_set from effective_license"
        " where tenant_id = %s and sku_no = %s and user_no = any(%s)",
        (tx.tenant_id, sku, list(users)),
    )
    return {UserNo(row[0]): ServicePlanSetId(row[1]) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """Whose removal it is, when and why, for a held change that may have to be made."""

    correlation: UUID
    principal_no: PrincipalNo
    at: datetime
    reason: str


async def pending_change(tx: Transaction, sku: SkuNo, new: NewHold) -> tuple[HeldChange, bool]:
    """The held change of this call or job for a product; whether it was made now."""
    cursor = await tx.connection.execute(
        f"select {COLUMNS} from held_change"
        " where tenant_id = %s and correlation = %s and sku_no = %s and state = 'pending'",
        (tx.tenant_id, new.correlation, sku),
    )
    row = await cursor.fetchone()
    if row is not None:
        return held_of_row(row), False
    cursor = await tx.connection.execute(
        "insert into held_change (tenant_id, id, correlation, sku_no, principal_no,"
        " made_at, reason, sentence) values (%s, %s, %s, %s, %s, %s, %s, '')"
        f" returning {COLUMNS}",
        (
            tx.tenant_id,
            uuid4(),
            new.correlation,
            sku,
            new.principal_no,
            new.at,
            new.reason,
        ),
    )
    made = await cursor.fetchone()
    assert made is not None, "an insert that returns has a row"
    return held_of_row(made), True


async def store_holds(
    tx: Transaction,
    held: HeldChange,
    *,
    users: Sequence[int],
    disabled_sets: Sequence[int],
    at: datetime,
) -> int:
    """Keep the licenses of these people alive: one wish each, with what is not held switched off.

    Gives how many people are in the held change now; one may come into it again, whose hold had
    ended. The strategy of a hold is of no account: the license keeps its own.
    """
    await tx.connection.execute(
        "insert into assignment (tenant_id, created_at, created_by, sku_no, source_kind, source_no,"
        " strategy, user_no, disabled_set)"
        " select %s, %s, %s, %s, %s, %s, 1, line.* from unnest(%s::int4[], %s::int4[]) line",
        (
            tx.tenant_id,
            at,
            held.principal_no,
            held.sku,
            HOLD_KIND,
            held.held_no,
            list(users),
            list(disabled_sets),
        ),
    )
    await tx.connection.execute(
        "insert into held_person (tenant_id, held_no, user_no) select %s, %s, unnest(%s::int4[])"
        " on conflict (tenant_id, held_no, user_no) do update set outcome = null, message = null",
        (tx.tenant_id, held.held_no, list(users)),
    )
    cursor = await tx.connection.execute(
        "update held_change h set people = (select count(*) from held_person p"
        "  where p.tenant_id = h.tenant_id and p.held_no = h.held_no)"
        " where h.tenant_id = %s and h.held_no = %s returning h.people",
        (tx.tenant_id, held.held_no),
    )
    row = await cursor.fetchone()
    assert row is not None, "the held change was read or made in this transaction"
    return int(row[0])


async def set_sentence(tx: Transaction, held_no: int, sentence: str) -> None:
    """Say what a held change is about."""
    await tx.connection.execute(
        "update held_change set sentence = %s where tenant_id = %s and held_no = %s",
        (sentence, tx.tenant_id, held_no),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLoss:
    """What a batch did to a group; `outer` is the group that it was taken out of."""

    group: GroupNo
    removed: int
    left: int
    is_deleted: bool
    stopped_giving: bool
    outer: GroupNo | None


# Members count if they are among the held, and who is left if they were there before: newcomers
# make no group fuller. The groups that lost most come first.
_LOSSES = """
with lost as (
    select w.group_no, count(*)::int4 as removed, false as stopped, null::int4 as outer_no
      from wish_change w
      join held_person p on p.tenant_id = w.tenant_id and p.user_no = w.user_no
     where w.tenant_id = %(tenant)s and w.correlation = %(batch)s and w.noun = 2
       and w.after_since is null and p.held_no = %(held)s
     group by w.group_no
    union all
    select group_no, 0, true, null from wish_change
     where tenant_id = %(tenant)s and correlation = %(batch)s and noun = 1
       and group_no is not null and after_strategy is null and sku_no = %(sku)s
    union all
    select inner_no, 0, false, group_no from wish_change
     where tenant_id = %(tenant)s and correlation = %(batch)s and noun = 3 and after_since is null
)
select l.group_no, l.removed, l.stopped, l.outer_no, g.deleted_at is not null,
       (select count(*)::int4 from membership m
         where m.tenant_id = g.tenant_id and m.group_no = g.group_no)
         - (select count(*)::int4 from wish_change j
             where j.tenant_id = %(tenant)s and j.correlation = %(batch)s and j.noun = 2
               and j.group_no = g.group_no and j.before_since is null)
  from lost l
  join app_group g on g.tenant_id = %(tenant)s and g.group_no = l.group_no
 order by l.stopped desc, l.removed desc, l.group_no limit 100
"""


async def group_losses(tx: Transaction, held: HeldChange) -> list[StoredLoss]:
    """What the call or job of a held change did to groups, those that lost most first."""
    cursor = await tx.connection.execute(
        _LOSSES,
        {
            "tenant": tx.tenant_id,
            "batch": held.correlation,
            "held": held.held_no,
            "sku": held.sku,
        },
    )
    return [
        StoredLoss(
            group=GroupNo(row[0]),
            removed=row[1],
            stopped_giving=row[2],
            outer=None if row[3] is None else GroupNo(row[3]),
            is_deleted=row[4],
            left=row[5],
        )
        for row in await cursor.fetchall()
    ]


async def count_own_losses(tx: Transaction, held: HeldChange) -> int:
    """How many of the held people lost an assignment of their own by the call or job."""
    cursor = await tx.connection.execute(
        "select count(distinct w.user_no)::int4 from wish_change w"
        " join held_person p on p.tenant_id = w.tenant_id and p.user_no = w.user_no"
        " where w.tenant_id = %s and w.correlation = %s and w.noun = 1 and w.sku_no = %s"
        " and w.after_strategy is null and p.held_no = %s",
        (tx.tenant_id, held.correlation, held.sku, held.held_no),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def end_holds(
    tx: Transaction, holds: Sequence[tuple[UserNo, int]], outcome: HeldOutcome
) -> None:
    """End the holds of these (person, held change), and the held changes with nobody left."""
    if not holds:
        return
    pairs = ([user for user, _ in holds], [held for _, held in holds])
    await tx.connection.execute(
        "delete from assignment a using unnest(%s::int4[], %s::int4[]) as gone (user_no, held_no)"
        f" where a.tenant_id = %s and a.source_kind = {HOLD_KIND} and a.source_no = gone.held_no"
        " and a.user_no = gone.user_no",
        (*pairs, tx.tenant_id),
    )
    await tx.connection.execute(
        "update held_person p set outcome = %s"
        " from unnest(%s::int4[], %s::int4[]) as gone (user_no, held_no)"
        " where p.tenant_id = %s and p.held_no = gone.held_no and p.user_no = gone.user_no"
        " and p.outcome is null",
        (outcome.value, *pairs, tx.tenant_id),
    )
    await tx.connection.execute(
        "update held_change h set state = 'ended' where h.tenant_id = %s and h.held_no = any(%s)"
        " and h.state = 'pending' and not exists (select from held_person p"
        "  where p.tenant_id = h.tenant_id and p.held_no = h.held_no and p.outcome is null)",
        (tx.tenant_id, sorted(set(pairs[1]))),
    )


async def decide_held(
    tx: Transaction, held_no: int, state: HeldState, *, by: PrincipalNo, at: datetime
) -> None:
    """Store a decision; its people follow."""
    await tx.connection.execute(
        "update held_change set state = %s, decided_by = %s, decided_at = %s"
        " where tenant_id = %s and held_no = %s",
        (state.value, by, at, tx.tenant_id, held_no),
    )


async def tell_people(
    tx: Transaction, held_no: int, users: Sequence[UserNo], *, outcome: HeldOutcome, message: str
) -> None:
    """Note what became of people of a held change, in a sentence."""
    if users:
        await tx.connection.execute(
            "update held_person set outcome = %s, message = %s"
            " where tenant_id = %s and held_no = %s and user_no = any(%s)",
            (outcome.value, message, tx.tenant_id, held_no, list(users)),
        )


async def take_holds(
    tx: Transaction, held_no: int, users: Sequence[UserNo]
) -> dict[UserNo, ServicePlanSetId]:
    """End the holds of people; who had one, with the service plans that it left off."""
    cursor = await tx.connection.execute(
        "delete from assignment where tenant_id = %s and source_kind = %s and source_no = %s"
        " and user_no = any(%s) returning user_no, disabled_set",
        (tx.tenant_id, HOLD_KIND, held_no, list(users)),
    )
    return {UserNo(row[0]): ServicePlanSetId(row[1]) for row in await cursor.fetchall()}


async def forget_counts(tx: Transaction, *, before: datetime) -> None:
    """Forget removals that no hour needs any more."""
    await tx.connection.execute(
        "delete from removal_count where tenant_id = %s and minute < %s", (tx.tenant_id, before)
    )


async def reopen_held(tx: Transaction, held_no: int) -> None:
    """Take a decision back for those whom it has not reached; nobody left: it stands."""
    await tx.connection.execute(
        "update held_change h set state = 'pending', decided_by = null, decided_at = null"
        " where h.tenant_id = %s and h.held_no = %s and exists (select from held_person p"
        "  where p.tenant_id = h.tenant_id and p.held_no = h.held_no and p.outcome is null)",
        (tx.tenant_id, held_no),
    )
