-- Who holds a product by a claim of their own, among however many who were given it.
create index effective_license_claimed on effective_license (tenant_id, sku_no, user_no)
    where strategy = 5;
