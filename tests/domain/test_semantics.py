"""The two presets, and what may be overridden in them."""

from datetime import timedelta

import pytest

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.semantics import (
    ENTRA,
    NATIVE,
    ExclusionOrder,
    Preset,
    semantics_of,
)


def test_a_preset_without_overrides_is_itself() -> None:
    assert semantics_of(Preset.NATIVE) == NATIVE
    assert semantics_of(Preset.ENTRA, overrides={}) == ENTRA


def test_the_presets_differ_where_the_architecture_says() -> None:
    assert ENTRA.siblings_fail_together and not NATIVE.siblings_fail_together
    assert NATIVE.seats_refill_by_themselves and not ENTRA.seats_refill_by_themselves
    assert NATIVE.nested_groups_count and not ENTRA.nested_groups_count
    assert ENTRA.prerequisite_in_same_group and not NATIVE.prerequisite_in_same_group
    assert ENTRA.claim_activation_delay == timedelta(hours=2)
    assert ENTRA.success_error_name == "None" and NATIVE.success_error_name is None
    assert ENTRA.warning_units_are_assignable and NATIVE.warning_units_are_assignable


def test_single_fields_are_overridden() -> None:
    mixed = semantics_of(
        Preset.ENTRA,
        overrides={
            "nested_groups_count": True,
            "claim_activation_delay": 60,
            "exclusion_order": "priority",
            "success_error_name": None,
        },
    )
    assert mixed.nested_groups_count
    assert mixed.claim_activation_delay == timedelta(minutes=1)
    assert mixed.exclusion_order is ExclusionOrder.PRIORITY
    assert mixed.success_error_name is None
    assert mixed.siblings_fail_together


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nested_groups", True),
        ("preset", "entra"),
        ("nested_groups_count", "yes"),
        ("nested_groups_count", 1),
        ("claim_activation_delay", -1),
        ("claim_activation_delay", True),
        ("exclusion_order", "size"),
        ("success_error_name", "none"),
    ],
)
def test_a_wrong_override_is_refused_by_name(field: str, value: bool | int | str) -> None:
    with pytest.raises(Refusal) as refused:
        semantics_of(Preset.NATIVE, overrides={field: value})
    assert refused.value.reason is Reason.INVALID_VALUE
    assert field in refused.value.detail
