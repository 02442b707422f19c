"""Matching the people of a file with those of the directory: who is new, changed, or in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from seatwright.domain.directory import UserField, UserFields, text_key
from seatwright.domain.ids import UserNo
from seatwright.domain.people_file import PersonRow, RowNote
from seatwright.domain.person_changes import differences


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A living person as they are now; the manager by number, not among the fields."""

    user_no: UserNo
    id: UUID
    upn_key: str
    fields: UserFields
    manager: UserNo | None

    @property
    def external_id(self) -> str | None:
        """The id that another system knows them by."""
        value = self.fields.get(UserField.EXTERNAL_ID)
        return value if isinstance(value, str) else None

    @property
    def is_enabled(self) -> bool:
        """Whether they may sign in."""
        return self.fields.get(UserField.ACCOUNT_ENABLED) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerOf:
    """A manager to be stored: somebody there is, or the new person of a row; or nobody."""

    user: UserNo | None = None
    row_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A row that makes a person."""

    row: PersonRow
    manager: ManagerOf


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPerson:
    """A row that changes a person; `manager` is None where that stays."""

    row: PersonRow
    stored: StoredPerson
    changed: frozenset[UserField]
    manager: ManagerOf | None


@dataclass(slots=True, kw_only=True)
class PeopleMatch:
    """What an import of people will do."""

    created: list[NewPerson] = field(default_factory=list)
    changed: list[ChangedPerson] = field(default_factory=list)
    unchanged: list[StoredPerson] = field(default_factory=list)
    errors: list[RowNote] = field(default_factory=list)
    warnings: list[RowNote] = field(default_factory=list)

    @property
    def renamed(self) -> int:
        """How many people get another UPN."""
        return sum(UserField.USER_PRINCIPAL_NAME in one.changed for one in self.changed)

    @property
    def disabled(self) -> list[ChangedPerson]:
        """Whom the file itself disables."""
        return [
            one
            for one in self.changed
            if one.stored.is_enabled and one.row.fields.get(UserField.ACCOUNT_ENABLED) is False
        ]


def match_people(
    rows: Sequence[PersonRow],
    stored: Iterable[StoredPerson],
    *,
    managers: Mapping[str, UserNo],
) -> PeopleMatch:
    """Match by external id, then by UPN; a changed UPN is a rename.

    `stored` has everybody who has an external id or a UPN of the rows. `managers` says who the
    managers are that the directory knows by the text in the file.
    """
    return _Matching(rows, stored, managers).match()


class _Matching:
    """One match at work: the indices that its steps look into."""

    def __init__(
        self,
        rows: Sequence[PersonRow],
        stored: Iterable[StoredPerson],
        managers: Mapping[str, UserNo],
    ) -> None:
        self._rows = rows
        self._managers = managers
        self._by_upn: dict[str, StoredPerson] = {}
        self._by_external: dict[str, StoredPerson] = {}
        for person in stored:
            self._by_upn[person.upn_key] = person
            if person.external_id is not None:
                self._by_external[person.external_id] = person
        self._of_row: dict[int, StoredPerson | None] = {}
        self._row_of_upn: dict[str, PersonRow] = {}
        self._row_of_user: dict[UserNo, PersonRow] = {}
        self._row_of_external: dict[str, PersonRow] = {}
        self._result = PeopleMatch()

    def match(self) -> PeopleMatch:
        """Do every step in order."""
        taken = [row for row in self._rows if self._take(row)]
        failed = self._fail_taken_names(taken)
        for row in taken:
            if row.row_no not in failed:
                self._decide(row, failed)
        return self._result

    def _fail(self, row: PersonRow, message: str) -> None:
        upn = str(row.fields[UserField.USER_PRINCIPAL_NAME])
        self._result.errors.append(RowNote(row_no=row.row_no, value=upn, message=message))

    def _take(self, row: PersonRow) -> bool:
        """Find whom a row is about; False when that cannot be said, or another row said it."""
        person = self._by_external.get(row.external_id) if row.external_id else None
        if person is None:
            person = self._by_upn.get(row.upn_key)
            if person is not None and row.external_id and person.external_id:
                # Two external ids are two people; whether the name becomes free is seen later.
                person = None
        other = self._row_of_upn.get(row.upn_key)
        if other is None and person is not None:
            other = self._row_of_user.get(person.user_no)
        if other is None and row.external_id:
            other = self._row_of_external.get(row.external_id)
        if other is not None:
            self._fail(row, f"Row {other.row_no} is about the same person: keep one of the two.")
            return False
        self._row_of_upn[row.upn_key] = row
        if person is not None:
            self._row_of_user[person.user_no] = row
        if row.external_id:
            self._row_of_external[row.external_id] = row
        self._of_row[row.row_no] = person
        return True

    def _fail_taken_names(self, rows: Sequence[PersonRow]) -> set[int]:
        """Fail rows whose UPN another person keeps; and whoever waited for a name of those."""
        waits_for: dict[UserNo, list[PersonRow]] = defaultdict(list)
        failed: set[int] = set()
        queue: list[PersonRow] = []
        for row in rows:
            person, owner = self._of_row[row.row_no], self._by_upn.get(row.upn_key)
            if owner is None or (person is not None and owner.user_no == person.user_no):
                continue
            # The name will be free only if the file renames its owner away from it.
            owners_row = self._row_of_user.get(owner.user_no)
            if owners_row is None or owners_row.upn_key == owner.upn_key:
                queue.append(row)
            else:
                waits_for[owner.user_no].append(row)
        while queue:
            row = queue.pop()
            failed.add(row.row_no)
            owner = self._by_upn[row.upn_key]
            known = f" (external id {owner.external_id})" if owner.external_id else ""
            self._fail(
                row,
                f"The UPN belongs to another person{known}: every account needs its own. Give that"
                " one another UPN first, or correct the row.",
            )
            person = self._of_row[row.row_no]
            if person is not None:
                queue.extend(waits_for.pop(person.user_no, ()))
        return failed

    def _decide(self, row: PersonRow, failed: set[int]) -> None:
        person = self._of_row[row.row_no]
        manager = self._manager(row, failed)
        if person is None:
            new = NewPerson(row=row, manager=manager or ManagerOf())
            self._result.created.append(new)
            return
        changed = differences(person.fields, row.fields)
        if manager is not None and (manager.row_no or manager.user != person.manager):
            changed |= {UserField.MANAGER}
        if changed:
            self._result.changed.append(
                ChangedPerson(row=row, stored=person, changed=changed, manager=manager)
            )
        else:
            self._result.unchanged.append(person)

    def _manager(self, row: PersonRow, failed: set[int]) -> ManagerOf | None:
        """Who the row's manager will be; None: as it is."""
        if row.manager is None:
            return ManagerOf() if row.has_manager else None
        target = self._row_of_upn.get(text_key(row.manager))
        found: ManagerOf | None = None
        if target is not None and target.row_no not in failed:
            person = self._of_row[target.row_no]
            found = (
                ManagerOf(row_no=target.row_no)
                if person is None
                else ManagerOf(user=person.user_no)
            )
        elif row.manager in self._managers:
            found = ManagerOf(user=self._managers[row.manager])
        me = self._of_row[row.row_no]
        is_self = found is not None and (
            found.row_no == row.row_no or (me is not None and found.user == me.user_no)
        )
        if found is None or is_self:
            what = "is the person themselves" if is_self else "is no person of the directory"
            message = f"The manager “{row.manager}” {what}: the rest of the row was taken."
            self._result.warnings.append(
                RowNote(row_no=row.row_no, value=row.manager, message=message)
            )
            return None
        return found
