"""`/api/mail-templates`: how an organization words its mails."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.telling import words
from seatwright.app.telling.words import KindOfMail, parse_kind
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, page_of


class MailTemplateShape(Shape, kw_only=True, frozen=True):
    """A kind of mail: `mailed` at all, in which words, and which `names` they may hold.

    `changed`: otherwise than it came.
    """

    kind: str
    mailed: bool
    subject: str
    text: str
    names: list[str]
    changed: bool


class MailTemplateEdit(Body, kw_only=True, frozen=True):
    """What changes; what is absent stays. Names are written `{{ product }}`."""

    subject: str | None = None
    text: str | None = None
    mailed: bool | None = None


class MailSample(Body, kw_only=True, frozen=True):
    """Words to look at; those that are absent are taken as they are now."""

    subject: str | None = None
    text: str | None = None


class RenderedShape(Shape, kw_only=True, frozen=True):
    """A mail with sample data."""

    subject: str
    text: str
    html: str


def _shape(one: KindOfMail) -> MailTemplateShape:
    return MailTemplateShape(
        kind=one.kind.value,
        mailed=one.is_on,
        subject=one.words.subject,
        text=one.words.body,
        names=list(one.names),
        changed=one.is_changed,
    )


@get("/api/mail-templates", opt=needs(Permission.READ_TELLING), summary="List kinds of mail")
async def list_mail_templates(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[MailTemplateShape]:
    """Every kind of event, with the words of its mail."""
    rows = [_shape(one) for one in await words.kinds_of_mail(call)]
    return page_of(rows, cursor=cursor, limit=limit)


@get(
    "/api/mail-templates/{kind:str}",
    opt=needs(Permission.READ_TELLING),
    summary="Show a kind of mail",
)
async def show_mail_template(call: TheCall, kind: FromPath[str]) -> MailTemplateShape:
    """Its words, and which names they may hold."""
    return _shape(await words.kind_of_mail(call, parse_kind(kind)))


@patch(
    "/api/mail-templates/{kind:str}",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Word a kind of mail",
)
async def change_mail_template(
    call: TheCall, kind: FromPath[str], data: JSONBody[MailTemplateEdit]
) -> MailTemplateShape:
    """Mails that wait already keep their words."""
    changed = await words.change_words(
        call, parse_kind(kind), subject=data.subject, body=data.text, is_on=data.mailed
    )
    return _shape(changed)


@delete(
    "/api/mail-templates/{kind:str}",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Word a kind of mail as it came",
    status_code=200,
)
async def restore_mail_template(call: TheCall, kind: FromPath[str]) -> MailTemplateShape:
    """Its words are as they came, and it is mailed."""
    return _shape(await words.restore_words(call, parse_kind(kind)))


@post(
    "/api/mail-templates/{kind:str}/sample",
    opt=needs(Permission.READ_TELLING),
    summary="Show a mail with sample data",
    status_code=200,
)
async def show_sample(
    call: TheCall, kind: FromPath[str], data: JSONBody[MailSample]
) -> RenderedShape:
    """Nothing is kept and nothing is sent."""
    made = await words.show_words(call, parse_kind(kind), subject=data.subject, body=data.text)
    return RenderedShape(subject=made.subject, text=made.body, html=made.html)


MAIL_TEMPLATE_ROUTES = (
    list_mail_templates,
    show_mail_template,
    change_mail_template,
    restore_mail_template,
    show_sample,
)
