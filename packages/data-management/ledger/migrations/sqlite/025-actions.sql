-- What is asked to be done with an upload is called an action everywhere.
drop index upload_wish;
alter table upload rename column wish to action;
alter table upload rename column wished_by to action_by;
alter table upload rename column wish_reason to action_reason;
alter table upload rename column wish_limited to action_limited;
create index upload_action on upload (action) where action is not null;
