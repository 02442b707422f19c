"""What leaves the house: mails and calls of webhooks, their states, and when they are tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.ids import UserNo


@unique
class Channel(StrEnum):
    """How something is sent."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@unique
class DeliveryState(StrEnum):
    """Where a delivery is; all but the first are final."""

    QUEUED = "queued"
    SENT = "sent"
    SHOWN = "shown"
    """No mail server is set: it can be looked at, and went nowhere."""

    DEAD = "dead"
    """It was given up, or refused for good; it can be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one address. `id` names it in the Message-ID, the same at every try."""

    id: UUID
    to: str
    subject: str
    body: str
    html: str
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """One event to be posted. `id` is the same at every try; each secret makes a signature."""

    id: UUID
    url: str
    body: str
    secrets: tuple[str, ...]


class ServerAway(Exception):
    """The mail server takes nothing now, whatever it is: not reached, or signing in failed."""


class NotTaken(Exception):
    """The other side did not take this one; `is_final` says that it never will.

    `status` is what it answered, as a number of its protocol; None when nothing was answered.
    `pause` is for how long it wants to be left alone, where it says so.
    """

    def __init__(
        self,
        said: str,
        *,
        status: int | None = None,
        is_final: bool = False,
        pause: timedelta | None = None,
    ) -> None:
        """Take what was said, in words for people."""
        super().__init__(said)
        self.status = status
        self.is_final = is_final
        self.pause = pause


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """Something to be sent, as it will be sent; `kind` and `key` say about what."""

    id: UUID
    channel: Channel
    kind: str
    key: str
    address: str
    body: str
    user: UserNo | None = None
    webhook_no: int | None = None
    subject: str | None = None
    html: str | None = None
    run_id: UUID | None = None
    run_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that was to be sent, and what became of it."""

    delivery_no: int
    id: UUID
    channel: Channel
    kind: str
    key: str
    address: str
    subject: str | None
    body: str
    html: str | None
    webhook_no: int | None
    run_id: UUID | None
    run_file: str | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    tried_since: datetime
    next_at: datetime
    ended_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: when, how long it took, and what the other side said; no error: it was taken."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None


AWAY_PAUSE: Final = timedelta(minutes=1)
"""A server that is away is looked for each minute: what waits for it goes out when it is back."""

_PAUSES: Final = tuple(timedelta(minutes=one) for one in (1, 5, 15, 30, 60, 120, 240))
"""Between the tries of what was not taken; the last one is repeated."""


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many tries."""
    return _PAUSES[min(attempts, len(_PAUSES)) - 1]
