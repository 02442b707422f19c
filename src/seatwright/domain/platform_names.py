"""Which stored environment, app or flow a text names, where several may bear one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform import EnvironmentNo

LISTED_MAX: Final = 5
"""How many ids or names a sentence lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A thing that a text may name; the keys are in the form in which texts are compared."""

    number: int
    id: UUID
    external_key: str | None
    name_key: str
    environment: EnvironmentNo | None = None


class Candidates:
    """The things that some texts may name, ready to be asked about each of many texts."""

    __slots__ = ("_are_names_unique", "_by_external", "_by_id", "_by_name", "numbers")

    def __init__(self, found: Iterable[Candidate], *, are_names_unique: bool) -> None:
        self._are_names_unique = are_names_unique
        self._by_id: dict[UUID, Candidate] = {}
        self._by_external: dict[str, Candidate] = {}
        self._by_name: defaultdict[str, list[Candidate]] = defaultdict(list)
        for one in found:
            self._by_id[one.id] = one
            self._by_name[one.name_key].append(one)
            if one.external_key is not None:
                self._by_external[one.external_key] = one
        self.numbers = sorted(one.number for one in self._by_id.values())

    def named(self, text: str) -> int | None:
        """The one that a text names: by its id, the id it came with, or its name.

        Raises Refusal invalidValue for a name that several have.
        """
        id_, key = parse_id(text), text_key(text)
        found = (self._by_id.get(id_) if id_ else None) or self._by_external.get(key)
        return found.number if found else _only(self._by_name.get(key, ()), text)

    def of_row(
        self, *, outer: str | None, name: str, places: frozenset[EnvironmentNo | None] | None
    ) -> int | None:
        """What a row of a file is about: the one with its outer id, else the one of its name.

        `places` are the environments, or none, in which the name counts; None: anywhere. A thing
        that has another outer id than the row is another thing, unless no two can have one name.
        Raises Refusal invalidValue for a name that several have.
        """
        if outer is not None and (known := self._by_external.get(text_key(outer))):
            return known.number
        named = [
            one
            for one in self._by_name.get(text_key(name), ())
            if (places is None or one.environment in places)
            and (outer is None or one.external_key is None or self._are_names_unique)
        ]
        return _only(named, name)


def _only(named: Sequence[Candidate], text: str) -> int | None:
    if len(named) > 1:
        ids = ", ".join(str(one.id) for one in named[:LISTED_MAX])
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(named)} are called “{text[:60]}”: give the id of one of them, such as {ids}.",
            context={"value": text[:60]},
        )
    return named[0].number if named else None
