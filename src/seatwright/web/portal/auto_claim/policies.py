"""`/auto-claim`: the switch, the policies, one policy, and what people were told about claims."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from seatwright.app.auto_claim import notices as told
from seatwright.app.auto_claim.orders import PolicyField
from seatwright.app.auto_claim.policies import (
    PolicySeen,
    change_policy,
    drop_policy,
    list_policies,
    require_policy,
    see_policy,
)
from seatwright.app.auto_claim.switch import Reach, reach_of_switch, turn
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.named import Named, NamedChange, NamedKind, change_of
from seatwright.domain.auto_claim import EnvironmentScope
from seatwright.domain.auto_claim_notices import Notice
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.auto_claim_read import policy_maker, policy_names, read_feature
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.web.cursors import cursor_of, keys_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.pages import formats_of, name_them, page, see
from seatwright.web.portal.frame.rendering import Formats

ROWS = 50

_VERSION: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A notice with the names behind its numbers."""

    notice: Notice
    policy: str
    person: UserLabel | None
    product: str | None


@get("/auto-claim", opt=needs(Permission.READ_AUTO_CLAIM))
async def auto_claim(
    call: TheCall,
    request: AnyRequest,
    *,
    done: FromQuery[str | None] = None,
    turned: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The switch and the five columns of the list (T-060, T-061, T-097, T-098).

    `turned` is the version that turning it made: it is told and undone while that is the newest.
    """
    feature = await read_feature(call.tx)
    return page(
        request,
        "auto_claim.html",
        feature=feature,
        has_turned=turned == str(feature.version),
        policies=await list_policies(call),
        catalog=await catalog_of(call),
        done=done,
    )


@post("/auto-claim/switch", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def switch(call: TheCall, request: AnyRequest) -> Response[None]:
    """Turn the feature on or off; what was claimed stays. A preview says whom it is about."""
    is_on = form_of(request).text("enabled") == "yes"
    if call.is_foreseen:
        reach = await reach_of_switch(call)
        request.scope["state"]["facts"] = _facts_of_turning(reach, is_on=is_on)
        title = gettext("Policies that start") if is_on else gettext("Policies that stop")
        name_them(request, [(title, _policies_named(reach.policies))] if reach.policies else [])
    undoes = form_of(request).text("undoes") or ""
    version = int(undoes) if _VERSION.fullmatch(undoes) else None
    feature = await turn(call, is_on=is_on, undoes=version)
    return see(f"/auto-claim?turned={feature.version}")


def _policies_named(policies: Sequence[PolicySeen]) -> NamedChange:
    named = (
        Named(
            name=one.policy.name,
            key=str(one.policy.policy_id),
            beside=one.app.name,
            kind=NamedKind.POLICY,
        )
        for one in policies
    )
    return change_of("policies", len(policies), named)


def _facts_of_turning(reach: Reach, *, is_on: bool) -> tuple[str, ...]:
    """What the preview of the switch says."""
    policies_on = len(reach.policies)
    counts = {"policies": policies_on, "people": reach.claimers, "held": reach.held}
    if is_on:
        text = ngettext(
            "One policy gives licenses again, from the next launch of its app on.",
            "%(policies)d policies give licenses again, from the next launch of their apps on.",
            policies_on,
        )
        return (text % counts,)
    policies = ngettext(
        "One policy gives nothing any more until auto-claim is turned on again.",
        "%(policies)d policies give nothing any more until auto-claim is turned on again.",
        policies_on,
    )
    people = ngettext(
        "One person got a license by them in the last 30 days: whoever opens an app without its"
        " license is turned away instead.",
        "%(people)d people got a license by them in the last 30 days: whoever opens an app without"
        " its license is turned away instead.",
        reach.claimers,
    )
    held = ngettext(
        "What was claimed stays: one license. Nothing is released for lack of use meanwhile.",
        "What was claimed stays: %(held)d licenses. Nothing is released for lack of use meanwhile.",
        reach.held,
    )
    if not reach.claimers:
        people = gettext("Nobody got a license by them in the last 30 days.")
    if not reach.held:
        held = gettext("Nobody holds anything that was claimed.")
    return (policies % counts, people % counts, held % counts)


@get("/auto-claim/notices", opt=needs(Permission.SEE_NOTICES))
async def notices(
    call: TheCall,
    request: AnyRequest,
    *,
    cursor: FromQuery[str | None] = None,
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """What will be released, was kept or released, and where seats run out; newest first."""
    keys = keys_of(cursor, int)
    before = None if keys is None else max(0, min(int(keys[0]), 2**63 - 1))
    found = await told.notices_page(call, before=before, limit=ROWS)
    rows = found[:ROWS]
    more = None
    if len(found) > ROWS:
        more = f"/auto-claim/notices?cursor={cursor_of(rows[-1].notice_no)}"
    return page(
        request, "auto_claim_notices.html", lines=await _lines(call, rows), more=more, done=done
    )


async def _lines(call: Call, rows: Sequence[Notice]) -> tuple[NoticeLine, ...]:
    catalog = await catalog_of(call)
    people = await user_labels(call.tx, [row.user for row in rows if row.user is not None])
    names = await policy_names(call.tx, [row.policy for row in rows])
    return tuple(
        NoticeLine(
            notice=row,
            policy=names[row.policy],
            person=None if row.user is None else people.get(row.user),
            product=None if row.sku is None else catalog.skus[row.sku].display_name,
        )
        for row in rows
    )


@post("/auto-claim/notices/{notice:uuid}/keep", opt=needs(Permission.SEE_NOTICES), status_code=303)
async def keep(call: TheCall, notice: FromPath[UUID]) -> Response[None]:
    """The license stays, and the time without use begins anew."""
    await told.keep(call, notice)
    return see("/auto-claim/notices?done=kept")


@get("/auto-claim/{policy:str}", opt=needs(Permission.READ_AUTO_CLAIM))
async def one_policy(
    call: TheCall,
    request: AnyRequest,
    policy: FromPath[str],
    done: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Its id and everything that it says (T-102), and its scope as two choices (T-075, T-113)."""
    one = await see_policy(call, policy)
    may_manage = call.principal.may(Permission.MANAGE_AUTO_CLAIM)
    return page(
        request,
        "auto_claim_policy.html",
        one=one,
        maker=await policy_maker(call.tx, one.policy.policy_no),
        scopes=tuple(EnvironmentScope),
        catalog=await catalog_of(call),
        done_words=_done_words(done, one, await catalog_of(call), formats_of(request.scope)),
        undo_by=_unmaking(one) if done == "made" and may_manage else None,
    )


def _unmaking(one: PolicySeen) -> dict[str, str]:
    """The undo of having made it, which is to delete it; a preview comes first."""
    words = gettext("Delete the policy “%(name)s”") % {"name": one.policy.name}
    return {"path": f"/auto-claim/{one.policy.policy_id}/delete", "words": words}


def _made_words(one: PolicySeen, catalog: TenantCatalog, formats: Formats) -> str:
    """What a new policy will do: for whom, from when, which product, and how many can have it."""
    first = one.policy.products[0].sku
    free = max(0, one.free.get(first, 0))
    if one.policy.limited_to:
        words = gettext(
            "Whoever is in its groups and opens %(app)s from %(moment)s UTC on gets %(product)s."
        )
    else:
        words = gettext("Whoever opens %(app)s from %(moment)s UTC on gets %(product)s.")
    seats = ngettext("One seat of it is free.", "%(free)s seats of it are free.", free)
    most = one.policy.claims_max
    if most is not None:
        seats += " " + ngettext(
            "At most one person may hold it at once.",
            "At most %(most)s people may hold it at once.",
            most,
        )
    return f"{words} {seats}" % {
        "most": None if most is None else formats.number(most),
        "app": one.app.name,
        "moment": formats.moment(one.policy.effective_from),
        "product": catalog.skus[first].display_name,
        "free": formats.number(free),
    }


def _done_words(done: str | None, one: PolicySeen, catalog: TenantCatalog, formats: Formats) -> str:
    match done:
        case "made":
            return _made_words(one, catalog, formats)
        case "changed":
            return gettext("Saved: it counts from the next launch on.")
        case "on":
            return gettext("The policy is on.")
        case "off":
            return gettext("The policy is off. What people claimed stays with them.")
    return ""


@post("/auto-claim/{policy:str}/status", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def turn_policy(call: TheCall, request: AnyRequest, policy: FromPath[str]) -> Response[None]:
    """Turn one policy on or off; what was claimed stays (T-072)."""
    status = form_of(request).text("status")
    changed = await change_policy(call, policy, {PolicyField.STATUS: status})
    return see(f"/auto-claim/{changed.policy.policy_id}?done={status}")


@post("/auto-claim/{policy:str}/scope", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def choose_scope(call: TheCall, request: AnyRequest, policy: FromPath[str]) -> Response[None]:
    """In which environments it gives licenses."""
    scope = form_of(request).text("environmentScope")
    changed = await change_policy(call, policy, {PolicyField.ENVIRONMENT_SCOPE: scope})
    return see(f"/auto-claim/{changed.policy.policy_id}?done=changed")


@post("/auto-claim/{policy:str}/delete", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def delete_policy(call: TheCall, policy: FromPath[str]) -> Response[None]:
    """It gives nothing any more; what was claimed stays (T-073)."""
    await drop_policy(call, str((await require_policy(call, policy)).policy_id))
    return see("/auto-claim?done=deleted")


AUTO_CLAIM_PAGES = (
    auto_claim,
    switch,
    notices,
    keep,
    one_policy,
    turn_policy,
    choose_scope,
    delete_policy,
)
