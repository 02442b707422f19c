"""Reading and changing a tenant's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seatwright.app.call import Call
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.record import record
from seatwright.app.subscriptions import recount_all
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.settings import SETTINGS, SettingValue, check_setting, setting_value
from seatwright.postgres.tenants import lock_settings, write_settings

_DECISIVE = frozenset(
    {
        "preset",
        "usageLocation",
        "siblingsFailTogether",
        "seatsRefillByThemselves",
        "nestedGroupsCount",
        "prerequisiteInSameGroup",
    }
)
"""Settings by which the engine decides: changing one looks at everybody again, as a job."""

_SEAT_COUNTING = frozenset({"preset", "warningUnitsAreAssignable"})
"""Settings by which units count as seats."""


def read_settings(call: Call) -> dict[str, SettingValue]:
    """Every setting with the value it has."""
    return {name: setting_value(call.tenant.settings, name) for name in SETTINGS}


async def change_settings(call: Call, values: Mapping[str, object]) -> dict[str, SettingValue]:
    """Change some settings; all of them or, when one does not fit, none.

    Raises Refusal invalidValue for an unknown setting or a value that does not fit, and
    roleMissing where a setting is not for the caller's roles.
    """
    stored = dict(await lock_settings(call.tx))
    changed: dict[str, dict[str, SettingValue]] = {}
    for name, value in values.items():
        wanted = check_setting(name, value)
        _may_change(call, name)
        before = setting_value(stored, name)
        if wanted != before:
            changed[name] = {"before": before, "after": wanted}
        if wanted == SETTINGS[name].default:
            stored.pop(name, None)
        else:
            stored[name] = wanted
    if changed:
        await write_settings(call.tx, stored)
        await record(call, HistoryLine(action=HistoryAction.SETTINGS_CHANGED, detail=changed))
        changed_call = replace(call, tenant=replace(call.tenant, settings=stored))
        if not changed.keys().isdisjoint(_SEAT_COUNTING):
            await recount_all(changed_call)
        if not changed.keys().isdisjoint(_DECISIVE):
            await enqueue_reconcile(changed_call, {}, reason=ChangeReason.RECONCILED)
    return {name: setting_value(stored, name) for name in SETTINGS}


def _may_change(call: Call, name: str) -> None:
    role = SETTINGS[name].role
    if role not in call.principal.roles:
        raise Refusal(
            Reason.ROLE_MISSING,
            f"The setting “{name}” is changed with the role {role.value}, which"
            f" “{call.principal.name}” does not have.",
            context={"rolesNeeded": [role.value]},
        )
