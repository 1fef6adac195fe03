-- What a load was allowed to write, so that a delivery with more rights is noticed; and what each sender called the file.

alter table upload add column loaded_for text; -- what its latest load might write, separated by newlines; null: everything
alter table upload add column wish_limited integer not null default 0; -- 1: not beyond the rights of its senders
alter table delivery add column filename text; -- null: noted before each sender's name was
