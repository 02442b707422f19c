"""Lists of the settings as files: who may do what, who is in, what was sent. Never a secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.app import access, account_roles, accounts
from seatwright.app.call import Call
from seatwright.app.exports.lists import (
    COUNT,
    FLAG,
    MOMENT,
    Asked,
    ListFile,
    SliceReader,
    columns_of,
    needed,
    number_after,
    number_before,
    page_of_list,
    whole,
)
from seatwright.app.portal_sessions import open_sessions
from seatwright.app.telling import look, webhooks, words
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import ListName
from seatwright.domain.outgoing import Channel, Delivery
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.postgres.accounts import Account
from seatwright.postgres.delivery_lists import Wanted

SESSIONS_MAX: Final = 10_000


async def _roles(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await account_roles.list_people_with_roles(call, after=number_after(after), limit=limit)
    return await _principals(call, found, limit)


def _of_kind(kind: PrincipalKind) -> SliceReader:
    async def read(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
        found = await access.list_all(call, kind, after=number_after(after), limit=limit)
        return await _principals(call, found, limit)

    return read


async def _principals(call: Call, found: Sequence[Principal], limit: int) -> ReportSlice:
    people = await access.people_of(call, found[:limit])

    def cells(one: Principal) -> Cells:
        person = None if one.user_no is None else people.get(one.user_no)
        return (
            str(one.id),
            one.name,
            " ".join(role.value for role in one.roles),
            None if one.graph_permissions is None else " ".join(one.graph_permissions),
            None if person is None else person.upn,
            one.created_at,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.principal_no,))


async def _accounts(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await accounts.list_accounts(call, after=number_after(after), limit=limit)

    def cells(one: Account) -> Cells:
        roles = " ".join(role.value for role in one.roles)
        return (one.login, one.name, roles, one.password_set_at, one.made_at)

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.principal_no,))


async def _sessions(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    return whole(
        (one.name, one.came_by.value, one.began_at, one.seen_at)
        for one in await open_sessions(call, limit=SESSIONS_MAX)
    )


async def _webhooks(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    # An address may hold a secret of whoever takes the calls: readers see only its host.
    shows_whole = call.principal.may(Permission.MANAGE_TELLING)
    return whole(
        (
            str(one.id),
            one.url if shows_whole else one.host,
            None if one.kinds is None else " ".join(one.kinds),
            one.created_at,
            one.failing_since,
            one.disabled_at,
            one.disabled_why,
        )
        for one in await webhooks.list_webhooks(call)
    )


async def _calls(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    id_ = parse_id(needed(asked, "webhook"))
    if id_ is None:
        raise Refusal(Reason.INVALID_VALUE, "The address names no webhook.")
    found = await webhooks.calls_page(call, id_, before=number_before(after), limit=limit)
    return _deliveries(found, limit)


async def _mails(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    wanted = Wanted(channel=Channel.MAIL)
    found = await look.deliveries_page(call, wanted, before=number_before(after), limit=limit)
    return _deliveries(found, limit)


def _deliveries(found: Sequence[Delivery], limit: int) -> ReportSlice:
    def cells(one: Delivery) -> Cells:
        return (
            str(one.id),
            one.kind,
            one.address,
            one.subject,
            one.state.value,
            one.attempts,
            one.created_at,
            one.ended_at,
            one.error,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.delivery_no,))


async def _mail_kinds(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    return whole(
        (one.kind.value, one.is_on, one.is_changed, one.words.subject)
        for one in await words.kinds_of_mail(call)
    )


_PRINCIPAL: Final = columns_of(
    "id", "name", "roles", "graphPermissions", "userPrincipalName", ("createdAt", MOMENT)
)
_DELIVERY: Final = columns_of(
    "id",
    "kind",
    "address",
    "subject",
    "state",
    ("attempts", COUNT),
    ("createdAt", MOMENT),
    ("endedAt", MOMENT),
    "error",
)

SETTINGS_LISTS: Final = (
    ListFile(
        name=ListName.ROLES,
        permission=Permission.MANAGE_ACCESS,
        columns=_PRINCIPAL,
        filters=(),
        read=_roles,
    ),
    ListFile(
        name=ListName.TOKENS,
        permission=Permission.MANAGE_ACCESS,
        columns=_PRINCIPAL,
        filters=(),
        read=_of_kind(PrincipalKind.TOKEN),
    ),
    ListFile(
        name=ListName.CLIENTS,
        permission=Permission.MANAGE_ACCESS,
        columns=_PRINCIPAL,
        filters=(),
        read=_of_kind(PrincipalKind.CLIENT),
    ),
    ListFile(
        name=ListName.ACCOUNTS,
        permission=Permission.MANAGE_ACCESS,
        columns=columns_of("login", "name", "roles", ("passwordSetAt", MOMENT), ("madeAt", MOMENT)),
        filters=(),
        read=_accounts,
    ),
    ListFile(
        name=ListName.SESSIONS,
        permission=Permission.MANAGE_ACCESS,
        columns=columns_of("name", "cameBy", ("beganAt", MOMENT), ("seenAt", MOMENT)),
        filters=(),
        read=_sessions,
    ),
    ListFile(
        name=ListName.WEBHOOKS,
        permission=Permission.READ_TELLING,
        columns=columns_of(
            "id",
            "url",
            "kinds",
            ("createdAt", MOMENT),
            ("failingSince", MOMENT),
            ("disabledAt", MOMENT),
            "disabledWhy",
        ),
        filters=(),
        read=_webhooks,
    ),
    ListFile(
        name=ListName.WEBHOOK_CALLS,
        permission=Permission.READ_TELLING,
        columns=_DELIVERY,
        filters=("webhook",),
        read=_calls,
    ),
    ListFile(
        name=ListName.MAILS,
        permission=Permission.READ_TELLING,
        columns=_DELIVERY,
        filters=(),
        read=_mails,
    ),
    ListFile(
        name=ListName.MAIL_KINDS,
        permission=Permission.READ_TELLING,
        columns=columns_of("kind", ("mailed", FLAG), ("changedHere", FLAG), "subject"),
        filters=(),
        read=_mail_kinds,
    ),
)
