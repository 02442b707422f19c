"""A tenant of 100,000 people written straight into the tables, to look at what queries cost there.

Only sizes matter here: 200 groups with five memberships a person, products by hand and by group,
a waiting list, a job of 20,000 rows, and 300,000 rows of history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from seatwright.domain.ids import TenantId
from tests.postgres.city_platform import PLATFORM
from tests.postgres.city_requests import REQUESTED
from tests.postgres.city_telling import TOLD

PEOPLE: Final = 100_000
GROUPS: Final = 200
EVENTS: Final = 300_000
NOON: Final = "timestamptz '2026-11-20 12:00+00'"


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The tenant, and one of each thing that calls name."""

    app_url: str
    token: str
    tenant_id: TenantId
    user_id: UUID
    group_id: UUID
    job_id: UUID
    correlation: UUID
    held_change: UUID
    role: UUID
    held: str
    awaited: str

    @property
    def upn(self) -> str:
        """A person somewhere in the middle, who holds products by hand and by group."""
        return "user51201@city.example"


_USERS = f"""
insert into app_user (tenant_id, user_no, id, upn, upn_key, mail, mail_key, display_name,
    display_name_key, department, department_key, external_id, usage_location, user_type,
    is_enabled, manager_no, last_sign_in_at, created_at, deleted_at)
select %(tenant)s, n, gen_random_uuid(), 'User' || n || '@city.example',
       'user' || n || '@city.example', 'user' || n || '@city.example',
       'user' || n || '@city.example', 'Person ' || n, 'person ' || n,
       'Department ' || n %% 50, 'department ' || n %% 50, 'E' || n, 'NO',
       case when n %% 97 = 0 then 'Guest' else 'Member' end, n %% 31 <> 0, 1 + n / 12,
       {NOON} - make_interval(days => n %% 200), {NOON},
       case when n %% 500 = 0 then {NOON} end
  from generate_series(1, {PEOPLE}) n
"""
# Removals of every second day of ten years: the last waits, with a tenth of all people in it.
_HELD = """
insert into held_change (tenant_id, id, correlation, sku_no, principal_no, made_at, reason,
    sentence, people, state)
select %(tenant)s, gen_random_uuid(), gen_random_uuid(), %(held)s, 1,
       timestamptz '2016-11-21' + n * interval '2 days', 'groupLeft', 'Held.',
       case n when 1826 then 10000 else 20 end, case n when 1826 then 'pending' else 'approved' end
  from generate_series(1, 1826) n
"""
_HELD_PEOPLE = """
insert into held_person (tenant_id, held_no, user_no, outcome)
select tenant_id, held_no, n, case state when 'pending' then null else 'revoked' end
  from held_change, generate_series(1, people) n
"""

