"""The settings of a tenant: every one with its type, default, meaning, and who may change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.identities import role_mapping
from seatwright.domain.locations import is_location
from seatwright.domain.mail_addresses import ADDRESSES_MAX, addresses_in
from seatwright.domain.roles import Role
from seatwright.domain.semantics import Preset, Semantics, semantics_of
from seatwright.domain.time_zones import zone_named
from seatwright.domain.warning_days import are_warning_days

SettingValue = bool | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: `kind` is its JSON type in words, `check` says why a value does not fit."""

    name: str
    kind: str
    default: SettingValue
    meaning: str
    check: Callable[[object], str | None]
    role: Role = Role.GLOBAL_ADMINISTRATOR


def _is_boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "give true or false"


def _number(low: int, high: int) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"give a whole number from {low} to {high}"

    return check


def _choice(*choices: str) -> Callable[[object], str | None]:
    return lambda value: None if value in choices else f"give one of: {', '.join(choices)}"


def _location(value: object) -> str | None:
    if value is None or (isinstance(value, str) and is_location(value)):
        return None
    return "give a two-letter ISO 3166-1 country code such as NO, or null"


def _text(low: int, high: int) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        fits = isinstance(value, str) and low <= len(value.strip()) and len(value) <= high
        fits = fits and str(value).isprintable()
        return None if fits else f"give {low} to {high} characters in one line"

    return check


def _web_address(value: object) -> str | None:
    """Only what a browser opens safely: the address is shown to people as a link."""
    is_address = isinstance(value, str) and value.startswith(("https://", "http://"))
    if is_address and len(str(value)) <= 2000 and str(value).isascii() and " " not in str(value):
        return None
    return "give an address that begins with https:// or http://, or null"


def _warning_days(value: object) -> str | None:
    if are_warning_days(value):
        return None
    return "give at most five numbers of days from 1 to 365 with commas in between, as in “30, 7”"


def _addresses(value: object) -> str | None:
    if value is None or (isinstance(value, str) and addresses_in(value) is not None):
        return None
    return f"give at most {ADDRESSES_MAX} mail addresses with commas in between, or null"


def _time_zone(value: object) -> str | None:
    if isinstance(value, str) and zone_named(value) is not None:
        return None
    return "give the name of a time zone as IANA has them, such as Europe/Oslo or UTC"


def _role_mapping(value: object) -> str | None:
    if role_mapping(value) is not None:
        return None
    return (
        "give what the identity provider says and the role it means, with commas in between, as in"
        " “licensing=license-administrator, auditors=global-reader”, or null"
    )


def _or_null(check: Callable[[object], str | None]) -> Callable[[object], str | None]:
    return lambda value: None if value is None else check(value)


