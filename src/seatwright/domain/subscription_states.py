"""What each state of a purchase allows: one table, which the product asks and a test reads.

People and administrators work as ever in Warning; in Suspended only administrators reach what is
there and no license is assigned, in LockedOut nobody does; Deleted is for good (L-03, SUB-012). It
can be reactivated until it is Deleted (L-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.catalog import PrepaidUnits, seats_assignable
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus


@unique
class PurchaseAction(StrEnum):
    """What somebody may want to do with a purchase; the value is a phrase for people."""

    RAISE = "get more seats"
    REDUCE = "be reduced"
    RENEW = "be renewed"
    CANCEL = "be cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRights:
    """What a state allows.

    `serves` people who have a license; `assigns`: its seats take new people; `assigns_by_setting`:
    they do unless the tenant says otherwise (L-10, setting `warningUnitsAreAssignable`).
    """

    serves: bool
    assigns: bool
    actions: frozenset[PurchaseAction]
    assigns_by_setting: bool = False


RIGHTS: Final[Mapping[SubscriptionStatus, StateRights]] = {
    SubscriptionStatus.ENABLED: StateRights(
        serves=True, assigns=True, actions=frozenset(PurchaseAction)
    ),
    SubscriptionStatus.WARNING: StateRights(
        serves=True,
        assigns=True,
        assigns_by_setting=True,
        actions=frozenset({PurchaseAction.RAISE, PurchaseAction.REDUCE, PurchaseAction.RENEW}),
    ),
    SubscriptionStatus.SUSPENDED: StateRights(
        serves=False, assigns=False, actions=frozenset({PurchaseAction.RENEW})
    ),
    SubscriptionStatus.LOCKED_OUT: StateRights(
        serves=False, assigns=False, actions=frozenset({PurchaseAction.RENEW})
    ),
    SubscriptionStatus.DELETED: StateRights(serves=False, assigns=False, actions=frozenset()),
}


def gives_seats(status: SubscriptionStatus, *, warning_counts: bool) -> bool:
    """Whether the units of a purchase in this state are seats to assign."""
    rights = RIGHTS[status]
    return rights.assigns and (warning_counts or not rights.assigns_by_setting)


def units_assignable(units: PrepaidUnits, *, warning_counts: bool) -> int:
    """Give the seats behind the units of a SKU; a tenant may leave units in grace out (CON-07)."""
    in_grace = gives_seats(SubscriptionStatus.WARNING, warning_counts=warning_counts)
    return seats_assignable(enabled=units.enabled, warning=units.warning if in_grace else 0)


def require_allowed(one: Subscription, action: PurchaseAction) -> None:
    """Let an action by that the purchase's state allows.

    Raises Refusal subscriptionSuspended with what can be done instead.
    """
    if action in RIGHTS[one.status].actions:
        return
    way = (
        "renew it first"
        if PurchaseAction.RENEW in RIGHTS[one.status].actions
        else "what is deleted does not come back, store a new purchase"
    )
    raise Refusal(
        Reason.SUBSCRIPTION_SUSPENDED,
        f"A subscription that is {one.status} cannot {action}: {way}.",
        context={"status": one.status.value, "subscriptionId": str(one.subscription_id)},
    )
