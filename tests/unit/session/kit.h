/* A session over a store in a directory of its own, and X answered by a function in memory. Include
 * once a program; tests of screens include tests/unit/views/kit.h, which puts an app over it. */
#ifndef RETICLE_TESTS_UNIT_SESSION_KIT_H
#define RETICLE_TESTS_UNIT_SESSION_KIT_H

/* A program uses the part of the kit that it needs. */
#pragma GCC diagnostic ignored "-Wunused-function"

#include "tests/unit/api/fake.h"

#include <ftw.h>
#include <unistd.h>
#include "config/paths.h"
#include "store/catalog.h"
#include "session/internal.h"
#include "session/options.h"
#include "session/staging.h"

#define KIT_NOW 1767690000 /* 2026-01-06T09:00:00Z */

struct kit;

struct kit_screen { /* what stands over the session; its functions run where their names say */
	void (*started)(struct kit *k);
	void (*changed)(struct kit *k, unsigned kinds);
	void (*stopping)(struct kit *k);
};

struct kit {
	char dir[64];
	struct loop *loop;
	struct store *store;
	struct session *session;
	const struct kit_screen *screen; /* NULL: none */
	struct app *app; /* the screen's */
	struct fake fake;
};

static int kit_unlink(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void kit_store(struct kit *k)
{
	struct paths p;
	struct errinfo ei = {0};

	snprintf(k->dir, sizeof k->dir, "/tmp/reticle-session-XXXXXX");
	assert_non_null(mkdtemp(k->dir));
	setenv("HOME", k->dir, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
	setenv("XDG_RUNTIME_DIR", k->dir, 1);
	assert_int_equal(paths_init(&p, "test", &ei), ERR_OK);
	k->store = store_open(&p, &ei);
	assert_non_null(k->store);
	assert_int_equal(store_bind(k->store, "demo", "12", &ei), ERR_OK);
}

static void kit_changed(void *user, unsigned kinds)
{
	struct kit *k = user;

	if (k->screen)
		k->screen->changed(k, kinds);
}

/* --- what the account has --- */

#define KIT_ACCOUNT "18ce5demo01"

static void kit_line_items(struct kit *k)
{
	static const char *const ids[] = {"li1", "li2", "li3"};
	struct line_item_set set;
	struct store_fetch f;
	struct errinfo ei = {0};

	line_item_set_init(&set);
	for (size_t i = 0; i < 3; i++) {
		struct line_item *li = line_item_set_add(&set);

		li->id = ids[i];
		li->name = i == 2 ? NULL : i ? "Winter \xF0\x9F\xA4\x96" : "Summer sale";
		li->campaign_id = "camp1";
		li->entity_status = "ACTIVE";
		li->currency = "USD";
		li->bid_micro = li->daily_budget_micro = li->total_budget_micro = MONEY_NONE;
	}
	assert_int_equal(
	    snapshot_begin(k->store, KIT_ACCOUNT, SNAPSHOT_LINE_ITEMS, false, &f, &ei), ERR_OK);
	assert_int_equal(snapshot_put_line_items(k->store, &f, &set, NULL, &ei), ERR_OK);
	line_item_set_done(&set);
}

static void kit_campaigns(struct kit *k)
{
	struct campaign_set set;
	struct campaign *c;
	struct store_fetch f;
	struct errinfo ei = {0};

	campaign_set_init(&set);
	c = campaign_set_add(&set);
	*c = (struct campaign){.id = "camp1",
	    .name = "Brand",
	    .entity_status = "ACTIVE",
	    .currency = "JPY",
	    .reasons_not_servable = "PAUSED_BY_ADVERTISER",
	    .daily_budget_micro = 700000000,
	    .total_budget_micro = MONEY_NONE};
	assert_int_equal(
	    snapshot_begin(k->store, KIT_ACCOUNT, SNAPSHOT_CAMPAIGNS, false, &f, &ei), ERR_OK);
	assert_int_equal(snapshot_put_campaigns(k->store, &f, &set, NULL, &ei), ERR_OK);
	campaign_set_done(&set);
}

static void kit_audiences(struct kit *k)
{
	struct audience_set set;
	struct store_fetch f;
	struct errinfo ei = {0};

	audience_set_init(&set);
	*audience_set_add(&set) = (struct audience){.id = "aud1",
	    .name = "loyal customers",
	    .audience_type = "CRM",
	    .permission_level = "READ_WRITE",
	    .owner_account_id = KIT_ACCOUNT,
	    .reasons_not_targetable = "",
	    .raw = "{\"id\":\"aud1\",\"a\":[],\"b\":{\"c\":\"x,{\\\"y\"}}",
	    .audience_size = 1470,
	    .targetable = true};
	*audience_set_add(&set) = (struct audience){.id = "aud2",
	    .name = "new leads",
	    .audience_type = "CRM",
	    .owner_account_id = "other1",
	    .reasons_not_targetable = "PROCESSING,TOO_SMALL",
	    .audience_size = -1};
	*audience_set_add(&set) = (struct audience){.id = "aud3",
	    .name = "silent",
	    .audience_type = "WEB",
	    .owner_account_id = KIT_ACCOUNT,
	    .reasons_not_targetable = "",
	    .audience_size = 40};
	assert_int_equal(
	    snapshot_begin(k->store, KIT_ACCOUNT, SNAPSHOT_AUDIENCES, false, &f, &ei), ERR_OK);
	assert_int_equal(snapshot_put_audiences(k->store, &f, &set, NULL, &ei), ERR_OK);
	audience_set_done(&set);
}

/* li1: California and an excluded audience; li2: an age; li3 was never read. */
static void kit_criteria(struct kit *k)
{
	static const char *const read[] = {"li1", "li2"};
	struct criterion_set set;
	struct snapshot_criteria c = {KIT_ACCOUNT, read, 2, &set, 0, NULL};
	struct errinfo ei = {0};

	criterion_set_init(&set);
	*criterion_set_add(&set) = (struct criterion){.id = "c1",
	    .line_item_id = "li1",
	    .type_name = "LOCATION",
	    .type = TYPE_LOCATION,
	    .value = "ca0",
	    .name = "California, US",
	    .location_type = "REGIONS"};
	*criterion_set_add(&set) = (struct criterion){.id = "c2",
	    .line_item_id = "li1",
	    .type_name = "CUSTOM_AUDIENCE",
	    .type = TYPE_CUSTOM_AUDIENCE,
	    .value = "aud1",
	    .op = OP_NE};
	*criterion_set_add(&set) = (struct criterion){.id = "c3",
	    .line_item_id = "li2",
	    .type_name = "AGE",
	    .type = TYPE_AGE,
	    .value = "AGE_25_TO_49",
	    .name = "AGE_25_TO_49"};
	assert_int_equal(snapshot_put_criteria(k->store, &c, &ei), ERR_OK);
	criterion_set_done(&set);
}

struct kit_option {
	const char *value, *name, *kind, *country;
};

/* A complete look-up, fetched now. */
static void kit_options(
    struct kit *k, const char *kind, const char *scope, const struct kit_option *v, size_t n)
{
	struct option_set set;
	struct store_fetch f;
	struct errinfo ei = {0};

	option_set_init(&set);
	for (size_t i = 0; i < n; i++)
		*option_set_add(&set) = (struct option){.value = v[i].value,
		    .name = v[i].name,
		    .kind = v[i].kind,
		    .country = v[i].country};
	assert_int_equal(catalog_begin(k->store, kind, scope, false, &f, &ei), ERR_OK);
	assert_int_equal(catalog_put(k->store, &f, &set, NULL, &ei), ERR_OK);
	option_set_done(&set);
}

/* --- life --- */

static void kit_start(struct kit *k)
{
	struct session_config sc = {.loop = k->loop,
	    .store = k->store,
	    .profile = "test",
	    .account = KIT_ACCOUNT,
	    .cache_days = 7,
	    .batch_size = 500,
	    .resume_draft = true,
	    .change = kit_changed,
	    .user = k};
	struct errinfo ei = {0};

	k->session = session_new(&sc, &ei);
	assert_non_null(k->session);
	session_start(k->session);
	assert_string_equal(session_account_id(k->session), KIT_ACCOUNT);
	if (k->screen)
		k->screen->started(k);
}

static void kit_stop(struct kit *k)
{
	if (k->screen)
		k->screen->stopping(k);
	session_free(k->session);
	store_close(k->store);
	loop_free(k->loop);
}

static void kit_init(struct kit *k, const struct kit_screen *screen)
{
	*k = (struct kit){.screen = screen};
	clock_pin(KIT_NOW);
	k->loop = loop_new();
	kit_store(k);
	kit_line_items(k);
	kit_campaigns(k);
	kit_audiences(k);
	kit_criteria(k);
	kit_start(k);
}

static void kit_done(struct kit *k)
{
	kit_stop(k);
	nftw(k->dir, kit_unlink, 16, FTW_DEPTH | FTW_PHYS);
	clock_unpin();
}

/* X is there from now on, and answers with fn. */
static void kit_connect(struct kit *k, fake_fn *fn)
{
	struct transport t = {&k->fake, fake_submit, fake_abort, fake_free};

	k->fake = (struct fake){.loop = k->loop, .fn = fn, .user = k};
	k->session->api = api_new_over(k->loop, &fake_config, t, NULL);
	assert_non_null(k->session->api);
	k->session->owner = api_new_owner(k->session->api);
}

static void kit_turns(struct kit *k)
{
	for (int i = 0; i < 400; i++) {
		loop_turn(k->loop, 0);
		if (i > 4 && !session_busy(k->session))
			break;
		clock_step_ms(1);
	}
}

#endif