_OVERRIDES: Final = {
    "siblingsFailTogether": (
        "siblings_fail_together",
        "A product that fails blocks the other products of its group for that person.",
    ),
    "seatsRefillByThemselves": (
        "seats_refill_by_themselves",
        "Freed or bought seats go to the waiting list at once.",
    ),
    "nestedGroupsCount": (
        "nested_groups_count",
        "Members of a group inside a licensed group are licensed too.",
    ),
    "prerequisiteInSameGroup": (
        "prerequisite_in_same_group",
        "What a group's product depends on must come from the same group.",
    ),
    "groupLicensingNeedsEntraP1": (
        "group_licensing_needs_entra_p1",
        "Group licensing is refused without a product that contains Entra ID P1.",
    ),
    "warningUnitsAreAssignable": (
        "warning_units_are_assignable",
        "Units of an expired subscription in its grace period take new assignments.",
    ),
    "brakeOnRemovals": (
        "brake_on_removals",
        "Large removals wait for a second administrator.",
    ),
}

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting
    for setting in (
        Setting(
            name="preset",
            kind="native | entra",
            default=Preset.NATIVE.value,
            meaning="Which semantics the tenant has where Microsoft's differ from the better ones.",
            check=_choice(*(preset.value for preset in Preset)),
        ),
        Setting(
            name="usageLocation",
            kind="string or null",
            default=None,
            meaning="Where people without a usage location of their own use what groups give them.",
            check=_location,
        ),
        Setting(
            name="importRemovalsMax",
            kind="number",
            default=100,
            meaning="An import that would remove or disable more than this many is stopped unless"
            " it is confirmed.",
            check=_number(0, 1_000_000),
        ),
        Setting(
            name="importRemovalsPercentMax",
            kind="number",
            default=5,
            meaning="The same limit in per cent of what there is; the smaller of both counts, but"
            " never fewer than 10.",
            check=_number(0, 100),
        ),
        Setting(
            name="brakePeopleMax",
            kind="number",
            default=100,
            meaning="Within an hour one principal takes a product from no more people than this;"
            " what is beyond waits for a second administrator.",
            check=_number(0, 1_000_000),
        ),
        Setting(
            name="brakePercentMax",
            kind="number",
            default=5,
            meaning="The same limit in per cent of the product's holders; the smaller of both"
            " counts, but never fewer than 10.",
            check=_number(0, 100),
        ),
        Setting(
            name="bulkAdviceAbove",
            kind="number",
            default=25,
            meaning="A product that more people than this have by hand draws the advice to"
            " use bulk or a group.",
            check=_number(1, 100_000),
        ),
        Setting(
            name="fullReconcileHours",
            kind="number",
            default=24,
            meaning="How often everybody is looked at as a safety net; 0: never.",
            check=_number(0, 24 * 31),
        ),
        Setting(
            name="deletedUsersKeptDays",
            kind="number",
            default=30,
            meaning="How long a deleted person can be restored before they are purged.",
            check=_number(1, 3650),
        ),
        Setting(
            name="expiryWarningDays",
            kind="string",
            default="30, 7",
            meaning="How many days before a license ends its person is warned: up to five numbers"
            " with commas in between; empty: never.",
            check=_warning_days,
        ),
        Setting(
            name="requestMessage",
            kind="string or null",
            default=None,
            meaning="What people read who ask for a license, where the organization has a process"
            " of its own for that.",
            check=_or_null(_text(1, 1000)),
        ),
        Setting(
            name="requestUrl",
            kind="string or null",
            default=None,
            meaning="Where people ask for a license in that process; without one: at seatwright.",
            check=_or_null(_web_address),
        ),
        Setting(
            name="requestHoldHours",
            kind="number",
            default=72,
            meaning="For how long a seat is held for a license request while it is decided;"
            " 0: none is.",
            check=_number(0, 24 * 14),
        ),
        Setting(
            name="requestHoldPercentMax",
            kind="number",
            default=50,
            meaning="Requests together hold at most so many per cent of a product's free seats;"
            " who comes after stands in line for one.",
            check=_number(0, 100),
        ),
        Setting(
            name="requestsOpenMax",
            kind="number",
            default=100,
            meaning="How many license requests somebody may have open at a time. Who may decide"
            " about everybody's is not bound by it.",
            check=_number(1, 10_000),
        ),
        Setting(
            name="seatsLowAt",
            kind="number or null",
            default=0,
            meaning="Administrators are told when no more seats of a product than this are free;"
            " without a number: never.",
            check=_or_null(_number(0, 100_000)),
        ),
        Setting(
            name="seatsLowPercent",
            kind="number",
            default=5,
            meaning="They are told as well when at most so many per cent of its seats are free.",
            check=_number(0, 100),
        ),
        Setting(
            name="administratorAddresses",
            kind="string or null",
            default=None,
            meaning="Mail addresses, with commas in between, that are told what concerns the"
            " administrators; without one: their inbox alone has it.",
            check=_addresses,
        ),
        Setting(
            name="timeZone",
            kind="string",
            default="UTC",
            meaning="In which time zone (IANA) mails name a moment, and daily mails go out.",
            check=_time_zone,
        ),
        Setting(
            name="digestHour",
            kind="number",
            default=8,
            meaning="At what hour of the time zone those who want one mail a day about decisions"
            " that wait get it.",
            check=_number(0, 23),
        ),
        Setting(
            name="deliveriesTriedHours",
            kind="number",
            default=72,
            meaning="How long a mail or a call of a webhook is tried before it is given up.",
            check=_number(1, 24 * 14),
        ),
        Setting(
            name="webhooksDisabledAfterHours",
            kind="number",
            default=72,
            meaning="A webhook of which every call has failed for so long is called no more.",
            check=_number(1, 24 * 31),
        ),
        Setting(
            name="tellingsKeptDays",
            kind="number",
            default=90,
            meaning="How long inboxes, and mails and calls that were sent, are kept.",
            check=_number(1, 3650),
        ),
        Setting(
            name="roleClaimValues",
            kind="string or null",
            default=None,
            meaning="Which roles the values of the identity provider's role claim mean, where they"
            " are no names of roles themselves: “licensing=license-administrator”, with commas in"
            " between.",
            check=_role_mapping,
        ),
        Setting(
            name="graphThrottling",
            kind="off | small | medium | large",
            default="off",
            meaning="Whether calls under /v1.0 and /beta are throttled as Microsoft Graph throttles"
            " a tenant of that size, so that scripts can be tried against it.",
            check=_choice("off", "small", "medium", "large"),
        ),
        *(
            Setting(
                name=name,
                kind="boolean or null",
                default=None,
                meaning=f"{meaning} Null: as the preset has it.",
                check=_or_null(_is_boolean),
            )
            for name, (_, meaning) in _OVERRIDES.items()
        ),
    )
}


