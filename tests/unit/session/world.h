/* A small account in memory behind the kit's transport: it reads, it takes batches, and it loses or
 * spoils answers when told to. Include once a program, after kit.h. */
#ifndef RETICLE_TESTS_UNIT_SESSION_WORLD_H
#define RETICLE_TESTS_UNIT_SESSION_WORLD_H

#include "tests/unit/session/kit.h"

#include "store/drafts.h"
#include "store/journal.h"
#include "store/lock.h"
#include "session/applying.h"
#include "session/review_model.h"

struct world_row {
	char id[16], li[16], type[32], op[4], value[64];
	bool deleted, hidden; /* hidden: readings are behind it */
	int64_t created_at;
};

enum fault {
	FAULT_NONE,
	FAULT_DROP_AFTER, /* committed, no answer */
	FAULT_DROP_BEFORE, /* not committed, no answer */
	FAULT_HALF, /* the first operation is committed, no answer */
	FAULT_UNSENT, /* never connects */
	FAULT_REFUSE, /* operation_errors for the second operation */
	FAULT_REFUSE_HALF, /* the same, and the first is done against the documents */
	FAULT_HALF_OK, /* says that all was done, did the first half */
	FAULT_HANG, /* committed, the answer never comes */
};

static struct {
	struct world_row rows[256];
	size_t n;
	unsigned posts, fault_nth; /* which POST the fault is for, from 1; 0: all */
	enum fault fault;
	bool reads_fail; /* from the first POST on */
	int64_t read_ms; /* how long the answer to a reading is under way, from then on */
	void (*on_post)(void);
	/* li1 and its campaign as they are now; NULL: as the snapshot has them */
	const char *item_status, *campaign_status;
	bool item_deleted, campaign_deleted;
} world;

static struct world_row *world_add(
    const char *li, const char *type, const char *op, const char *value)
{
	struct world_row *r = &world.rows[world.n++];

	*r = (struct world_row){.created_at = clock_wall_s()};
	snprintf(r->id, sizeof r->id, "c%zu", world.n);
	snprintf(r->li, sizeof r->li, "%s", li);
	snprintf(r->type, sizeof r->type, "%s", type);
	snprintf(r->op, sizeof r->op, "%s", op);
	snprintf(r->value, sizeof r->value, "%s", value);
	return r;
}

/* "li1/ca0 li1!aud1": what is live, in the order of its making. */
static const char *world_live(void)
{
	static char out[4096];
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < world.n; i++)
		if (!world.rows[i].deleted)
			used += (size_t)snprintf(out + used, sizeof out - used, "%s%s%c%s",
			    used ? " " : "", world.rows[i].li,
			    strcmp(world.rows[i].op, "NE") ? '/' : '!', world.rows[i].value);
	return out;
}

static void world_print(struct buf *b, const struct world_row *r)
{
	char at[21];

	clock_format_utc(r->created_at, at);
	buf_addf(b,
	    "{\"id\":\"%s\",\"line_item_id\":\"%s\",\"targeting_type\":\"%s\","
	    "\"operator_type\":\"%s\",\"targeting_value\":\"%s\",\"name\":null,"
	    "\"created_at\":\"%s\",\"updated_at\":\"%s\",\"deleted\":%s}",
	    r->id, r->li, r->type, r->op, r->value, at, at, r->deleted ? "true" : "false");
}

static void world_commit(const char *body, size_t limit, struct buf *out)
{
	char *copy = strdup(body);
	const struct json_node *root;
	struct json j;
	size_t k = 0;

	json_init(&j);
	assert_int_equal(json_parse(&j, copy, strlen(copy), NULL), ERR_OK);
	root = json_root(&j);
	for (const struct json_node *o = json_first(root); o && k < limit;
	     o = json_after(root, o)) {
		const struct json_node *p = json_get(o, "params");
		const char *del = json_string(json_get(p, "targeting_criterion_id"));
		struct world_row *r = NULL;

		for (size_t i = 0; del && i < world.n; i++)
			if (strcmp(world.rows[i].id, del) == 0)
				r = &world.rows[i];
		if (del) {
			assert_non_null(r);
			assert_false(r->deleted);
			r->deleted = true;
		} else {
			r = world_add(json_string(json_get(p, "line_item_id")),
			    json_string(json_get(p, "targeting_type")),
			    json_string(json_get(p, "operator_type")),
			    json_string(json_get(p, "targeting_value")));
		}
		if (k++)
			buf_addc(out, ',');
		world_print(out, r);
	}
	json_done(&j);
	free(copy);
}

