"""Taking back what nobody uses, after notice; and saying that seats run out before they do.

Done each minute, from what is: a worker that was away catches up on its first tick. A policy that
is off, or a feature that is, takes nothing from anybody (A-16).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.auto_claim.notice_words import releases_told, seats_told
from seatwright.app.auto_claim.policies import list_policies
from seatwright.app.auto_claim.taking import TakenOutcome, hold_claims, take_back
from seatwright.app.call import Call
from seatwright.app.reconcile import USERS_AT_ONCE_MAX
from seatwright.app.record import record_all
from seatwright.app.telling.tell import tell
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.auto_claim import Policy
from seatwright.domain.auto_claim_notices import Notice, NoticeKind, NoticeOutcome
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.auto_claim_notices import (
    DueNotice,
    NewNotice,
    announce_releases,
    announce_seats,
    due_notices,
    due_notices_again,
    end_notices,
    end_search,
    end_stale_notices,
    find_notice,
    list_notices,
    note_search,
    open_seat_notice,
    search_place,
    unused_claims,
)
from seatwright.postgres.auto_claim_read import hold_feature, read_feature, read_policies

ANNOUNCED_AT_ONCE: Final = 2_000
"""An announcement moves no seat, so that more people than usual fit in one transaction."""


async def settle_claims(call: Call) -> bool:
    """One page of everything that is due for claims; False when nothing was."""
    # A policy may have changed in the moment in which something was announced under it.
    if await end_stale_notices(call.tx, None, at=call.now, by=call.principal.principal_no):
        return True
    if not (await read_feature(call.tx)).is_on:
        return False
    for policy in (await read_policies(call.tx)).values():
        if not policy.is_on or policy.release_after_days is None:
            continue
        due = await due_notices(call.tx, policy.policy_no, now=call.now, limit=USERS_AT_ONCE_MAX)
        if due:
            await _release(call, policy, due)
            return True
        if await _announce(call, policy, days=policy.release_after_days):
            return True
    return await _watch_seats(call)


async def _announce(call: Call, policy: Policy, *, days: int) -> bool:
    """Tell holders who have not used what they claimed for long enough.

    The license goes `days` after its last use, and never sooner than the days of notice from now:
    who was told late is not released early.
    """
    place = await search_place(call.tx, policy.policy_no, now=call.now)
    if place is None:
        return False
    notice = timedelta(days=policy.notice_days)
    unused = await unused_claims(
        call.tx,
        policy.policy_no,
        since=place,
        before=call.now - timedelta(days=days) + notice,
        limit=ANNOUNCED_AT_ONCE,
    )
    if not unused:
        await end_search(call.tx, policy.policy_no, at=call.now)
        # The policy's row is held: whoever changes it holds its notices before.
        return True
    feature = await hold_feature(call.tx)
    if not feature.is_on or (await read_policies(call.tx)).get(policy.app) != policy:
        # It was changed meanwhile: look again at what it says now.
        return True
    new = [
        NewNotice(
            id=uuid4(),
            policy=policy.policy_no,
            user=one.claim.user,
            sku=one.claim.sku,
            due_at=max(one.last_use + timedelta(days=days), call.now + notice),
        )
        for one in unused
    ]
    await announce_releases(call.tx, new, at=call.now)
    await tell(call, await releases_told(call, policy, new))
    await note_search(call.tx, policy.policy_no, upto=unused[-1].claim.user)
    lines = [
        _line(policy, one.user, one.sku, {"release": "announced", "dueAt": one.due_at.isoformat()})
        for one in new
    ]
    await record_all(call, lines)
    return True


async def _release(call: Call, policy: Policy, due: Sequence[DueNotice]) -> None:
    """Take back what was announced and neither kept nor used since.

    The notices are held already, before the pools. Whether a license was used, or went another
    way, is asked again once pools and people are held: this may have waited long for them.
    """
    await hold_claims(call, [one.claim for one in due])
    due = await due_notices_again(call.tx, policy.policy_no, [one.notice_no for one in due])
    going = [one.claim for one in due if one.is_held and not one.was_used]
    taken: Mapping[tuple[UserNo, SkuNo], TakenOutcome] = {}
    if going:
        taken = await take_back(call, going, reason=ChangeReason.RECLAIMED)
    ended: dict[NoticeOutcome, list[int]] = defaultdict(list)
    for one in due:
        ended[_ended(one, taken.get((one.claim.user, one.claim.sku)))].append(one.notice_no)
    for outcome, numbers in ended.items():
        await end_notices(call.tx, numbers, outcome, at=call.now, by=call.principal.principal_no)


def _ended(one: DueNotice, taken: TakenOutcome | None) -> NoticeOutcome:
    """How a notice ends whose time has come."""
    if not one.is_held:
        return NoticeOutcome.GONE
    if one.was_used:
        return NoticeOutcome.USED
    if taken is None:
        return NoticeOutcome.GONE
    return NoticeOutcome.HELD if taken is TakenOutcome.HELD else NoticeOutcome.RELEASED


async def _watch_seats(call: Call) -> bool:
    """Say once that a policy's seats run out, and end that when there are enough again."""
    lines: list[HistoryLine] = []
    filled: list[int] = []
    for one in await list_policies(call):
        policy = one.policy
        is_open = await open_seat_notice(call.tx, policy.policy_no)
        if one.is_low and policy.is_on and is_open is None:
            notice_id = uuid4()
            await announce_seats(
                call.tx, policy.policy_no, notice_id=notice_id, seats=one.seats_free, at=call.now
            )
            await tell(call, [await seats_told(call, policy, notice_id, seats=one.seats_free)])
            lines.append(_line(policy, None, None, {"seatsFree": one.seats_free}))
        elif is_open is not None and not one.is_low:
            filled.append(is_open)
    await end_notices(
        call.tx, filled, NoticeOutcome.FILLED, at=call.now, by=call.principal.principal_no
    )
    await record_all(call, lines)
    return False


