"""The migration to several domains, over tenants of before it."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from seatwright.postgres.migrate import migrate, shipped_migrations
from tests.conftest import Database

BEFORE = "0059_domains.sql"
YOUNGER = UUID("11111111-2222-4333-8444-555555555555")


def test_each_tenant_keeps_its_domain_and_of_two_with_one_the_older(
    empty_database: Database,
) -> None:
    older = [one for one in shipped_migrations() if one.name < BEFORE]
    migrate(empty_database.owner_url, migrations=older)
    made = (
        ("one", "contoso.example", None),
        ("two", "Contoso.example", YOUNGER),
        ("three", "Fabrikam.example", None),
    )
    with psycopg.connect(empty_database.owner_url) as owner:
        for name, domain, id_ in made:
            owner.execute(
                "insert into tenant (id, name, name_key, domain, created_at)"
                " values (coalesce(%s, gen_random_uuid()), %s, %s, %s, '2026-01-01')",
                (id_, name, name, domain),
            )
    migrate(empty_database.owner_url)
    with psycopg.connect(empty_database.owner_url) as owner:
        rows = owner.execute(
            "select t.name, t.domain, d.name, d.is_initial from tenant t"
            " join tenant_domain d using (tenant_id) order by t.tenant_id"
        ).fetchall()
        assert rows == [
            ("one", "contoso.example", "contoso.example", True),
            ("two", f"tenant-{YOUNGER}.example", f"tenant-{YOUNGER}.example", True),
            ("three", "fabrikam.example", "fabrikam.example", True),
        ]
        owner.execute("delete from tenant_domain where name = 'fabrikam.example'")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            owner.commit()
