"""Matching the people of a file with those of the directory, without a database."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from seatwright.domain.csv_text import read_table
from seatwright.domain.directory import FieldValue, UserField
from seatwright.domain.ids import UserNo
from seatwright.domain.people_file import PEOPLE_COLUMNS, PeopleFile, read_people
from seatwright.domain.people_match import PeopleMatch, StoredPerson, match_people


def file_of(*rows: tuple[str, str]) -> PeopleFile:
    """A file of (external id, name before the @)."""
    lines = ["externalId,upn", *(f"{external},{name}@x.example" for external, name in rows)]
    table = read_table(
        "\n".join(lines).encode(),
        columns=PEOPLE_COLUMNS,
        required=("userPrincipalName",),
        rows_max=1000,
    )
    return read_people(table)


def stored(number: int, external: str, name: str) -> StoredPerson:
    """A person of the directory."""
    upn = f"{name}@x.example"
    fields: dict[UserField, FieldValue] = {
        UserField.USER_PRINCIPAL_NAME: upn,
        UserField.EXTERNAL_ID: external or None,
    }
    return StoredPerson(
        user_no=UserNo(number), id=UUID(int=number), upn_key=upn, fields=fields, manager=None
    )


def match(file: PeopleFile, *people: StoredPerson) -> PeopleMatch:
    return match_people(file.rows, people, managers={})


def test_a_ring_of_renames_succeeds_whole() -> None:
    people = [stored(1, "1", "a"), stored(2, "2", "b"), stored(3, "3", "c")]
    found = match(file_of(("1", "b"), ("2", "c"), ("3", "a")), *people)
    assert (found.renamed, found.errors) == (3, [])


def test_a_chain_of_renames_fails_back_from_the_name_that_stays_taken() -> None:
    people = [stored(1, "1", "a"), stored(2, "2", "b"), stored(3, "3", "c"), stored(4, "4", "d")]
    found = match(file_of(("1", "b"), ("2", "c"), ("3", "d")), *people)
    assert found.renamed == 0
    assert sorted(error.row_no for error in found.errors) == [2, 3, 4]


def test_a_new_person_may_take_a_name_that_the_file_frees() -> None:
    found = match(file_of(("1", "z"), ("9", "a")), stored(1, "1", "a"))
    assert (len(found.created), found.renamed, found.errors) == (1, 1, [])


def test_a_name_under_another_external_id_is_never_taken_over() -> None:
    found = match(file_of(("9", "a")), stored(1, "1", "a"))
    assert (found.created, found.changed) == ([], [])
    assert "external id 1" in found.errors[0].message


ROWS = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "3", "4"]), st.sampled_from("abcdef")), max_size=8
)


@given(ROWS, st.permutations("abcd"))
def test_after_an_import_every_name_belongs_to_one_person(
    rows: list[tuple[str, str]], names: list[str]
) -> None:
    people = [stored(number, str(number), names[number - 1]) for number in (1, 2, 3)]
    file = file_of(*rows)
    found = match(file, *people)
    after = {person.user_no: person.upn_key for person in people}
    after |= {one.stored.user_no: one.row.upn_key for one in found.changed}
    upns = [*after.values(), *(new.row.upn_key for new in found.created)]
    assert len(upns) == len(set(upns))
    taken = len(found.created) + len(found.changed) + len(found.unchanged)
    assert taken + len(found.errors) == len(file.rows)


@given(ROWS)
def test_a_file_sent_again_changes_nothing(rows: list[tuple[str, str]]) -> None:
    file = file_of(*rows)
    first = match(file)
    people = [
        stored(place, new.row.external_id or "", new.row.upn_key.partition("@")[0])
        for place, new in enumerate(first.created, start=1)
    ]
    again = match(file, *people)
    assert (again.created, again.changed) == ([], [])
    assert len(again.unchanged) == len(people)
