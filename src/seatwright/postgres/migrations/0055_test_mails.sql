-- How many test mails were asked for lately, however many other mails there are.
create index delivery_test_mail on delivery (tenant_id, created_at) where kind = 'mailTest';
