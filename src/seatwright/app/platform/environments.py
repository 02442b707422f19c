"""Environments: listing, making, changing and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.call import Call
from seatwright.app.platform.naming import record_platform
from seatwright.app.platform.security_roles import make_built_in_roles
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.platform import EnvironmentNo
from seatwright.domain.platform_things import (
    Environment,
    EnvironmentFields,
    checked_external_id,
    checked_name,
    checked_solutions,
)
from seatwright.postgres.platform_environments import (
    EnvironmentRecord,
    delete_environment,
    insert_environments,
    list_environments,
    lock_environments,
    raise_platform_version,
    read_environment,
    update_environments,
)
from seatwright.postgres.tenants import take_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentEdit:
    """What a caller says about an environment; None stays as it is, an empty text clears."""

    name: str | None = None
    external_id: str | None = None
    is_managed: bool | None = None
    solutions: Sequence[str] | None = None

    def over(self, before: EnvironmentFields) -> EnvironmentFields:
        """The fields of an environment after the edit.

        Raises Refusal invalidValue.
        """
        return EnvironmentFields(
            name=before.name
            if self.name is None
            else checked_name(self.name, noun="an environment"),
            external_id=before.external_id
            if self.external_id is None
            else checked_external_id(self.external_id),
            is_managed=before.is_managed if self.is_managed is None else self.is_managed,
            solutions=before.solutions
            if self.solutions is None
            else checked_solutions(self.solutions),
        )


NEW_ENVIRONMENT = EnvironmentFields(name="")
"""What an edit that makes an environment starts from."""


async def page_of_environments(
    call: Call, *, managed: bool | None, after: str, limit: int
) -> list[Environment]:
    """Environments by name, one more than `limit` if there are more."""
    return await list_environments(call.tx, after=after, limit=limit + 1, managed=managed)


async def require_environment(call: Call, text: str) -> Environment:
    """The environment with this id, outer id or name.

    Raises Refusal unknownEnvironment.
    """
    found = await read_environment(call.tx, text)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_ENVIRONMENT,
            f"There is no environment “{text[:60]}”: GET /api/platform/environments lists which"
            " there are.",
            context={"environment": text[:200]},
        )
    return found


async def add_environment(call: Call, edit: EnvironmentEdit) -> Environment:
    """Store an environment with its four built-in security roles.

    Raises Refusal invalidValue for a name or an outer id that is taken.
    """
    fields = edit.over(NEW_ENVIRONMENT)
    record = EnvironmentRecord(
        environment_no=EnvironmentNo(await take_numbers(call.tx, "environment", 1)),
        id=uuid4(),
        fields=fields,
    )
    if not await insert_environments(call.tx, (record,), at=call.now):
        raise _taken(fields)
    await make_built_in_roles(call, (record.environment_no,))
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_ADDED, "environment", record.id)
    await settle_defaults(call)
    return await require_environment(call, str(record.id))


async def change_environment(call: Call, text: str, edit: EnvironmentEdit) -> Environment:
    """Change an environment; what is not given stays.

    Raises Refusal unknownEnvironment, and invalidValue for a name or outer id that is taken.
    """
    found = await require_environment(call, text)
    await lock_environments(call.tx, (found.environment_no,))
    found = await require_environment(call, str(found.id))
    before = fields_of_environment(found)
    after = edit.over(before)
    if after == before:
        return found
    record = EnvironmentRecord(environment_no=found.environment_no, id=found.id, fields=after)
    if not await update_environments(call.tx, (record,)):
        raise _taken(after)
    await raise_platform_version(call.tx)
    await record_platform(
        call,
        HistoryAction.PLATFORM_UPDATED,
        "environment",
        found.id,
        changed=changed_names(before, after),
    )
    await settle_defaults(call)
    return await require_environment(call, str(found.id))


async def remove_environment(call: Call, text: str) -> None:
    """Forget an environment and who has which security role in it.

    Raises Refusal unknownEnvironment, and stillInUse while an app or flow is in it.
    """
    found = await require_environment(call, text)
    if not await delete_environment(call.tx, found.environment_no):
        raise Refusal(
            Reason.STILL_IN_USE,
            f"{found.name} holds {found.app_count} apps and {found.flow_count} flows: move or"
            " delete them first.",
            context={"apps": found.app_count, "flows": found.flow_count},
        )
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, "environment", found.id)


def fields_of_environment(one: Environment) -> EnvironmentFields:
    """What is set about a stored environment."""
    return EnvironmentFields(
        name=one.name,
        external_id=one.external_id,
        is_managed=one.is_managed,
        solutions=one.solutions,
    )


def changed_names(before: object, after: object) -> list[str]:
    """The names of the fields in which two values of one kind differ."""
    names: list[str] = sorted(type(before).__slots__)  # type: ignore[attr-defined]  # slotted.
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _taken(fields: EnvironmentFields) -> Refusal:
    outer = f", or with externalId “{fields.external_id}”," if fields.external_id else ""
    return Refusal(
        Reason.INVALID_VALUE,
        f"There is an environment named “{fields.name}”{outer} already: choose another.",
        context={"value": fields.name},
    )
