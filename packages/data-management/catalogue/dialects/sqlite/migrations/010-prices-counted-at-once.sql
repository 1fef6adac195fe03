-- Prices of now are counted with each statement that opens or ends runs, not run by run.
drop trigger price_run_begun;
drop trigger price_run_begun_anew;
drop trigger price_run_ended;
drop trigger price_run_removed;
