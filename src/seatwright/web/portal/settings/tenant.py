"""`/settings`: the tenant and how it behaves; the other pages of Settings are beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery

from seatwright.app.call import Call
from seatwright.app.jobs import get_job, list_jobs
from seatwright.app.settings import change_settings, read_settings
from seatwright.domain.errors import Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.semantics import Preset
from seatwright.domain.settings import SETTINGS, as_preset_has_it
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.language import gettext, marked
from seatwright.web.portal.frame.pages import page, see
from seatwright.web.portal.settings.words import field_groups, value_of
from seatwright.web.problems import status_of


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of Settings."""

    path: str
    words: str
    permission: Permission | None


_TABS: Final = (
    Tab("/settings", marked("Organization"), Permission.READ_SETTINGS),
    Tab("/settings/domains", marked("Domains"), Permission.READ_SETTINGS),
    Tab("/settings/roles", marked("Roles"), Permission.MANAGE_ACCESS),
    Tab("/settings/tokens", marked("Tokens"), Permission.MANAGE_ACCESS),
    Tab("/settings/clients", marked("API clients"), Permission.MANAGE_ACCESS),
    Tab("/settings/sign-in", marked("Sign-in"), Permission.MANAGE_ACCESS),
    Tab("/settings/mail", marked("Mail"), Permission.READ_TELLING),
    Tab("/settings/webhooks", marked("Webhooks"), Permission.READ_TELLING),
    Tab("/settings/password", marked("My password"), None),
)


def tabs_of(call: Call) -> list[tuple[str, str]]:
    """The pages of Settings that somebody may open, with their words."""
    return [
        (tab.path, gettext(tab.words))
        for tab in _TABS
        if tab.permission is None or call.principal.may(tab.permission)
    ]


@get("/settings", opt=needs(None))
async def settings(
    call: TheCall,
    request: AnyRequest,
    *,
    done: FromQuery[str | None] = None,
    job: FromQuery[UUID | None] = None,
) -> Response[bytes] | Response[None]:
    """The tenant and its settings; for those who may not read them, their own password.

    `job` is what a change of them began: how far it is, is shown until it has ended.
    """
    if not call.principal.may(Permission.READ_SETTINGS):
        return see("/settings/password")
    may_see = job is not None and call.principal.may(Permission.READ_JOBS)
    follows = await get_job(call, job) if job is not None and may_see else None
    return _page(call, request, dict(read_settings(call)), done=done, job=follows)


@post("/settings", opt=needs(Permission.WRITE_SETTINGS), status_code=303)
async def save_settings(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Change the settings of one group of the page: all of them, or none."""
    form = form_of(request)
    wanted = {name: value_of(name, text.strip()) for name, text in form.pairs if name in SETTINGS}
    try:
        await change_settings(call, wanted)
    except Refusal as refusal:
        shown: dict[str, object] = {**read_settings(call), **wanted}
        status = status_of(refusal)
        return _page(
            call, request, shown, status=status, problem=refusal.detail, at=form.text("group")
        )
    begun = await list_jobs(call, before=None, limit=1, state=None)
    if begun and begun[0].correlation == call.correlation:
        return see(f"/settings?done=saved&job={begun[0].id}")
    return see("/settings?done=saved")


def _page(
    call: Call,
    request: AnyRequest,
    values: dict[str, object],
    *,
    status: int = 200,
    **context: object,
) -> Response[bytes]:
    presets = [
        {
            "name": name,
            "native": as_preset_has_it(name, Preset.NATIVE),
            "entra": as_preset_has_it(name, Preset.ENTRA),
        }
        for name in SETTINGS
        if as_preset_has_it(name, Preset.NATIVE) is not None
    ]
    shown: dict[str, object] = {
        "done": None,
        "problem": None,
        "at": None,
        "job": None,
        "rate": None,
        **context,
    }
    return page(
        request,
        "settings.html",
        status=status,
        tabs=tabs_of(call),
        groups=field_groups(values),
        presets={one["name"]: one for one in presets},
        **shown,
    )


SETTINGS_PAGES = (settings, save_settings)
