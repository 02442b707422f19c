"""What is told of requests, with the names that templates want (`domain/telling_fields.py`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.routing import Policies, people_behind
from seatwright.app.telling.tell import tell
from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.requests.lines import How, LicenseRequest, Line, people_words
from seatwright.domain.requests.policy import Decider
from seatwright.domain.telling import EventKind, FieldValue, Telling
from seatwright.domain.tenants import SYSTEM_PRINCIPAL
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.postgres.request_people import judge_names, people_there

ERASED = "a person who is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the people, products and principals of some lines are called."""

    users: Mapping[UserNo, UserLabel]
    principals: Mapping[PrincipalNo, str]
    products: Mapping[int, str]

    def user(self, user: UserNo | None) -> str:
        """What a person is called."""
        label = None if user is None else self.users.get(user)
        return ERASED if label is None else label.display_name

    def requestor(self, request: LicenseRequest) -> str:
        """Who asked: the person, or the token that did."""
        if request.requestor is not None:
            return self.user(request.requestor)
        return self.principals.get(request.principal, ERASED)


async def names_of(
    call: Call, lines: Iterable[Line], requests: Mapping[int, LicenseRequest]
) -> Names:
    """The names that tell of these lines."""
    users: set[UserNo] = set()
    principals = {call.principal.principal_no}
    for line in lines:
        request = requests[line.request_no]
        users.add(line.user)
        if request.requestor is not None:
            users.add(request.requestor)
        principals.add(request.principal)
    catalog = await catalog_of(call)
    return Names(
        users=await user_labels(call.tx, sorted(users)),
        principals=await judge_names(call.tx, principals),
        products={no: sku.display_name for no, sku in catalog.skus.items()},
    )


def _fields(request: LicenseRequest, lines: Sequence[Line], names: Names) -> dict[str, FieldValue]:
    return {
        "requestId": str(request.id),
        "product": names.products.get(lines[0].sku, "a product that is gone"),
        "requestedBy": names.requestor(request),
        "people": people_words([names.user(line.user) for line in lines]),
    }


