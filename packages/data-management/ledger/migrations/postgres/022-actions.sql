-- What it is for stands in migrations/sqlite. Receivers of the version before go on accepting: they write none of these columns.
drop index upload_wish;
alter table upload rename column wish to action;
alter table upload rename column wished_by to action_by;
alter table upload rename column wish_reason to action_reason;
alter table upload rename column wish_limited to action_limited;
create index upload_action on upload (action) where action is not null;
