"""Looking for claims that nobody uses, among those of 100,000 people."""

from __future__ import annotations

import time
from datetime import timedelta

from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.ids import UserNo
from seatwright.postgres.auto_claim_notices import unused_claims
from tests.auto_claim import make, turn_on
from tests.office import Office
from tests.world import call_of

PEOPLE = 100_000
SECONDS_MAX = 5.0
"""Some ten times what it takes on a machine that does something else too."""

_CLAIMED = """
with people as (
    insert into app_user (tenant_id, created_at, usage_location, user_no, id, upn, upn_key,
        display_name, display_name_key)
    select %(tenant)s, %(at)s, 'NO', n, gen_random_uuid(), 'p' || n || '@contoso.example',
           'p' || n || '@contoso.example', 'p' || n, 'p' || n
      from generate_series(10, 9 + %(people)s) n
    returning user_no
), claims as (
    insert into claim (tenant_id, policy_no, user_no, sku_no, backup, event, at, delivered)
    select %(tenant)s, %(policy)s, user_no, %(sku)s, 0, 'appLaunch', %(at)s, 'direct' from people
), used as (
    insert into auto_claim_use (tenant_id, user_no, sku_no, last_at)
    select %(tenant)s, user_no, %(sku)s, %(used)s from people where user_no %% 2 = 0
)
insert into assignment (tenant_id, user_no, sku_no, disabled_set, strategy, source_kind, source_no,
    created_at, created_by)
select %(tenant)s, user_no, %(sku)s, 0, 5, 2, %(policy)s, %(at)s, 0 from people
"""


async def test_a_page_of_unused_claims_is_found_at_once_among_100_000(office: Office) -> None:
    await turn_on(office)
    await make(office)
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select p.policy_no, x.sku_no from auto_claim_policy p"
            " join auto_claim_policy_product x using (tenant_id, policy_no)"
        )
        row = await cursor.fetchone()
        assert row is not None
        policy, sku = row
        now = call.now
        values = {
            "tenant": call.tx.tenant_id,
            "people": PEOPLE,
            "policy": policy,
            "sku": sku,
            "at": now - timedelta(days=40),
            "used": now - timedelta(days=2),
        }
        await call.tx.connection.execute(_CLAIMED, values)
    async with office.database.connection() as connection:
        await connection.commit()
        await connection.set_autocommit(True)
        for table in ("claim", "assignment", "auto_claim_use", "app_user"):
            await connection.execute(f"analyze {table}")
        await connection.set_autocommit(False)
    async with call_of(office) as call:
        before = now - timedelta(days=23)
        started = time.perf_counter()
        found = await unused_claims(
            call.tx, PolicyNo(policy), since=UserNo(0), before=before, limit=500
        )
        taken = time.perf_counter() - started
        assert len(found) == 500
        assert all(one.claim.user % 2 == 1 for one in found)
        print(f"a page of 500: {taken * 1000:.0f} ms")  # noqa: T201
        assert taken < SECONDS_MAX
        started = time.perf_counter()
        after = UserNo(found[-1].claim.user)
        following = await unused_claims(
            call.tx, PolicyNo(policy), since=after, before=before, limit=500
        )
        taken = time.perf_counter() - started
        # The last person may have more: they are looked at once again.
        assert following[0] == found[-1]
        assert following[1].claim.user > after
        print(f"the next page: {taken * 1000:.0f} ms")  # noqa: T201
        assert taken < SECONDS_MAX
        started = time.perf_counter()
        late = now - timedelta(days=50)
        assert (
            await unused_claims(call.tx, PolicyNo(policy), since=UserNo(0), before=late, limit=500)
            == ()
        )
        taken = time.perf_counter() - started
        print(f"none to be found: {taken * 1000:.0f} ms")  # noqa: T201
        assert taken < SECONDS_MAX
