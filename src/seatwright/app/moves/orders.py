"""From what a caller sent to a move: every text is resolved before anyone is touched.

An unknown or ambiguous group, product, service plan or name refuses the whole call. Only a person
who is not found is the row's own failure, as in bulk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.dynamic.demands import refuse_by_hand
from seatwright.app.group_licenses import ENTRA_P1_PLANS
from seatwright.domain.assignments import Strategy
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.move_steps import carried
from seatwright.domain.moves import MoveKind, MoveOrder, Phase, Surplus
from seatwright.domain.reconcile import (
    GroupLicense,
    Names,
    check_group_licenses,
    check_group_licensing,
)
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.group_licenses import has_seats_with_plan
from seatwright.postgres.groups import find_groups, groups_by_name
from seatwright.postgres.labels import GroupLabel, group_labels, user_labels
from seatwright.postgres.moves import Crowd, MoveRow, groups_giving, users_by_name
from seatwright.postgres.users import find_users

NAMED_MAX = 5

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCall:
    """A move as it was sent. `lines` None: not by name, but everybody whom the move is about.

    `lines` are row numbers with the text that names a person: a user principal name, an id, a
    mail address or a display name (T-117). Groups are named by id or name (T-118).
    """

    kind: str
    lines: Sequence[tuple[int, str]] | None = None
    sku: str | None = None
    from_sku: str | None = None
    to_sku: str | None = None
    group: str | None = None
    from_group: str | None = None
    to_group: str | None = None
    is_whole: bool = False
    disabled: Sequence[str] | None = None
    surplus: str | None = None
    strategies: Sequence[str] | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedMove:
    """A move with every text resolved: `rows`, or the `crowd` that it is about.

    `warning` is to be shown; `sku_text` stands in every row.
    """

    order: MoveOrder
    rows: tuple[MoveRow, ...] = ()
    crowd: Crowd | None = None
    sku_text: str
    warning: str | None = None


async def resolve_move(call: Call, sent: MoveCall) -> ResolvedMove:
    """Resolve what a move names.

    Raises Refusal: invalidValue, unknownGroup, unknownSku, servicePlanNotInSku, notAssigned where
    a group gives nothing to move to, prerequisiteMissing.
    """
    resolved = await _RESOLVERS[_choice(MoveKind, "kind", sent.kind)](call, sent)
    if sent.lines is None:
        return resolved
    return replace(resolved, rows=await _rows(call, sent.lines), crowd=None)


async def _into_group(call: Call, sent: MoveCall) -> ResolvedMove:
    _refuse_fields(sent, "directToGroup", "from_sku", "to_sku", "from_group", "to_group")
    catalog = await catalog_of(call)
    sku = catalog.require_sku(_needed("sku", sent.sku), is_in_body=True)
    group = await require_group_named(call, _needed("group", sent.group), is_in_body=True)
    await refuse_by_hand(call, (group.group_no,))
    licenses = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    if not any(row.sku == sku.sku_no for row in licenses):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{group.display_name} does not give {sku.display_name}, so nobody who moved there"
            f" would keep it. Give it first: POST /api/identity/groups/{group.id}/licenses.",
            context={"group": str(group.id), "skuId": str(sku.sku_id)},
        )
    strategies = _strategies(sent.strategies, default=frozenset({Strategy.MANUAL}))
    if (sent.lines is None) is not sent.is_whole:
        raise _whom("users, or all true for everybody who has it by their own name")
    return ResolvedMove(
        order=MoveOrder(
            kind=MoveKind.DIRECT_TO_GROUP,
            old_sku=sku.sku_no,
            new_sku=sku.sku_no,
            new_group=group.group_no,
            surplus=_choice(Surplus, "surplus", sent.surplus or Surplus.SKIP.value),
            strategies=strategies,
            waits=sent.waits,
        ),
        crowd=Crowd(own_sku=sku.sku_no, strategies=strategies),
        sku_text=sku.part_number,
        warning=await _p1_warning(call),
    )


async def _between_groups(call: Call, sent: MoveCall) -> ResolvedMove:
    _refuse_fields(sent, "groupToGroup", "sku", "from_sku", "to_sku", "group", "strategies")
    old = await require_group_named(call, _needed("fromGroup", sent.from_group), is_in_body=True)
    new = await require_group_named(call, _needed("toGroup", sent.to_group), is_in_body=True)
    await refuse_by_hand(call, (old.group_no, new.group_no))
    if old.group_no == new.group_no:
        raise Refusal(
            Reason.INVALID_VALUE, f"{old.display_name} is both ends of the move: name two groups."
        )
    licenses = (await group_assignments(call.tx, (new.group_no,)))[new.group_no]
    if not licenses:
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{new.display_name} gives nothing, so whoever moved there would lose what"
            f" {old.display_name} gives. License it first:"
            f" POST /api/identity/groups/{new.id}/licenses.",
            context={"group": str(new.id)},
        )
    surplus = _choice(Surplus, "surplus", sent.surplus or Surplus.SKIP.value)
    if surplus is Surplus.KEEP_DIRECT:
        raise Refusal(
            Reason.INVALID_VALUE,
            "surplus is keepDirect, but between groups there is no assignment of their own to"
            " keep: give skip or addToGroup.",
        )
    catalog = await catalog_of(call)
    return ResolvedMove(
        order=MoveOrder(
            kind=MoveKind.GROUP_TO_GROUP,
            old_group=old.group_no,
            new_group=new.group_no,
            surplus=surplus,
            waits=sent.waits,
        ),
        crowd=Crowd(groups=(old.group_no,)),
        sku_text=";".join(catalog.skus[row.sku].part_number for row in licenses),
        warning=await _p1_warning(call),
    )


async def _to_product(call: Call, sent: MoveCall) -> ResolvedMove:
    _refuse_fields(sent, "productToProduct", "sku", "from_group", "to_group", "surplus")
    catalog = await catalog_of(call)
    old = catalog.require_sku(_needed("fromSku", sent.from_sku), is_in_body=True)
    new = catalog.require_sku(_needed("toSku", sent.to_sku), is_in_body=True)
    _check_pair(old, new)
    default = frozenset({Strategy.MANUAL, Strategy.BULK})
    order = MoveOrder(
        kind=MoveKind.PRODUCT_TO_PRODUCT,
        old_sku=old.sku_no,
        new_sku=new.sku_no,
        disabled=None if sent.disabled is None else catalog.disabled_bits(new, sent.disabled),
        strategies=_strategies(sent.strategies, default=default),
        waits=sent.waits,
    )
    groups = await _changing_groups(call, sent, old)
    if groups:
        await _check_groups(call, order, groups, catalog)
        order = replace(order, groups=groups, phase=Phase.BRIDGING)
    crowd = Crowd(
        groups=groups,
        nested=semantics_in(call.tenant.settings).nested_groups_count,
        own_sku=old.sku_no if sent.is_whole else None,
        strategies=order.strategies,
    )
    return ResolvedMove(order=order, crowd=crowd, sku_text=new.part_number)


def _check_pair(old: CatalogSku, new: CatalogSku) -> None:
    if old.sku_no == new.sku_no:
        raise Refusal(
            Reason.INVALID_VALUE, f"{old.display_name} is both ends of the move: name two products."
        )
    if not new.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{new.display_name} ({new.part_number}) is for the whole organisation and cannot be"
            " assigned to people.",
            context={"skuId": str(new.sku_id)},
        )


async def _changing_groups(call: Call, sent: MoveCall, old: CatalogSku) -> tuple[GroupNo, ...]:
    """The groups whose license the move changes."""
    chosen = [sent.lines is not None, sent.group is not None, sent.is_whole]
    if sum(chosen) != 1:
        raise _whom("users, group, or all true for everybody and every group that gives it")
    if sent.is_whole:
        return await groups_giving(call.tx, old.sku_no)
    if sent.group is None:
        return ()
    group = await require_group_named(call, sent.group, is_in_body=True)
    return (group.group_no,)


async def _check_groups(
    call: Call, order: MoveOrder, groups: Sequence[GroupNo], catalog: TenantCatalog
) -> None:
    """Refuse what the groups could not give, together with what else they give (GBL-090)."""
    labels = await group_labels(call.tx, groups)
    for number, rows in (await group_assignments(call.tx, groups)).items():
        after = [_changed(row, order, catalog) for row in rows if row.sku != order.new_sku] + [
            GroupLicense(sku=r.sku, disabled=r.disabled) for r in rows if r.sku == order.new_sku
        ]
        check_group_licenses(
            catalog.engine,
            licenses=tuple(after),
            semantics=semantics_in(call.tenant.settings),
            names=Names(
                user=labels[number].display_name,
                products={no: sku.display_name for no, sku in catalog.skus.items()},
                service_plans={no: one.display_name for no, one in catalog.service_plans.items()},
            ),
        )


def _changed(row: GroupAssignment, order: MoveOrder, catalog: TenantCatalog) -> GroupLicense:
    if row.sku != order.old_sku or order.new_sku is None:
        return GroupLicense(sku=row.sku, disabled=row.disabled)
    disabled = carried(order, row.disabled, catalog=catalog.engine)
    return GroupLicense(sku=order.new_sku, disabled=disabled)


async def _p1_warning(call: Call) -> str | None:
    has_p1 = await has_seats_with_plan(call.tx, ENTRA_P1_PLANS)
    return check_group_licensing(semantics_in(call.tenant.settings), has_entra_p1=has_p1)


async def require_group_named(call: Call, text: str, *, is_in_body: bool = False) -> GroupLabel:
    """The group with this id or name (T-118).

    Raises Refusal unknownGroup, and invalidValue with their ids for a name that several bear.
    """
    number = (await find_groups(call.tx, (text,))).get(text)
    if number is not None:
        return (await group_labels(call.tx, (number,)))[number]
    twins = (await groups_by_name(call.tx, (text_key(text),))).get(text_key(text), ())
    if twins:
        ids = sorted(str(one.id) for one in (await group_labels(call.tx, twins)).values())
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(twins)} groups are called “{text}”. Give the id of one of them:"
            f" {', '.join(ids[:NAMED_MAX])}.",
            context={"group": text, "ids": ids[:NAMED_MAX]},
        )
    raise Refusal(
        Reason.UNKNOWN_GROUP,
        f"There is no group “{text}”. Give the name or id of one; GET"
        " /api/identity/groups?search= finds groups by name.",
        context={"group": text},
        is_in_body=is_in_body,
    )


async def _rows(call: Call, lines: Sequence[tuple[int, str]]) -> tuple[MoveRow, ...]:
    """The people whom the lines name, each once."""
    if not lines:
        raise Refusal(Reason.INVALID_VALUE, "There are no rows: send at least one person.")
    if len(lines) > ROWS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There are {len(lines)} rows and one job takes {ROWS_MAX}: split them, and send the"
            " parts one after another.",
        )
    texts = [text.strip() for _, text in lines]
    found = dict(await find_users(call.tx, texts))
    rest = {text: text_key(text) for text in texts if text and text not in found}
    named = await users_by_name(call.tx, rest.values())
    await _refuse_twins(call, lines, {text: named.get(key, ()) for text, key in rest.items()})
    found |= {text: named[key][0] for text, key in rest.items() if len(named.get(key, ())) == 1}
    rows: dict[object, MoveRow] = {}
    for (row_no, _), text in zip(lines, texts, strict=True):
        row = MoveRow(row_no=row_no, user_text=text, user=found.get(text))
        rows.setdefault(row.user if row.user is not None else f"{row_no}", row)
    return tuple(rows.values())


async def _refuse_twins(
    call: Call, lines: Iterable[tuple[int, str]], named: dict[str, Sequence[UserNo]]
) -> None:
    """Nobody guesses which of two people of one name is meant (T-117)."""
    for row_no, text in lines:
        twins = named.get(text.strip(), ())
        if len(twins) > 1:
            labels = await user_labels(call.tx, twins[:NAMED_MAX])
            upns = sorted(label.upn for label in labels.values())
            raise Refusal(
                Reason.INVALID_VALUE,
                f"Row {row_no}: {len(twins)} people are called “{text.strip()}”. Nobody was"
                f" touched. Give the user principal name of the one who is meant:"
                f" {', '.join(upns)}.",
                context={"row": row_no, "user": text.strip(), "userPrincipalNames": upns},
            )


def _strategies(
    texts: Sequence[str] | None, *, default: frozenset[Strategy]
) -> frozenset[Strategy]:
    if texts is None:
        return default
    chosen = frozenset(_choice(Strategy, "strategies", text) for text in texts)
    if not chosen or Strategy.GROUP in chosen:
        raise Refusal(
            Reason.INVALID_VALUE,
            "strategies names which of people's own assignments are moved: give some of manual,"
            " bulk, request and on_demand.",
        )
    return chosen


def _choice(choices: type[_Choice], name: str, text: str) -> _Choice:
    found = next((one for one in choices if one.value.casefold() == text.casefold()), None)
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is “{text[:60]}”: give one of {', '.join(choices)}.",
        )
    return found


def _needed(name: str, text: str | None) -> str:
    if not text:
        raise Refusal(Reason.INVALID_VALUE, f"{name} is missing: a move of this kind needs it.")
    return text


def _whom(choices: str) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE, f"The call does not say once whom to move: give one of {choices}."
    )


_WIRE = {
    "from_sku": "fromSku",
    "to_sku": "toSku",
    "from_group": "fromGroup",
    "to_group": "toGroup",
}


def _refuse_fields(sent: MoveCall, kind: str, *names: str) -> None:
    """Refuse fields that mean nothing for this kind, rather than pass over them."""
    given = [name for name in names if getattr(sent, name) is not None]
    if given:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{_WIRE.get(given[0], given[0])} means nothing for a move of the kind {kind}.",
        )


_RESOLVERS: Final[Mapping[MoveKind, Callable[[Call, MoveCall], Awaitable[ResolvedMove]]]] = {
    MoveKind.DIRECT_TO_GROUP: _into_group,
    MoveKind.GROUP_TO_GROUP: _between_groups,
    MoveKind.PRODUCT_TO_PRODUCT: _to_product,
}
