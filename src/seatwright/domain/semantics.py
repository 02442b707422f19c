"""Every point where Microsoft's behaviour and the better behaviour differ, in one record.

A tenant chooses a preset and may override single fields. What both presets do alike is no
field: a dependency that blocks a removal leaves an error row (CON-01), suspended units take no
new assignments (SUB-012), a deleted user's seats come free at once (CON-09).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum, unique

from seatwright.domain.errors import Reason, Refusal


@unique
class Preset(StrEnum):
    """The two ready-made sets of semantics."""

    NATIVE = "native"
    ENTRA = "entra"


@unique
class ExclusionOrder(StrEnum):
    """Which of two new products that exclude each other is given."""

    PRIORITY = "priority"
    """Smallest priority number first, then the older assignment, then the SKU."""

    TIME = "time"
    """The older assignment first, then the SKU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantics:
    """How one tenant wants licensing to behave.

    Durations are upper bounds of what Microsoft documents; the native preset waits for nothing.
    """

    preset: Preset
    siblings_fail_together: bool
    """A product that fails blocks the other products of its group for that person (GBL-080)."""

    seats_refill_by_themselves: bool
    """Freed or bought seats go to the waiting list without a reprocess (GBL-120, CON-06)."""

    nested_groups_count: bool
    """Members of a group inside a licensed group are licensed too (GBL-004)."""

    prerequisite_in_same_group: bool
    """What a group's product depends on must come from the same group (GBL-090)."""

    exclusion_order: ExclusionOrder
    """Which of two new, mutually exclusive products wins."""

    group_licensing_needs_entra_p1: bool
    """Group licensing is refused, not only warned about, without Entra ID P1 (T-159)."""

    warning_units_are_assignable: bool
    """Units in their grace period take new assignments (CON-07)."""

    claim_activation_delay: timedelta
    """How long a new auto-claim policy waits before it gives its first license."""

    claim_group_delivery_delay: timedelta
    """How long a claim that is delivered through a group may take."""

    success_error_name: str | None
    """What Graph's `error` says on success: the text `None`, or null (CON-13)."""

    brake_on_removals: bool
    """Removals beyond the tenant's limit stop and wait for a second administrator."""


NATIVE = Semantics(
    preset=Preset.NATIVE,
    siblings_fail_together=False,
    seats_refill_by_themselves=True,
    nested_groups_count=True,
    prerequisite_in_same_group=False,
    exclusion_order=ExclusionOrder.PRIORITY,
    group_licensing_needs_entra_p1=False,
    warning_units_are_assignable=True,
    claim_activation_delay=timedelta(0),
    claim_group_delivery_delay=timedelta(0),
    success_error_name=None,
    brake_on_removals=True,
)

ENTRA = Semantics(
    preset=Preset.ENTRA,
    siblings_fail_together=True,
    seats_refill_by_themselves=False,
    nested_groups_count=False,
    prerequisite_in_same_group=True,
    exclusion_order=ExclusionOrder.TIME,
    group_licensing_needs_entra_p1=True,
    warning_units_are_assignable=True,
    claim_activation_delay=timedelta(hours=2),
    claim_group_delivery_delay=timedelta(hours=24),
    success_error_name="None",
    brake_on_removals=False,
)

_PRESETS: Mapping[Preset, Semantics] = {Preset.NATIVE: NATIVE, Preset.ENTRA: ENTRA}
_DURATIONS = frozenset({"claim_activation_delay", "claim_group_delivery_delay"})


def semantics_of(
    preset: Preset, *, overrides: Mapping[str, bool | int | str | None] | None = None
) -> Semantics:
    """Give a preset with single fields overridden; durations are given in whole seconds.

    Raises `Refusal` (invalidValue) for a field that does not exist or a value that does not fit.
    """
    values = {name: _parsed(name, value) for name, value in (overrides or {}).items()}
    return replace(_PRESETS[preset], **values)  # type: ignore[arg-type]  # _parsed checks each


def _parsed(name: str, value: bool | int | str | None) -> object:
    known = {field.name: field.type for field in fields(Semantics)}
    if name == "preset" or name not in known:
        choices = ", ".join(sorted(set(known) - {"preset"}))
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no semantics field “{name}”. Choose one of: {choices}.",
        )
    if name in _DURATIONS:
        return _duration(name, value)
    if name == "exclusion_order":
        return _exclusion_order(value)
    if name == "success_error_name":
        return _error_name(value)
    if not isinstance(value, bool):
        raise _misfit(name, value, wanted="true or false")
    return value


def _duration(name: str, value: bool | int | str | None) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _misfit(name, value, wanted="a number of seconds, 0 or more")
    return timedelta(seconds=value)


def _exclusion_order(value: bool | int | str | None) -> ExclusionOrder:
    if value not in set(ExclusionOrder):
        raise _misfit("exclusion_order", value, wanted="priority or time")
    return ExclusionOrder(str(value))


def _error_name(value: bool | int | str | None) -> str | None:
    if value is not None and value != "None":
        raise _misfit("success_error_name", value, wanted="null or the text None")
    return None if value is None else "None"


def _misfit(name: str, value: object, *, wanted: str) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE, f"The semantics field “{name}” cannot be {value!r}: give {wanted}."
    )
