"""`/fixes`: what would mend something, as a button that shows first what it does.

A fix is a call of our own API (`app/why/fixes.py`). Pages run the use case behind that call
themselves: the form carries the call, and this table knows every call that a fix can be. Whoever
sends another one gets no further than with the API: each needs the permission of its route.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from re import Match, Pattern
from typing import Final
from urllib.parse import unquote
from uuid import UUID, uuid4

import msgspec
from litestar import Response, post

from seatwright.app.assign import AssignOrder, assign, unassign, update_license
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.members import join_group, leave_group
from seatwright.app.directory.users import change_user, find_user
from seatwright.app.group_licenses import GroupOrder, license_group, reprocess_user
from seatwright.app.held_changes import decide
from seatwright.app.subscriptions import (
    add_subscription,
    change_subscription,
    get_subscription,
)
from seatwright.app.why.fixes import Fix, SeatsBought
from seatwright.domain.brake import HeldState
from seatwright.domain.directory import UserField, parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs, require
from seatwright.web.portal.frame.language import gettext, said_part
from seatwright.web.portal.frame.pages import own_path, see
from seatwright.web.portal.frame.purchases import PurchaseMoved, tell_purchase


class FixBody(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """Every field that the body of a fix can have."""

    sku_id: str = ""
    disabled_service_plans: list[str] | None = None
    replaces: list[str] = []
    starts_at: msgspec.UnsetType | None = msgspec.UNSET
    usage_location: str | None = None
    users: list[str] = []
    units: int = 0
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FixOffer:
    """A fix as a page shows it: words, the call as a form carries it, and whether one may.

    `cost` is what the seats that it buys cost a month; None where no price is known.
    """

    words: str
    method: str
    path: str
    body: str
    is_allowed: bool
    buys: SeatsBought | None = None

    @property
    def cost(self) -> Decimal | None:
        """What the seats cost a month that it buys."""
        if self.buys is None or self.buys.price is None:
            return None
        return self.buys.price * self.buys.more


def offer_of(call: Call, fix: Fix) -> FixOffer:
    """A fix as a button, or as words where the caller may not do it."""
    found = _known(fix.method, fix.path)
    return FixOffer(
        words=fix.words,
        method=fix.method,
        path=fix.path,
        body=msgspec.json.encode(fix.body or {}).decode(),
        is_allowed=found is not None and call.principal.may(found[0].permission),
        buys=fix.buys,
    )


@post("/fixes", opt=needs(Permission.READ_LICENSES), status_code=303)
async def apply_fix(call: TheCall, request: AnyRequest) -> Response[None]:
    """Do what the form says, and go back to where it was offered."""
    form = form_of(request)
    found = _known(form.text("method") or "", form.text("path") or "")
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            gettext("This is nothing that a page can mend: look at the page again."),
        )
    known, match = found
    require(call, known.permission)
    try:
        body = msgspec.json.decode(form.text("body") or "{}", type=FixBody)
    except msgspec.MsgspecError:
        raise Refusal(
            Reason.INVALID_VALUE, gettext("The form could not be read: open the page again.")
        ) from None
    request.scope["state"]["titled"] = said_part(form.text("words") or "").rstrip(".")
    moved = await known.run(call, match, body)
    if moved is not None and call.is_preview:
        tell_purchase(request, moved)
    back = own_path(form.text("back") or "/conflicts")
    return see(f"{back}{'&' if '?' in back else '?'}done=mended")


async def _set_location(call: Call, match: Match[str], body: FixBody) -> None:
    await change_user(call, match["user"], {UserField.USAGE_LOCATION: body.usage_location})


async def _reprocess(call: Call, match: Match[str], body: FixBody) -> None:
    await reprocess_user(call, (await find_user(call, match["user"])).user_no)


async def _assign(call: Call, match: Match[str], body: FixBody) -> None:
    order = AssignOrder(
        sku=body.sku_id, disabled=body.disabled_service_plans, replaces=body.replaces
    )
    await assign(call, match["user"], order)


async def _change(call: Call, match: Match[str], body: FixBody) -> None:
    order = AssignOrder(
        sku=match["sku"],
        disabled=body.disabled_service_plans,
        clears_start=body.starts_at is None,
    )
    await update_license(call, match["user"], match["sku"], order)


async def _unassign(call: Call, match: Match[str], body: FixBody) -> None:
    await unassign(call, match["user"], match["sku"])


async def _join(call: Call, match: Match[str], body: FixBody) -> None:
    await join_group(call, match["group"], users=body.users)


async def _leave(call: Call, match: Match[str], body: FixBody) -> None:
    await leave_group(call, match["group"], match["user"])


async def _license_group(call: Call, match: Match[str], body: FixBody) -> None:
    order = GroupOrder(sku=body.sku_id, disabled=body.disabled_service_plans)
    await license_group(call, match["group"], order)


async def _approve(call: Call, match: Match[str], body: FixBody) -> None:
    await decide(call, _id(match), HeldState.APPROVED, count=None)


async def _buy(call: Call, match: Match[str], body: FixBody) -> PurchaseMoved:
    sku = (await catalog_of(call)).require_sku(body.sku_id, is_in_body=True)
    new = Subscription(
        subscription_id=uuid4(),
        sku_no=sku.sku_no,
        units=body.units,
        status=SubscriptionStatus.ENABLED,
        starts_at=call.now,
        created_at=call.now,
    )
    await add_subscription(call, new)
    return PurchaseMoved(before=0, after=new.units)


async def _set_units(call: Call, match: Match[str], body: FixBody) -> PurchaseMoved:
    """More seats; `external` puts back an earlier number at once, whoever has a seat of it."""
    before = (await get_subscription(call, _id(match))).units
    stored = await change_subscription(
        call,
        _id(match),
        lambda stored: replace(stored, units=body.units),
        is_external=body.external,
    )
    return PurchaseMoved(
        before=before,
        after=body.units,
        price=stored.unit_price,
        currency=stored.currency,
        is_correction=body.external,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """One call that a fix can be, with the permission of its route."""

    path: Pattern[str]
    permission: Permission
    run: Callable[[Call, Match[str], FixBody], Awaitable[PurchaseMoved | None]]


def _path(text: str) -> Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))


def _id(match: Match[str]) -> UUID:
    id_ = parse_id(match["id"])
    if id_ is None:
        raise Refusal(
            Reason.INVALID_VALUE, gettext("The form could not be read: open the page again.")
        )
    return id_


_USER: Final = "/api/identity/users/{user}"
_GROUP: Final = "/api/identity/groups/{group}"

_KNOWN: Final[Mapping[str, tuple[_Known, ...]]] = {
    "POST": (
        _Known(path=_path(f"{_USER}/licenses"), permission=Permission.ASSIGN_TO_USERS, run=_assign),
        _Known(path=_path(f"{_USER}/reprocess"), permission=Permission.REPROCESS, run=_reprocess),
        _Known(path=_path(f"{_GROUP}/members"), permission=Permission.WRITE_GROUPS, run=_join),
        _Known(
            path=_path(f"{_GROUP}/licenses"),
            permission=Permission.ASSIGN_TO_GROUPS,
            run=_license_group,
        ),
        _Known(
            path=_path("/api/held-changes/{id}/approve"),
            permission=Permission.DECIDE_HELD_CHANGES,
            run=_approve,
        ),
        _Known(
            path=_path("/api/subscriptions"), permission=Permission.WRITE_SUBSCRIPTIONS, run=_buy
        ),
    ),
    "PATCH": (
        _Known(path=_path(_USER), permission=Permission.SET_USAGE_LOCATION, run=_set_location),
        _Known(
            path=_path(f"{_USER}/licenses/{{sku}}"),
            permission=Permission.ASSIGN_TO_USERS,
            run=_change,
        ),
        _Known(
            path=_path("/api/subscriptions/{id}"),
            permission=Permission.WRITE_SUBSCRIPTIONS,
            run=_set_units,
        ),
    ),
    "DELETE": (
        _Known(
            path=_path(f"{_USER}/licenses/{{sku}}"),
            permission=Permission.ASSIGN_TO_USERS,
            run=_unassign,
        ),
        _Known(
            path=_path(f"{_GROUP}/members/{{user}}"),
            permission=Permission.WRITE_GROUPS,
            run=_leave,
        ),
    ),
}


def _known(method: str, path: str) -> tuple[_Known, Match[str]] | None:
    """The use case behind a call, with what its path names."""
    for one in _KNOWN.get(method, ()):
        match = one.path.fullmatch(unquote(path))
        if match is not None:
            return one, match
    return None


FIX_PAGES = (apply_fix,)
