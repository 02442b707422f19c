"""From `$search` to a condition: words by their index, other texts by how they begin."""

from __future__ import annotations

from seatwright.domain.directory import searched_words
from seatwright.domain.filters.options import Search, Term
from seatwright.domain.filters.tree import Operator
from seatwright.postgres.filter_columns import Columns
from seatwright.postgres.filters import NOTHING, Condition, compared, joined


def search_condition(tenant_id: int, search: Search, columns: Columns) -> Condition:
    """What a search finds: any of its alternatives, each with all of its terms."""
    found = [joined("and", [_term(tenant_id, term, columns) for term in terms]) for terms in search]
    return joined("or", found)


def _term(tenant_id: int, term: Term, columns: Columns) -> Condition:
    if term.name != "displayName":
        return compared(columns.searched[term.name], Operator.STARTS_WITH, term.text)
    name = columns.plain["displayName"].sql
    words = searched_words(term.text)
    if not words:
        return NOTHING
    # The index knows the words of all names and addresses; the name itself must have each of them.
    return joined(
        "and",
        [
            Condition(
                text=f"({columns.words} and exists (select from"
                f" regexp_split_to_table({name}, '[^[:alnum:]@.]+|[.@]') as part (word)"
                " where part.word ^@ %s))",
                values=(tenant_id, word, word),
            )
            for word in words
        ],
    )
