"""`/api/settings`."""

from __future__ import annotations

from typing import Any

from litestar import get, patch
from litestar.params import JSONBody

from seatwright.app.settings import change_settings, read_settings
from seatwright.domain.roles import Permission
from seatwright.domain.settings import SETTINGS, SettingValue
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape


class SettingShape(Shape, kw_only=True, frozen=True):
    """One setting: what it is, what it would be by itself, and who may change it."""

    name: str
    value: SettingValue
    default: SettingValue
    type: str
    meaning: str
    role: str


class SettingsShape(Shape, kw_only=True, frozen=True):
    """Every setting of the tenant."""

    value: list[SettingShape]


def _shape(values: dict[str, SettingValue]) -> SettingsShape:
    return SettingsShape(
        value=[
            SettingShape(
                name=setting.name,
                value=values[setting.name],
                default=setting.default,
                type=setting.kind,
                meaning=setting.meaning,
                role=setting.role.value,
            )
            for setting in SETTINGS.values()
        ]
    )


@get("/api/settings", opt=needs(Permission.READ_SETTINGS), summary="Read the settings")
async def get_settings(call: TheCall) -> SettingsShape:
    """Every tenant setting with its type, default, and who may change it."""
    return _shape(read_settings(call))


@patch("/api/settings", opt=needs(Permission.WRITE_SETTINGS), summary="Change settings")
async def patch_settings(call: TheCall, data: JSONBody[dict[str, Any]]) -> SettingsShape:
    """Names and new values; all of them are changed, or none."""
    return _shape(await change_settings(call, data))


SETTINGS_ROUTES = (get_settings, patch_settings)
