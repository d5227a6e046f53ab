/* Answers of reads on their way to their callers: each is scanned, then decoded, then handed out, in
 * pieces of a tenth of a millisecond. What is scanned goes first: it says what to ask for next, and
 * the network works while this page is decoded. */
#include <stdint.h>
#include <string.h>
#include "api/decode.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/mem.h"

#define SLICE_MS 2 /* in one turn of the loop, when no key waits */
#define STEP_MEMBERS 500 /* of JSON */
#define STEP_ROWS 50

struct page {
	struct req *req;
	struct page *next;
	struct transport_reply reply; /* its body is ours */
	struct answer an;
	bool scanned;
	bool more; /* the next page is asked for */
	struct decoder *decoder;
	struct api_result res; /* its list is initialised once decoding began */
	bool decoding;
};

static void page_free(struct page *p)
{
	decode_end(p->decoder, NULL);
	if (p->decoding)
		decode_done(&p->res);
	answer_done(&p->an);
	buf_done(&p->reply.body);
	mem_free(p);
}

static void unlink_page(struct api *a, const struct page *p)
{
	struct page **at = &a->pages;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
}

void pages_drop(struct req *r)
{
	struct page **at = &r->api->pages;

	while (*at) {
		struct page *p = *at;

		if (p->req == r) {
			*at = p->next;
			page_free(p);
		} else {
			at = &p->next;
		}
	}
}

/* --- scanning --- */

/* The cursor of the next page, if there is one. */
static bool take_cursor(struct page *p)
{
	const char *cursor = json_string(json_get(json_root(&p->an.json), "next_cursor"));
	struct api_result *res = &p->res;
	struct req *r = p->req;
	char *copy;

	if (!r->seen || !cursor || !*cursor)
		return false;
	if (id_filter_cursor(r->seen, cursor, &res->ei)) {
		res->err = res->ei.code;
		return false;
	}
	copy = mem_strdup(cursor);
	if (!copy) {
		res->err = err_set(&res->ei, ERR_NOMEM, "out of memory");
		return false;
	}
	mem_free(r->spec.cursor);
	r->spec.cursor = copy;
	res->next_cursor = copy;
	return !r->spec.max_pages || res->page + 1 < r->spec.max_pages;
}

static void end_scan(struct page *p)
{
	struct req *r = p->req;
	struct api *a = r->api;

	req_land(r);
	req_learn(r, &p->an, &p->reply);
	req_pump(a);
	if (p->an.kind != ANSWER_OK && req_retry(r, &p->an)) {
		unlink_page(a, p);
		page_free(p);
		return;
	}
	p->scanned = true;
	p->res = (struct api_result){.kind = r->spec.kind, .page = r->page};
	if (p->an.kind != ANSWER_OK || !r->spec.ahead)
		return;
	p->more = take_cursor(p);
	if (p->more)
		req_next_page(r);
}

/* --- decoding --- */

static void hand_out(struct page *p)
{
	struct api_result *res = &p->res;
	struct req *r = p->req;

	if (!res->err && r->seen)
		res->err = id_filter_page(r->seen, res, &res->ei);
	if (!res->err) {
		r->quarantined += res->quarantined;
		r->total += decode_rows(res);
		if (!r->spec.ahead && take_cursor(p)) {
			p->more = true;
			req_next_page(r);
		}
	}
	res->quarantined = r->quarantined;
	res->total = r->total;
	res->last = res->err || !p->more;
	if (res->err) /* a page that cannot be trusted is not handed out */
		res->next_cursor = NULL;
	unlink_page(r->api, p);
	req_deliver(r, res);
	page_free(p);
}

static void begin_decoding(struct page *p)
{
	struct api_result *res = &p->res;
	struct errinfo ei = {0};

	p->decoding = true;
	p->decoder = decode_begin(res, json_get(json_root(&p->an.json), "data"), &ei);
	if (p->decoder)
		return;
	res->ei = ei;
	res->err = ei.code;
}

static void decode_step(struct page *p)
{
	struct errinfo ei = {0};

	if (p->an.kind != ANSWER_OK) {
		struct req *r = p->req;

		ei = p->an.ei;
		unlink_page(r->api, p);
		page_free(p);
		req_deliver_error(r, &ei);
		return;
	}
	if (!p->decoding)
		begin_decoding(p);
	if (p->decoder && !decode_some(p->decoder, &p->res, STEP_ROWS))
		return;
	if (decode_end(p->decoder, &ei)) {
		p->res.ei = ei;
		p->res.err = ei.code;
	}
	p->decoder = NULL;
	hand_out(p);
}

/* --- one after another --- */

static bool follows_another(const struct api *a, const struct page *p)
{
	for (const struct page *q = a->pages; q != p; q = q->next)
		if (q->req == p->req)
			return true;
	return false;
}

/* What the user waits for goes first, then what is to be scanned; pages of a list keep their order. */
static struct page *next_page(const struct api *a)
{
	struct page *best = NULL;
	int best_rank = 0;

	for (struct page *p = a->pages; p; p = p->next) {
		int rank = (int)p->req->call.priority * 2 + p->scanned;

		if ((best && rank >= best_rank) || follows_another(a, p))
			continue;
		best = p;
		best_rank = rank;
	}
	return best;
}

void pages_run(struct api *a)
{
	int64_t until = clock_mono_ms() + SLICE_MS;
	struct page *p;

	while ((p = next_page(a))) {
		if (p->scanned)
			decode_step(p);
		else if (answer_read_some(&p->an, &p->reply, STEP_MEMBERS))
			end_scan(p);
		if (clock_mono_ms() > until || loop_input_waits(a->loop))
			break;
	}
	if (a->pages)
		loop_wake_within(a->loop, 0);
}

void page_take(struct req *r, struct transport_reply *reply)
{
	struct page **at = &r->api->pages, *p = mem_zalloc(sizeof *p);
	struct errinfo ei;

	if (!p) {
		req_land(r);
		err_set(&ei, ERR_NOMEM, "out of memory");
		req_deliver_error(r, &ei);
		return;
	}
	p->req = r;
	p->reply = *reply;
	buf_init(&reply->body, reply->body.max);
	answer_init(&p->an);
	answer_begin(&p->an, &p->reply);
	while (*at)
		at = &(*at)->next;
	*at = p;
	pages_run(r->api);
}
