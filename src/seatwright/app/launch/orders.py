"""What a launch is asked as, and what it is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.launch import LaunchEvent, Outcome
from seatwright.domain.platform import DESKTOP_CLIENT, ClientVersion, read_version
from seatwright.domain.tenant_catalog import CatalogSku

TEXT_LENGTH_MAX: Final = 256
"""Names and ids of people, apps and events; PostgreSQL's indexes take no texts without an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOrder:
    """What happened to whom, in the words of the caller; `user` None is the caller themselves.

    Without `app` and `flow` it is about Power Automate for desktop.
    """

    user: str | None
    event: LaunchEvent
    app: str | None = None
    flow: str | None = None
    environment: str | None = None
    client_version: ClientVersion | None = None
    event_id: str | None = None
    is_in_use: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One caller: their order, by which token, under which correlation id."""

    order: LaunchOrder
    digest: bytes
    correlation: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchAnswer:
    """What a launch came to, with a whole sentence for the person.

    `problem` is set where there was no launch at all: nobody known, nothing known, not allowed;
    the rest then only says that nothing was given. `is_repeated`: the event was taken before.
    """

    outcome: Outcome
    message: str
    reason: Reason | None = None
    sku: CatalogSku | None = None
    policy_id: UUID | None = None
    backup: int | None = None
    request_url: str | None = None
    user_id: UUID | None = None
    upn: str | None = None
    problem: Refusal | None = None
    is_repeated: bool = False


def no_launch(refusal: Refusal) -> LaunchAnswer:
    """The answer where there was no launch at all."""
    return LaunchAnswer(
        outcome=Outcome.DENIED, message=refusal.detail, reason=refusal.reason, problem=refusal
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A launch as a surface was sent it: texts that nobody has looked at."""

    event: str
    user: str | None = None
    app: str | None = None
    flow: str | None = None
    environment: str | None = None
    client_version: str | None = None
    event_id: str | None = None
    is_in_use: bool | None = None


def order_of(asked: Asked) -> LaunchOrder:
    """An order out of what a surface was sent.

    Raises Refusal invalidValue for an event there is none of, for texts that are empty or too long,
    and where what happened does not fit to what it is said to have happened to.
    """
    for name in ("user", "app", "flow", "environment", "event_id"):
        _check_text(name, getattr(asked, name))
    event = _event(asked.event)
    _check_target(asked, event)
    version = None if asked.client_version is None else read_version(asked.client_version)
    return LaunchOrder(
        user=asked.user,
        event=event,
        app=DESKTOP_CLIENT if asked.app is None and asked.flow is None else asked.app,
        flow=asked.flow,
        environment=asked.environment,
        client_version=version,
        event_id=asked.event_id,
        is_in_use=asked.is_in_use,
    )


def _event(text: str) -> LaunchEvent:
    try:
        return LaunchEvent(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text[:40]}” is no event of a launch: give one of {', '.join(LaunchEvent)}.",
        ) from None


def _check_text(name: str, text: str | None) -> None:
    if text is not None and (not text.strip() or len(text) > TEXT_LENGTH_MAX or "\0" in text):
        wire = "eventId" if name == "event_id" else name
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{wire} has {len(text)} characters: give 1 to {TEXT_LENGTH_MAX}, not only spaces.",
        )


def _check_target(asked: Asked, event: LaunchEvent) -> None:
    if asked.app is not None and asked.flow is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"A launch is of an app or of a flow: give either app “{asked.app}” or flow"
            f" “{asked.flow}”, not both.",
        )
    if event.is_of_flow and asked.flow is None:
        raise Refusal(
            Reason.INVALID_VALUE, f"{event} happens to a flow: name it in the field flow."
        )
    if event is LaunchEvent.APP_LAUNCH and asked.app is None:
        raise Refusal(Reason.INVALID_VALUE, f"{event} happens to an app: name it in the field app.")
    if event is LaunchEvent.LICENSE_REQUESTED and asked.app is None and asked.flow is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{event} asks for something: name the app or the flow that needs the license.",
        )
