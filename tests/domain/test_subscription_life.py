"""Whatever is done to a purchase, time takes it through its states in order, and to an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.offers import OFFERS, OfferType, months_after, next_cycle
from seatwright.domain.subscription_life import cancelled, in_state, next_step, renewed
from seatwright.domain.subscription_states import RIGHTS, PurchaseAction, require_allowed
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus

START = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
ORDER = list(SubscriptionStatus)
MOMENTS = st.integers(-50_000, 100_000).map(lambda hours: START + timedelta(hours=hours))


def purchase(offer: OfferType, *, renews: bool = False) -> Subscription:
    return Subscription(
        subscription_id=UUID(int=1),
        sku_no=SkuNo(1),
        units=10,
        status=SubscriptionStatus.ENABLED,
        starts_at=START,
        created_at=START,
        next_lifecycle_at=months_after(START, 12),
        offer_type=offer,
        renews=renews,
    )


def lived(one: Subscription, *, until: datetime) -> list[Subscription]:
    """Every purchase that one becomes, by time alone."""
    states = []
    while (step := next_step(one)) is not None and step.at <= until:
        assert step.after.next_lifecycle_at is None or step.after.next_lifecycle_at > step.at
        one = step.after
        states.append(one)
    return states


@given(
    offer=st.sampled_from(OfferType),
    acts=st.lists(
        st.tuples(st.sampled_from(("renew", "cancel", "wait", *ORDER)), st.integers(0, 200)),
        max_size=12,
    ),
)
def test_every_course_of_a_purchase_keeps_to_the_table(
    offer: OfferType, acts: list[tuple[str, int]]
) -> None:
    one, now = purchase(offer), START
    for act, days in acts:
        now += timedelta(days=days)
        passed = [one, *lived(one, until=now)]
        for before, after in pairwise(passed):
            assert ORDER.index(after.status) == ORDER.index(before.status) + 1
        one = passed[-1]
        allowed = RIGHTS[one.status].actions
        if act == "renew" and PurchaseAction.RENEW in allowed:
            one = renewed(one, now=now)
            assert one.status is SubscriptionStatus.ENABLED
            assert one.next_lifecycle_at is not None
            assert one.next_lifecycle_at > now
        elif act == "cancel" and PurchaseAction.CANCEL in allowed:
            one = cancelled(one, now=now, end=months_after(now, 1))
            assert one.status in {SubscriptionStatus.ENABLED, SubscriptionStatus.LOCKED_OUT}
            assert not one.renews
        elif act in ORDER:
            one = in_state(one, SubscriptionStatus(act), since=now)
        for action in PurchaseAction:
            if action not in RIGHTS[one.status].actions:
                with pytest.raises(Refusal) as refused:
                    require_allowed(one, action)
                assert refused.value.reason is Reason.SUBSCRIPTION_SUSPENDED
    ends = lived(replace(one, renews=False), until=now + timedelta(days=5000))
    is_open = one.status is SubscriptionStatus.ENABLED and one.next_lifecycle_at is None
    assert is_open or [one, *ends][-1].status is SubscriptionStatus.DELETED


@pytest.mark.parametrize("offer", list(OfferType))
def test_suspended_and_locked_out_last_as_long_as_the_source_says_together(
    offer: OfferType,
) -> None:
    states = {one.status: one for one in lived(purchase(offer), until=months_after(START, 60))}
    expired = months_after(START, 12)
    suspended = states[SubscriptionStatus.WARNING].next_lifecycle_at
    deleted = states[SubscriptionStatus.LOCKED_OUT].next_lifecycle_at
    assert suspended is not None
    assert deleted is not None
    assert (suspended - expired).days == OFFERS[offer].warning_days
    assert (deleted - suspended).days == OFFERS[offer].disabled_days


@given(start=MOMENTS, after=MOMENTS, months=st.integers(1, 60))
def test_the_next_cycle_is_the_first_one_after_a_moment(
    start: datetime, after: datetime, months: int
) -> None:
    found = next_cycle(start, months=months, after=after)
    assert found > after
    assert found > start
    turns = [months_after(start, turn * months) for turn in range(1, 260)]
    assert found == next((turn for turn in turns if turn > after), found)
