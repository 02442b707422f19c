"""Why a person has a product or lacks it, and what would turn that."""

from seatwright.app.why.answer import Answer, ChainLink, Step, explain
from seatwright.app.why.fixes import Fix
from seatwright.app.why.sentences import change_sentence, others_sentence, sentence_of

__all__ = [
    "Answer",
    "ChainLink",
    "Fix",
    "Step",
    "change_sentence",
    "explain",
    "others_sentence",
    "sentence_of",
]
