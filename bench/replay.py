#!/usr/bin/env python3
"""A server of canned pages for benchmarks of a sync: as fast as it can, without judging a request.

usage: replay.py LINE_ITEMS CRITERIA DELAY_MS [URLS]

Prints its URL, then serves until it is killed: the lists of one account and the criteria of each group of 200
line items, 1,000 rows a page. DELAY_MS is waited before each answer. GET /count gives the number of
requests so far, GET /bytes those of all criteria pages; GET /change lets 100 line items, spread over all, be
the ones that changed last; a POST is read to its end and acknowledged. URLS, a file, gets a curl configuration that fetches every page of a full sync once."""
import asyncio
import json
import sys
import urllib.parse

PAGE, GROUP, ACCOUNT = 1000, 200, "18ce5bulk01"
TIME, LATER, CHANGED = "2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z", 100
KINDS = ["LOCATION", "BROAD_KEYWORD", "INTEREST", "CONVERSATION", "DEVICE"]


def line_item(i):
    return {"id": "b%05d" % i, "campaign_id": "c%03d" % (i % 80), "name": "modern sofa, US %d" % i,
            "entity_status": "ACTIVE", "objective": "ENGAGEMENTS", "product_type": "PROMOTED_TWEETS",
            "placements": ["ALL_ON_TWITTER"], "goal": "ENGAGEMENT", "bid_strategy": "AUTO", "currency": "USD",
            "bid_amount_local_micro": None, "daily_budget_amount_local_micro": 10000000,
            "total_budget_amount_local_micro": None, "start_time": TIME, "end_time": None,
            "created_at": TIME, "updated_at": TIME, "deleted": False}


def criterion(i, k):
    return {"id": "t%05dx%03d" % (i, k), "line_item_id": "b%05d" % i, "name": "value number %d" % (k * 37 % 1000),
            "operator_type": "EQ" if k % 9 else "NE", "targeting_type": KINDS[k % 5],
            "targeting_value": "v%06d" % (k * 7919 % 100000), "created_at": TIME, "updated_at": TIME,
            "deleted": False}


def pages(rows, name):
    chunks = [rows[i:i + PAGE] for i in range(0, len(rows), PAGE)] or [[]]
    out = {}
    for n, chunk in enumerate(chunks):
        text = json.dumps({"request": {"params": {}}, "data": chunk,
                           "next_cursor": "%s%d" % (name, n + 1) if n + 1 < len(chunks) else None},
                          separators=(",", ":"))
        out["%s%d" % (name, n)] = text.encode()
    return out


def build(n, per):
    items = [line_item(i) for i in range(n)]
    lists = {"campaigns": pages([{"id": "c%03d" % i, "name": "campaign %d" % i, "entity_status": "ACTIVE",
                                  "currency": "USD", "created_at": TIME, "updated_at": TIME, "deleted": False}
                                 for i in range(80)], "campaigns"),
             "line_items": pages(items, "line_items"), "custom_audiences": pages([], "custom_audiences"),
             "promotable_users": pages([], "promotable_users"),
             "accounts": pages([{"id": ACCOUNT, "name": "Bulk account", "deleted": False}], "accounts")}
    groups = {}
    for g in range(0, n, GROUP):
        rows = [criterion(i, k) for i in range(g, min(n, g + GROUP)) for k in range(per)]
        groups[",".join(row["id"] for row in items[g:g + GROUP])] = pages(rows, "g%d." % g)
    return lists, groups


class Server:
    def __init__(self, n, per, delay):
        self.lists, self.groups = build(n, per)
        self.n, self.per, self.delay, self.count = n, per, delay, 0
        self.bytes = sum(len(p) for g in self.groups.values() for p in g.values())

    def change(self):
        """The lists are sorted by the time of their last change, the newest first."""
        changed = set(range(0, self.n, -(-self.n // CHANGED)))
        rows = [dict(line_item(i), updated_at=LATER) for i in sorted(changed)]
        self.lists["line_items"] = pages(rows + [line_item(i) for i in range(self.n) if i not in changed],
                                         "line_items")
        return len(changed)

    def group(self, ids):
        """The pages of these line items, made when they are asked for."""
        if ids not in self.groups:
            rows = [criterion(int(i[1:]), k) for i in ids.split(",") for k in range(self.per)]
            self.groups[ids] = pages(rows, "x%d." % len(self.groups))
        return self.groups[ids]

    def body(self, target):
        path, _, query = target.partition("?")
        q = urllib.parse.parse_qs(query)
        last = path.rsplit("/", 1)[1]
        if last == "count":
            return str(self.count).encode()
        if last == "bytes":
            return str(self.bytes).encode()
        if last == "change":
            return str(self.change()).encode()
        self.count += 1
        if last == "authenticated_user_access":
            return b'{"data":{"user_id":"1","permissions":["ACCOUNT_ADMIN"]}}'
        if last == "targeting_criteria":
            found = self.group(q["line_item_ids"][0])
        else:
            found = self.lists[last]
        return found[q["cursor"][0]] if "cursor" in q else next(iter(found.values()))

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [h for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")]
                if length:
                    await reader.readexactly(int(length[0].split(b":")[1]))
                body = b"{}" if length else self.body(head.split(b" ", 2)[1].decode())
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def write_urls(self, url, path):
        base, lines = "%s/12/accounts/%s/" % (url, ACCOUNT), []
        for kind in ("campaigns", "line_items", "custom_audiences", "promotable_users"):
            lines += ["%s%s?cursor=%s" % (base, kind, c) for c in self.lists[kind]]
        for first, group in self.groups.items():
            lines += ["%stargeting_criteria?line_item_ids=%s&cursor=%s" % (base, first, c) for c in group]
        with open(path, "w") as f:
            f.write("".join('url = "%s"\noutput = "/dev/null"\n' % u for u in lines))


async def main():
    server = Server(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 20)
    url = "http://127.0.0.1:%d" % listener.sockets[0].getsockname()[1]
    if len(sys.argv) > 4:
        server.write_urls(url, sys.argv[4])
    print(url, flush=True)
    await listener.serve_forever()


asyncio.run(main())
