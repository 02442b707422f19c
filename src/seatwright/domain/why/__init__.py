"""Why a person has a product or lacks it, and the smallest change that would turn that."""

from seatwright.domain.why.account import (
    Account,
    Clash,
    Need,
    Outcome,
    Place,
    PlanState,
    Sibling,
    SourceState,
    SourceStory,
    account_of,
)
from seatwright.domain.why.ending import smallest_end
from seatwright.domain.why.moves import Move, MoveKind
from seatwright.domain.why.question import Joinable, Line, Question, Rank
from seatwright.domain.why.search import (
    Remedy,
    Search,
    changed_by,
    clearing_moves,
    smallest_change,
    tried,
)

__all__ = [
    "Account",
    "Clash",
    "Joinable",
    "Line",
    "Move",
    "MoveKind",
    "Need",
    "Outcome",
    "Place",
    "PlanState",
    "Question",
    "Rank",
    "Remedy",
    "Search",
    "Sibling",
    "SourceState",
    "SourceStory",
    "account_of",
    "changed_by",
    "clearing_moves",
    "smallest_change",
    "smallest_end",
    "tried",
]
