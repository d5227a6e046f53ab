"""Every endpoint of the API, called with curl against a sandbox, signed by an implementation of OAuth
1.0a that shares nothing with api/ (RFC 5849, written with hmac and hashlib).

usage: every_endpoint.py READY_FILE, from the top of the repository. Prints what is wrong."""
import base64, hashlib, hmac, json, os, re, subprocess, sys, time, urllib.parse

ready = json.load(open(sys.argv[1]))
wrong = []


def complain(what):
    wrong.append(what)
    print(what)


# --- OAuth 1.0a, reference 9.1


def enc(text):
    return urllib.parse.quote(text, safe="-._~")


def authorization(method, url, form="", secret=None, token=True):
    base, _, query = url.partition("?")
    oauth = {
        "oauth_consumer_key": ready["consumer_key"],
        "oauth_nonce": hashlib.sha256(os.urandom(16)).hexdigest()[:24],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_version": "1.0",
    }
    if token:
        oauth["oauth_token"] = ready["access_token"]
    pairs = list(oauth.items())
    for part in (query, form):
        pairs += urllib.parse.parse_qsl(part, keep_blank_values=True)
    text = "&".join("%s=%s" % p for p in sorted((enc(k), enc(v)) for k, v in pairs))
    signed = "&".join([method, enc(base), enc(text)])
    key = enc(secret or ready["consumer_secret"]) + "&" + enc(ready["access_token_secret"])
    mac = hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()
    oauth["oauth_signature"] = base64.b64encode(mac).decode()
    return "OAuth " + ", ".join('%s="%s"' % (k, enc(v)) for k, v in sorted(oauth.items()))


def curl(method, path, query="", body=None, form="", auth=None):
    """(status, headers, parsed body, text)"""
    url = ready["url"] + path + ("?" + query if query else "")
    argv = ["curl", "-s", "-i", "--max-time", "60", "-X", method, url]
    if auth is None:
        auth = authorization(method, url, form)
    if auth:
        argv += ["-H", "Authorization: " + auth]
    if body is not None:
        argv += ["-H", "Content-Type: application/json", "--data-binary", body]
    elif form:
        argv += ["--data-binary", form]
    text = subprocess.run(argv, capture_output=True).stdout.decode()
    head, _, rest = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = dict(h.split(": ", 1) for h in lines[1:] if ": " in h)
    try:
        parsed = json.loads(rest)
    except ValueError:
        parsed = None
    return int((lines[0].split() + ["0", "0"])[1]), {k.lower(): v for k, v in headers.items()}, parsed, rest


# --- the tables


def c_text(argument):
    return "".join(re.findall(r'"([^"]*)"', argument))


def client_table():
    text = open("api/endpoints.def").read()
    rows = re.findall(r'^E\((\w+),\s*"(\w+)",\s*((?:"[^"]*"\s*)+),', text, re.M)
    return {i: (m, "/" + c_text(p)) for i, m, p in rows if c_text(p)}


def sandbox_table():
    text = open("sandbox/routes.def").read()
    return {(m, c_text(p)) for m, p in re.findall(r'^ROUTE\((\w+),\s*((?:"[^"]*"\s*)+),', text, re.M)}


def steps():
    for line in open("tests/endpoints.steps"):
        if line.strip() and not line.startswith("#"):
            cells = [c.strip() for c in line.split(" | ")]
            yield dict(zip(("id", "params", "json", "status", "shape", "keep", "like"), cells))


def day(n):
    return time.strftime("%Y-%m-%dT%H%%3A00%%3A00Z", time.gmtime(time.time() + n * 86400))


kept = {"account_id": ready["account_id"], "days_ago_2": day(-2), "days_ago_1": day(-1), "days_ahead_1": day(1)}


def fill(text, sign):
    return re.sub(r"%s(\w+)" % re.escape(sign), lambda m: kept.get(m.group(1), "unknown"), text)


def at(value, path):
    for name in path.split("."):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


# --- judging an answer


def kind(v):
    return {bool: "bool", int: "number", float: "number", str: "text", list: "array", dict: "object"}.get(type(v))


def same_shape(name, row, sample, where):
    """row has all that sample has, with values of its types; null fits everything."""
    for key, value in sample.items():
        if key not in row:
            complain("%s: %s lacks %s of the example" % (name, where, key))
        elif value is None or row[key] is None:
            continue
        elif kind(row[key]) != kind(value):
            complain("%s: %s.%s is %s, in the example %s" % (name, where, key, kind(row[key]), kind(value)))
        elif isinstance(value, dict) and value:
            same_shape(name, row[key], value, where + "." + key)


def records(name, shape, answer):
    data = answer.get("data")
    if shape == "one":
        if not isinstance(data, dict):
            complain("%s: data is not an object" % name)
            return []
        return [data]
    if not isinstance(data, list):
        complain("%s: data is not an array" % name)
        return []
    if shape in ("made", "counts") and len(data) != 1:
        complain("%s: data has %d records, not one" % (name, len(data)))
    if (shape in ("list", "page")) != ("next_cursor" in answer):
        complain("%s: next_cursor is %s" % (name, "there" if "next_cursor" in answer else "missing"))
    if (shape == "page") != ("total_count" in answer):
        complain("%s: total_count is %s" % (name, "there" if "total_count" in answer else "missing"))
    elif shape == "page" and (kind(answer["total_count"]) != "number" or answer["total_count"] < len(data)):
        complain("%s: total_count is %r" % (name, answer["total_count"]))
    return data


