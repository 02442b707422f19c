"""Taking back what approvals gave: assignments, memberships, more time, claims.

Only what the request gave goes: what a group or an administrator gives beside it stays, and who
waits for the seat gets it. Many at once wait for a second administrator, as all removals do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.assign import fulfil
from seatwright.app.auto_claim.taking import take_back
from seatwright.app.call import Call
from seatwright.app.dynamic.memberships import follow_memberships
from seatwright.app.reconcile import Edit, lock_world, settle_world
from seatwright.app.record import record_all
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.requests.lines import Given, How, LicenseRequest, Line
from seatwright.domain.wants import Want, WantKind
from seatwright.postgres.auto_claim_claims import held_claims
from seatwright.postgres.auto_claim_read import read_policies
from seatwright.postgres.group_write import Membership, remove_members
from seatwright.postgres.request_people import Remover, ending_assignments, remove_requested
from seatwright.postgres.requests import members_by_request, pass_on_extensions


async def take_approved(
    call: Call, lines: Sequence[Line], requests: Mapping[int, LicenseRequest]
) -> None:
    """Take back what these approved lines gave; their groups and they themselves are held."""
    claimed = [line for line in lines if line.how is How.AUTO_CLAIM]
    rest = [line for line in lines if line.how is not How.AUTO_CLAIM]
    extended = [line for line in rest if requests[line.request_no].is_extension]
    joined = [line for line in rest if line.given is not None and line.given.group is not None]
    others = {line.line_no for line in (*extended, *joined)}
    await _take_claims(call, claimed)
    await _shorten(call, extended, requests)
    await _take_out(call, joined, requests)
    await _take_assignments(call, [n for n in rest if n.line_no not in others], requests)


def _given(line: Line) -> Given:
    assert line.given is not None, "an approved line says what it gave"
    return line.given


async def _take_assignments(
    call: Call, lines: Sequence[Line], requests: Mapping[int, LicenseRequest]
) -> None:
    if not lines:
        return
    users, skus = sorted({n.user for n in lines}), {_given(n).sku for n in lines}
    locked = (await lock_world(call, users, skus=skus)).locked
    gone = await remove_requested(
        call.tx,
        [Remover(user=n.user, sku=_given(n).sku, request_no=n.request_no) for n in lines],
    )
    world = await lock_world(call, users, skus=locked)
    edits = [
        Edit(
            user=line.user,
            sku=_given(line).sku,
            action=HistoryAction.REMOVED,
            reason=ChangeReason.UNDONE,
            strategy=Strategy.REQUEST,
            source=Source(kind=SourceKind.REQUEST, no=line.request_no),
            detail={"request": str(requests[line.request_no].id)},
        )
        for line in lines
        if (line.user, _given(line).sku) in gone
    ]
    await settle_world(call, world, reason=ChangeReason.UNDONE, edits=edits)


async def _shorten(
    call: Call, lines: Sequence[Line], requests: Mapping[int, LicenseRequest]
) -> None:
    """Let extended assignments end when they would have ended without.

    Where more time was given after that, or somebody set another end since, that one stands.
    """
    if not lines:
        return
    kept = await pass_on_extensions(call.tx, lines)
    ends = {
        sku: await ending_assignments(call.tx, sku, [n.user for n in lines if _given(n).sku == sku])
        for sku in {_given(n).sku for n in lines}
    }
    lines = [
        line
        for line in lines
        if line.user not in kept and ends[_given(line).sku].get(line.user) == _given(line).until
    ]
    wants = [
        Want(
            key=line.line_no,
            user=line.user,
            sku=_given(line).sku,
            kind=WantKind.CHANGE,
            expires_at=_given(line).extended_from,
            strategy=Strategy.REQUEST,
            source=Source(kind=SourceKind.REQUEST, no=line.request_no),
            detail={"request": str(requests[line.request_no].id)},
        )
        for line in lines
    ]
    if wants:
        # Who has it no more is refused by themselves: there is nothing left to shorten.
        await fulfil(call, wants)


async def _take_out(
    call: Call, lines: Sequence[Line], requests: Mapping[int, LicenseRequest]
) -> None:
    """Take people out of the groups through which they were delivered."""
    by_group: dict[GroupNo, list[Line]] = {}
    for line in lines:
        group = _given(line).group
        assert group is not None, "only what was delivered through a group is in this list"
        by_group.setdefault(group, []).append(line)
    for group, of_group in sorted(by_group.items()):
        # Another approval may have given something through the same membership.
        others = await members_by_request(
            call.tx, group, [n.user for n in of_group], but=[n.line_no for n in of_group]
        )
        users = sorted({line.user for line in of_group} - others)
        async with follow_memberships(call, users, groups=(group,), reason=ChangeReason.UNDONE):
            left = await remove_members(call.tx, [Membership(user, group) for user in users])
            gone = {one.user for one in left}
            await record_all(call, [_left(n, group, requests) for n in of_group if n.user in gone])


def _left(line: Line, group: GroupNo, requests: Mapping[int, LicenseRequest]) -> HistoryLine:
    return HistoryLine(
        action=HistoryAction.MEMBER_REMOVED,
        reason=ChangeReason.UNDONE.value,
        strategy=Strategy.REQUEST,
        user=line.user,
        group=group,
        source=Source(kind=SourceKind.REQUEST, no=line.request_no),
        detail={"request": str(requests[line.request_no].id)},
    )


async def _take_claims(call: Call, lines: Sequence[Line]) -> None:
    """Take back what an auto-claim policy gave because it was asked for."""
    if not lines:
        return
    wanted: set[SkuNo] = {_given(line).sku for line in lines}
    users = sorted({line.user for line in lines})
    claims = []
    for policy in (await read_policies(call.tx)).values():
        held = await held_claims(call.tx, policy.policy_no, users)
        claims += [one for one in held if one.sku in wanted]
    if claims:
        await take_back(call, claims, reason=ChangeReason.UNDONE)
