-- Seats that are held without a license: one row for each seat. `sku_pool.reserved` moves with the
-- rows of its product, so that a held seat is never counted free; bulk jobs that reserve keep
-- their numbers with the job.
create table seat_reservation (
    tenant_id  int4 not null references tenant on delete cascade,
    -- 1 a person of a license request, 2 an invitation
    kind       int2 not null check (kind in (1, 2)),
    -- The number, within its kind, of what the seat is held for.
    ref        int4 not null,
    sku_no     int2 not null,
    user_no    int4,
    created_at timestamptz not null,
    -- From then on upkeep gives the seat back.
    until      timestamptz not null,
    primary key (tenant_id, kind, ref)
);
create index seat_reservation_sku on seat_reservation (tenant_id, sku_no, kind);
create index seat_reservation_until on seat_reservation (tenant_id, until);
call bind_to_tenant('seat_reservation');
