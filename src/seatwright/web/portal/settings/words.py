"""How the settings of a tenant are called on their page, and which stand together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.domain.semantics import Preset
from seatwright.domain.settings import SETTINGS, Setting, SettingValue, as_preset_has_it
from seatwright.web.portal.frame.language import gettext, marked

_LABELS: Final[Mapping[str, str]] = {
    "preset": marked("Semantics"),
    "usageLocation": marked("Usage location of the organization"),
    "siblingsFailTogether": marked("Products of a group fail together"),
    "seatsRefillByThemselves": marked("Seats refill by themselves"),
    "nestedGroupsCount": marked("Nested groups count"),
    "prerequisiteInSameGroup": marked("Prerequisites come from the same group"),
    "groupLicensingNeedsEntraP1": marked("Group licensing needs Entra ID P1"),
    "warningUnitsAreAssignable": marked("Expired units in grace are assignable"),
    "brakeOnRemovals": marked("Large removals wait for a second person"),
    "importRemovalsMax": marked("Removals by an import, at most"),
    "importRemovalsPercentMax": marked("Removals by an import, per cent at most"),
    "brakePeopleMax": marked("People who lose a product in an hour, at most"),
    "brakePercentMax": marked("People who lose a product in an hour, per cent at most"),
    "bulkAdviceAbove": marked("Advise bulk or a group above"),
    "fullReconcileHours": marked("Look at everybody every so many hours"),
    "deletedUsersKeptDays": marked("Days that deleted people can be restored"),
    "expiryWarningDays": marked("Days before an end when people are warned"),
    "requestMessage": marked("Message to people who ask for a license"),
    "requestUrl": marked("Address of a request process of your own"),
    "requestHoldHours": marked("Hours that a seat is held for a request"),
    "requestHoldPercentMax": marked("Free seats held for requests, per cent at most"),
    "requestsOpenMax": marked("Open requests of one person, at most"),
    "administratorAddresses": marked("Mail addresses of the administrators"),
    "timeZone": marked("Time zone"),
    "digestHour": marked("Hour of the daily mail"),
    "deliveriesTriedHours": marked("Hours that a mail or call is tried"),
    "webhooksDisabledAfterHours": marked("Hours of failures that disable a webhook"),
    "tellingsKeptDays": marked("Days that inboxes and sent mails are kept"),
    "seatsLowAt": marked("Tell administrators at so many free seats"),
    "seatsLowPercent": marked("Tell administrators at so many per cent free"),
    "roleClaimValues": marked("Roles by what the identity provider says"),
    "graphThrottling": marked("Throttling as Microsoft Graph does it"),
}

_GROUPS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "semantics",
        marked("How licensing behaves"),
        (
            "preset",
            "usageLocation",
            "siblingsFailTogether",
            "seatsRefillByThemselves",
            "nestedGroupsCount",
            "prerequisiteInSameGroup",
            "groupLicensingNeedsEntraP1",
            "warningUnitsAreAssignable",
            "brakeOnRemovals",
        ),
    ),
    (
        "removals",
        marked("Large removals"),
        ("brakePeopleMax", "brakePercentMax", "importRemovalsMax", "importRemovalsPercentMax"),
    ),
    (
        "requests",
        marked("Requests for licenses"),
        (
            "requestMessage",
            "requestUrl",
            "requestHoldHours",
            "requestHoldPercentMax",
            "requestsOpenMax",
        ),
    ),
    (
        "telling",
        marked("What people are told"),
        (
            "administratorAddresses",
            "expiryWarningDays",
            "seatsLowAt",
            "seatsLowPercent",
            "timeZone",
            "digestHour",
            "deliveriesTriedHours",
            "webhooksDisabledAfterHours",
            "tellingsKeptDays",
        ),
    ),
    ("roles", marked("Signing in"), ("roleClaimValues",)),
)
_YES_BY_PRESET: Final = marked("yes, as the preset has it")
_NO_BY_PRESET: Final = marked("no, as the preset has it")
_REST: Final = ("rest", marked("Upkeep"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting on the page: `text` is its value in its control, `choices` with their words."""

    name: str
    label: str
    meaning: str
    text: str
    is_number: bool
    is_optional: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGroup:
    """Settings that stand together; `touches_many` has its form previewed first."""

    name: str
    title: str
    fields: tuple[Field, ...]
    touches_many: bool


def field_groups(values: Mapping[str, object]) -> tuple[FieldGroup, ...]:
    """Every setting with these values, in groups; those that nobody named a group come last."""
    placed = {name for _, _, names in _GROUPS for name in names}
    rest = (*_REST, tuple(name for name in SETTINGS if name not in placed))
    return tuple(
        FieldGroup(
            name=name,
            title=gettext(title),
            fields=tuple(_fields(names, values)),
            touches_many=name == "semantics",
        )
        for name, title, names in (*_GROUPS, rest)
    )


def _fields(names: tuple[str, ...], values: Mapping[str, object]) -> Iterator[Field]:
    for name in names:
        setting = SETTINGS.get(name)
        if setting is not None:
            yield _field(setting, values.get(name), str(values.get("preset")))


def _field(setting: Setting, value: object, preset: str) -> Field:
    return Field(
        name=setting.name,
        label=gettext(_LABELS[setting.name]),
        meaning=gettext(setting.meaning.removesuffix(" Null: as the preset has it.")),
        text=_text_of(value),
        is_number=setting.kind.startswith("number"),
        is_optional=setting.kind.endswith("or null") or setting.kind == "string",
        choices=_choices(setting, preset),
    )


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _choices(setting: Setting, preset: str) -> tuple[tuple[str, str], ...]:
    if setting.kind.startswith("boolean"):
        chosen = Preset(preset) if preset in set(Preset) else Preset.NATIVE
        is_on = as_preset_has_it(setting.name, chosen)
        default = gettext(_YES_BY_PRESET if is_on else _NO_BY_PRESET)
        return (("", default), ("yes", gettext("yes")), ("no", gettext("no")))
    if " | " in setting.kind:
        return tuple((one, one) for one in setting.kind.split(" | "))
    return ()


def value_of(name: str, text: str) -> SettingValue:
    """What somebody wrote into a field, as the setting has it; a check comes after."""
    kind = SETTINGS[name].kind if name in SETTINGS else "string"
    if kind.endswith("or null") and not text:
        return None
    if kind.startswith("boolean"):
        return {"yes": True, "no": False}.get(text, text)
    if kind.startswith("number") and text.lstrip("-").isdecimal() and len(text) <= 12:
        return int(text)
    return text