async def tell_deciders(
    call: Call,
    kind: EventKind,
    lines: Sequence[Line],
    requests: Mapping[int, LicenseRequest],
    *,
    policies: Policies,
) -> None:
    """Tell whoever is now asked to decide, once for each request and decider."""
    is_later = kind is EventKind.LICENSE_REQUEST_ESCALATED
    groups: dict[tuple[int, Decider], list[Line]] = {}
    for line in lines:
        decider = line.alternate if is_later else line.decider
        groups.setdefault((line.request_no, decider), []).append(line)
    people = await people_behind(call, policies, {decider for _, decider in groups})
    names = await names_of(call, lines, requests)
    tellings = []
    for (number, decider), of_decider in groups.items():
        request = requests[number]
        data = {
            **_fields(request, of_decider, names),
            "justification": request.justification,
            "decideBy": of_decider[0].due_at.isoformat(),
        }
        # Of the request and its first line: of two managers each is told of their own people.
        key = f"{request.id}:{of_decider[0].line_no}"
        tellings += [
            Telling(kind=kind, key=key, user=user, data=data) for user in people[decider] or (None,)
        ]
    await tell(call, tellings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of a line, as people are told: the word for it, and a message with it."""

    line: Line
    word: str
    message: str | None


async def tell_of_ends(
    call: Call,
    kind: EventKind,
    said: Sequence[Said],
    requests: Mapping[int, LicenseRequest],
    *,
    how: How = How.PERSON,
) -> None:
    """Tell each person what became of their line, and who asked for them (R-19), once for all."""
    if not said:
        return
    names = await names_of(call, (one.line for one in said), requests)
    by = names.principals.get(call.principal.principal_no, ERASED)
    by = "the request policy" if how is How.POLICY else by
    # Who asked for the deed is told too, where it is not the same person.
    told: dict[int, list[UserNo | None]] = {
        one.line.line_no: [*_people(one.line.user, requests[one.line.request_no].requestor)]
        for one in said
    }
    tellings = []
    for heap in _by_reader(said, told):
        request = requests[heap.request_no]
        lines = [one.line for one in heap.said]
        data = {**_fields(request, lines, names), **_extra(kind, heap.said[0], request, by)}
        tellings.append(_telling(kind, request, heap, data))
    await tell(call, tellings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """What one reader is told at once; `user` None: the administrators."""

    request_no: int
    user: UserNo | None
    said: tuple[Said, ...]
    is_posted: bool


def _by_reader(said: Sequence[Said], told: Mapping[int, Collection[UserNo | None]]) -> list[Heap]:
    """What each reader is told at once: of one request, with one outcome and one message.

    Who asked for five hundred people, or decides about them, gets one mail and not as many. To
    webhooks goes what tells most at once, so that nobody counts one decision several times.
    """
    heaps: dict[tuple[int, UserNo | None, str, str | None], list[Said]] = {}
    for one in said:
        for user in told[one.line.line_no]:
            key = (one.line.request_no, user, one.word, one.message)
            heaps.setdefault(key, []).append(one)
    found: list[Heap] = []
    posted: set[int] = set()
    for (number, user, _, _), heap in sorted(heaps.items(), key=lambda item: -len(item[1])):
        lines = {one.line.line_no for one in heap}
        is_posted = not lines <= posted
        posted |= lines
        found.append(Heap(request_no=number, user=user, said=tuple(heap), is_posted=is_posted))
    return found


def _telling(
    kind: EventKind, request: LicenseRequest, heap: Heap, data: Mapping[str, FieldValue]
) -> Telling:
    return Telling(
        kind=kind,
        key=_key(request, heap.said),
        user=heap.user,
        data=data,
        is_posted=heap.is_posted,
    )


def _key(request: LicenseRequest, heap: Sequence[Said]) -> str:
    """The key of a heap; that of several lines is no line's own, which others are told by."""
    more = f"+{len(heap) - 1}" if len(heap) > 1 else ""
    return f"{request.id}:{heap[0].line.line_no}{more}:{heap[0].word}"


def _people(*users: UserNo | None) -> list[UserNo]:
    """Each once, without those whom nobody knows."""
    return sorted({user for user in users if user is not None})


def _extra(
    kind: EventKind, said: Said, request: LicenseRequest, by: str
) -> Mapping[str, FieldValue]:
    match kind:
        case EventKind.LICENSE_REQUEST_EXPIRED:
            return {"askedAt": request.created_at.isoformat()}
        case EventKind.LICENSE_REQUEST_CANCELLED:
            return {"why": None, "message": said.message}
        case _:
            return {"decision": said.word, "decidedBy": by, "message": said.message}


async def tell_cancelled(
    call: Call,
    lines: Sequence[Line],
    requests: Mapping[int, LicenseRequest],
    *,
    policies: Policies,
    message: str | None,
) -> None:
    """Tell those who were asked to decide that they need not, and the people themselves.

    Who reads it should not think that somebody changed their mind where upkeep ended it: because
    the person is gone, or has the product by now.
    """
    deciders = {one for line in lines for one in (line.decider, line.alternate)}
    people = await people_behind(call, policies, deciders)
    names = await names_of(call, lines, requests)
    there = await people_there(call.tx, names.users)
    told: dict[int, list[UserNo | None]] = {}
    for line in lines:
        asked = {*people[line.decider], *people[line.alternate]}
        others = {*_people(line.user, requests[line.request_no].requestor)} & there
        concerned: list[UserNo | None] = [*sorted((asked | others) - {call.principal.user_no})]
        # Where nobody is named the administrators were told of it, and are told of its end.
        told[line.line_no] = concerned if people[line.decider] else [*concerned, None]
    kind = EventKind.LICENSE_REQUEST_CANCELLED
    said = [Said(line=line, word="cancelled", message=message) for line in lines]
    tellings = []
    for heap in _by_reader(said, told):
        request = requests[heap.request_no]
        lines_of = [one.line for one in heap.said]
        why = _why_cancelled(call, lines_of, names, there)
        data = {**_fields(request, lines_of, names), "why": why, "message": message}
        tellings.append(_telling(kind, request, heap, data))
    await tell(call, tellings)


def _why_cancelled(
    call: Call, lines: Sequence[Line], names: Names, there: Collection[UserNo]
) -> str:
    if call.principal.principal_no != SYSTEM_PRINCIPAL:
        return f"{names.principals.get(call.principal.principal_no, ERASED)} cancelled it."
    if all(line.user in there for line in lines):
        return "It is not needed any more: what was asked for is there."
    return "Whom it was for is not in the directory any more, or cannot sign in."
