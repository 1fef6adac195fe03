-- How many uploads are in each state, and their bytes. SQLite keeps the counts; here receivers would wait for each other to change them.
create view upload_count as
  select state, count(*) as files, coalesce(sum(bytes), 0) as bytes from upload group by state;
