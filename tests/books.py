"""Auditing a tenant's books: seats, licenses and history must tell one story."""

from __future__ import annotations

from typing import Final

import psycopg

from seatwright.domain.ids import TenantId

# Who is in a group, through groups inside groups where these count.
_REACH: Final = """
with recursive reach as (
    select user_no, group_no from membership where tenant_id = %(tenant)s
    union
    select reach.user_no, n.parent_no from reach join group_nesting n
        on n.tenant_id = %(tenant)s and n.child_no = reach.group_no and %(nested)s)
"""
# Each finds what must not be; the sentence says what it found.
_AUDITS: Final = {
    "a pool's consumed units are not its holders": """
        select p.sku_no, p.consumed, count(l.user_no) from sku_pool p
          left join effective_license l on l.tenant_id = p.tenant_id and l.sku_no = p.sku_no
         where p.tenant_id = %(tenant)s group by p.sku_no, p.consumed
        having p.consumed <> count(l.user_no)""",
    "more seats are in use than there are": """
        select sku_no, consumed, reserved, assignable from sku_pool
         where tenant_id = %(tenant)s
           and consumed + reserved > assignable + case when %(cut)s then seats_over else 0 end""",
    "seats are reserved and no job runs": """
        select sku_no, reserved from sku_pool where tenant_id = %(tenant)s and reserved <> 0""",
    "the history does not add up to what people hold": """
        select coalesce(h.user_no, l.user_no), coalesce(h.sku_no, l.sku_no), h.balance, l.user_no
          from (select user_no, sku_no, sum(case when before_set is null then 1 else -1 end)
                       as balance
                  from history_event
                 where tenant_id = %(tenant)s and user_no is not null and sku_no is not null
                   and (before_set is null) <> (after_set is null)
                 group by user_no, sku_no) h
          full join (select user_no, sku_no from effective_license
                      where tenant_id = %(tenant)s) l
            on l.user_no = h.user_no and l.sku_no = h.sku_no
         where coalesce(h.balance, 0) <> (l.user_no is not null)::int""",
    "somebody holds what no source gives": f"""{_REACH}
        select l.user_no, l.sku_no from effective_license l where l.tenant_id = %(tenant)s
           and not exists (select from assignment a where a.tenant_id = l.tenant_id
                and a.user_no = l.user_no and a.sku_no = l.sku_no)
           and not exists (select from reach m join assignment a
                on a.tenant_id = l.tenant_id and a.group_no = m.group_no
             where m.user_no = l.user_no and a.sku_no = l.sku_no)
           and not exists (select from license_error e where e.tenant_id = l.tenant_id
                and e.user_no = l.user_no and e.sku_no = l.sku_no
                and e.reason = 'dependencyMissing')""",
    "somebody neither holds what they are wished nor has an error that says why": f"""{_REACH}
        select w.user_no, w.sku_no from (
            select user_no, sku_no from assignment
             where tenant_id = %(tenant)s and user_no is not null and starts_at is null
            union
            select m.user_no, a.sku_no from reach m join assignment a
                on a.tenant_id = %(tenant)s and a.group_no = m.group_no) w
          join app_user u on u.tenant_id = %(tenant)s and u.user_no = w.user_no
           and u.deleted_at is null
         where not exists (select from effective_license l where l.tenant_id = %(tenant)s
                and l.user_no = w.user_no and l.sku_no = w.sku_no)
           and not exists (select from license_error e where e.tenant_id = %(tenant)s
                and e.user_no = w.user_no and e.sku_no = w.sku_no)""",
    "a seat is free while somebody waits for it": """
        select p.sku_no, p.assignable - p.consumed - p.reserved from sku_pool p
         where p.tenant_id = %(tenant)s and p.assignable > p.consumed + p.reserved
           and exists (select from license_error e where e.tenant_id = p.tenant_id
                and e.sku_no = p.sku_no and e.reason = 'noSeatLeft')""",
    "the rows of a job do not add up to its counts": """
        select j.job_no, j.state, j.total, j.done, j.succeeded, j.failed, j.waiting, r.*
          from job j cross join lateral (
            select count(*) filter (where outcome = 'succeeded') as succeeded,
                   count(*) filter (where outcome = 'failed') as failed,
                   count(*) filter (where outcome = 'waiting') as waiting, count(*) as total
              from job_row x where x.tenant_id = j.tenant_id and x.job_no = j.job_no) r
         where j.tenant_id = %(tenant)s and j.kind = 'bulk' and j.state = 'completed'
           and (j.done, j.succeeded, j.failed, j.waiting)
               is distinct from (j.total, r.succeeded, r.failed, r.waiting)""",
    "who holds nothing is not who is said to": """
        select u.user_no, n.user_no from app_user u
          full join unlicensed_user n on n.tenant_id = u.tenant_id and n.user_no = u.user_no
         where coalesce(u.tenant_id, n.tenant_id) = %(tenant)s
           and (n.user_no is not null) is distinct from (u.user_no is not null and not exists (
                select from effective_license l
                 where l.tenant_id = u.tenant_id and l.user_no = u.user_no))""",
    "a tally is not what there is to count": """
        with told as (
            select noun, about, detail, sum(people) as people from tally
             where tenant_id = %(tenant)s group by noun, about, detail
        ), counted as (
            select 1 as noun, sku_no::int4 as about, reason as detail,
                   count(distinct user_no) as people
              from license_error where tenant_id = %(tenant)s group by sku_no, reason
            union all
            select 2, source_no, '', count(distinct user_no) from license_error
             where tenant_id = %(tenant)s and source_kind = 1 group by source_no
            union all
            select 3, source_no, sku_no::text, count(*) from license_error
             where tenant_id = %(tenant)s and source_kind = 1 group by source_no, sku_no
            union all
            select 4, group_no, '', count(*) from membership
             where tenant_id = %(tenant)s group by group_no
        )
        select noun, about, detail, t.people, c.people
          from counted c full join told t using (noun, about, detail)
         where coalesce(c.people, 0) <> coalesce(t.people, 0)""",
}
_SHOWN_MAX: Final = 5


def audit(
    owner_url: str, tenant_id: TenantId, *, nested: bool = True, is_cut: bool = False
) -> list[str]:
    """What is wrong in a tenant's books, as sentences with the first rows; empty when all is well.

    `nested`: groups inside licensed groups count. `is_cut`: seats were taken away from outside, so
    that more may be in use than there are, by as many as the pool says.
    It reads as the owner of the tables, past the wall and in one snapshot.
    """
    found: list[str] = []
    with psycopg.connect(owner_url) as owner:
        owner.execute("set transaction isolation level repeatable read read only")
        for sentence, query in _AUDITS.items():
            values = {"tenant": tenant_id, "nested": nested, "cut": is_cut}
            rows = owner.execute(query.encode(), values).fetchall()
            if rows:
                found.append(f"{sentence}: {len(rows)} rows, such as {rows[:_SHOWN_MAX]}")
    return found


def count(owner_url: str, query: str, tenant_id: TenantId) -> int:
    """One number of a tenant."""
    with psycopg.connect(owner_url) as owner:
        row = owner.execute(query.encode(), {"tenant": tenant_id}).fetchone()
    assert row is not None
    return int(row[0])


HOLDERS: Final = "select count(*) from effective_license where tenant_id = %(tenant)s"
GRANTS: Final = """
select count(*) from history_event
 where tenant_id = %(tenant)s and before_set is null and after_set is not null
"""
