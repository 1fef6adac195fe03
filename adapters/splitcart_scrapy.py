"""Scrapy's items into the outbox of SplitCart: a file is there when the spider has finished, and never before.

Needs nothing but Python 3.8 and Scrapy 2.6 or newer. Copy this file beside the spider. As an item pipeline, in settings.py:

    ITEM_PIPELINES = {"splitcart_scrapy.SplitCartPipeline": 900}
    SPLITCART_COMPANY = "cornershop"       # where items do not say it
    SPLITCART_STORE = "S1"                 # the same
    SPLITCART_DATA_DIR = "scraping/data"   # the folder of product_outbox
    SPLITCART_ROWS_MIN = 1                 # with fewer rows the scrape is not complete

or as a storage of feeds, with the same settings for what the address does not say:

    FEED_STORAGES = {"splitcart": "splitcart_scrapy.SplitCartFeedStorage"}
    FEEDS = {"splitcart:scraping/data?company=cornershop&store=S1": {"format": "jsonlines"}}

An item with the objects product and metadata is a row; any other one is the product of a row. Give it the names of docs/rows.md: name, sku,
price_current (a number, or the text of one without a currency). A spider that is stopped, shut down or killed leaves nothing in the outbox; what
it had written is removed, or, after a kill, left in product_outbox/.part, from where "splitcart salvage" sends its whole rows if you want them.
"""

import json
import logging
import os
import re
import tempfile
import uuid
from datetime import datetime, timezone
from urllib.parse import parse_qs, unquote, urlsplit

from scrapy import signals

logger = logging.getLogger(__name__)
FINISHED = "finished"


class OutboxFile:
    """One scrape on its way into the outbox: written aside, made durable, then linked to a name that was never used before."""

    def __init__(self, data_dir, company, store, rows_min=1):
        self.company, self.store, self.rows_min = company, store, rows_min
        self.started = datetime.now(timezone.utc)
        self.rows = 0
        outbox = os.path.join(data_dir, "product_outbox")
        os.makedirs(os.path.join(outbox, ".part"), mode=0o700, exist_ok=True)
        words = [re.sub(r"\W+", "-", word or "").strip("-").lower()[:20] for word in (company, store)]
        stem = "-".join([word for word in words if word] or ["scrape"])
        self.name = f"{stem}-{self.started:%Y-%m-%d}-{uuid.uuid4().hex[:12]}.jsonl"
        self.outbox, self.part = outbox, os.path.join(outbox, ".part", self.name)
        self.file = open(self.part, "x", encoding="utf-8", newline="\n")

    def write(self, item):
        """Adds an item as a row."""
        is_row = isinstance(item.get("product"), dict)
        product = dict(item["product"] if is_row else item)
        own = dict(item.get("metadata") or {}) if is_row else {}
        if not product.get("normalized_name_brand_size") and isinstance(product.get("name"), str):
            words = [product["name"], product.get("brand"), product.get("size")]
            text = " ".join(word for word in words if isinstance(word, str)).lower()
            product["normalized_name_brand_size"] = " ".join(re.findall(r"[^\W_]+", text))
        metadata = {"scraped_date": f"{self.started.astimezone():%Y-%m-%d}", "scraped_at": self.started.isoformat()}
        if self.company and "company_name" not in own:
            metadata["company"] = self.company
        if self.store and not own.get("store_id") and not own.get("store_name"):
            metadata["store_id"] = self.store
        row = {"product": product, "metadata": {**metadata, **own}}
        self.file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        self.rows += 1

    def end(self, reason):
        """Hands the file to the outbox where the spider has finished; otherwise nothing is left of it."""
        try:
            if reason != FINISHED or self.rows < self.rows_min:
                self.file.close()
                os.unlink(self.part)
                why = f"the spider ended with {reason!r}" if reason != FINISHED else "that is too few"
                logger.warning("Nothing is put into the outbox: %d rows, %s.", self.rows, why)
                return None
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            self._land()
            logger.info("%s: %d rows in the outbox.", self.name, self.rows)
            return os.path.join(self.outbox, self.name)
        finally:
            self.file.close()

    def _land(self):
        # rename would be enough for a name that nobody has; where there are no links, such as on FAT, it has to be.
        target = os.path.join(self.outbox, self.name)
        try:
            os.link(self.part, target)
            os.unlink(self.part)
        except OSError:
            if not os.path.exists(target):
                os.rename(self.part, target)
        if os.name == "posix":
            folder = os.open(self.outbox, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _outbox_file(settings, data_dir=None, company=None, store=None):
    return OutboxFile(
        data_dir or settings.get("SPLITCART_DATA_DIR", "scraping/data"),
        company or settings.get("SPLITCART_COMPANY"),
        store or settings.get("SPLITCART_STORE"),
        settings.getint("SPLITCART_ROWS_MIN", 1),
    )


class SplitCartPipeline:
    """An item pipeline: each item is a row."""

    @classmethod
    def from_crawler(cls, crawler):
        pipeline = cls()
        pipeline.crawler = crawler
        pipeline.outbox_file = None
        crawler.signals.connect(pipeline.ended, signal=signals.spider_closed)
        return pipeline

    def open_spider(self, spider=None):
        self.outbox_file = _outbox_file(self.crawler.settings)

    def process_item(self, item, spider=None):
        # Items may be dictionaries, Item, dataclasses or attrs; Scrapy brings what reads them all.
        from itemadapter import ItemAdapter

        self.outbox_file.write(ItemAdapter(item).asdict())
        return item

    def ended(self, spider, reason):
        if self.outbox_file is not None:
            self.outbox_file.end(reason)
            self.outbox_file = None


class SplitCartFeedStorage:
    """A storage of feeds for the addresses splitcart:FOLDER?company=…&store=…, with the format jsonlines."""

    def __init__(self, uri, settings):
        parts = urlsplit(uri)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.settings = settings
        self.place = {"data_dir": unquote(parts.path) or None, "company": asked.get("company"), "store": asked.get("store")}
        self.stored, self.reason = None, None

    @classmethod
    def from_crawler(cls, crawler, uri, *, feed_options=None):
        if feed_options and feed_options.get("format") not in (None, "jsonlines", "jl"):
            raise ValueError(f"The feed {uri} needs the format jsonlines.")
        storage = cls(uri, crawler.settings)
        crawler.signals.connect(storage.ended, signal=signals.spider_closed)
        return storage

    def open(self, spider):
        return tempfile.TemporaryFile(prefix="splitcart-feed-")

    def store(self, file):
        """Takes the feed; it goes into the outbox once it is known how the spider has ended."""
        file.seek(0)
        self.stored = _outbox_file(self.settings, **self.place)
        for line in file:
            self.stored.write(json.loads(line))
        file.close()
        self._end()

    def ended(self, spider, reason):
        self.reason = reason
        self._end()

    def _end(self):
        if self.stored is not None and self.reason is not None:
            self.stored.end(self.reason)
            self.stored = None
