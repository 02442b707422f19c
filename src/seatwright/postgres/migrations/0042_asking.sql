-- Who asked as nobody of the directory, an application say, finds its requests by its principal.
alter table license_request_line add column principal_no int4;
update license_request_line l set principal_no = r.principal_no from license_request r
 where r.tenant_id = l.tenant_id and r.request_no = l.request_no and r.requestor_no is null;
create index license_request_line_principal
    on license_request_line (tenant_id, principal_no, line_no) where principal_no is not null;

-- The open requests of whoever asked are counted request by request, however many people each has.
create index license_request_line_open_of_person
    on license_request_line (tenant_id, requestor_no, request_no)
    where state = 'pending' and requestor_no is not null;
create index license_request_line_open_of_principal
    on license_request_line (tenant_id, principal_no, request_no)
    where state = 'pending' and principal_no is not null;

-- How far upkeep has come with what is pending, where that is too much to be looked at in one go:
-- product -1: everything, in turn and for ever; else the product whose policy was changed (0: that
-- of all others), until all that is pending goes by it.
create table request_round (
    tenant_id  int4 not null references tenant on delete cascade,
    sku_no     int2 not null,
    after_line int4 not null,
    primary key (tenant_id, sku_no)
);
call bind_to_tenant('request_round');
