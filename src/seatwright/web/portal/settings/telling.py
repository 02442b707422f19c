"""`/settings/mail` and `/settings/webhooks`: how people are told, and what was sent."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.call import Call
from seatwright.app.telling import look, webhooks, words
from seatwright.app.telling.test_mail import own_address, send_test_mail
from seatwright.app.telling.webhooks import WebhookChange
from seatwright.domain.errors import Refusal
from seatwright.domain.mail_templates import Rendered
from seatwright.domain.outgoing import Channel, Delivery
from seatwright.domain.roles import Permission
from seatwright.domain.telling import EventKind
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.delivery_lists import Wanted
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.settings.tenant import tabs_of
from seatwright.web.problems import status_of

ROWS: Final = 50


def _before(cursor: str | None) -> int | None:
    keys = keys_of(cursor, int)
    return None if keys is None else max(0, min(int(keys[0]), 2**63 - 1))


def _more(path: str, found: list[Delivery]) -> str | None:
    if len(found) <= ROWS:
        return None
    return f"{path}?cursor={cursor_of(found[ROWS - 1].delivery_no)}"


@get("/settings/mail", opt=needs(Permission.READ_TELLING))
async def mail(
    call: TheCall, request: AnyRequest, *, cursor: FromQuery[str | None] = None
) -> Response[bytes]:
    """Every kind of mail, and the mails that were sent or would have been."""
    wanted = Wanted(channel=Channel.MAIL)
    found = await look.deliveries_page(call, wanted, before=_before(cursor), limit=ROWS)
    return page(
        request,
        "settings_mail.html",
        tabs=tabs_of(call),
        kinds=await words.kinds_of_mail(call),
        deliveries=found[:ROWS],
        more=_more("/settings/mail", found),
        to=await own_address(call),
    )


@post("/settings/mail", opt=needs(Permission.MANAGE_TELLING), status_code=303)
async def test_mail(call: TheCall, request: AnyRequest) -> Response[None]:
    """Have a test mail sent; the page of it says what the server answers."""
    made = await send_test_mail(call, to=form_of(request).text("to"))
    return see(f"/settings/deliveries/{made.id}")


@get("/settings/mail/{kind:str}", opt=needs(Permission.READ_TELLING))
async def mail_kind(
    call: TheCall, request: AnyRequest, kind: FromPath[str], done: FromQuery[str | None] = None
) -> Response[bytes]:
    """The words of one kind, and what a mail in them looks like."""
    return await _kind_page(call, request, words.parse_kind(kind), done=done)


async def _kind_page(
    call: Call,
    request: AnyRequest,
    kind: EventKind,
    *,
    done: str | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    found = await words.kind_of_mail(call, kind)
    form = None if refusal is None else form_of(request)
    shown: Rendered | None = None
    if refusal is None:
        shown = await words.show_words(call, kind, subject=None, body=None)
    return page(
        request,
        "settings_mail_kind.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        kind=found,
        subject=found.words.subject if form is None else form.text("subject") or "",
        text=found.words.body if form is None else form.text("text") or "",
        sample=shown,
        problem=None if refusal is None else refusal.detail,
        done=done,
    )


@post("/settings/mail/{kind:str}", opt=needs(Permission.MANAGE_TELLING), status_code=303)
async def word_mail(
    call: TheCall, request: AnyRequest, kind: FromPath[str]
) -> Response[bytes] | Response[None]:
    """Word a kind of mail, or have it mailed or not; or take back what was worded here."""
    form, found = form_of(request), words.parse_kind(kind)
    try:
        if form.text("restore") == "yes":
            await words.restore_words(call, found)
        else:
            await words.change_words(
                call,
                found,
                subject=form.text("subject") or "",
                body=form.text("text") or "",
                is_on=form.text("mailed") == "yes",
            )
    except Refusal as refusal:
        return await _kind_page(call, request, found, refusal=refusal)
    return see(f"/settings/mail/{found.value}?done=saved")


@get("/settings/deliveries/{delivery_id:uuid}", opt=needs(Permission.READ_TELLING))
async def delivery(
    call: TheCall, request: AnyRequest, delivery_id: FromPath[UUID]
) -> Response[bytes]:
    """One mail or call, word for word, with every try of it."""
    found, tries = await look.get_delivery(call, delivery_id)
    back = "/settings/mail" if found.channel is Channel.MAIL else "/settings/webhooks"
    return page(
        request, "settings_delivery.html", tabs=tabs_of(call), one=found, tries=tries, back=back
    )


@post("/settings/deliveries/{delivery_id:uuid}", opt=needs(Permission.MANAGE_TELLING))
async def send_again(
    call: TheCall, request: AnyRequest, delivery_id: FromPath[UUID]
) -> Response[None]:
    """Have it sent again."""
    del request
    await look.send_again(call, delivery_id)
    return see(f"/settings/deliveries/{delivery_id}")


@get("/settings/webhooks", opt=needs(Permission.READ_TELLING))
async def webhook_list(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """Where events are posted to."""
    return await _webhooks_page(call, request)


async def _webhooks_page(
    call: Call, request: AnyRequest, *, refusal: Refusal | None = None
) -> Response[bytes]:
    form = None if refusal is None else form_of(request)
    return page(
        request,
        "settings_webhooks.html",
        status=200 if refusal is None else status_of(refusal),
        tabs=tabs_of(call),
        webhooks=await webhooks.list_webhooks(call),
        kinds=tuple(EventKind),
        url="" if form is None else form.text("url") or "",
        chosen=() if form is None else form.all("kind"),
        problem=None if refusal is None else refusal.detail,
    )


@post("/settings/webhooks", opt=needs(Permission.MANAGE_TELLING), status_code=200)
async def add_webhook(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """The answer itself holds the secret that signs, this once."""
    form = form_of(request)
    kinds = list(form.all("kind")) or None
    try:
        made = await webhooks.add_webhook(call, form.text("url") or "", kinds=kinds)
    except Refusal as refusal:
        return await _webhooks_page(call, request, refusal=refusal)
    return _secret_page(call, request, made)


def _secret_page(call: Call, request: AnyRequest, made: Webhook) -> Response[bytes]:
    return page(
        request,
        "settings_secret.html",
        tabs=tabs_of(call),
        kind="webhook",
        name=made.host,
        client_id=None,
        secret=made.secret,
        back=f"/settings/webhooks/{made.id}",
    )


@get("/settings/webhooks/{webhook_id:uuid}", opt=needs(Permission.READ_TELLING))
async def webhook(
    call: TheCall,
    request: AnyRequest,
    webhook_id: FromPath[UUID],
    *,
    cursor: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Where one leads, whether its calls are taken, and each of them."""
    found = await webhooks.calls_page(call, webhook_id, before=_before(cursor), limit=ROWS)
    return page(
        request,
        "settings_webhook.html",
        tabs=tabs_of(call),
        one=await webhooks.get_webhook(call, webhook_id),
        deliveries=found[:ROWS],
        more=_more(f"/settings/webhooks/{webhook_id}", found),
    )


@post("/settings/webhooks/{webhook_id:uuid}", opt=needs(Permission.MANAGE_TELLING), status_code=303)
async def change_webhook(
    call: TheCall, request: AnyRequest, webhook_id: FromPath[UUID]
) -> Response[bytes] | Response[None]:
    """Enable, disable, test, give a new secret, or remove, by the button that was used."""
    match form_of(request).text("do"):
        case "enable" | "disable" as what:
            change = WebhookChange(is_enabled=what == "enable")
            await webhooks.change_webhook(call, webhook_id, change)
        case "test":
            await webhooks.try_webhook(call, webhook_id)
        case "rotate":
            rotated = await webhooks.rotate_secret(call, webhook_id)
            answer = _secret_page(call, request, rotated)
            answer.status_code = 200
            return answer
        case "remove":
            await webhooks.remove_webhook(call, webhook_id)
            return see("/settings/webhooks")
    return see(f"/settings/webhooks/{webhook_id}")


SETTINGS_TELLING_PAGES = (
    mail,
    test_mail,
    mail_kind,
    word_mail,
    delivery,
    send_again,
    webhook_list,
    add_webhook,
    webhook,
    change_webhook,
)