_STATEMENTS: Final = (
    _USERS,
    f"""
insert into search_word (tenant_id, word, user_no, name_key)
select %(tenant)s, word, n, 'user ' || n from generate_series(1, {PEOPLE}) n,
    unnest(array['user' || n, 'first' || n %% 200, 'user' || n || '@city.example', n::text]) word
 where n %% 500 <> 0
""",
    """
insert into history_name (tenant_id, noun, subject_no, id, name, display_name)
select tenant_id, 'user', user_no, id, upn, display_name from app_user
 where tenant_id = %(tenant)s
""",
    f"""
insert into app_group (tenant_id, group_no, id, display_name, display_name_key, external_id,
    created_at)
select %(tenant)s, n, gen_random_uuid(), 'Group ' || n, 'group ' || n, 'G' || n, {NOON}
  from generate_series(1, {GROUPS}) n
""",
    f"""
insert into group_word (tenant_id, word, group_no)
select %(tenant)s, word, n from generate_series(1, {GROUPS}) n,
    unnest(array['group', n::text]) word
""",
    f"""
insert into group_nesting (tenant_id, child_no, parent_no, since)
select %(tenant)s, n, n - 50, {NOON} from generate_series(51, {GROUPS}) n
""",
    f"""
insert into membership (tenant_id, user_no, group_no, since)
select distinct %(tenant)s::int, n, 1 + (n * k + k) %% {GROUPS}, {NOON}
  from generate_series(1, {PEOPLE}) n, unnest(array[1, 3, 7, 11, 13]) k where n %% 500 <> 0
""",
    f"""
insert into assignment (tenant_id, user_no, group_no, sku_no, disabled_set, strategy, expires_at,
    starts_at, created_at, created_by)
select %(tenant)s, n, null::int4, %(held)s, 0, case when n %% 9 = 0 then 1 else 2 end,
       case when n %% 1000 = 1 then {NOON} + interval '90 days' end, null::timestamptz,
       {NOON} - interval '300 days', 1
  from generate_series(1, {PEOPLE}, 3) n where n %% 500 <> 0
union all
select %(tenant)s, null, n, case when n %% 2 = 0 then %(grouped)s else %(awaited)s end, 0, 3,
       null, null, {NOON} - interval '300 days', 1
  from generate_series(1, 20) n
""",
    f"""
insert into effective_license (tenant_id, user_no, enabled_set, source_no, sku_no, source_kind,
    strategy, since)
select tenant_id, user_no, %(set)s, 0, sku_no, 0, strategy, created_at
  from assignment where tenant_id = %(tenant)s and user_no is not null
union all
select distinct on (m.user_no) m.tenant_id, m.user_no, %(set)s, m.group_no, %(grouped)s, 1, 3,
       {NOON}
  from membership m where m.tenant_id = %(tenant)s and m.group_no <= 20 and m.group_no %% 2 = 0
""",
    f"""
insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason, priority,
    waiting_since)
select distinct on (m.user_no) m.tenant_id, m.user_no, %(awaited)s, 1, m.group_no,
       case when m.user_no %% 10 <> 1 then 'conflictingServicePlans' else 'noSeatLeft' end, 128,
       {NOON} + make_interval(secs => m.user_no)
  from membership m where m.tenant_id = %(tenant)s and m.group_no <= 40 and m.group_no %% 2 = 1
""",
    """
update sku_pool p set assignable = 200000, consumed = h.holders
  from (select sku_no, count(*) as holders from effective_license
         where tenant_id = %(tenant)s group by sku_no) h
 where p.tenant_id = %(tenant)s and p.sku_no = h.sku_no
""",
    f"""
insert into license_interval (tenant_id, user_no, sku_no, enabled_set, valid_from, valid_to)
select %(tenant)s, n, %(held)s, %(set)s, {NOON} - interval '200 days', {NOON} - interval '1 day'
  from generate_series(1, {PEOPLE}) n
""",
    # Every tenth call wrote one row, the others a hundred; two rows in five concern no license.
    f"""
insert into history_event (tenant_id, at, action, reason, strategy, principal_no, user_no,
    group_no, sku_no, source_kind, source_no, after_set, correlation)
select %(tenant)s, {NOON} - make_interval(secs => {EVENTS} - n),
       (array[1, 4, 20, 43, 21])[1 + n %% 5], 'assigned', 1 + n %% 3, n %% 2,
       1 + n * 7 %% {PEOPLE}, case when n %% 5 = 3 then 1 + n %% {GROUPS} end,
       case when n %% 5 in (0, 1) then 1 + n %% 40 end,
       case when n %% 5 in (0, 1) then n %% 5 end,
       case when n %% 5 in (0, 1) then n %% 5 * (1 + n %% {GROUPS}) end,
       case when n %% 5 in (0, 1) then %(set)s::int4 end,
       ('00000000-0000-4000-8000-' || lpad((n / 100)::text, 12, '0'))::uuid
  from generate_series(1, {EVENTS}) n
""",
    f"""
insert into job (tenant_id, id, kind, state, total, done, succeeded, principal_no, correlation,
    created_at)
select %(tenant)s, gen_random_uuid(), 'reconcile', 'completed', 20, 20, 20, 1,
       gen_random_uuid(), {NOON}
  from generate_series(1, 5000)
""",
    """
insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, outcome, user_no)
select tenant_id, job_no, n, 'user' || n || '@city.example', 'SPE_E3', 'succeeded', n
  from job, generate_series(1, 20) n where tenant_id = %(tenant)s
""",
    """
insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, outcome, user_no)
select %(tenant)s, (select max(job_no) from job), n, 'user' || n || '@city.example', 'SPE_E3',
       case when n %% 100 = 0 then 'failed' else 'succeeded' end, n
  from generate_series(21, 20000) n
""",
    f"""
insert into tenant_counter (tenant_id, noun, last_no)
values (%(tenant)s, 'user', {PEOPLE}), (%(tenant)s, 'group', {GROUPS})
on conflict (tenant_id, noun) do update set last_no = excluded.last_no
""",
    _HELD,
    _HELD_PEOPLE,
    *PLATFORM,
    *TOLD,
    *REQUESTED,
)


def build(owner_url: str, *, app_url: str, tenant_id: TenantId, token: str) -> City:
    """Fill a tenant that is there already, as the owner of the tables, and count what is in it."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        skus = {
            row[0]: row[1]
            for row in owner.execute(
                "select part_number, sku_no from sku where tenant_id = %s", (tenant_id,)
            )
        }
        made = owner.execute(
            "insert into service_plan_set (tenant_id, bits) values (%s, 'ff') returning set_id",
            (tenant_id,),
        ).fetchone()
        assert made is not None
        values = {
            "tenant": tenant_id,
            "set": made[0],
            "held": skus["SPE_E3"],
            "grouped": skus["VISIOCLIENT"],
            "awaited": skus["SPE_E5"],
        }
        for statement in _STATEMENTS:
            owner.execute(statement.encode(), values)
        owner.execute("vacuum analyze")
        found = owner.execute(
            "select (select id from app_user where user_no = 51201),"
            " (select id from app_group where group_no = 2),"
            " (select id from job order by job_no desc limit 1),"
            " (select id from held_change order by held_no desc limit 1),"
            " (select id from security_role where role_no = 11)"
        ).fetchone()
        assert found is not None
    return City(
        app_url=app_url,
        token=token,
        tenant_id=tenant_id,
        user_id=found[0],
        group_id=found[1],
        job_id=found[2],
        correlation=UUID("00000000-0000-4000-8000-000000001500"),
        held_change=found[3],
        role=found[4],
        held="SPE_E3",
        awaited="SPE_E5",
    )
