#include "tests/sim/weather.h"

#include <stdio.h>
#include "base/buf.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"

enum { STALL_MS = 15000 };

/* --- other users --- */

static const char *const their_values[] = {"sofa", "lamp", "oak table", "carpet", "theirs one",
    "theirs two", "\\u001b]0;theirs\\u0007", "\\u202etheirs"};

struct pick {
	uint64_t left;
	char id[16];
};

static void pick_live(void *user, const struct server_row *row)
{
	struct pick *p = user;

	if (!row->deleted && p->left-- == 0)
		snprintf(p->id, sizeof p->id, "%s", row->id);
}

void weather_edit(struct rng *r, char (*line_items)[16], size_t n, char *out, size_t cap)
{
	struct pick p = {.left = rng_below(r, SERVER_LINE_ITEMS * SERVER_CRITERIA)};

	if (rng_chance(r, 40))
		server_rows(pick_live, &p);
	if (p.id[0])
		snprintf(out, cap, "{\"delete\": \"%s\"}", p.id);
	else
		snprintf(out, cap,
		    "{\"create\": {\"line_item_id\": \"%s\", \"targeting_type\": "
		    "\"BROAD_KEYWORD\", \"targeting_value\": \"%s\", \"operator_type\": \"%s\"}}",
		    line_items[rng_below(r, n)],
		    their_values[rng_below(r, sizeof their_values / sizeof *their_values)],
		    rng_chance(r, 80) ? "EQ" : "NE");
}

/* --- what the server does --- */

static const char *some_body(struct rng *r)
{
	static const char *const bodies[] = {"json", "json", "html", "empty", "bin", "{}", "[]",
	    "{\\\"data\\\":[],\\\"request\\\":[]}", "{\\\"data\\\":[{\\\"id\\\":\\\"1\\\"}]}"};

	return bodies[rng_below(r, sizeof bodies / sizeof *bodies)];
}

static void status_rule(struct rng *r, struct buf *out)
{
	static const int statuses[] = {200, 201, 202, 204, 301, 400, 401, 403, 404, 408, 423, 429,
	    429, 429, 500, 500, 502, 503, 504};
	int status = statuses[rng_below(r, sizeof statuses / sizeof *statuses)];
	bool reset = status == 429 && rng_chance(r, 70);
	/* a refusal in the API's words after it was done would be a lie that nothing protects from
	 * (reliability 3.9 takes them at their word, and section 6 says so) */
	bool word = (status >= 400 && status <= 404) || status == 429;

	buf_addf(out, "\"action\": \"status@%s:%d\", \"body\": \"%s\"",
	    word || rng_chance(r, 50) ? "body" : "post-commit", status, some_body(r));
	if (reset)
		buf_addf(out,
		    ", \"headers\": {\"x-rate-limit-limit\": \"450\", \"x-rate-limit-remaining\": "
		    "\"0\", \"x-rate-limit-reset\": \"%lld\"}",
		    (long long)T0_WALL + (long long)rng_below(r, 3600));
}

static void post_rule(struct rng *r, char (*line_items)[16], size_t n, struct buf *out)
{
	char edit[512];

	switch (rng_below(r, 16)) {
	case 0:
		buf_addf(out, "\"action\": \"drop@pre-commit\"");
		break;
	case 1:
	case 2:
		buf_addf(out, "\"action\": \"%s@post-commit\"", rng_chance(r, 50) ? "drop" : "rst");
		break;
	case 3:
	case 4:
		buf_addf(out, "\"action\": \"cut:%u\"", (unsigned)rng_below(r, 1500));
		break;
	case 5:
		buf_addf(out, "\"action\": \"partial:%u\"", (unsigned)rng_below(r, 4));
		break;
	case 6:
		buf_addf(out, "\"action\": \"%s\"", rng_chance(r, 50) ? "reorder" : "types");
		break;
	case 7:
		buf_addf(out, "\"action\": \"omit:%u\"", (unsigned)rng_below(r, 3));
		break;
	case 8:
		buf_addf(out, "\"action\": \"%s\"", rng_chance(r, 50) ? "shape" : "extra");
		break;
	case 9:
		buf_addf(
		    out, "\"action\": \"stall@pre-commit:%u\"", (unsigned)rng_below(r, STALL_MS));
		break;
	case 10:
		buf_addf(out, "\"action\": \"stall@resp-hdr:%u\"", (unsigned)rng_below(r, 90000));
		break;
	case 11:
		buf_addf(out, "\"action\": \"%s\"",
		    rng_chance(r, 50)   ? "chunk"
		    : rng_chance(r, 50) ? "redir:302"
					: "deep:40");
		break;
	case 12:
		weather_edit(r, line_items, n, edit, sizeof edit);
		buf_addf(out, "\"action\": \"mutate@pre-commit\", \"edit\": %s", edit);
		break;
	case 13:
		buf_addf(out, "\"action\": \"drip:%u\"", 1 + (unsigned)rng_below(r, 400));
		break;
	default:
		status_rule(r, out);
	}
}

