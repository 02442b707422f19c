"""Flows: listing, making, changing and forgetting them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.directory.users import find_user
from seatwright.app.platform.environments import changed_names, require_environment
from seatwright.app.platform.naming import pick, record_platform, texts_to_find
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import UserNo
from seatwright.domain.platform import EnvironmentNo, FlowNo, FlowTrigger
from seatwright.domain.platform_things import (
    Flow,
    FlowFields,
    check_flow,
    checked_external_id,
    checked_name,
    chosen,
)
from seatwright.postgres.platform_environments import raise_platform_version
from seatwright.postgres.platform_flows import (
    FlowPlace,
    FlowRecord,
    delete_flow,
    find_flows,
    flows_by_number,
    insert_flows,
    list_flows,
    lock_flows,
    update_flows,
)
from seatwright.postgres.tenants import take_numbers

NEW_FLOW = FlowFields(name="", environment=EnvironmentNo(0))
"""What an edit that makes a flow starts from; no environment has number 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEdit:
    """What a caller says about a flow; None stays as it is, an empty text clears."""

    name: str | None = None
    external_id: str | None = None
    environment: str | None = None
    is_premium: bool | None = None
    uses_attended_rpa: bool | None = None
    trigger: str | None = None
    owner: str | None = None


async def page_of_flows(
    call: Call, *, environment: str | None, after: FlowPlace, limit: int
) -> list[Flow]:
    """Flows by name, of one environment or of all; one more than `limit` if there are more.

    Raises Refusal unknownEnvironment.
    """
    number = None
    if environment is not None:
        number = (await require_environment(call, environment)).environment_no
    return await list_flows(call.tx, after=after, limit=limit + 1, environment=number)


async def require_flow(call: Call, text: str) -> Flow:
    """The flow with this id, outer id, or a name that only it has.

    Raises Refusal unknownFlow, and invalidValue for a name that several have.
    """
    ids, keys = texts_to_find((text,))
    number = pick(await find_flows(call.tx, ids=ids, keys=keys), text)
    found = None if number is None else (await flows_by_number(call.tx, (number,))).get(number)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_FLOW,
            f"There is no flow “{text[:60]}”: GET /api/platform/flows lists which there are.",
            context={"flow": text[:200]},
        )
    return found


async def add_flow(call: Call, edit: FlowEdit) -> Flow:
    """Store a flow of an environment.

    Raises Refusal invalidValue, unknownEnvironment, unknownUser.
    """
    fields = await fields_after(call, edit, NEW_FLOW)
    record = FlowRecord(
        flow_no=FlowNo(await take_numbers(call.tx, "flow", 1)), id=uuid4(), fields=fields
    )
    if not await insert_flows(call.tx, (record,), at=call.now):
        raise _taken(fields)
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_ADDED, "flow", record.id)
    return await require_flow(call, str(record.id))


async def change_flow(call: Call, text: str, edit: FlowEdit) -> Flow:
    """Change a flow; what is not given stays.

    Raises Refusal unknownFlow, and what `add_flow` raises.
    """
    found = await require_flow(call, text)
    await lock_flows(call.tx, (found.flow_no,))
    found = await require_flow(call, str(found.id))
    before = fields_of_flow(found)
    after = await fields_after(call, edit, before)
    if after == before:
        return found
    if not await update_flows(
        call.tx, (FlowRecord(flow_no=found.flow_no, id=found.id, fields=after),)
    ):
        raise _taken(after)
    await raise_platform_version(call.tx)
    await record_platform(
        call,
        HistoryAction.PLATFORM_UPDATED,
        "flow",
        found.id,
        changed=changed_names(before, after),
    )
    return await require_flow(call, str(found.id))


async def remove_flow(call: Call, text: str) -> None:
    """Forget a flow.

    Raises Refusal unknownFlow.
    """
    found = await require_flow(call, text)
    if not await delete_flow(call.tx, found.flow_no):
        raise Refusal(
            Reason.STILL_IN_USE,
            f"Something is still about the flow {found.name}: delete that first.",
            context={"flowId": str(found.id)},
        )
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, "flow", found.id)


async def fields_after(call: Call, edit: FlowEdit, before: FlowFields) -> FlowFields:
    """The fields of a flow after an edit, with everything that it names looked up.

    Raises Refusal invalidValue, unknownEnvironment, unknownUser.
    """
    environment, owner = before.environment, before.owner
    if edit.environment is not None or not environment:
        environment = (await require_environment(call, edit.environment or "")).environment_no
    if edit.owner is not None:
        text = edit.owner.strip()
        owner = (await find_user(call, text)).user_no if text else None
    return edited_flow(edit, before, environment=environment, owner=owner)


def edited_flow(
    edit: FlowEdit, before: FlowFields, *, environment: EnvironmentNo, owner: UserNo | None
) -> FlowFields:
    """The fields of a flow after an edit whose environment and owner are looked up.

    Raises Refusal invalidValue.
    """
    after = replace(before, environment=environment, owner=owner)
    if edit.name is not None or not before.name:
        after = replace(after, name=checked_name(edit.name or "", noun="a flow"))
    if edit.external_id is not None:
        after = replace(after, external_id=checked_external_id(edit.external_id))
    if edit.is_premium is not None:
        after = replace(after, is_premium=edit.is_premium)
    if edit.uses_attended_rpa is not None:
        after = replace(after, uses_attended_rpa=edit.uses_attended_rpa)
    if edit.trigger is not None:
        after = replace(after, trigger=chosen(FlowTrigger, edit.trigger, field="trigger"))
    check_flow(after)
    return after


def fields_of_flow(one: Flow) -> FlowFields:
    """What is set about a stored flow."""
    return FlowFields(
        name=one.name,
        external_id=one.external_id,
        environment=one.environment.environment_no,
        is_premium=one.is_premium,
        uses_attended_rpa=one.uses_attended_rpa,
        trigger=one.trigger,
        owner=None if one.owner is None else one.owner.user_no,
    )


def _taken(fields: FlowFields) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"Another flow has the externalId “{fields.external_id}” already.",
        context={"value": fields.external_id or ""},
    )
