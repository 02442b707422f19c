"""What is each kind's own: what follows from a new environment, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.call import Call
from seatwright.app.platform.security_roles import make_built_in_roles
from seatwright.app.platform.things import Kind, require
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform import AppKind, EnvironmentNo
from seatwright.domain.platform_things import (
    App,
    AppFacts,
    AppFields,
    Environment,
    EnvironmentFacts,
    EnvironmentFields,
    EnvironmentRef,
    FlowFacts,
    FlowFields,
    environment_ref,
)
from seatwright.postgres.platform_apps import APP_TABLE
from seatwright.postgres.platform_environments import ENVIRONMENT_TABLE
from seatwright.postgres.platform_flows import FLOW_TABLE


def _environment_in_use(one: Environment) -> str:
    apps, flows = one.facts.app_count, one.facts.flow_count
    held = " and ".join(
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((apps, "app"), (flows, "flow"))
        if count
    )
    return f"{one.name} holds {held or 'something'}: move or delete what it holds first."


def _app_in_use(one: App) -> str:
    return f"An auto-claim policy is for the app {one.name}: delete that policy first."


def _check_app(one: App, after: AppFields) -> None:
    """A policy is for an app of kind other; one of the other kinds has Microsoft's (T-100)."""
    if one.facts.has_policy and after.kind is not AppKind.OTHER:
        raise Refusal(
            Reason.STILL_IN_USE,
            f"An auto-claim policy is for the app {one.name}, and only an app of kind other has"
            " one of its own: delete that policy first.",
            context={"id": str(one.id), "value": after.name},
        )


async def _settle_environments(call: Call, new: Sequence[int]) -> None:
    """New ones have their roles, and the first managed one brings default policies (A-29)."""
    if new:
        await make_built_in_roles(call, [EnvironmentNo(number) for number in new])
    await settle_defaults(call)


ENVIRONMENTS: Final[Kind[EnvironmentFields, EnvironmentFacts]] = Kind(
    noun="environment",
    table=ENVIRONMENT_TABLE,
    unknown=Reason.UNKNOWN_ENVIRONMENT,
    blank=EnvironmentFields(),
    in_use=_environment_in_use,
    settle=_settle_environments,
)
APPS: Final[Kind[AppFields, AppFacts]] = Kind(
    noun="app",
    table=APP_TABLE,
    unknown=Reason.UNKNOWN_APP,
    blank=AppFields(),
    in_use=_app_in_use,
    check=_check_app,
)
FLOWS: Final[Kind[FlowFields, FlowFacts]] = Kind(
    noun="flow",
    table=FLOW_TABLE,
    unknown=Reason.UNKNOWN_FLOW,
    blank=FlowFields(),
)


async def require_environment(call: Call, text: str) -> EnvironmentRef:
    """The environment with this id, outer id or name.

    Raises Refusal unknownEnvironment.
    """
    return environment_ref(await require(call, ENVIRONMENTS, text))


async def place_filter(call: Call, text: str | None) -> tuple[str, object] | None:
    """What a list goes by that is of one environment, or of all.

    Raises Refusal unknownEnvironment.
    """
    if text is None:
        return None
    return ("environment_no", (await require_environment(call, text)).environment_no)
