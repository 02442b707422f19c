"""Taking back what a policy gave: selected people by an administrator, and what nobody uses.

Only the claim goes: what a group or an administrator gives beside it stays (T-077, T-115).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from seatwright.app.auto_claim.policies import require_policy
from seatwright.app.call import Call
from seatwright.app.dynamic.follow import follow_members_later
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, Edit, Outcome, lock_world, settle_world
from seatwright.app.record import record_all
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile.changes import Action
from seatwright.postgres.auto_claim_claims import HeldClaim, held_claims, remove_claimed
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_write import Membership, remove_members
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.postgres.users import find_users


@unique
class TakenOutcome(StrEnum):
    """What became of one claim that was to be taken back."""

    UNASSIGNED = "unassigned"
    """The license is gone, and its seat is free."""

    STILL_GIVEN = "stillGiven"
    """The claim is gone; something else gives the product."""

    HELD = "heldForApproval"
    """The brake holds the license until a second administrator approves."""

    NOT_CLAIMED = "notClaimed"
    """The person holds nothing that the policy gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What became of one person's claim; `sku` is None where there was none."""

    user: UserLabel
    sku: SkuNo | None
    outcome: TakenOutcome


async def unassign_claims(call: Call, text: str, people: Sequence[str]) -> tuple[TakenBack, ...]:
    """Take what a policy gave from selected people (T-079, T-112).

    Raises Refusal unknownPolicy, unknownUser for a name that is nobody's, invalidValue for none or
    more than 500, notAssigned when none of them holds what the policy gave.
    """
    policy = await require_policy(call, text)
    users = await named_people(call, people)
    claims = await held_claims(call.tx, policy.policy_no, users)
    if not claims:
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"None of these people holds anything that “{policy.name}” gave: its report says who"
            " does (state held).",
            context={"policyId": str(policy.policy_id)},
        )
    outcomes = await take_back(call, claims, reason=ChangeReason.UNASSIGNED)
    labels = await user_labels(call.tx, users)
    taken = [
        TakenBack(user=labels[user], sku=sku, outcome=outcome)
        for (user, sku), outcome in outcomes.items()
    ]
    from_whom = {user for user, _ in outcomes}
    none = [
        TakenBack(user=labels[user], sku=None, outcome=TakenOutcome.NOT_CLAIMED)
        for user in users
        if user not in from_whom
    ]
    return (*taken, *none)


async def named_people(call: Call, texts: Sequence[str]) -> list[UserNo]:
    """The people whom a caller selected, each once.

    Raises Refusal invalidValue for none or more than 500, unknownUser for a name that is nobody's.
    """
    if not 1 <= len(texts) <= USERS_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"users names {len(texts)} people: give 1 to {USERS_AT_ONCE_MAX} in one call.",
        )
    found = await find_users(call.tx, texts)
    unknown = [text for text in texts if text not in found]
    if unknown:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is nobody called “{unknown[0]}”: give ids or user principal names, as the"
            " policy's report has them. Nothing was changed.",
            context={"users": unknown[:20]},
            is_in_body=True,
        )
    return sorted(set(found.values()))


async def hold_claims(call: Call, claims: Sequence[HeldClaim]) -> frozenset[SkuNo]:
    """Hold groups, then pools, then people, in the order of every seat mover; the pools held.

    What is read of these claims from here on stays true until the transaction ends.
    """
    groups = sorted({one.group for one in claims if one.group is not None})
    await hold_groups(call.tx, groups)
    users, skus = sorted({one.user for one in claims}), {one.sku for one in claims}
    return (await lock_world(call, users, skus=skus)).locked


async def take_back(
    call: Call, claims: Sequence[HeldClaim], *, reason: ChangeReason
) -> Mapping[tuple[UserNo, SkuNo], TakenOutcome]:
    """Take claims back, free their seats, and serve whoever waits for them.

    Answers what became of each that was still there: another call may have taken the same while
    this one waited for its locks.
    """
    locked = await hold_claims(call, claims)
    taken = await _remove(call, claims, reason)
    if not taken:
        return {}
    world = await lock_world(call, sorted({one.user for one in taken}), skus=locked)
    edits = [_edit(one, reason) for one in taken if one.group is None]
    outcome = await settle_world(call, world, reason=reason, edits=edits)
    left = [one for one in taken if one.group is not None]
    await follow_members_later(
        call,
        sorted({one.user for one in left}),
        {one.group for one in left if one.group is not None},
    )
    return _outcomes(call, taken, outcome)


async def _remove(call: Call, claims: Sequence[HeldClaim], reason: ChangeReason) -> list[HeldClaim]:
    """Remove what delivered these claims; answers those that were still there."""
    gone = await remove_claimed(call.tx, [one for one in claims if one.group is None])
    left = await remove_members(
        call.tx, [Membership(one.user, one.group) for one in claims if one.group is not None]
    )
    lines = [
        HistoryLine(
            action=HistoryAction.MEMBER_REMOVED, reason=reason.value, user=one.user, group=one.group
        )
        for one in sorted(left, key=lambda one: (one.group, one.user))
    ]
    await record_all(call, lines)
    return [
        one
        for one in claims
        if (one.user, one.sku, one.policy) in gone
        or (one.group is not None and Membership(one.user, one.group) in left)
    ]


def _edit(claim: HeldClaim, reason: ChangeReason) -> Edit:
    return Edit(
        user=claim.user,
        sku=claim.sku,
        action=HistoryAction.REMOVED,
        reason=reason,
        strategy=Strategy.ON_DEMAND,
        source=Source(kind=SourceKind.POLICY, no=claim.policy),
    )


def _outcomes(
    call: Call, claims: Sequence[HeldClaim], outcome: Outcome
) -> dict[tuple[UserNo, SkuNo], TakenOutcome]:
    gone = {
        (change.user_no, change.sku)
        for change in outcome.change_set.changes
        if change.action is Action.REVOKE
    }
    held = {(user, one.sku) for one in call.ledger.held for user in one.users}

    def of(pair: tuple[UserNo, SkuNo]) -> TakenOutcome:
        if pair in gone:
            return TakenOutcome.UNASSIGNED
        return TakenOutcome.HELD if pair in held else TakenOutcome.STILL_GIVEN

    return {(one.user, one.sku): of((one.user, one.sku)) for one in claims}
