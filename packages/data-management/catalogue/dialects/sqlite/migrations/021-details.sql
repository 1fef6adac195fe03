-- What else a shop tells of a thing, as a JSON object of the fields as they were sent (packages/shared/row-details.ts); null: nothing. Part of
-- what `hash` is made of. Labels of before have none.
alter table label add column details text;