static void world_parents(const char *url, struct buf *b)
{
	static const char *const ids[] = {"li1", "li2", "li3"};

	if (strstr(url, "/campaigns?")) {
		buf_addf(b,
		    "{\"id\":\"camp1\",\"name\":\"Brand\",\"entity_status\":\"%s\",\"deleted\":%s}",
		    world.campaign_status ? world.campaign_status : "ACTIVE",
		    world.campaign_deleted ? "true" : "false");
		return;
	}
	for (size_t i = 0; i < 3; i++)
		buf_addf(b,
		    "%s{\"id\":\"%s\",\"campaign_id\":\"camp1\",\"entity_status\":\"%s\","
		    "\"deleted\":%s}",
		    i ? "," : "", ids[i],
		    i == 0 && world.item_status ? world.item_status : "ACTIVE",
		    i == 0 && world.item_deleted ? "true" : "false");
}

static void world_read(const char *url, struct buf *b)
{
	bool comma = false;

	buf_adds(b, "{\"request\":{\"params\":{}},\"next_cursor\":null,\"data\":[");
	if (strstr(url, "/line_items?") || strstr(url, "/campaigns?"))
		world_parents(url, b);
	else if (strstr(url, "/targeting_criteria?"))
		for (size_t i = 0; i < world.n; i++) {
			if (!strstr(url, world.rows[i].li) || world.rows[i].hidden ||
			    (world.rows[i].deleted && !strstr(url, "with_deleted=true")))
				continue;
			if (comma)
				buf_addc(b, ',');
			comma = true;
			world_print(b, &world.rows[i]);
		}
	buf_adds(b, "]}");
}

static struct fake_reply world_post(const struct transport_request *r, struct buf *text)
{
	enum fault f =
	    !world.fault_nth || world.posts == world.fault_nth ? world.fault : FAULT_NONE;
	struct fake_reply a = {.status = 201};
	struct buf done;

	buf_init(&done, 1 << 20);
	switch (f) {
	case FAULT_UNSENT:
	case FAULT_DROP_BEFORE:
		a = (struct fake_reply){.err = ERR_NETWORK, .unsent = f == FAULT_UNSENT};
		break;
	case FAULT_REFUSE:
	case FAULT_REFUSE_HALF:
		if (f == FAULT_REFUSE_HALF)
			world_commit(r->body, 1, &done);
		a.status = 400;
		buf_adds(text, "{\"data\":[],\"operation_errors\":[[],[{\"code\":\"INVALID\","
			       "\"message\":\"only one age bucket\",\"attribute\":\"age\"}]]}");
		break;
	case FAULT_HALF:
		world_commit(r->body, 1, &done);
		a = (struct fake_reply){.err = ERR_NETWORK};
		break;
	case FAULT_HALF_OK: {
		size_t n = world.n + 1;

		world_commit(r->body, SIZE_MAX, &done);
		world.rows[world.n - 1].deleted = world.n > n;
		world.n = n; /* what it claims and what it keeps differ */
		buf_addf(text, "{\"data\":[%s],\"request\":[]}", buf_str(&done));
		break;
	}
	case FAULT_DROP_AFTER:
		world_commit(r->body, SIZE_MAX, &done);
		a = (struct fake_reply){.err = ERR_NETWORK};
		break;
	case FAULT_HANG:
		a.delay_ms = 10000000;
		/* fall through */
	default:
		world_commit(r->body, SIZE_MAX, &done);
		buf_addf(text, "{\"data\":[%s],\"request\":[]}", buf_str(&done));
	}
	buf_done(&done);
	return a;
}

static struct fake_reply world_answer(
    struct fake *f, const struct transport_request *r, unsigned nth)
{
	static struct buf text;
	struct fake_reply a = {.status = 200};

	(void)f, (void)nth;
	if (!text.max)
		buf_init(&text, 1 << 20);
	buf_clear(&text);
	if (strstr(r->url, "/audience_estimate")) { /* a POST that changes nothing */
		return (struct fake_reply){.status = 400, .body = "{\"errors\":[]}"};
	} else if (strcmp(r->method, "POST") == 0) {
		world.posts++;
		a = world_post(r, &text);
		if (world.on_post)
			world.on_post();
	} else if (world.reads_fail && world.posts) {
		return (struct fake_reply){.err = ERR_NETWORK, .unsent = true};
	} else {
		world_read(r->url, &text);
		a.delay_ms = world.read_ms;
	}
	a.body = buf_str(&text);
	return a;
}

