"""Taking people out of what was told of them, and out of the mails and calls that told it.

What they were told themselves goes whole. What others were told of their requests and invitations
stays as a fact without names and texts; the mails and calls themselves, which nobody could blank
without making them untrue, go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.domain.ids import UserNo
from seatwright.domain.telling import EventKind
from seatwright.postgres.transaction import Transaction

GONE: Final = "a person who is gone"

_ABOUT: Final = [
    kind.value for kind in EventKind if kind.value.startswith(("licenseRequest", "invitation"))
]
DIGEST: Final = "dailyDigest"

# Keys of these kinds begin with the id of the request or invitation, and a colon.
_KEYS = """
with about as materialized (
    select r.id::text || ':' as first, r.id::text || ';' as last from license_request r
     where r.tenant_id = %(tenant)s and r.request_no in (
        select l.request_no from license_request_line l
         where l.tenant_id = %(tenant)s and l.user_no = any(%(users)s)
        union
        select l.request_no from license_request_line l
         where l.tenant_id = %(tenant)s and l.requestor_no = any(%(users)s))
    union all
    select i.id::text || ':', i.id::text || ';' from invitation i
     where i.tenant_id = %(tenant)s and i.user_no = any(%(users)s))
"""
_DROP_CALLS_OF_THEIRS = """
delete from delivery d using telling t
 where d.tenant_id = %(tenant)s and t.tenant_id = %(tenant)s and t.user_no = any(%(users)s)
   and d.kind = t.kind and d.event_key = t.event_key
"""
_DROP_DELIVERIES = (
    _KEYS
    + """
delete from delivery d using about
 where d.tenant_id = %(tenant)s and d.kind = any(%(kinds)s)
   and d.event_key >= about.first and d.event_key < about.last
"""
)
# A daily mail names requests in its lines, under no key of theirs.
_DROP_DIGESTS = """
delete from delivery d using app_user u
 where d.tenant_id = %(tenant)s and d.channel = 'mail' and d.kind = %(digest)s
   and u.tenant_id = %(tenant)s and u.user_no = any(%(users)s)
   and position(u.display_name in d.body) > 0
"""
_BLANK = (
    _KEYS
    + """
update telling t set data = (
    select jsonb_object_agg(field.key, case
        when field.key in ('people', 'requestedBy', 'person', 'decidedBy', 'sharedBy', 'why')
            then to_jsonb(%(gone)s::text)
        when field.key in ('justification', 'message', 'subject') then 'null'::jsonb
        else field.value end)
      from jsonb_each(t.data) field)
  from about
 where t.tenant_id = %(tenant)s and t.kind = any(%(kinds)s)
   and t.event_key >= about.first and t.event_key < about.last
"""
)


async def forget_told(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Take these people out of everything that was told; they are in the directory still."""
    values = {
        "tenant": tx.tenant_id,
        "users": list(users),
        "kinds": _ABOUT,
        "digest": DIGEST,
        "gone": GONE,
    }
    for statement in (_DROP_CALLS_OF_THEIRS, _DROP_DELIVERIES, _DROP_DIGESTS, _BLANK):
        await tx.connection.execute(statement, values)
    for table in ("telling", "delivery"):
        await tx.connection.execute(
            f"delete from {table} where tenant_id = %s and user_no = any(%s)",
            (tx.tenant_id, list(users)),
        )
