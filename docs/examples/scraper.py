"""A scraper in any other language: write aside, then rename. A file in product_outbox is always whole."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path

outbox = Path("scraping/data/product_outbox")
now = datetime.now(timezone.utc)
metadata = {"company": "cornershop", "store_id": "S1", "store_name": "Corner Shop",
            "scraped_date": now.strftime("%Y-%m-%d"), "scraped_at": now.isoformat()}
rows = [{"product": {"sku": "1001", "name": "Milk 2L", "normalized_name_brand_size": "milk 2l",
                     "price_current": 3.1}, "metadata": metadata}]

name = f"cornershop-s1-{now:%Y-%m-%dT%H%M%S}.jsonl"  # a name that was never used before
part = outbox / ".part" / name
part.parent.mkdir(parents=True, exist_ok=True)
with open(part, "w", encoding="utf-8", newline="\n") as file:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    file.flush()
    os.fsync(file.fileno())
os.rename(part, outbox / name)
