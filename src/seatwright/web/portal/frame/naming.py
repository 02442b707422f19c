"""Several names in a sentence: the first of them, and how many there are beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.web.portal.frame.language import gettext, ngettext

NAMED_MAX: Final = 5


def few_names(names: Sequence[str], *, is_more: bool = False) -> str:
    """“Ada, Bob and Cid”, or the first five “and 7 others”; `is_more`: and more than those."""
    shown, others = names[:NAMED_MAX], len(names) - NAMED_MAX
    if is_more:
        return gettext("%(names)s and more") % {"names": ", ".join(shown)}
    if others > 0:
        text = ngettext("%(names)s and one other", "%(names)s and %(count)s others", others)
        return text % {"names": ", ".join(shown), "count": others}
    if len(shown) < 2:
        return "".join(shown)
    return gettext("%(names)s and %(last)s") % {"names": ", ".join(shown[:-1]), "last": shown[-1]}
