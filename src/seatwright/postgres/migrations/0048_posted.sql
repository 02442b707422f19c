-- A summary for somebody who asked for many, or decides about them, is no event of its own: each of
-- the many is posted to webhooks already.
alter table telling add column is_posted boolean not null default true;
