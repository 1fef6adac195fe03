-- How often loading an upload was begun without an end (migrations/sqlite/008-attempts.sql).

alter table upload add column load_attempts bigint not null default 0;