/* The account of the kit: what its snapshot says. */
static void world_init(struct kit *k)
{
	memset(&world, 0, sizeof world);
	world_add("li1", "LOCATION", "EQ", "ca0");
	world_add("li1", "CUSTOM_AUDIENCE", "NE", "aud1");
	world_add("li2", "AGE", "EQ", "AGE_25_TO_49");
	kit_connect(k, world_answer);
}

/* --- staging and posting --- */

static struct change world_create(const char *li, const char *value)
{
	return (struct change){.line_item_id = li,
	    .type = TYPE_BROAD_KEYWORD,
	    .type_name = "BROAD_KEYWORD",
	    .value = value,
	    .kind = CHANGE_CREATE};
}

static size_t world_stage(struct kit *k, const char *li, const char *value)
{
	struct change c = world_create(li, value);
	struct errinfo ei = {0};
	size_t staged;

	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
	return staged;
}

static enum err world_start(struct kit *k, struct errinfo *ei)
{
	struct review_model m;
	struct applying_plan p;
	enum err err;

	review_model_init(&m, k->session);
	assert_int_equal(review_model_build(&m), ERR_OK);
	p = (struct applying_plan){&m.plan, &m.live, m.digest, false};
	err = applying_start(k->session, &p, ei);
	review_model_done(&m);
	return err;
}

/* Three line items, a batch each. */
static void world_small_batches(struct kit *k)
{
	k->session->cfg.batch_size = 1;
	world_stage(k, "li1", "shoes");
	world_stage(k, "li2", "boots");
	world_stage(k, "li3", "hats");
}

static void world_settle(struct kit *k)
{
	for (int i = 0; i < 4000 && (applying_busy(k->session) || session_busy(k->session)); i++) {
		loop_turn(k->loop, 0);
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
	assert_false(applying_busy(k->session));
}

static void world_post_all(struct kit *k)
{
	struct errinfo ei = {0};

	assert_int_equal(world_start(k, &ei), ERR_OK);
	world_settle(k);
}

/* "verified rejected planned": the batches of the newest changeset. */
static const char *world_batches(struct kit *k)
{
	static char out[256];
	struct journal_page page = {KIT_ACCOUNT, 0, 1};
	struct journal_changeset_list sets;
	struct journal_batch_list batches;
	struct errinfo ei = {0};
	size_t used = 0;

	journal_changeset_list_init(&sets);
	journal_batch_list_init(&batches);
	assert_int_equal(journal_changesets(k->store, &page, &sets, &ei), ERR_OK);
	out[0] = '\0';
	if (sets.n)
		assert_int_equal(journal_batches(k->store, sets.v[0].id, &batches, &ei), ERR_OK);
	for (size_t i = 0; i < batches.n; i++)
		used += (size_t)snprintf(out + used, sizeof out - used, "%s%s", i ? " " : "",
		    batch_state_name(batches.v[i].state));
	journal_changeset_list_done(&sets);
	journal_batch_list_done(&batches);
	return out;
}

/* The newest changeset; 0: nothing was posted. */
static uint64_t world_newest(struct kit *k)
{
	struct journal_page page = {KIT_ACCOUNT, 0, 1};
	struct journal_changeset_list l;
	struct errinfo ei = {0};
	uint64_t id;

	journal_changeset_list_init(&l);
	assert_int_equal(journal_changesets(k->store, &page, &l, &ei), ERR_OK);
	id = l.n ? l.v[0].id : 0;
	journal_changeset_list_done(&l);
	return id;
}

/* "2 staged 0 sending 0 unknown" */
static const char *world_drafts(struct kit *k)
{
	static char out[96];
	struct draft_counts n = drafts_count(k->store, KIT_ACCOUNT);

	snprintf(
	    out, sizeof out, "%zu staged %zu sending %zu unknown", n.staged, n.sending, n.unknown);
	return out;
}

static void world_begin_again(struct kit *k)
{
	struct paths p;
	struct errinfo ei = {0};

	k->loop = loop_new();
	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	k->store = store_open(&p, &ei);
	assert_non_null(k->store);
	assert_int_equal(store_bind(k->store, "demo", "12", &ei), ERR_OK);
	kit_start(k);
}

/* The program dies and is started again. */
static void world_restart(struct kit *k)
{
	kit_stop(k);
	world_begin_again(k);
}

#endif
