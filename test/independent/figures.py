#!/usr/bin/env python3
"""Computes from files of rows alone what the server and its page must say of them, by docs/rows.md and docs/protocol.md.

It shares nothing with the program and needs nothing but Python. Which listings are one product is not decided here: they are told as groups.

    figures.py FILE... < question.json > answer.json

question: {"now": milliseconds, "hours_ahead": of UTC, where days begin, "groups": [[{"company", "sku", "key"}, ...], ...]}; all files were received at about that time, each store's
in the order of their dates. Of one store and date there is one file.
"""
import gzip
import json
import re
import statistics
import sys
import unicodedata
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BASE = {"g": ("100 g", 100), "kg": ("100 g", 100), "ml": ("100 ml", 100), "l": ("100 ml", 100)}


def cents(value):
    """A price in whole cents, half up; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        return int((Decimal(value) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        return None


def text(value):
    return str(value).strip() if isinstance(value, (str, int)) and str(value).strip() else None


def code(value):
    return unicodedata.normalize("NFC", value).strip().lower()


class Row:
    def __init__(self, product, metadata):
        self.company = code(text(metadata.get("company")) or text(metadata.get("company_name")))
        store = text(metadata.get("store_id")) or text(metadata.get("store_name")) or self.company
        self.store = (self.company, code(store))
        self.date = metadata["scraped_date"][:10]
        self.listing = (self.company, text(product.get("sku")) or ("by name", product["normalized_name_brand_size"]))
        self.available = product.get("is_available")
        self.special = product.get("is_on_special")
        self.price = cents(product.get("price_current"))
        self.was = cents(product.get("price_was"))
        self.size = text(product.get("size"))
        self.name = product["name"]
        date.fromisoformat(self.date)
        if not self.name.strip() or (self.price is None and self.available is not False):
            raise ValueError("no name or no price")

    @property
    def terms(self):
        return (self.price, self.was, self.special, self.available)


class Files:
    """scrapes: store -> date -> listing -> row; and how many lines were rows, doubles and rejects."""

    def __init__(self, paths):
        self.scrapes = defaultdict(lambda: defaultdict(dict))
        self.counts = {"files": len(paths), "rows": 0, "rejected": 0, "duplicate": 0}
        for path in paths:
            opened = gzip.open if path.endswith(".gz") else open
            with opened(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    if line.strip():
                        self.take(line)
        self.count_changes()

    def take(self, line):
        self.counts["rows"] += 1
        try:
            record = json.loads(line, parse_float=Decimal)
            row = Row(record["product"], record["metadata"])
        except (ValueError, KeyError, TypeError, AttributeError):
            self.counts["rejected"] += 1
            return
        shown = self.scrapes[row.store][row.date]
        first = shown.setdefault(row.listing, row)
        if first is not row:
            differs = (first.name, first.price, first.special) != (row.name, row.price, row.special)
            self.counts["rejected" if differs else "duplicate"] += 1

    def count_changes(self):
        self.counts["inserted"] = self.counts["changed"] = 0
        for dates in self.scrapes.values():
            known = {}
            for day in sorted(dates):
                for listing, row in dates[day].items():
                    if listing not in known:
                        self.counts["inserted"] += 1
                    elif known[listing].terms != row.terms:
                        self.counts["changed"] += 1
                known = dates[day]

    def totals(self):
        listings = {listing for dates in self.scrapes.values() for shown in dates.values() for listing in shown}
        return {
            "companies": len({company for company, _ in self.scrapes}),
            "stores": len(self.scrapes),
            "listings": len(listings),
            "scrapes": sum(map(len, self.scrapes.values())),
        }


class Now:
    """What holds at a time: which stores are silent, and of which companies the availability tells anything."""

    def __init__(self, files, now, hours_ahead):
        self.files = files
        self.silent = set()
        usual = {store: usual_days(sorted(dates)) for store, dates in files.scrapes.items()}
        flags = defaultdict(set)
        for store, dates in files.scrapes.items():
            latest = max(dates)
            flags[store[0]].update(row.available for row in dates[latest].values())
            since = min(now, (date.fromisoformat(latest) - date(1970, 1, 1)).days * DAY_MS + DAY_MS - hours_ahead * HOUR_MS)
            days = usual[store] or max([other for at, other in usual.items() if at[0] == store[0] and other], default=None)
            if now > since + 2 * (days or 14) * DAY_MS:
                self.silent.add(store)
        self.tells = {company for company, seen in flags.items() if len(seen) > 1}

    def is_sold_out(self, row):
        return row.company in self.tells and row.available is False

    def can_be_paid(self, row):
        return row.price is not None and row.price > 0 and not self.is_sold_out(row)


def usual_days(dates):
    last = [date.fromisoformat(each) for each in dates[-10:]]
    gaps = [(after - before).days for before, after in zip(last, last[1:])]
    return statistics.median(gaps) if gaps else None


def spans_of(files, listing):
    """Every stretch of scrapes of a store that shows a listing with the same terms: (row, from, to, is the latest)."""
    for store, dates in files.scrapes.items():
        if store[0] != listing[0]:
            continue
        begun = None
        days = sorted(dates)
        for before, day in zip([None, *days], days):
            row = dates[day].get(listing)
            if begun and (row is None or row.terms != begun[0].terms):
                yield (store, *begun, before, False)
                begun = None
            if row is not None and begun is None:
                begun = (row, day)
        if begun:
            yield (store, *begun, days[-1], True)


def median_price(spans, first, last):
    days = defaultdict(int)
    for _, row, begin, end, _ in spans:
        count = (date.fromisoformat(min(end, last)) - date.fromisoformat(max(begin, first))).days + 1
        if count > 0:
            days[row.price] += count
    reached = 0
    for price in sorted(days):
        reached += days[price]
        if 2 * reached >= sum(days.values()):
            return price
    return None


def before(day, days):
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def past_of(spans, lowest, now):
    """What it usually costs, and the least in the 30 days before the lowest price of now began."""
    spans = [each for each in spans if now.can_be_paid(each[1])]
    nothing = {"usual_cents": None, "usual_special_cents": None, "lowest_before_cents": None}
    if not spans:
        return nothing
    until = max(end for *_, end, _ in spans)
    plain = [each for each in spans if each[1].special is not True]
    special = [each for each in spans if each[1].special is True]
    within = (before(until, 89), until)
    usual = median_price(plain, *within)
    begun = [begin for store, row, begin, _, latest in spans if latest and row.price == lowest and store not in now.silent]
    earlier = []
    if begun:
        first, last = before(min(begun), 30), before(min(begun), 1)
        earlier = [row.price for _, row, begin, end, _ in spans if begin <= last and end >= first]
    return {
        "usual_cents": median_price(spans, *within) if usual is None else usual,
        "usual_special_cents": median_price(special, "1900-01-01", until),
        "lowest_before_cents": min(earlier, default=None),
    }


def chain_of(asked, spans, now):
    """A company in one line: what its stores ask now, or asked once where all of them are silent."""
    live = [each for each in asked if each[0] not in now.silent]
    silent = [each for each in asked if each[0] in now.silent]
    told = live or silent
    paid = [row for _, row in told if now.can_be_paid(row)]
    lowest = min((row.price for row in paid), default=None)
    cheapest = [row for row in paid if row.price == lowest]
    was = {row.was for row in cheapest}
    return {
        "lowest_cents": lowest,
        "highest_cents": max((row.price for row in paid), default=None),
        "stores": len(live),
        "lowest_stores": len(cheapest),
        "silent_stores": len(silent),
        "seen_on": max(row.date for row in (cheapest or [row for _, row in told])),
        "is_silent": not live,
        "is_on_special": any(row.special is True for row in cheapest),
        "was_price_cents": was.pop() if len(was) == 1 else None,
        **past_of(spans, lowest, now),
    }


def unit_price(listing, price, files):
    """What 100 g or 100 ml cost, where the size is told in plain words and nothing says otherwise; else "unknown"."""
    rows = [row for dates in files.scrapes.values() for shown in dates.values() for row in [shown.get(listing)] if row]
    newest = max(row.date for row in rows)
    said = {(row.size, row.name) for row in rows if row.date == newest}
    size, _ = said.pop()
    plain = re.fullmatch(r"(\d+(?:\.\d+)?) ?(g|kg|ml|l)", size or "", re.IGNORECASE)
    if said or plain is None or price is None or Decimal(plain[1]) == 0:
        return "unknown"
    unit = plain[2].lower()
    per, base = BASE[unit]
    amount = Decimal(plain[1]) * (1000 if unit in ("kg", "l") else 1)
    return [int((price * base / amount).quantize(Decimal(1), ROUND_HALF_UP)), per]


def product_of(group, files, now):
    listings = [(code(each["company"]), each["sku"] or ("by name", each["key"])) for each in group]
    asked, prices, spans = defaultdict(list), [], defaultdict(list)
    for listing in listings:
        spans[listing[0]] += list(spans_of(files, listing))
        for store, dates in files.scrapes.items():
            row = dates[max(dates)].get(listing)
            if row is None:
                continue
            asked[listing[0]].append((store, row))
            available = row.available if row.company in now.tells else None
            told = [row.date, row.price, row.was, row.special, available, store in now.silent]
            sku = listing[1] if isinstance(listing[1], str) else None
            prices.append([*store, sku, *told, unit_price(listing, row.price, files)])
    everywhere = [each for those in asked.values() for each in those]
    paid = [row.price for store, row in everywhere if store not in now.silent and now.can_be_paid(row)]
    ever = [(row.price, end, row.company) for those in spans.values() for _, row, _, end, _ in those if now.can_be_paid(row)]
    lowest = min((price for price, *_ in ever), default=None)
    last = max((end for price, end, _ in ever if price == lowest), default=None)
    companies = sorted(company for price, end, company in ever if (price, end) == (lowest, last))
    return {
        "now": {
            "stores": len({store for store, _ in everywhere if store not in now.silent}),
            "silent_stores": len({store for store, _ in everywhere if store in now.silent}),
            "lowest_cents": min(paid, default=None),
            "highest_cents": max(paid, default=None),
        },
        "lowest_ever": None if lowest is None else {"price_cents": lowest, "company": companies[0], "on": last},
        "chains": {company: chain_of(those, spans[company], now) for company, those in sorted(asked.items())},
        "prices": sorted(prices, key=lambda each: json.dumps(each[:3])),
    }


def main():
    question = json.load(sys.stdin)
    files = Files(sys.argv[1:])
    now = Now(files, question["now"], question["hours_ahead"])
    silent = sorted("/".join(store) for store in now.silent)
    products = [product_of(group, files, now) for group in question["groups"]]
    json.dump({"counts": files.counts, "totals": files.totals(), "silent": silent, "products": products}, sys.stdout)


main()
