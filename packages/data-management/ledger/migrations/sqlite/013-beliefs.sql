-- What a person believes of a company or a store from now on: that what a rule says of it is so (packages/shared/truth/beliefs.ts). Codes are
-- folded. A belief that is taken back stays on record.
create table belief (
  id integer primary key,
  company text not null,
  store text, -- null: all stores of the company
  rule text not null,
  field text, -- null: whatever field the rule speaks of
  at integer not null,
  who text not null,
  reason text,
  undone_at integer,
  undone_by text
) strict;