def as_preset_has_it(name: str, preset: Preset) -> bool | None:
    """What a preset says where a setting leaves it to the preset; None for any other setting."""
    if name not in _OVERRIDES:
        return None
    field, _ = _OVERRIDES[name]
    return bool(getattr(semantics_of(preset), field))


def check_setting(name: str, value: object) -> SettingValue:
    """A value that fits its setting.

    Raises Refusal invalidValue for an unknown name or a value that does not fit.
    """
    setting = SETTINGS.get(name)
    if setting is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no setting “{name}”. Choose one of: {', '.join(SETTINGS)}.",
        )
    misfit = setting.check(value)
    if misfit is not None:
        raise Refusal(Reason.INVALID_VALUE, f"The setting “{name}” cannot be {value!r}: {misfit}.")
    assert value is None or isinstance(value, (bool, int, str)), "the checks let nothing else by"
    return value


def setting_value(stored: Mapping[str, object], name: str) -> SettingValue:
    """What a setting is: the stored value, or its default."""
    return check_setting(name, stored.get(name, SETTINGS[name].default))


def whole_number(stored: Mapping[str, object], name: str) -> int:
    """What a setting is whose values are whole numbers."""
    value = setting_value(stored, name)
    assert isinstance(value, int), "its check lets nothing else by"
    return value


def semantics_in(stored: Mapping[str, object]) -> Semantics:
    """The semantics that a tenant's stored settings choose."""
    return _semantics(tuple(sorted((k, v) for k, v in stored.items() if k in SETTINGS)))


@lru_cache(maxsize=1024)
def _semantics(pairs: tuple[tuple[str, object], ...]) -> Semantics:
    stored = dict(pairs)
    overrides = {
        field: bool(stored[name])
        for name, (field, _) in _OVERRIDES.items()
        if stored.get(name) is not None
    }
    return semantics_of(Preset(str(setting_value(stored, "preset"))), overrides=overrides)


def usage_location_in(stored: Mapping[str, object]) -> str | None:
    """The tenant's own usage location."""
    value = setting_value(stored, "usageLocation")
    return None if value is None else str(value)
