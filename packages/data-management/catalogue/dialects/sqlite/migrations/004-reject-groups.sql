-- The newest loads of a group of rejects, of which samples are shown.
create index reject_group_newest on reject_group (code, field, company, store_id, load_id);
