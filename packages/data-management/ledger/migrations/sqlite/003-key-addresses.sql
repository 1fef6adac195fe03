-- A key may be for some addresses only.

alter table api_key add column only_from text; -- addresses and networks, separated by newlines; null: all
