"""What must be true of held removals, whatever happens."""

from __future__ import annotations

from typing import Final

import psycopg

# Each finds what must not be; the sentence says what it found.
_AUDITS: Final = {
    "what is held was taken all the same": """
        select a.user_no, a.sku_no from assignment a
          join app_user u on u.tenant_id = a.tenant_id and u.user_no = a.user_no
           and u.deleted_at is null
         where a.source_kind = 4
           and not exists (select from effective_license l where l.tenant_id = a.tenant_id
                and l.user_no = a.user_no and l.sku_no = a.sku_no)""",
    "a held change waits for nobody, or is decided and holds somebody": """
        select h.held_no, h.state, h.people from held_change h
         where (h.state = 'pending') <> exists (select from held_person p
                where p.tenant_id = h.tenant_id and p.held_no = h.held_no and p.outcome is null)""",
    "who waits in a held change has no hold, or a hold has nobody who waits": """
        select coalesce(p.user_no, a.user_no), coalesce(p.held_no, a.source_no)
          from (select * from held_person where outcome is null) p
          full join (select * from assignment where source_kind = 4) a
            on a.tenant_id = p.tenant_id and a.user_no = p.user_no and a.source_no = p.held_no
         where p.user_no is null or a.user_no is null""",
    "a held change counts other people than it has": """
        select h.held_no, h.people from held_change h
         where h.people <> (select count(*) from held_person p
                where p.tenant_id = h.tenant_id and p.held_no = h.held_no)""",
}


def broken_holds(owner_url: str) -> list[str]:
    """What is wrong with held removals, as sentences with the first rows."""
    found = []
    with psycopg.connect(owner_url) as owner:
        for sentence, query in _AUDITS.items():
            rows = owner.execute(query.encode()).fetchall()
            if rows:
                found.append(f"{sentence}: {rows[:5]}")
    return found
