"""The platform of the city: 500 environments, 10,000 apps, as many flows, and who has which role.

App 1 needs what a third of the people hold and is shared with everyone; app 2 needs what a tenth
hold, is shared with a group, and asks for a role.
"""

from __future__ import annotations

from typing import Final

PLACES: Final = 500
APPS: Final = 10_000
NOON: Final = "timestamptz '2026-11-20 12:00+00'"

PLATFORM: Final = (
    f"""
insert into environment (tenant_id, environment_no, id, external_id, external_key, name, name_key,
    is_managed, created_at)
select %(tenant)s, n, gen_random_uuid(), 'e-' || n, 'e-' || n, 'Place ' || n, 'place ' || n,
       n %% 5 = 0, {NOON}
  from generate_series(1, {PLACES}) n
""",
    f"""
insert into environment_solution (tenant_id, environment_no, solution_key, name)
select %(tenant)s, n, 'sales hub', 'Sales Hub' from generate_series(1, {PLACES}, 10) n
""",
    f"""
insert into app (tenant_id, app_no, id, external_id, external_key, name, name_key, kind,
    environment_no, is_premium, needs_security_role, is_shared_with_everyone, created_at)
select %(tenant)s, n, gen_random_uuid(), 'a-' || n, 'a-' || n, 'App ' || n, 'app ' || n,
       'powerApp', 1 + n %% {PLACES}, n %% 3 <> 0, n %% 20 = 2, n %% 2 = 1, {NOON}
  from generate_series(1, {APPS}) n
""",
    """
insert into app_need (tenant_id, app_no, need_no, sku_no)
values (%(tenant)s, 1, 0, %(held)s), (%(tenant)s, 2, 0, %(grouped)s)
""",
    f"""
insert into app_shared_group (tenant_id, app_no, group_no)
select %(tenant)s, n, 1 + n %% 200 from generate_series(2, {APPS}, 2) n
""",
    f"""
insert into app_shared_user (tenant_id, app_no, user_no)
select %(tenant)s, n, 1 + (n * 37 + k) %% 100000 from generate_series(2, {APPS}, 2) n,
       generate_series(1, 10) k
""",
    f"""
insert into flow (tenant_id, flow_no, id, external_id, external_key, name, name_key,
    environment_no, is_premium, owner_no, created_at)
select %(tenant)s, n, gen_random_uuid(), 'f-' || n, 'f-' || n, 'Flow ' || n, 'flow ' || n,
       1 + n %% {PLACES}, n %% 3 = 0, 1 + n, {NOON}
  from generate_series(1, {APPS}) n
""",
    f"""
insert into security_role (tenant_id, role_no, id, environment_no, name, name_key, gives_data,
    is_built_in, created_at)
select %(tenant)s, 4 * (n - 1) + place, gen_random_uuid(), n, name, lower(name), place <> 4, true,
       {NOON}
  from generate_series(1, {PLACES}) n,
       unnest(array['System Administrator', 'System Customizer', 'Basic User',
                    'Environment Maker']) with ordinality as r (name, place)
""",
    f"""
insert into user_security_role (tenant_id, role_no, user_no, since, given_by)
select %(tenant)s, 4 * (n %% {PLACES}) + 3, n, {NOON}, 1 from generate_series(1, 100000) n
""",
    f"""
insert into group_team_role (tenant_id, role_no, group_no, since, given_by)
select %(tenant)s, 4 * (n - 1) + 3, 1 + n %% 200, {NOON}, 1
  from generate_series(4, {PLACES}, 4) n
""",
    f"""
insert into service_administrator (tenant_id, user_no, role, since, given_by)
select %(tenant)s, n, 'serviceAdministrator', {NOON}, 1 from generate_series(7, 1000, 100) n
""",
    f"""
insert into tenant_counter (tenant_id, noun, last_no)
values (%(tenant)s, 'environment', {PLACES}), (%(tenant)s, 'app', {APPS}),
       (%(tenant)s, 'flow', {APPS}), (%(tenant)s, 'security_role', {4 * PLACES})
on conflict (tenant_id, noun) do update set last_no = excluded.last_no
""",
)
"""In the order in which they refer to one another."""
