-- Who lacks a product for another reason than a seat, by reason and product: the lists of conflicts
-- read a page of it, and an answer to "why" counts it. Those who wait have an index of their own.
create index license_error_reason on license_error (tenant_id, reason, sku_no, user_no)
    where reason <> 'noSeatLeft';
