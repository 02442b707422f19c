"""Filters as callers write them: read into a tree, held against one table, the same everywhere."""

from seatwright.domain.filters.checking import Scope, check_filter, not_advanced, unsupported
from seatwright.domain.filters.finding import finds
from seatwright.domain.filters.grammar import parse_filter
from seatwright.domain.filters.options import (
    Order,
    Search,
    Term,
    parse_names,
    parse_order,
    parse_search,
)
from seatwright.domain.filters.properties import (
    GROUP_PROPERTIES,
    GROUP_SEARCH,
    SUBSCRIPTION_PROPERTIES,
    USER_PROPERTIES,
    USER_SEARCH,
    Kind,
    Need,
    Property,
)
from seatwright.domain.filters.tree import Filter, Operator

__all__ = [
    "GROUP_PROPERTIES",
    "GROUP_SEARCH",
    "SUBSCRIPTION_PROPERTIES",
    "USER_PROPERTIES",
    "USER_SEARCH",
    "Filter",
    "Kind",
    "Need",
    "Operator",
    "Order",
    "Property",
    "Scope",
    "Search",
    "Term",
    "check_filter",
    "finds",
    "not_advanced",
    "parse_filter",
    "parse_names",
    "parse_order",
    "parse_search",
    "unsupported",
]
