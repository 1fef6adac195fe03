-- Who has a listing on special now: of a tenth of what is shown, so that no store that has it at its usual price is asked.
create index price_run_special on price_run (listing_id, store_id) where is_on_special = 1 and to_date is null;
