"""What wording a telling needs to know of its organization, read once for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo

from seatwright.app.call import Call
from seatwright.domain.mail_addresses import addresses_in
from seatwright.domain.mail_templates import Rendered, bare_facts, render
from seatwright.domain.mail_words import WORDS, MailWords
from seatwright.domain.settings import setting_value, whole_number
from seatwright.domain.telling import EventKind, FieldValue
from seatwright.domain.time_zones import zone_named
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.mail_choices import ChosenWords, read_words
from seatwright.postgres.webhooks import read_webhooks


class UnwordedError(Exception):
    """A telling that no mail can be worded of: its facts are not what its kind says."""


AS_IT_CAME = ChosenWords(is_on=True, subject=None, body=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An organization's words, webhooks, addresses and time zone."""

    organization: str
    words: Mapping[EventKind, ChosenWords]
    webhooks: tuple[Webhook, ...]
    administrators: tuple[str, ...]
    zone: tzinfo
    digest_hour: int

    def is_mailed(self, kind: EventKind) -> bool:
        """Whether the organization has this kind mailed at all."""
        return self.words.get(kind, AS_IT_CAME).is_on

    def words_of(self, kind: EventKind) -> MailWords:
        """What a kind of mail says here."""
        return words_with(kind, self.words.get(kind, AS_IT_CAME))

    def rendered(
        self, kind: EventKind, data: Mapping[str, FieldValue], *, recipient: str
    ) -> Rendered:
        """A mail to somebody. Raises UnwordedError for facts that are not as the kind says."""
        try:
            return render(
                self.words_of(kind),
                data,
                recipient=recipient,
                organization=self.organization,
                zone=self.zone,
            )
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            said = str(error) or type(error).__name__
            raise UnwordedError(said[:200]) from error

    def shown(self, kind: EventKind, data: Mapping[str, FieldValue], *, recipient: str) -> Rendered:
        """A telling in words, or the bare facts where there are no words for them."""
        try:
            return self.rendered(kind, data, recipient=recipient)
        except UnwordedError:
            return bare_facts(kind, data)


def words_with(kind: EventKind, chosen: ChosenWords) -> MailWords:
    """The words of a kind as they came, with what was changed about them."""
    shipped = WORDS[kind]
    return MailWords(
        subject=shipped.subject if chosen.subject is None else chosen.subject,
        body=shipped.body if chosen.body is None else chosen.body,
    )


async def read_scene(call: Call) -> Scene:
    """What holds in the call's organization now."""
    stored = call.tenant.settings
    addresses = setting_value(stored, "administratorAddresses")
    return Scene(
        organization=call.tenant.name,
        words=await read_words(call.tx),
        webhooks=await read_webhooks(call.tx),
        administrators=(addresses_in(str(addresses)) or ()) if addresses else (),
        zone=zone_named(str(setting_value(stored, "timeZone"))) or UTC,
        digest_hour=whole_number(stored, "digestHour"),
    )
