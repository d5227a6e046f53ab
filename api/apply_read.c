#include <string.h>
#include "api/apply_int.h"
#include "base/mem.h"

enum { MAX_IDS = 200, MAX_PASSES = 4 };

void reader_init(struct reader *rd, struct api *a, const char *account_id)
{
	*rd = (struct reader){.api = a, .account_id = account_id};
	criterion_set_init(&rd->criteria);
	line_item_set_init(&rd->items);
	campaign_set_init(&rd->campaigns);
	rd->owner = api_new_owner(a);
}

void reader_done(struct reader *rd)
{
	reader_cancel(rd);
	criterion_set_done(&rd->criteria);
	line_item_set_done(&rd->items);
	campaign_set_done(&rd->campaigns);
	mem_free(rd->line_items);
	rd->line_items = NULL;
}

void reader_cancel(struct reader *rd)
{
	req_cancel_owner(rd->api, rd->owner);
	rd->pending = 0;
}

enum err reader_target(struct reader *rd, const struct apply_batch *b)
{
	struct map seen;
	enum err e = ERR_OK;

	mem_free(rd->line_items);
	rd->n_line_items = 0;
	rd->line_items = mem_array(b->n, sizeof *rd->line_items);
	if (!rd->line_items)
		return ERR_NOMEM;
	map_init(&seen);
	for (size_t i = 0; i < b->n && !e; i++)
		if (!map_get(&seen, b->ops[i].line_item_id, NULL)) {
			e = map_put(&seen, b->ops[i].line_item_id, 1);
			rd->line_items[rd->n_line_items++] = b->ops[i].line_item_id;
		}
	map_done(&seen);
	return e;
}

static void start_pass(struct reader *rd);

/* Equal for the same criteria in any order. */
static uint64_t digest(const struct criterion_set *s)
{
	uint64_t sum = s->n;

	for (size_t i = 0; i < s->n; i++)
		sum += map_hash(s->v[i].id) * (s->v[i].deleted ? 3 : 1);
	return sum;
}

static void pass_done(struct reader *rd)
{
	uint64_t before = rd->digest;

	rd->digest = digest(&rd->criteria);
	rd->passes++;
	if (!rd->ei.code && rd->paged && !(rd->passes > 1 && before == rd->digest)) {
		if (rd->passes < MAX_PASSES) {
			start_pass(rd);
			return;
		}
		err_set(&rd->ei, ERR_CONFLICT, "the line items keep changing while they are read");
	}
	rd->done(rd, rd->user);
}

static void part_done(struct reader *rd, const struct api_result *res)
{
	if (res->err && !rd->ei.code)
		rd->ei = res->ei;
	if (res->quarantined && res->last && !rd->ei.code)
		err_set(&rd->ei, ERR_PROTOCOL, "%llu records could not be read",
		    (unsigned long long)res->quarantined);
	if (res->last && --rd->pending == 0)
		pass_done(rd);
}

static void on_criteria(struct req_id id, struct api_result *res, void *user)
{
	struct reader *rd = user;

	(void)id;
	if (res->page > 0)
		rd->paged = true;
	for (size_t i = 0; !res->err && i < res->criteria.n; i++)
		if (!criterion_set_copy(&rd->criteria, &res->criteria.v[i]))
			err_set(&rd->ei, ERR_NOMEM, "out of memory");
	part_done(rd, res);
}

static void count_request(struct reader *rd, struct req_id id)
{
	if (id.gen)
		rd->pending++;
	else
		err_set(&rd->ei, ERR_NOMEM, "out of memory");
}

static void on_campaigns(struct req_id id, struct api_result *res, void *user)
{
	struct reader *rd = user;

	(void)id;
	for (size_t i = 0; !res->err && i < res->campaigns.n; i++)
		if (!campaign_set_copy(&rd->campaigns, &res->campaigns.v[i]))
			err_set(&rd->ei, ERR_NOMEM, "out of memory");
	part_done(rd, res);
}

/* The campaigns of a page of line items, each asked for once. */
static void read_campaigns(struct reader *rd, const struct line_item_set *page)
{
	const char **ids = mem_array(page->n, sizeof *ids);
	struct list_query q = {.account_id = rd->account_id, .ids = ids, .with_deleted = true};
	struct map seen;

	map_init(&seen);
	for (size_t i = 0; ids && i < page->n && q.n_ids < MAX_IDS; i++) {
		const char *id = page->v[i].campaign_id;

		if (id && api_id_ok(id) && !map_get(&seen, id, NULL) && !map_put(&seen, id, 1))
			ids[q.n_ids++] = id;
	}
	map_done(&seen);
	if (q.n_ids)
		count_request(rd,
		    api_campaigns(rd->api, &q,
			&(struct api_call){.fn = on_campaigns, .user = rd, .owner = rd->owner}));
	mem_free(ids);
}

static void on_parents(struct req_id id, struct api_result *res, void *user)
{
	struct reader *rd = user;

	(void)id;
	for (size_t i = 0; !res->err && i < res->line_items.n; i++)
		if (!line_item_set_copy(&rd->items, &res->line_items.v[i]))
			err_set(&rd->ei, ERR_NOMEM, "out of memory");
	if (!res->err)
		read_campaigns(rd, &res->line_items);
	part_done(rd, res);
}

static struct req_id read_criteria(struct reader *rd, size_t from, size_t n)
{
	struct criteria_query q = {.account_id = rd->account_id,
	    .line_item_ids = rd->line_items + from,
	    .n_line_items = n,
	    .with_deleted = true};
	struct req_spec s;

	req_spec_criteria(&s, rd->api, &q);
	s.critical = true;
	return req_submit(
	    rd->api, &s, &(struct api_call){.fn = on_criteria, .user = rd, .owner = rd->owner});
}

static struct req_id read_parents(struct reader *rd, size_t from, size_t n)
{
	struct list_query q = {.account_id = rd->account_id,
	    .ids = rd->line_items + from,
	    .n_ids = n,
	    .with_deleted = true,
	    .with_draft = true};

	return api_line_items(
	    rd->api, &q, &(struct api_call){.fn = on_parents, .user = rd, .owner = rd->owner});
}

static void start_pass(struct reader *rd)
{
	criterion_set_done(&rd->criteria);
	criterion_set_init(&rd->criteria);
	for (size_t i = 0; i < rd->n_line_items; i += MAX_IDS) {
		size_t n = rd->n_line_items - i < MAX_IDS ? rd->n_line_items - i : MAX_IDS;

		count_request(rd, read_criteria(rd, i, n));
		if (rd->want_parents && rd->passes == 0)
			count_request(rd, read_parents(rd, i, n));
	}
	if (!rd->pending) /* not even one request could be made */
		rd->done(rd, rd->user);
}

void reader_start(struct reader *rd, bool parents)
{
	reader_cancel(rd);
	line_item_set_done(&rd->items);
	line_item_set_init(&rd->items);
	campaign_set_done(&rd->campaigns);
	campaign_set_init(&rd->campaigns);
	rd->ei = (struct errinfo){0};
	rd->passes = 0;
	rd->paged = false;
	rd->want_parents = parents;
	start_pass(rd);
}