static void read_rule(struct rng *r, struct buf *out)
{
	static const char *const cursors[] = {"loop", "cycle", "dup", "junk"};

	switch (rng_below(r, 8)) {
	case 0:
		buf_addf(out, "\"action\": \"drop@pre-commit\"");
		break;
	case 1:
		buf_addf(out, "\"action\": \"cut:%u\"", (unsigned)rng_below(r, 3000));
		break;
	case 2:
		buf_addf(out, "\"action\": \"cursor:%s\"", cursors[rng_below(r, 4)]);
		break;
	case 3:
		buf_addf(out, "\"action\": \"types\"");
		break;
	case 4:
		status_rule(r, out);
		break;
	default:
		buf_addf(out, "\"action\": \"lag:%u\"", (unsigned)rng_below(r, WEATHER_LAG_MS));
	}
}

static void rule(struct rng *r, char (*line_items)[16], size_t n, struct buf *out)
{
	bool write = rng_chance(r, 65);

	buf_addf(
	    out, "{\"method\": \"%s\", \"path\": \"targeting_criteria\", ", write ? "POST" : "GET");
	if (rng_chance(r, 70))
		buf_addf(out, "\"nth\": %u, \"times\": %u, ", 1 + (unsigned)rng_below(r, 3),
		    1 + (unsigned)rng_below(r, 3));
	else if (!write)
		buf_addf(out, "\"probability\": 0.5, \"seed\": %u, ", (unsigned)rng_below(r, 1000));
	if (write)
		post_rule(r, line_items, n, out);
	else
		read_rule(r, out);
	buf_addf(out, "}");
}

int64_t weather_clock_jump(struct rng *r)
{
	static const int64_t most[] = {30, 300, 3600, 86400, 3 * 86400, 3650 * (int64_t)86400};
	int64_t by = 1 + (int64_t)rng_below(r, (uint64_t)most[rng_below(r, 6)]);

	return rng_chance(r, 50) ? by : -by;
}

void weather_draw(struct rng *r, char (*line_items)[16], size_t n)
{
	struct net_weather w = {0};
	struct buf plan;

	weather_clear();
	if (rng_chance(r, 25))
		return;
	if (rng_chance(r, 40))
		w = (struct net_weather){.unsent = (unsigned)rng_below(r, 300),
		    .certificate = (unsigned)rng_below(r, 20),
		    .lost = (unsigned)rng_below(r, 150),
		    .late = (unsigned)rng_below(r, 300),
		    .answer_lost = (unsigned)rng_below(r, 200)};
	net_weather(&w);
	if (w.unsent)
		trace("weather: unsent %u, certificate %u, lost %u, late %u, answer lost %u",
		    w.unsent, w.certificate, w.lost, w.late, w.answer_lost);
	for (uint64_t k = rng_below(r, 4); k > 0; k--) {
		buf_init(&plan, 1 << 16);
		rule(r, line_items, n, &plan);
		trace("fault: %s", buf_str(&plan));
		server_faults(buf_str(&plan));
		buf_done(&plan);
	}
}

void weather_clear(void)
{
	server_faults(NULL);
	net_weather(NULL);
}
