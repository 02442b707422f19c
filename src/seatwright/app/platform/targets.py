"""What a launch names, with its environment and what it needs looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seatwright.app.call import Call
from seatwright.app.platform.environments import require_environment
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform import LaunchTarget
from seatwright.postgres.platform_read import read_launch_target


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchNames:
    """How a launch names what is started: an app or a flow, and perhaps its environment."""

    app: str | None = None
    flow: str | None = None
    environment: str | None = None


async def launch_target(call: Call, names: LaunchNames) -> LaunchTarget:
    """The app or flow that a launch names, in the environment that it names.

    Raises Refusal unknownApp, unknownFlow, unknownEnvironment, and invalidValue where neither or
    both are named, or the environment is another than the thing's own.
    """
    if (names.app is None) == (names.flow is None):
        raise Refusal(
            Reason.INVALID_VALUE, "A launch is of one thing: name either an app or a flow."
        )
    found = await read_launch_target(call.tx, app=names.app, flow=names.flow)
    if found is None:
        noun, text = ("app", names.app) if names.flow is None else ("flow", names.flow)
        raise Refusal(
            Reason.UNKNOWN_APP if noun == "app" else Reason.UNKNOWN_FLOW,
            f"No {noun}, or more than one, goes by “{(text or '')[:60]}”: give the id of one that"
            f" GET /api/platform/{noun}s lists.",
            context={noun: (text or "")[:200]},
        )
    if names.environment is None:
        return found
    environment = await require_environment(call, names.environment)
    if found.environment is None:
        return replace(
            found,
            environment=environment.environment_no,
            environment_name=environment.name,
            is_managed=environment.is_managed,
        )
    if found.environment != environment.environment_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{found.name} is in {found.environment_name}, not in {environment.name}: leave the"
            " environment out, or name the right one.",
            context={"environment": str(environment.id)},
        )
    return found
