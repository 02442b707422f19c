"""`/api/webhooks`: where events are posted to, signed as Standard Webhooks say."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.telling import webhooks
from seatwright.app.telling.webhooks import WebhookChange
from seatwright.domain.roles import Permission
from seatwright.domain.webhooks import Webhook
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keyset_page, page_limit, page_of
from seatwright.web.rest.deliveries import DeliveryShape, delivery_shape
from seatwright.web.rest.newest_first import number_before


class NewWebhook(Body, kw_only=True, frozen=True):
    """Where to post events, and which; without `kinds` all, those to come included."""

    url: str
    kinds: list[str] | None = None


class WebhookEdit(Body, kw_only=True, frozen=True):
    """What changes; what is absent stays. `kinds` null means all; `enabled` true calls it again."""

    url: str | None = None
    kinds: list[str] | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | None = None


class WebhookShape(Shape, kw_only=True, frozen=True):
    """A webhook, never with its secret. `failingSince`: every call has failed since then."""

    id: UUID
    url: str
    kinds: list[str] | None
    enabled: bool
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    old_secret_signs_until: datetime | None


class IssuedWebhook(WebhookShape, kw_only=True, frozen=True):
    """A webhook with its new secret: `secret` is shown this once."""

    secret: str


def _facts(one: Webhook) -> dict[str, object]:
    return {
        "id": one.id,
        "url": one.url,
        "kinds": None if one.kinds is None else list(one.kinds),
        "enabled": one.disabled_at is None,
        "created_at": one.created_at,
        "failing_since": one.failing_since,
        "disabled_at": one.disabled_at,
        "disabled_reason": one.disabled_why,
        "old_secret_signs_until": one.secret_before_until,
    }


def _shape(one: Webhook) -> WebhookShape:
    return WebhookShape(**_facts(one))  # type: ignore[arg-type]  # The facts are those of the shape.


def _issued(one: Webhook) -> IssuedWebhook:
    return IssuedWebhook(**_facts(one), secret=one.secret)  # type: ignore[arg-type]  # As above.


@get("/api/webhooks", opt=needs(Permission.READ_TELLING), summary="List webhooks")
async def list_webhooks(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[WebhookShape]:
    """Oldest first."""
    rows = [_shape(one) for one in await webhooks.list_webhooks(call)]
    return page_of(rows, cursor=cursor, limit=limit)


@post(
    "/api/webhooks",
    opt=needs(Permission.MANAGE_TELLING, shows_secret=True),
    summary="Add a webhook",
)
async def create_webhook(call: TheCall, data: JSONBody[NewWebhook]) -> IssuedWebhook:
    """The answer holds the secret that signs its calls, this once."""
    return _issued(await webhooks.add_webhook(call, data.url, kinds=data.kinds))


@get(
    "/api/webhooks/{webhook_id:uuid}",
    opt=needs(Permission.READ_TELLING),
    summary="Show a webhook",
)
async def show_webhook(call: TheCall, webhook_id: FromPath[UUID]) -> WebhookShape:
    """Where it leads, and whether its calls are taken."""
    return _shape(await webhooks.get_webhook(call, webhook_id))


@patch(
    "/api/webhooks/{webhook_id:uuid}",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Change a webhook",
)
async def change_webhook(
    call: TheCall, webhook_id: FromPath[UUID], data: JSONBody[WebhookEdit]
) -> WebhookShape:
    """Calls that wait go to the new address."""
    kinds = data.kinds
    change = WebhookChange(
        url=data.url,
        kinds=None if kinds is msgspec.UNSET else kinds,
        all_kinds=kinds is None,
        is_enabled=data.enabled,
    )
    return _shape(await webhooks.change_webhook(call, webhook_id, change))


@post(
    "/api/webhooks/{webhook_id:uuid}/rotate",
    opt=needs(Permission.MANAGE_TELLING, shows_secret=True),
    summary="Give a webhook a new secret",
    status_code=200,
)
async def rotate_webhook(call: TheCall, webhook_id: FromPath[UUID]) -> IssuedWebhook:
    """For a day the old and the new secret both sign, then the new one alone."""
    return _issued(await webhooks.rotate_secret(call, webhook_id))


@delete(
    "/api/webhooks/{webhook_id:uuid}",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Remove a webhook",
)
async def remove_webhook(call: TheCall, webhook_id: FromPath[UUID]) -> None:
    """Its secret and its calls are forgotten."""
    await webhooks.remove_webhook(call, webhook_id)


@post(
    "/api/webhooks/{webhook_id:uuid}/test",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Post a test event",
    status_code=202,
)
async def test_webhook(call: TheCall, webhook_id: FromPath[UUID]) -> DeliveryShape:
    """A worker posts it at once; GET /api/deliveries/{id} says what became of it."""
    return delivery_shape(await webhooks.try_webhook(call, webhook_id))


@get(
    "/api/webhooks/{webhook_id:uuid}/calls",
    opt=needs(Permission.READ_TELLING),
    summary="List the calls of a webhook",
)
async def list_calls(
    call: TheCall,
    webhook_id: FromPath[UUID],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[DeliveryShape]:
    """Newest first; GET /api/deliveries/{id} has each try of one."""
    size = page_limit(limit)
    rows = await webhooks.calls_page(call, webhook_id, before=number_before(cursor), limit=size)
    return keyset_page(rows, size=size, shape=delivery_shape, place=lambda one: (one.delivery_no,))


WEBHOOK_ROUTES = (
    list_webhooks,
    create_webhook,
    show_webhook,
    change_webhook,
    rotate_webhook,
    remove_webhook,
    test_webhook,
    list_calls,
)
