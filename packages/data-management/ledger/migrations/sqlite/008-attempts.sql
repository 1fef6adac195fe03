-- How often loading an upload was begun without an end that anybody lived to tell: its bytes may end every loader.

alter table upload add column load_attempts integer not null default 0;
