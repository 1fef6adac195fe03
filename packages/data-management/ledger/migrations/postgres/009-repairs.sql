-- The repair with which an upload is read whenever it is loaded, as JSON, with the name of whoever accepted it. Its bytes stay as they came.
alter table upload add column repair text;
