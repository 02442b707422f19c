"""Sets of service plans as bit masks."""

from hypothesis import given
from hypothesis import strategies as st

from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    ServicePlanNo,
    service_plan_bits,
    service_plan_numbers,
)


def test_the_empty_set_has_no_service_plans() -> None:
    assert service_plan_bits() == NO_SERVICE_PLANS
    assert service_plan_numbers(NO_SERVICE_PLANS) == ()


@given(st.sets(st.integers(0, 800).map(ServicePlanNo), max_size=20))
def test_a_set_gives_back_its_service_plans_in_order(numbers: set[ServicePlanNo]) -> None:
    assert service_plan_numbers(service_plan_bits(*numbers)) == tuple(sorted(numbers))
