"""`/users/import`: people, groups and members out of a file, looked at before anything is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post

from seatwright.app.call import Call
from seatwright.app.directory.import_groups import import_groups
from seatwright.app.directory.import_members import import_members
from seatwright.app.directory.import_users import import_users
from seatwright.app.directory.imports import ImportChoices, ImportMode, ImportResult
from seatwright.domain.csv_text import Table, read_table
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.groups_file import GROUP_COLUMNS, GROUP_ROWS_MAX
from seatwright.domain.members_file import MEMBER_COLUMNS, MEMBER_ROWS_MAX
from seatwright.domain.people_file import PEOPLE_COLUMNS, PEOPLE_ROWS_MAX, RowNote
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs, require
from seatwright.web.portal.frame.files import lines_of, with_text_of_file
from seatwright.web.portal.frame.forms import UPLOAD_BYTES_MAX, Form
from seatwright.web.portal.frame.language import gettext, marked, ngettext
from seatwright.web.portal.frame.offers import offer_undo_here
from seatwright.web.portal.frame.pages import formats_of, name_them, note, page
from seatwright.web.problems import status_of

COLUMNS_SHOWN: Final = 12
NOTES_SHOWN: Final = 200
NOTES_FORETOLD: Final = 20

_COUNTED: Final[Mapping[str, str]] = {
    "created": marked("%(count)s new"),
    "updated": marked("%(count)s changed"),
    "renamed": marked("%(count)s of them renamed"),
    "unchanged": marked("%(count)s as before"),
    "disabled": marked("%(count)s disabled"),
    "removed": marked("%(count)s taken out"),
    "errors": marked("%(count)s that cannot be read"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a file may hold: its columns, who may bring it, and what takes it in.

    `titles` are what those are called to whom something happens, by the name of their count.
    """

    words: str
    permission: Permission
    columns: Mapping[str, Sequence[str]]
    required: tuple[str, ...]
    rows_max: int
    titles: Mapping[str, str]
    take: Callable[[Call, Table, ImportChoices], Awaitable[ImportResult]]


_KINDS: Final[Mapping[str, Kind]] = {
    "users": Kind(
        words=marked("People"),
        permission=Permission.WRITE_USERS,
        columns=PEOPLE_COLUMNS,
        required=("userPrincipalName",),
        rows_max=PEOPLE_ROWS_MAX,
        titles={
            "created": marked("New people"),
            "updated": marked("People who are changed"),
            "disabled": marked("People who are disabled"),
        },
        take=import_users,
    ),
    "groups": Kind(
        words=marked("Groups"),
        permission=Permission.WRITE_GROUPS,
        columns=GROUP_COLUMNS,
        required=("displayName",),
        rows_max=GROUP_ROWS_MAX,
        titles={"created": marked("New groups"), "updated": marked("Groups that are changed")},
        take=import_groups,
    ),
    "members": Kind(
        words=marked("Who is in which group"),
        permission=Permission.WRITE_GROUPS,
        columns=MEMBER_COLUMNS,
        required=(),
        rows_max=MEMBER_ROWS_MAX,
        titles={"created": marked("Who is put in"), "removed": marked("Who is taken out")},
        take=import_members,
    ),
}


