"""Whom the callers of one batch name: ids, user principal names, now and then a mail address.

Who that is, is asked in the batch's own first round trip, so that a rename counts at once. Only a
text that is nobody's UPN costs another: it may be somebody's mail address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.launch.orders import Knock
from seatwright.domain.ids import UserNo
from seatwright.postgres.launch_read import Scene
from seatwright.postgres.principals import Authenticated
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.users import find_users, ids_and_keys


class Addressed:
    """The people of a batch by the texts that name them: `ids` and `keys` by the text as given.

    Callers who name nobody mean themselves: whoever the process takes them for, to begin with.
    """

    def __init__(self, knocks: Sequence[Knock], *, callers: Mapping[bytes, Authenticated]) -> None:
        texts = {knock.order.user for knock in knocks}
        self.ids, self.keys = ids_and_keys(text for text in texts if text is not None)
        self._themselves: dict[bytes, UserNo | None] = {}
        for knock in knocks:
            if knock.order.user is None:
                who = callers.get(knock.digest)
                self._themselves[knock.digest] = None if who is None else who.principal.user_no
        self._by_mail: dict[str, UserNo] = {}
        self._is_mail_asked = False

    @property
    def numbers(self) -> set[UserNo]:
        """Those whose number is known before anything is read."""
        known = (*self._themselves.values(), *self._by_mail.values())
        return {number for number in known if number is not None}

    def number_of(self, knock: Knock, scene: Scene) -> UserNo | None:
        """Whom a caller means, of those who are in a scene; None for nobody who is known."""
        text = knock.order.user
        if text is None:
            return self._themselves[knock.digest]
        id_ = self.ids.get(text)
        if id_ is not None:
            return scene.numbers.get(id_)
        key = self.keys[text]
        number = scene.numbers.get(key)
        return self._number_by_mail(text, key, scene) if number is None else number

    def _number_by_mail(self, text: str, key: str, scene: Scene) -> UserNo | None:
        number = self._by_mail.get(text)
        someone = None if number is None else scene.people.get(number)
        return number if someone is not None and someone.mail_key == key else None

    def are_themselves(self, scene: Scene) -> bool:
        """Whether callers are whom they were taken for; from now on they are who they are."""
        were = dict(self._themselves)
        for digest in were:
            principal = scene.principals.get(digest)
            if principal is not None:
                self._themselves[digest] = principal.user_no
        return self._themselves == were

    async def learn_mails(self, tx: Transaction, scene: Scene) -> bool:
        """Ask, once, who is called by their mail; whether that is anybody."""
        missing = [
            text for text, key in self.keys.items() if "@" in key and key not in scene.numbers
        ]
        if not missing or self._is_mail_asked:
            return False
        self._is_mail_asked = True
        self._by_mail = await find_users(tx, missing)
        return bool(self._by_mail)
