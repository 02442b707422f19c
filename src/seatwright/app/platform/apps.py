"""Apps: listing, making, changing and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.environments import changed_names, require_environment
from seatwright.app.platform.naming import pick, record_platform, texts_to_find
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.platform import AppKind, AppNo, EnvironmentNo, Need, read_version
from seatwright.domain.platform_needs import NeedOrder, read_needs
from seatwright.domain.platform_things import (
    App,
    AppFields,
    check_app,
    checked_external_id,
    checked_name,
    chosen,
)
from seatwright.postgres.platform_apps import (
    AppPlace,
    AppRecord,
    apps_by_number,
    delete_app,
    find_apps,
    insert_apps,
    list_apps,
    lock_apps,
    update_apps,
)
from seatwright.postgres.platform_environments import raise_platform_version
from seatwright.postgres.tenants import take_numbers

NEW_APP = AppFields(name="")
"""What an edit that makes an app starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEdit:
    """What a caller says about an app; None stays as it is, an empty text or list clears."""

    name: str | None = None
    external_id: str | None = None
    kind: str | None = None
    environment: str | None = None
    is_premium: bool | None = None
    needs_security_role: bool | None = None
    needs: Sequence[NeedOrder] | None = None
    client_version_min: str | None = None


async def page_of_apps(
    call: Call, *, environment: str | None, after: AppPlace, limit: int
) -> list[App]:
    """Apps by name, of one environment or of all; one more than `limit` if there are more.

    Raises Refusal unknownEnvironment.
    """
    number = None
    if environment is not None:
        number = (await require_environment(call, environment)).environment_no
    return await list_apps(call.tx, after=after, limit=limit + 1, environment=number)


async def require_app(call: Call, text: str) -> App:
    """The app with this id, outer id, or a name that only it has.

    Raises Refusal unknownApp, and invalidValue for a name that several have.
    """
    ids, keys = texts_to_find((text,))
    number = pick(await find_apps(call.tx, ids=ids, keys=keys), text)
    found = None if number is None else (await apps_by_number(call.tx, (number,))).get(number)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_APP,
            f"There is no app “{text[:60]}”: GET /api/platform/apps lists which there are.",
            context={"app": text[:200]},
        )
    return found


async def add_app(call: Call, edit: AppEdit) -> App:
    """Store an app; nobody may open it until it is shared.

    Raises Refusal invalidValue, unknownEnvironment, unknownSku.
    """
    fields = await fields_after(call, edit, NEW_APP)
    record = AppRecord(
        app_no=AppNo(await take_numbers(call.tx, "app", 1)), id=uuid4(), fields=fields
    )
    if not await insert_apps(call.tx, (record,), at=call.now):
        raise _taken(fields)
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_ADDED, "app", record.id)
    return await require_app(call, str(record.id))


async def change_app(call: Call, text: str, edit: AppEdit) -> App:
    """Change an app; what is not given stays, and so does whom it is shared with.

    Raises Refusal unknownApp, and what `add_app` raises.
    """
    found = await require_app(call, text)
    await lock_apps(call.tx, (found.app_no,))
    found = await require_app(call, str(found.id))
    before = fields_of_app(found)
    after = await fields_after(call, edit, before)
    if after == before:
        return found
    if not await update_apps(call.tx, (AppRecord(app_no=found.app_no, id=found.id, fields=after),)):
        raise _taken(after)
    await raise_platform_version(call.tx)
    await record_platform(
        call,
        HistoryAction.PLATFORM_UPDATED,
        "app",
        found.id,
        changed=changed_names(before, after),
    )
    return await require_app(call, str(found.id))


async def remove_app(call: Call, text: str) -> None:
    """Forget an app.

    Raises Refusal unknownApp, and stillInUse while an auto-claim policy is for it.
    """
    found = await require_app(call, text)
    if not await delete_app(call.tx, found.app_no):
        raise Refusal(
            Reason.STILL_IN_USE,
            f"An auto-claim policy is for the app {found.name}: delete that policy first.",
            context={"appId": str(found.id)},
        )
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, "app", found.id)


async def fields_after(call: Call, edit: AppEdit, before: AppFields) -> AppFields:
    """The fields of an app after an edit, with everything that it names looked up.

    Raises Refusal invalidValue, unknownEnvironment, unknownSku.
    """
    environment = before.environment
    if edit.environment is not None:
        text = edit.environment.strip()
        environment = (await require_environment(call, text)).environment_no if text else None
    needs = before.needs
    if edit.needs is not None:
        needs = read_needs(await catalog_of(call), edit.needs)
    return edited_app(edit, before, environment=environment, needs=needs)


def edited_app(
    edit: AppEdit,
    before: AppFields,
    *,
    environment: EnvironmentNo | None,
    needs: tuple[Need, ...],
) -> AppFields:
    """The fields of an app after an edit whose environment and needs are looked up.

    Raises Refusal invalidValue.
    """
    after = replace(before, environment=environment, needs=needs)
    if edit.name is not None or not before.name:
        after = replace(after, name=checked_name(edit.name or "", noun="an app"))
    if edit.external_id is not None:
        after = replace(after, external_id=checked_external_id(edit.external_id))
    if edit.kind is not None:
        after = replace(after, kind=chosen(AppKind, edit.kind, field="kind"))
    if edit.is_premium is not None:
        after = replace(after, is_premium=edit.is_premium)
    if edit.needs_security_role is not None:
        after = replace(after, needs_security_role=edit.needs_security_role)
    if edit.client_version_min is not None:
        text = edit.client_version_min.strip()
        after = replace(after, client_version_min=read_version(text) if text else None)
    check_app(after)
    return after


def fields_of_app(one: App) -> AppFields:
    """What is set about a stored app."""
    return AppFields(
        name=one.name,
        external_id=one.external_id,
        kind=one.kind,
        environment=None if one.environment is None else one.environment.environment_no,
        is_premium=one.is_premium,
        needs_security_role=one.needs_security_role,
        needs=one.needs,
        client_version_min=one.client_version_min,
    )


def _taken(fields: AppFields) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"Another app has the externalId “{fields.external_id}” already.",
        context={"value": fields.external_id or ""},
    )
