"""A scraper of a web shop that knows nothing of SplitCart: it prints a line of JSON for each product, and ends with 0 when it got through.

    splitcart scrape --company cornershop --store S1 -- python3 docs/examples/shop_scraper.py http://127.0.0.1:8080/p/1
"""

import json
import re
import sys
from html import unescape
from urllib.parse import urljoin
from urllib.request import urlopen


def text_of(page, pattern):
    found = re.search(pattern, page)
    return unescape(found.group(1)).strip() if found else ""


waiting = [sys.argv[1]]
while waiting:
    url = waiting.pop()
    # A page that cannot be had ends the program with 1, and then nothing is put into the outbox.
    with urlopen(url, timeout=30) as response:
        page = response.read().decode("utf-8")
    product = {
        "sku": text_of(page, r'data-sku="([^"]*)"'),
        "name": text_of(page, r"<h1>([^<]*)"),
        "price_current": text_of(page, r'class="price">\$([^<]*)'),
        "url": url,
    }
    sys.stdout.write(json.dumps(product) + "\n")
    waiting += [urljoin(url, path) for path in re.findall(r'class="next" href="([^"]*)"', page)]
