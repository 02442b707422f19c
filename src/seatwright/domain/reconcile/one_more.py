"""One more wish of one person about which no rule has anything to say: the launch path's short cut.

A launch asks the engine about one person and one product, thousands of times a second, and nearly
always the answer is that the product begins and nothing else moves. Here that is found out by the
same `one.decide` that every reconcile asks, without the rounds around it, which are about people
who compete for seats. Whatever is less plain is for `reconcile` to say.
"""

from typing import Final

from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.reconcile.one import decide
from seatwright.domain.reconcile.rows import RowKey, Rules, live_rows, row_of
from seatwright.domain.reconcile.world import UserState, Wish

_NONE_DENIED: Final[frozenset[RowKey]] = frozenset()


def one_more(user: UserState, wish: Wish, *, rules: Rules) -> ServicePlanBits | None:
    """Give the service plans of the license that one more wish begins, if it does just that.

    With a free seat `reconcile` then grants the product and changes nothing else; without one it
    refuses the wish with noSeatLeft. None where it may be otherwise.
    """
    if user.is_deleted or user.errors or not wish.counts_at(rules.now):
        return None
    held = {one.sku: one.enabled for one in user.held}
    if wish.sku in held or any(one.sku == wish.sku for one in user.wishes):
        return None
    rows = (*live_rows(user, rules), row_of(wish, rules))
    decision = decide(user, rows=rows, held=held, denied=_NONE_DENIED, rules=rules)
    if not decision.is_plain or decision.errors or len(decision.licenses) != len(held) + 1:
        return None
    if any(decision.licenses.get(sku) != enabled for sku, enabled in held.items()):
        return None
    return decision.licenses[wish.sku]
