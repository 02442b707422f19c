"""Why a person has a product or lacks it: the chain, the rules, and the smallest change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.dynamic.trials import reasons_of_rules
from seatwright.app.why.fixes import Fix, fix_names, fixes_of
from seatwright.app.why.reading import Reading, read_question
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.history import HistoryAction, HistoryEvent, HistoryFilter
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.domain.why import (
    Account,
    Outcome,
    Question,
    Search,
    SourceStory,
    account_of,
    smallest_change,
    smallest_end,
)
from seatwright.postgres.history_read import read_history
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels
from seatwright.postgres.why import JobSeen, Maker, jobs_behind, makers_of

EVENTS_LOOKED_AT = 200
"""Newest rows of a person's history in which who made what is looked up."""

_MAKING = (HistoryAction.ASSIGNED, HistoryAction.UPDATED, HistoryAction.MEMBER_ADDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A group on the way from the person up to the one that is licensed, since when it is so.

    `because` is what of its rule takes the person into a dynamic group.
    """

    group: GroupLabel
    since: datetime | None
    by: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """One source with its way to the person, and who made it when and by which job."""

    story: SourceStory
    path: tuple[Step, ...]
    maker: Maker | None
    job: JobSeen | None
    held_change: UUID | None

    @property
    def name(self) -> str:
        """What people call the source."""
        if self.path:
            last = self.path[-1]
            if last.because is not None:
                return f"the dynamic group {last.group.display_name}"
            return f"the group {last.group.display_name}"
        match self.story.wish.source.kind:
            case SourceKind.DIRECT:
                return "a direct assignment"
            case SourceKind.HOLD:
                return "a removal that is held for approval"
            case SourceKind.POLICY:
                return "an auto-claim policy"
            case SourceKind.REQUEST:
                return "a license request"
            case SourceKind.GROUP:
                return "a group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything there is to say; `search` is for what would turn it, also for a holder."""

    user: UserLabel
    sku: CatalogSku
    catalog: TenantCatalog
    question: Question
    account: Account
    chain: tuple[ChainLink, ...]
    search: Search
    fixes: tuple[Fix, ...]

    def link(self, source: Source) -> ChainLink | None:
        """The link of one source."""
        return next((one for one in self.chain if one.story.wish.source == source), None)


async def explain(call: Call, person: str, product: str) -> Answer:
    """Say why a person has a product or lacks it, and what would turn that.

    Raises Refusal: unknownUser, unknownSku.
    """
    user = await require_user(call, person)
    sku = (await catalog_of(call)).require_sku(product)
    reading = await read_question(call, user.user_no, sku.sku_no)
    account = account_of(reading.question)
    is_held = account.outcome is Outcome.HELD
    search = smallest_end(reading.question) if is_held else smallest_change(reading.question)
    moves = () if search.best is None else search.best.moves
    names = await fix_names(call, reading, user, moves)
    return Answer(
        user=user,
        sku=sku,
        catalog=reading.catalog,
        question=reading.question,
        account=account,
        chain=await _chain(call, reading, account, sku.sku_no),
        search=search,
        fixes=fixes_of(reading, moves, names),
    )


async def _chain(
    call: Call, reading: Reading, account: Account, sku: SkuNo
) -> tuple[ChainLink, ...]:
    paths = {
        story.wish.source: reading.ladder.path_to(GroupNo(story.wish.source.no))
        for story in account.sources
        if story.wish.source.kind is SourceKind.GROUP
    }
    groups = {group for path in paths.values() for group in path}
    groups |= {GroupNo(source.no) for source in paths}
    labels = await group_labels(call.tx, sorted(groups))
    user = reading.question.user.user_no
    reasons = await reasons_of_rules(call, user, reading.question.ruled & groups)
    licensed = [GroupNo(source.no) for source in paths]
    makers = await makers_of(call.tx, user, licensed, sku)
    wanted = HistoryFilter(user=user, actions=_MAKING)
    events = await read_history(call.tx, wanted, before=None, limit=EVENTS_LOOKED_AT)
    made = {
        source: _made_by(events, source, sku) for source in (s.wish.source for s in account.sources)
    }
    jobs = await jobs_behind(call.tx, user, (e.correlation for e in made.values() if e is not None))
    links = []
    for story in account.sources:
        source, event = story.wish.source, made[story.wish.source]
        held = reading.helds.get(source.no) if source.kind is SourceKind.HOLD else None
        links.append(
            ChainLink(
                story=story,
                path=tuple(
                    replace(step, because=reasons.get(group))
                    for group, step in zip(
                        paths.get(source, ()),
                        _steps(reading, paths.get(source, ()), labels, events),
                        strict=True,
                    )
                ),
                maker=_maker(makers, event, source),
                job=None if event is None else jobs.get(event.correlation),
                held_change=None if held is None else held.id,
            )
        )
    return tuple(links)


def _made_by(events: tuple[HistoryEvent, ...], source: Source, sku: SkuNo) -> HistoryEvent | None:
    """The newest row that tells of the making of a person's own assignment."""
    return next(
        (
            event
            for event in events
            if event.sku == sku and event.source == source and source.kind.is_own
        ),
        None,
    )


def _maker(
    makers: Mapping[tuple[int, int], Maker], event: HistoryEvent | None, source: Source
) -> Maker | None:
    if event is not None:
        return Maker(name=event.principal.name, kind=event.principal.kind, at=event.place.at)
    return makers.get((int(source.kind), source.no))


def _steps(
    reading: Reading,
    path: tuple[GroupNo, ...],
    labels: Mapping[GroupNo, GroupLabel],
    events: tuple[HistoryEvent, ...],
) -> tuple[Step, ...]:
    """The groups on the way up: since when the person, then each group, is in the next."""
    steps = []
    for below, group in zip((None, *path), path, strict=False):
        is_own = below is None
        since = (
            reading.ladder.since.get(group)
            if is_own
            else reading.ladder.joined_at(below or group, group)
        )
        by = _added_by(events, labels[group].id) if is_own else None
        steps.append(Step(group=labels[group], since=since, by=by))
    return tuple(steps)


def _added_by(events: tuple[HistoryEvent, ...], group: UUID) -> str | None:
    """Who added the person to a group, as far back as the rows looked at go."""
    return next(
        (
            event.principal.name
            for event in events
            if event.action is HistoryAction.MEMBER_ADDED
            and event.group is not None
            and event.group.id == group
        ),
        None,
    )