async def notices_page(call: Call, *, before: int | None, limit: int) -> tuple[Notice, ...]:
    """Notices newest first, one more than `limit` if there are more.

    Whoever may not read policies sees those to themselves.
    """
    user = None
    if not call.principal.may(Permission.READ_AUTO_CLAIM):
        user = call.principal.user_no or UserNo(-1)
    return await list_notices(call.tx, user=user, before=before, limit=limit + 1)


async def keep(call: Call, notice_id: UUID) -> Notice:
    """Keep a license that would be released: its time begins anew.

    Raises Refusal unknownNotice for one that is not there or somebody else's, alreadyDecided once
    it has ended.
    """
    found = await find_notice(call.tx, notice_id)
    is_own = found is not None and found.user == call.principal.user_no
    if found is None or not (is_own or call.principal.may(Permission.ASSIGN_TO_USERS)):
        raise Refusal(
            Reason.UNKNOWN_NOTICE,
            f"There is no notice {notice_id} for you: GET /api/auto-claim/notices lists them.",
        )
    if found.kind is not NoticeKind.RELEASE or found.outcome is not None:
        ended = "is about seats" if found.outcome is None else f"has ended ({found.outcome.value})"
        raise Refusal(
            Reason.ALREADY_DECIDED, f"The notice {notice_id} {ended}, so there is nothing to keep."
        )
    await end_notices(
        call.tx,
        [found.notice_no],
        NoticeOutcome.KEPT,
        at=call.now,
        by=call.principal.principal_no,
    )
    policies = {one.policy_no: one for one in (await read_policies(call.tx)).values()}
    policy = policies.get(found.policy)
    if policy is not None:
        await record_all(call, [_line(policy, found.user, found.sku, {"release": "kept"})])
    kept = await find_notice(call.tx, notice_id)
    assert kept is not None, "it is held by this transaction"
    return kept


def _line(
    policy: Policy, user: UserNo | None, sku: SkuNo | None, said: dict[str, object]
) -> HistoryLine:
    return HistoryLine(
        action=HistoryAction.AUTO_CLAIM_NOTICE,
        user=user,
        sku=sku,
        source=Source(kind=SourceKind.POLICY, no=policy.policy_no),
        detail={"policyId": str(policy.policy_id), **said},
    )
