"""The seat formula, the state of a SKU's units, and how part numbers are compared."""

from __future__ import annotations

import pytest

from seatwright.domain.catalog import (
    CapabilityStatus,
    PrepaidUnits,
    capability_status,
    lookup_key,
    seats_assignable,
    seats_free,
)


def test_units_in_grace_are_seats() -> None:
    assert seats_assignable(enabled=400, warning=25) == 425


def test_free_seats_are_what_nobody_holds_and_nothing_reserves() -> None:
    assert seats_free(assignable=425, consumed=412, reserved=3) == 10


def test_free_seats_of_an_over_assigned_product_are_below_zero() -> None:
    assert seats_free(assignable=80, consumed=95, reserved=0) == -15


@pytest.mark.parametrize(
    ("units", "status"),
    [
        (PrepaidUnits(enabled=1, suspended=24), CapabilityStatus.ENABLED),
        (PrepaidUnits(warning=5, suspended=20), CapabilityStatus.WARNING),
        (PrepaidUnits(suspended=25, locked_out=1), CapabilityStatus.SUSPENDED),
        (PrepaidUnits(locked_out=1), CapabilityStatus.LOCKED_OUT),
        (PrepaidUnits(), CapabilityStatus.DELETED),
    ],
)
def test_best_state_of_any_unit_is_the_state_of_the_product(
    units: PrepaidUnits, status: CapabilityStatus
) -> None:
    assert capability_status(units) is status


@pytest.mark.parametrize("text", ["spe_e3", " SPE_E3 ", "SPE_E3\u00a0", "\tSpe_E3"])
def test_part_numbers_are_compared_without_regard_to_case_and_blanks(text: str) -> None:
    assert lookup_key(text) == lookup_key("SPE_E3")


def test_different_part_numbers_stay_different() -> None:
    assert lookup_key("SPE_E3") != lookup_key("SPE_E5")
