"""The tenant's switch for auto-claim: off until somebody turns it on (A-01, T-059)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from seatwright.app.auto_claim.policies import PolicySeen, list_policies
from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.auto_claim import Feature
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.postgres.auto_claim_claims import count_claimers
from seatwright.postgres.auto_claim_notices import (
    end_stale_notices,
    hold_gone_notices,
    hold_open_notices,
    reopen_notices,
)
from seatwright.postgres.auto_claim_read import lock_feature, read_feature
from seatwright.postgres.auto_claim_write import set_feature

CLAIMED_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom the switch is about: policies that are on, who got something by them in the last 30
    days, and how many licenses they gave that people hold.
    """

    policies: tuple[PolicySeen, ...]
    claimers: int
    held: int


async def reach_of_switch(call: Call) -> Reach:
    """What stops when the feature is turned off, and begins when it is turned on."""
    policies = tuple(one for one in await list_policies(call) if one.policy.is_on)
    numbers = [one.policy.policy_no for one in policies]
    return Reach(
        policies=policies,
        claimers=await count_claimers(call.tx, numbers, since=call.now - CLAIMED_LATELY),
        held=sum(one.holders for one in policies),
    )


async def turn(call: Call, *, is_on: bool, undoes: int | None = None) -> Feature:
    """Turn the feature on or off; what was claimed stays either way (A-16).

    Off, nothing is released, so whatever was announced is not any more. Turning it on again as the
    undo of the version that turning it off made (`undoes`), with nothing changed since, announces
    again what that ended, as far as its day has not passed: that is looked for anew.
    """
    ended: tuple[int, ...] = ()
    if not is_on:
        await hold_open_notices(call.tx, None)
    elif undoes is not None:
        off_at = (await read_feature(call.tx)).changed_at
        ended = await hold_gone_notices(call.tx, ended_at=off_at, now=call.now)
    stored = await lock_feature(call.tx)
    if stored.is_on == is_on:
        return stored
    await set_feature(call.tx, is_on=is_on, at=call.now)
    if stored.version == undoes:
        await reopen_notices(call.tx, ended)
    await end_stale_notices(call.tx, None, at=call.now, by=call.principal.principal_no)
    call.ledger.beside.append(f"auto-claim {is_on}")
    detail = {"enabled": {"before": stored.is_on, "after": is_on}}
    await record(call, HistoryLine(action=HistoryAction.AUTO_CLAIM_SWITCHED, detail=detail))
    return await read_feature(call.tx)