def echo(name, step, path, answer, segments):
    request = answer.get("request")
    if step["shape"].split()[0] in ("batch", "counts"):
        if not isinstance(request, list) or not all("params" in r and "operation_type" in r for r in request):
            complain("%s: request is no array of operations" % name)
            return
        params = request[0]["params"]
        segments = [s for s in segments if s in ("account_id", "do_not_reach_list_id")]
    else:
        params = (request or {}).get("params")
    if not isinstance(params, dict):
        complain("%s: request.params is missing" % name)
        return
    for s in segments:
        if params.get(s) != kept[s]:
            complain("%s: request.params.%s is %r, not %r" % (name, s, params.get(s), kept[s]))
    for k, v in urllib.parse.parse_qsl(fill(step["params"], "$") if step["params"] != "-" else ""):
        said = params.get(k)
        typed = {"count": int, "with_total_count": bool, "with_deleted": bool, "sort_by": list}.get(k)
        if k not in params:
            complain("%s: request.params lacks %s" % (name, k))
        elif typed and not isinstance(said, typed):
            complain("%s: request.params.%s is %r" % (name, k, said))
        elif k.endswith("_ids") and said != v.split(","):
            complain("%s: request.params.%s is %r, not a list" % (name, k, said))


def call(step, method, path):
    name = step["id"]
    segments = re.findall(r":(\w+)", path)
    query = fill(step["params"], "$") if step["params"] != "-" else ""
    body = fill(step["json"], "$") if step["json"] != "-" else None
    # single creates take their parameters from a form, too: every second one goes that way
    form = query if method in ("POST", "PUT") and body is None and len(name) % 2 else ""
    status, headers, answer, text = curl(method, "/12" + fill(path, ":"), "" if form else query, body, form)
    if status != int(step["status"]) or not isinstance(answer, dict):
        complain("%s: %s %s answers %d %s" % (name, method, path, status, text[:300]))
        return
    if headers.get("x-current-api-version") != "12":
        complain("%s: x-current-api-version is %r" % (name, headers.get("x-current-api-version")))
    if not headers.get("content-type", "").startswith("application/json"):
        complain("%s: the content type is %r" % (name, headers.get("content-type")))
    shape, _, members = step["shape"].partition(" ")
    rows = records(name, shape, answer)
    wanted = [] if members in ("-", "") else members.split(",")
    if wanted and not rows:
        complain("%s: no records" % name)
    for row in rows:
        if shape == "texts":
            if not isinstance(row, str):
                complain("%s: data holds %r" % (name, row))
            continue
        for m in wanted:
            if m not in row:
                complain("%s: a record lacks %s" % (name, m))
    if step["like"] != "-":
        file, _, inner = step["like"].partition(".")
        sample = json.load(open("tests/samples/%s.json" % file))
        sample = at(sample, inner) if inner else sample
        for row in rows[:50]:
            same_shape(name, row, sample[-1] if isinstance(sample, list) else sample, "data")
    echo(name, step, path, answer, segments)
    if step["keep"] != "-":
        k, _, where = step["keep"].partition("=")
        try:
            kept[k] = at(answer, where)
        except (KeyError, IndexError):
            complain("%s: has no %s" % (name, where))


def refusals(table):
    """What every endpoint answers to a request that is not signed, or wrongly; and unknown ones."""
    for name, (method, path) in sorted(table.items()):
        where = "/12" + fill(path, ":")
        status, _, answer, text = curl(method, where, auth="")
        if (status, answer and answer["errors"][0]["code"]) != (400, 215):
            complain("%s: unsigned: %d %s" % (name, status, text[:200]))
        bad = authorization(method, ready["url"] + where, secret="wrong")
        status, _, answer, text = curl(method, where, auth=bad)
        if (status, answer and answer["errors"][0]["code"]) != (401, 32):
            complain("%s: wrongly signed: %d %s" % (name, status, text[:200]))
    status, _, answer, _ = curl("GET", "/12/no/such/thing")
    if (status, answer["errors"][0]["code"]) != (404, "ROUTE_NOT_FOUND"):
        complain("an unknown path: %d" % status)
    status, _, answer, _ = curl("PUT", "/12/accounts/18ce5demo01/targeting_criteria")
    if (status, answer["errors"][0]["code"]) != (405, "METHOD_NOT_ALLOWED"):
        complain("PUT on targeting_criteria (G24): %d" % status)


def main():
    client, server = client_table(), sandbox_table()
    if len(client) < 75 or len(server) < 75:
        complain("the tables were not understood: %d and %d rows" % (len(client), len(server)))
    for row in sorted(set(client.values()) - server):
        complain("only in api/endpoints.def: %s %s" % row)
    for row in sorted(server - set(client.values())):
        complain("only in sandbox/routes.def: %s %s" % row)
    called = set()
    for step in steps():
        if step["id"] not in client:
            complain("tests/endpoints.steps: %s is in no table" % step["id"])
            continue
        called.add(step["id"])
        call(step, *client[step["id"]])
    for name in sorted(set(client) - called):
        complain("tests/endpoints.steps has no step for %s" % name)
    refusals(client)
    print("%d endpoints, %d steps, %d complaints" % (len(client), len(called), len(wrong)))
    return 1 if wrong else 0


sys.exit(main())