@get("/users/import", opt=needs(Permission.WRITE_GROUPS))
async def import_form(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """The form; `kind` of the address chooses what the file holds."""
    kind = request.query_params.get("kind", "")
    return _page(call, request, Form((("kind", kind),)))


@post("/users/import", opt=needs(Permission.WRITE_GROUPS), status_code=200)
async def import_file(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """Take the file in, as the API does: rows that do not fit are named, the others go on."""
    form = form_of(request)
    try:
        form = await with_text_of_file(form)
        request.scope["state"]["form"] = form
        kind = _kind_of(form)
        require(call, kind.permission)
        result = await kind.take(call, await _table(form, kind), _choices_of(form))
    except Refusal as refusal:
        return _page(call, request, form, refusal=refusal)
    said = _sentence(request, result)
    state = request.scope["state"]
    state["facts"], state["titled"] = (said,), gettext("Take in the file")
    note(request, tuple(_foretold(result)))
    name_them(request, [(gettext(kind.titles[one.what]), one) for one in result.named])
    if not call.is_preview:
        await offer_undo_here(request, back=f"/users/import?{urlencode({'kind': result.kind})}")
    return _page(call, request, form.having("lines", ""), result=result, said=said)


def _page(
    call: Call,
    request: AnyRequest,
    form: Form,
    *,
    refusal: Refusal | None = None,
    result: ImportResult | None = None,
    said: str = "",
) -> Response[bytes]:
    return page(
        request,
        "import.html",
        status=200 if refusal is None else status_of(refusal),
        form=form,
        kinds={
            name: (gettext(kind.words), tuple(kind.columns))
            for name, kind in _KINDS.items()
            if call.principal.may(kind.permission)
        },
        columns_shown=COLUMNS_SHOWN,
        megabytes=UPLOAD_BYTES_MAX // 2**20,
        error=None if refusal is None else _trouble(refusal),
        errors=() if result is None else _in_order(result.errors, NOTES_SHOWN),
        warnings=() if result is None else _in_order(result.warnings, NOTES_SHOWN),
        result=result,
        named=request.scope["state"].get("named", ()),
        said=said,
        # Where rows were left out the page says so as a warning, and the frame only what it undoes.
        done_words=said if result is not None and not result.errors else "",
    )


def _trouble(refusal: Refusal) -> str:
    """What is wrong with the file as a whole, and what to do on this page about it."""
    if refusal.reason is not Reason.IMPORT_STOPPED:
        return refusal.detail
    gone = {name: refusal.context.get(name) for name in ("disabled", "removed", "allowed")}
    return (
        gettext(
            "The file would disable %(disabled)s people and take out %(removed)s members;"
            " %(allowed)s is the most without being asked. Nothing was changed. If it is meant,"
            " tick “Also if it takes many away”."
        )
        % gone
    )


def _kind_of(form: Form) -> Kind:
    found = _KINDS.get(form.text("kind") or "")
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file cannot hold “{form.text('kind')}”: choose people, groups, or who is in which"
            " group.",
        )
    return found


async def _table(form: Form, kind: Kind) -> Table:
    if form.text("lines") is None:
        raise Refusal(
            Reason.INVALID_VALUE, "There are no rows yet: choose a file, or paste its lines."
        )
    return await asyncio.to_thread(
        read_table,
        lines_of(form).encode(),
        columns=kind.columns,
        required=kind.required,
        rows_max=kind.rows_max,
    )


def _choices_of(form: Form) -> ImportChoices:
    is_whole = form.text("mode") == ImportMode.REPLACE.value
    return ImportChoices(
        mode=ImportMode.REPLACE if is_whole else ImportMode.MERGE,
        is_confirmed=form.text("confirm") == "yes",
    )


def _in_order(notes: Sequence[RowNote], most: int) -> Sequence[RowNote]:
    return sorted(notes, key=lambda one: one.row_no)[:most]


def _foretold(result: ImportResult) -> Iterator[str]:
    if result.stops_above is not None:
        yield gettext(
            "It takes away more than the %(allowed)s that an import may without being asked: go"
            " back and tick “Also if it takes many away” if it is meant."
        ) % {"allowed": result.stops_above}
    for one in _in_order(result.errors, NOTES_FORETOLD):
        yield gettext("Row %(row)s: %(why)s") % {"row": one.row_no, "why": one.message}
    if len(result.errors) > NOTES_FORETOLD:
        yield gettext("These are the first rows that cannot be read.")
    if result.ignored_columns:
        names = ", ".join(result.ignored_columns)
        yield gettext("These columns mean nothing here: %(columns)s.") % {"columns": names}


def _sentence(request: AnyRequest, result: ImportResult) -> str:
    """“3 rows: 2 new, 1 as before.”"""
    number = formats_of(request.scope).number
    parts = [
        gettext(words) % {"count": number(result.counts()[name])}
        for name, words in _COUNTED.items()
        if result.counts()[name]
    ]
    rows = ngettext("One row", "%(count)s rows", result.total) % {"count": number(result.total)}
    return f"{rows}: {', '.join(parts)}." if parts else f"{rows}."


IMPORT_PAGES = (import_form, import_file)
