"""Who decides: found for each line when it is made, and asked of a principal when they decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.lines import Line
from seatwright.domain.requests.policy import (
    ADMINISTRATORS,
    DEFAULT_SKU,
    SHIPPED,
    ApproverKind,
    Approvers,
    Decider,
    DeciderKind,
    Part,
    RequestPolicy,
    part_decider,
)
from seatwright.domain.roles import Permission, Role
from seatwright.domain.tenants import Principal
from seatwright.postgres.request_people import (
    CHAIN_MAX,
    managers_above,
    people_there,
    some_members,
)
from seatwright.postgres.request_policies import read_request_policies
from seatwright.postgres.requests import groups_of_user

TOLD_MAX = 50
"""People of a group who are told of a request; a larger group has its own way of watching."""


LATER_PARTS = (Part.ALTERNATE, Part.FALLBACK)
"""Who may decide too once nobody did in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The tenant's request policies."""

    stored: Mapping[SkuNo, RequestPolicy]

    def of(self, sku: SkuNo) -> RequestPolicy:
        """What counts for a product."""
        return self.stored.get(sku) or self.stored.get(DEFAULT_SKU) or SHIPPED

    def behind(self, decider: Decider) -> Approvers | None:
        """Whom a policy's part says now; None where it is gone."""
        policy = self.stored.get(SkuNo(decider.no // 4))
        return None if policy is None else policy.part(Part(decider.no % 4))


async def policies_of(call: Call) -> Policies:
    """The tenant's request policies as they are now."""
    return Policies(stored=await read_request_policies(call.tx))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What one principal may decide about."""

    principal: Principal
    keys: frozenset[Decider]

    @property
    def may_any(self) -> bool:
        """Whether they may decide about everybody's."""
        return self.principal.may(Permission.DECIDE_ANY_REQUEST)

    def was_asked(self, line: Line) -> bool:
        """Whether a line was put before them; `asked_now` says whether it would be today."""
        return line.decider in self.keys or line.alternate in self.keys

    def is_own(self, line: Line) -> bool:
        """Whether they asked for it themselves, or would get it."""
        user = self.principal.user_no
        if user is None:
            return line.principal == self.principal.principal_no
        return user in {line.user, line.requestor}

    def may_see(self, line: Line) -> bool:
        """Whether a line is any business of theirs."""
        return self.may_any or self.was_asked(line) or self.is_own(line)


def may_see_holdings(call: Call) -> bool:
    """Whether the caller may read what anybody holds, whoever decides about them."""
    principal = call.principal
    return principal.may(Permission.READ_ANY_REQUEST) or principal.may(Permission.READ_LICENSES)


async def deciding_of(call: Call, policies: Policies) -> Deciding:
    """What the caller may decide about, beside what their role lets them."""
    principal = call.principal
    keys = await keys_of(call, policies, user=principal.user_no, roles=principal.roles)
    return Deciding(principal=principal, keys=keys)


async def asked_now(
    call: Call, deciding: Deciding, policies: Policies, lines: Sequence[Line]
) -> frozenset[int]:
    """Which of these lines are the caller's to decide, or to undo, as things are at this moment.

    Whom a line was put before says nothing of who is the manager now. Parts of policies are looked
    at anew whenever somebody's keys are read.
    """
    parts = {one for one in deciding.keys if one.kind is DeciderKind.POLICY}
    found = {n.line_no for n in lines if n.decider in parts or n.alternate in parts}
    rest = [line for line in lines if line.line_no not in found]
    routed = await route_lines(call, policies, rest)
    found |= {line.line_no for line in rest if routed[line.line_no] in deciding.keys}
    late = [line for line in rest if line.alternate in deciding.keys and line.line_no not in found]
    routed = await route_lines(call, policies, late, parts=LATER_PARTS)
    return frozenset(found | {n.line_no for n in late if routed[n.line_no] in deciding.keys})


async def keys_of(
    call: Call, policies: Policies, *, user: UserNo | None, roles: Collection[Role]
) -> frozenset[Decider]:
    """Under which deciders somebody is found, as a person and by their roles."""
    keys: set[Decider] = set()
    groups = frozenset[int]()
    if user is not None:
        keys.add(Decider(DeciderKind.PERSON, user))
        groups = await groups_of_user(call.tx, user)
    for sku, policy in policies.stored.items():
        for part, approvers in policy.parts().items():
            # Each kind fills one of these and leaves the others empty; whose manager somebody is,
            # the line says.
            is_named = user in approvers.users or approvers.group in groups
            if is_named or not set(approvers.roles).isdisjoint(roles):
                keys.add(part_decider(sku, part))
    return frozenset(keys)


async def route(
    call: Call,
    policy: RequestPolicy,
    users: Sequence[UserNo],
    *,
    requestor: UserNo | None,
    parts: Sequence[Part] = (Part.APPROVERS, Part.FALLBACK),
) -> dict[UserNo, Decider]:
    """Who decides about each person's line, when one person asks for all of them."""
    found = await _route(call, policy, [(user, requestor) for user in users], parts)
    return {user: found[user, requestor] for user in users}


async def route_lines(
    call: Call,
    policies: Policies,
    lines: Sequence[Line],
    *,
    parts: Sequence[Part] = (Part.APPROVERS, Part.FALLBACK),
) -> dict[int, Decider]:
    """Who decides about each of these lines now: a few statements for each policy."""
    by_policy: dict[SkuNo, list[Line]] = {}
    for line in lines:
        by_policy.setdefault(policies.of(line.sku).sku, []).append(line)
    found: dict[int, Decider] = {}
    for of_policy in by_policy.values():
        pairs = [(line.user, line.requestor) for line in of_policy]
        routed = await _route(call, policies.of(of_policy[0].sku), pairs, parts)
        found |= {line.line_no: routed[line.user, line.requestor] for line in of_policy}
    return found


_ENOUGH = 3
"""So many who can decide that one is left beside who asks and who gets it."""

Pair = tuple[UserNo, UserNo | None]
"""For whom it is asked, and who asks."""


async def _route(
    call: Call, policy: RequestPolicy, pairs: Sequence[Pair], parts: Sequence[Part]
) -> dict[Pair, Decider]:
    """Who decides: the first part of the policy that has somebody.

    Nobody decides about their own: a manager who asks passes it on to theirs. Where no part has
    anybody, the administrators decide.
    """
    found: dict[Pair, Decider] = {}
    for part in parts:
        approvers = policy.part(part)
        left = [pair for pair in pairs if pair not in found]
        if approvers is None or not left:
            continue
        if approvers.kind is ApproverKind.MANAGER:
            found |= await _managers(call, approvers.level, left)
        else:
            able = await _able(call, approvers)
            decider = part_decider(policy.sku, part)
            for pair in left:
                if able is None or able.difference(pair):
                    found[pair] = decider
    return {pair: found.get(pair, ADMINISTRATORS) for pair in pairs}


async def _managers(call: Call, level: int, pairs: Sequence[Pair]) -> dict[Pair, Decider]:
    found: dict[Pair, Decider] = {}
    # Most have a manager who can decide right there; the whole way up is long for many people.
    for levels in (level + 1, CHAIN_MAX):
        left = [pair for pair in pairs if pair not in found]
        if left:
            found |= await _managers_within(call, level, left, levels=levels)
    return found


async def _managers_within(
    call: Call, level: int, pairs: Sequence[Pair], *, levels: int
) -> dict[Pair, Decider]:
    users = sorted({user for user, _ in pairs})
    above = await managers_above(call.tx, users, levels=levels)
    found = {}
    for user, requestor in pairs:
        chain = above.get(user, [])[level - 1 :]
        manager = next((one for one in chain if one not in {None, user, requestor}), None)
        if manager is not None:
            found[user, requestor] = Decider(DeciderKind.PERSON, manager)
    return found


async def small_parts(call: Call, policies: Policies, deciders: Sequence[Decider]) -> list[Decider]:
    """Those of these parts of policies in which so few can decide that some may have nobody."""
    found = []
    for decider in deciders:
        approvers = policies.behind(decider)
        able = frozenset[UserNo]() if approvers is None else await _able(call, approvers)
        if able is not None and len(able) < _ENOUGH:
            found.append(decider)
    return found


async def _able(call: Call, approvers: Approvers) -> frozenset[UserNo] | None:
    """Some of those who can decide; None: whoever has the role, which is not counted."""
    if approvers.kind is ApproverKind.ROLES:
        return None
    if approvers.kind is ApproverKind.PEOPLE:
        return await people_there(call.tx, approvers.users)
    assert approvers.group is not None, "a group of approvers has its number"
    return frozenset(await some_members(call.tx, approvers.group, limit=_ENOUGH))


async def known_people(
    call: Call, policies: Policies, sku: SkuNo, users: Sequence[UserNo]
) -> frozenset[UserNo]:
    """Of whom the caller may know what they hold: themselves, those they decide about, or all."""
    if may_see_holdings(call):
        return frozenset(users)
    routed = await route(call, policies.of(sku), users, requestor=None)
    keys = (await deciding_of(call, policies)).keys
    return frozenset(u for u in users if u == call.principal.user_no or routed[u] in keys)


async def people_behind(
    call: Call, policies: Policies, deciders: Collection[Decider]
) -> dict[Decider, tuple[UserNo, ...]]:
    """The people of each decider who are told; none: the administrators."""
    found: dict[Decider, tuple[UserNo, ...]] = {}
    for decider in sorted(deciders):
        approvers = policies.behind(decider) if decider.kind is DeciderKind.POLICY else None
        if decider.kind is DeciderKind.PERSON:
            found[decider] = (UserNo(decider.no),)
        else:
            found[decider] = () if approvers is None else await _people(call, approvers)
    return found


async def _people(call: Call, approvers: Approvers) -> tuple[UserNo, ...]:
    if approvers.kind is ApproverKind.PEOPLE:
        return tuple(sorted(await people_there(call.tx, approvers.users)))
    if approvers.kind is ApproverKind.GROUP and approvers.group is not None:
        return await some_members(call.tx, approvers.group, limit=TOLD_MAX)
    return ()
