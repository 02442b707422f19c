"""A decision about requests as its form has it, and what the pages around it say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.app.afterwards import NOTHING, Done, done_by
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.deciding import NothingDecided, decide
from seatwright.app.requests.desk import Absent, Verdict
from seatwright.app.requests.lacking import seats_lacking
from seatwright.app.requests.orders import DecisionOrder
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.web.portal.frame.access import AnyRequest
from seatwright.web.portal.frame.forms import Form, NothingTicked
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.naming import few_names


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Somebody about whom nothing could be decided: why, and the product; None: none is known."""

    sentence: str
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What became of a form of decisions, in words.

    `words` name the act and how many, `about` whom it is about, and `left_out` everybody about
    whom nothing could be decided, with the reason. `lacking` counts seats that approvals lacked.
    """

    count: int
    words: str
    about: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    lacking: Mapping[SkuNo, int]
    refusal: Refusal | None = None


def decisions_in(form: Form) -> list[DecisionOrder]:
    """The decisions of a form, one for each request that it names.

    Raises Refusal invalidValue where it decides nothing, NothingTicked where about nobody.
    """
    decision = form.text("decision")
    if decision not in {"approve", "deny"}:
        raise Refusal(Reason.INVALID_VALUE, "Choose Approve or Deny.")
    people: dict[str, list[str]] = {}
    for ticked in form.all("line"):
        request, _, person = ticked.partition("/")
        people.setdefault(request, []).append(person)
    if not people:
        raise NothingTicked
    return [
        DecisionOrder(
            request=id_,
            people=tuple(dict.fromkeys(names)),
            approves=decision == "approve",
            message=form.text("message"),
        )
        for id_, names in people.items()
    ]


async def rule(call: Call, orders: Sequence[DecisionOrder]) -> Ruled:
    """Decide about everybody about whom that can still be done.

    Raises Refusal for what is no decision at all.
    """
    absent, refusal = Absent(), None
    try:
        verdicts: Sequence[Verdict] = await decide(call, orders, absent=absent)
    except NothingDecided as nothing:
        verdicts, refusal = nothing.verdicts, nothing
    labels = await user_labels(call.tx, sorted({one.line.user for one in verdicts}))
    catalog = await catalog_of(call)
    done = [one for one in verdicts if one.refusal is None]
    refused = [
        LeftOut(
            sentence=_left_out(one, one.refusal, labels),
            product=catalog.sku_name(one.request.sku),
        )
        for one in verdicts
        if one.refusal is not None
    ]
    return Ruled(
        count=len(done),
        words=_words(len(done), approves=orders[0].approves),
        about=tuple(_about(done, labels, catalog)),
        left_out=(*refused, *(LeftOut(sentence=one) for one in _absent_words(absent))),
        lacking=await seats_lacking(call, verdicts),
        refusal=refusal,
    )


def _absent_words(absent: Absent) -> list[str]:
    """That some are left out who have no name here: who they are is not the reader's to know."""
    words = []
    if absent.requests:
        count = len(absent.requests)
        text = ngettext(
            "One of the requests is left out: it is gone, or no longer yours to decide.",
            "%(count)s of the requests are left out: they are gone, or no longer yours to decide.",
            count,
        )
        words.append(text % {"count": count})
    if absent.people:
        text = ngettext(
            "One person is left out: they are gone, or no longer yours to decide about.",
            "%(count)s people are left out: they are gone, or no longer yours to decide about.",
            absent.people,
        )
        words.append(text % {"count": absent.people})
    return words


def _words(count: int, *, approves: bool) -> str:
    """What the button below the preview does."""
    if approves:
        words = ngettext("Approve one request", "Approve %(count)s requests", count)
    else:
        words = ngettext("Deny one request", "Deny %(count)s requests", count)
    return words % {"count": count}


