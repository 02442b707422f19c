"""The answer in words, for somebody who has never met seatwright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from seatwright.app.why.answer import Answer, ChainLink
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.reconcile import Names, Shortfall, refusal
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.rows import union
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Outcome, Question, SourceState
from seatwright.domain.why.search import MOVES_MAX


def sentence_of(answer: Answer) -> str:
    """What is so, and because of what, in one or two sentences."""
    who, product = answer.user.display_name, answer.sku.display_name
    match answer.account.outcome:
        case Outcome.HELD:
            return _held(answer)
        case Outcome.WAITING:
            return _waiting(answer)
        case Outcome.DENIED:
            return denial_of(
                answer.question, answer.account.reasons[0], who=who, catalog=answer.catalog
            )
        case Outcome.SCHEDULED:
            starts = [link.story.wish.starts_at for link in answer.chain]
            first = min(start for start in starts if start is not None)
            return f"{who} gets {product} on {day(first)}: {_gives(answer.chain)}."
        case Outcome.PENDING:
            return (
                f"{who} is to have {product}: {_gives(answer.chain)}. Nobody has looked at them"
                " since that was said; a job is on its way."
            )
        case Outcome.NOT_WISHED:
            return _not_wished(answer)


def denial_of(question: Question, reason: Reason, *, who: str, catalog: TenantCatalog) -> str:
    """Why the engine leaves a person without a product, or without a part of it."""
    names = Names(
        user=who,
        products={no: sku.display_name for no, sku in catalog.skus.items()},
        service_plans={no: plan.display_name for no, plan in catalog.service_plans.items()},
    )
    every = laws_of(question.snapshot.catalog).service_plans_of(question.sku)
    failed = {e.source for e in question.user.errors if (e.sku, e.reason) == (question.sku, reason)}
    wishes = [wish for wish in question.wishes_of(question.sku) if wish.source in failed]
    bits = union(ServicePlanBits(every & ~wish.disabled) for wish in wishes)
    is_kept_back = question.is_held and not wishes
    shortfall = Shortfall(
        user=question.user,
        sku=question.sku,
        bits=bits if bits or is_kept_back else every,
        snapshot=replace(question.snapshot, users=()),
        names=names,
    )
    return refusal(shortfall, reason).detail


def _held(answer: Answer) -> str:
    who, product = answer.user.display_name, answer.sku.display_name
    giving = [link for link in answer.chain if link.story.state is SourceState.GIVES]
    if not giving:
        return (
            f"{who} still has {product} although nothing gives it any more: something else that"
            " they have depends on it."
        )
    kept = (
        "Without that they would lose it."
        if len(giving) == 1
        else "They would lose it only without all of these."
    )
    return f"{who} has {product}: {_gives(giving)}. {kept}"


def _waiting(answer: Answer) -> str:
    question, account = answer.question, answer.account
    who, product, pool = (
        answer.user.display_name,
        answer.sku.display_name,
        question.pool(question.sku),
    )
    reserved = f" and {pool.reserved:,} reserved" if pool.reserved else ""
    seats = (
        f"{pool.consumed:,} of {pool.assignable:,} are in use{reserved}"
        if pool.assignable or pool.consumed
        else "there are none to assign"
    )
    before = people(account.before)
    waits = f"{who} waits for a seat of {product}"
    if account.waiting_since is not None:
        waits = f"{who} has waited for a seat of {product} since {day(account.waiting_since)}"
    verb = "is" if account.before in {0, 1} else "are"
    return f"{waits}: {seats}, and {before} {verb} before them in the waiting list."


def _not_wished(answer: Answer) -> str:
    who, product = answer.user.display_name, answer.sku.display_name
    over = [
        link.story.wish.expires_at
        for link in answer.chain
        if link.story.state is SourceState.EXPIRED and link.story.wish.expires_at is not None
    ]
    if over:
        return f"{who} no longer has {product}: what gave it ended on {day(max(over))}."
    return (
        f"{who} does not have {product}, because nothing says that they should: nobody assigned"
        " it to them, and no group that they are in gives it."
    )


def _gives(links: Sequence[ChainLink]) -> str:
    """`the group Sales gives it, and so does a direct assignment by …`."""
    told = [_told(link) for link in links]
    first = f"{told[0]} gives it"
    return first if len(told) == 1 else f"{first}, and so does {' and '.join(told[1:])}"


def _told(link: ChainLink) -> str:
    kind = link.story.wish.source.kind
    if kind is SourceKind.GROUP and len(link.path) > 1:
        first = link.path[0]
        because = f", because {first.because}" if first.because else ""
        return f"{link.name} (through {first.group.display_name}{because})"
    if link.path and link.path[0].because:
        return f"{link.name} (because {link.path[0].because})"
    if kind is SourceKind.DIRECT and link.maker is not None:
        return f"{link.name} by {link.maker.name} on {day(link.maker.at)}"
    if kind is SourceKind.REQUEST and link.maker is not None:
        return f"{link.name} that {link.maker.name} approved on {day(link.maker.at)}"
    return link.name


def change_sentence(answer: Answer) -> str:
    """What would turn the outcome, or that nothing small would."""
    search = answer.search
    if search.best is not None:
        return " ".join(_capital(fix.words) for fix in answer.fixes)
    if answer.account.outcome is Outcome.HELD:
        ruled = [link.path[0] for link in answer.chain if link.path and link.path[0].because]
        if ruled:
            return (
                f"{ruled[0].group.display_name} is a dynamic group: change what its rule asks of"
                f" {answer.user.display_name}, or the rule."
            )
        return "No small change would take it away: other things that they have depend on it."
    if Reason.NOT_ASSIGNABLE_TO_USERS in answer.account.reasons or (
        not answer.sku.is_assignable_to_users
    ):
        return "No change would: the product is for the whole organisation, not for people."
    if not search.is_whole:
        return "No small change was found, and too many could be tried to try them all."
    return f"No change of up to {MOVES_MAX} moves would: it takes more than that."


def others_sentence(answer: Answer) -> str | None:
    """Who else is touched by the smallest change."""
    best = answer.search.best
    if best is None or not (best.others or best.besides):
        return None
    told = []
    if best.others:
        told.append(f"{people(best.others)} beside {answer.user.display_name}")
    if best.besides:
        names = [answer.catalog.sku_name(sku) for sku in sorted(best.besides)]
        told.append(f"their {', '.join(names)}")
    return f"It also touches {' and '.join(told)}."


def people(number: int) -> str:
    """`nobody`, `1 person`, `37 people`."""
    if not number:
        return "nobody"
    return "1 person" if number == 1 else f"{number:,} people"


def day(at: datetime) -> str:
    """A day in UTC."""
    return at.astimezone(UTC).date().isoformat()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
