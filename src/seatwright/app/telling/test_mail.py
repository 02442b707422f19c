"""A test mail: it goes the way of every other, so that its answer says whether mails arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.mail_addresses import is_mail_address
from seatwright.domain.mail_templates import as_html
from seatwright.domain.outgoing import Channel, Delivery, NewDelivery
from seatwright.domain.settings import setting_value
from seatwright.postgres.deliveries import insert_deliveries
from seatwright.postgres.delivery_lists import find_delivery
from seatwright.postgres.queue import wake_deliveries
from seatwright.postgres.test_mails import count_test_mails, mail_address

TEST_MAIL_KIND: Final = "mailTest"

TEST_MAILS_MAX: Final = 5
TEST_MAILS_WITHIN: Final = timedelta(minutes=10)
"""So that nobody fills a mailbox by a button."""


async def own_address(call: Call) -> str | None:
    """Where a test mail goes that names no address: the caller's, else the administrators'."""
    user = call.principal.user_no
    if user is not None:
        return await mail_address(call.tx, user)
    named = str(setting_value(call.tenant.settings, "administratorAddresses") or "")
    return next((one.strip() for one in named.split(",") if one.strip()), None)


async def send_test_mail(call: Call, *, to: str | None = None) -> Delivery:
    """Have a test mail sent by a worker, with its tries and the server's answer kept.

    Raises Refusal invalidValue without an address or for one that is none, and tooManyTestMails.
    """
    address = (to or "").strip() or await own_address(call)
    if address is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "You are no person of the directory, and no addresses of administrators are set:"
            " give the address that the test mail is to reach.",
        )
    if not is_mail_address(address):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{address[:100]}” is no mail address: give one such as ada@contoso.com.",
        )
    if await count_test_mails(call.tx, since=call.now - TEST_MAILS_WITHIN) >= TEST_MAILS_MAX:
        minutes = TEST_MAILS_WITHIN // timedelta(minutes=1)
        raise Refusal(
            Reason.TOO_MANY_TEST_MAILS,
            f"{TEST_MAILS_MAX} test mails were asked for in the last {minutes} minutes: look at"
            " their answers first, and wait until the first of them is older.",
        )
    body = (
        f"{call.principal.name} had this sent from seatwright to see whether mails arrive.\n\n"
        f"Organization: {call.tenant.name}\n"
        "You have read it, so they do. There is nothing else to do.\n"
    )
    new = NewDelivery(
        id=uuid4(),
        channel=Channel.MAIL,
        kind=TEST_MAIL_KIND,
        key=str(uuid4()),
        address=address,
        user=call.principal.user_no,
        subject="A test mail from seatwright",
        body=body,
        html=as_html(body),
    )
    await insert_deliveries(call.tx, [new], at=call.now)
    await wake_deliveries(call.tx)
    stored = await find_delivery(call.tx, new.id)
    assert stored is not None, "it was stored above"
    return stored
