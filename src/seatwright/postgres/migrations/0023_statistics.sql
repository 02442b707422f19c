-- What PostgreSQL knows of the tables, made anew after much was written.
-- Autovacuum looks once a minute, and until it has, the planner takes a table of a million people
-- for an empty one: any index that begins with the tenant looks as good to it as the right one.
-- ANALYZE is for the owner only, so the app role asks through this. A table that somebody else
-- analyzes, vacuums or alters meanwhile is left to them, after a tenth of a second.
create function refresh_statistics() returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare noun text;
begin
    foreach noun in array array['app_user', 'search_word', 'app_group', 'membership', 'assignment',
        'effective_license', 'license_error', 'license_interval', 'history_event', 'wish_change']
    loop
        begin
            execute format('analyze %I', noun);
        exception when lock_not_available then
            null;
        end;
    end loop;
end $$;
