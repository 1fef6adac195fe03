-- The listings that are part of the product of an earlier one. The number of a product is that of its first listing: so what counts products
-- reads this, and not the listings, which take twenty times the room.
create index listing_joined on listing (id, product_id) where product_id <> id;
