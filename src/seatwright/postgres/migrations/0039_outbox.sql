-- Lists of what was sent, by channel and state, and of what is unread, newest first.
create index delivery_channel on delivery (tenant_id, channel, delivery_no);
create index delivery_state on delivery (tenant_id, channel, state, delivery_no);
drop index delivery_dead;
create index telling_unread_newest on telling (tenant_id, user_no, telling_no)
    where read_at is null;
drop index telling_unread;