def _about(
    verdicts: Sequence[Verdict], labels: Mapping[UserNo, UserLabel], catalog: TenantCatalog
) -> list[str]:
    """Who is decided about, product by product."""
    people: dict[str, list[str]] = {}
    for one in verdicts:
        product = catalog.sku_name(one.request.sku)
        people.setdefault(product, []).append(_name(one, labels))
    text = gettext("%(product)s for %(names)s.")
    return [
        text % {"product": product, "names": few_names(names)} for product, names in people.items()
    ]


def _name(one: Verdict, labels: Mapping[UserNo, UserLabel]) -> str:
    label = labels.get(one.line.user)
    return gettext("somebody who is gone") if label is None else label.display_name


def _left_out(one: Verdict, refusal: Refusal, labels: Mapping[UserNo, UserLabel]) -> str:
    """Why one of them is left out, with their name and no id."""
    name = _name(one, labels)
    if refusal.reason is Reason.OWN_REQUEST:
        text = gettext(
            "%(name)s is left out: you asked for it or would get it, and nobody decides their own."
            " Another approver or administrator does."
        )
        return text % {"name": name}
    if refusal.reason is Reason.UNKNOWN_REQUEST:
        return gettext("%(name)s is left out: it is no longer yours to decide.") % {"name": name}
    by = refusal.context.get("decidedBy")
    if refusal.reason is Reason.ALREADY_DECIDED and by is not None:
        text = gettext("%(name)s is left out: %(by)s decided about it already.")
        return text % {"name": name, "by": by}
    return gettext("%(name)s is left out: %(why)s") % {"name": name, "why": refusal.detail}


_ACTIONS_OF: Final[Mapping[str, tuple[HistoryAction, ...]]] = {
    # What an approval gives is in the history as what it is: an assignment, or a membership.
    "approved": (
        HistoryAction.ASSIGNED,
        HistoryAction.UPDATED,
        HistoryAction.MEMBER_ADDED,
        HistoryAction.GRANTED,
    ),
    "denied": (HistoryAction.REQUEST_DENIED,),
    "cancelled": (HistoryAction.REQUEST_CANCELLED,),
    "returned": (HistoryAction.REQUEST_UNDONE,),
}


def ruled_words(ruled: Ruled, *, approves: bool) -> str:
    """What the banner says of those about whom it was decided; empty where it was about nobody."""
    if not ruled.count:
        return ""
    text = gettext("Approved, and told to them: %(what)s")
    if not approves:
        text = gettext("Denied, and told to them: %(what)s")
    return text % {"what": " ".join(ruled.about)}


async def decided_words(call: Call, request: AnyRequest, done: str | None) -> str:
    """What the banner of the page after a change says: what was done, for how many, for whom."""
    correlation = parse_id(str(request.query_params.get("undo", "")))
    actions = _ACTIONS_OF.get(done or "")
    told = NOTHING
    if actions is not None and correlation is not None:
        told = await done_by(call, correlation, *actions)
    names = _names_of(told)
    match done:
        case "asked":
            return gettext("Asked. Whoever decides was told.")
        case "given":
            return gettext("Given at once: nobody had to decide.")
        case "shared":
            return gettext("Sent. Their answers come to you; the decision is made here.")
        case "approved":
            return gettext("Approved, and told to them: %(what)s.") % {"what": names}
        case "denied":
            return gettext("Denied, and told to them: %(what)s.") % {"what": names}
        case "cancelled":
            return gettext("Taken back: %(what)s.") % {"what": names}
        case "returned":
            text = gettext(
                "Approval undone: %(what)s. What it gave goes back, at once or when a second"
                " administrator agrees."
            )
            return text % {"what": names}
        case _:
            return ""


def _names_of(told: Done) -> str:
    if not told.people:
        return gettext("nobody who is still known")
    names = few_names(told.people, is_more=told.is_more)
    return gettext("%(products)s for %(names)s") % {
        "products": few_names(told.products),
        "names": names,
    }
