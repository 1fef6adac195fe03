-- A part of a name is looked for in this index alone: the records of 500,000 uploads are ten times as large.
create index upload_named on upload (id, state, filename);
