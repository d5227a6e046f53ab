#include "tests/unit/store/edits.h"

#include "store/snapshot.h"

static void items(struct line_item_set *set, size_t from, size_t n)
{
	line_item_set_init(set);
	for (size_t i = from; i < from + n; i++) {
		char id[32], name[64];

		snprintf(id, sizeof id, "li%zu", i);
		snprintf(name, sizeof name, "Line \xf0\x9f\x9b\x92 %zu", i);
		assert_non_null(line_item_set_copy(
		    set, &(struct line_item){.id = id,
			     .campaign_id = i % 2 ? "c1" : "c2",
			     .name = i % 5 ? name : NULL,
			     .placements = "",
			     .bid_micro = i % 3 ? (int64_t)i * 1000000 : MONEY_NONE,
			     .daily_budget_micro = MONEY_NONE,
			     .total_budget_micro = 0,
			     .created_at = 1700000000 + (int64_t)i}));
	}
}

static void put_items(const char *account, size_t n)
{
	struct store_fetch f;
	struct line_item_set set;

	items(&set, 0, n);
	assert_int_equal(snapshot_begin(s, account, SNAPSHOT_LINE_ITEMS, true, &f, &ei), ERR_OK);
	assert_int_equal(snapshot_put_line_items(s, &f, &set, NULL, &ei), ERR_OK);
	line_item_set_done(&set);
}

static void unread_lists_are_not_empty_lists(void **state)
{
	struct line_item_set got;

	(void)state;
	line_item_set_init(&got);
	assert_int_equal(snapshot_get_line_items(s, "a", 0, SIZE_MAX, &got), ERR_NOTFOUND);
	put_items("a", 0);
	assert_int_equal(snapshot_get_line_items(s, "a", 0, SIZE_MAX, &got), ERR_OK);
	assert_int_equal(got.n, 0);
	assert_true(snapshot_info(s, "a", SNAPSHOT_LINE_ITEMS).complete);
	assert_int_equal(snapshot_info(s, "b", SNAPSHOT_LINE_ITEMS).fetched_at, 0);
	line_item_set_done(&got);
}

static void ranges_are_read_in_order(void **state)
{
	static const struct {
		size_t first, max, n;
	} rows[] = {{0, 100, 100}, {0, SIZE_MAX, 300}, {127, 2, 2}, {128, 1, 1}, {255, 100, 45},
	    {299, 1, 1}, {300, 1, 0}, {0, 0, 0}, {SIZE_MAX, SIZE_MAX, 0}};

	(void)state;
	put_items("a", 300);
	temp_reopen();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct line_item_set got;

		line_item_set_init(&got);
		assert_int_equal(
		    snapshot_get_line_items(s, "a", rows[i].first, rows[i].max, &got), ERR_OK);
		assert_int_equal(got.n, rows[i].n);
		for (size_t k = 0; k < got.n; k++) {
			char id[32];

			snprintf(id, sizeof id, "li%zu", rows[i].first + k);
			assert_string_equal(got.v[k].id, id);
		}
		line_item_set_done(&got);
	}
}

static void one_is_found_by_its_id(void **state)
{
	struct line_item_set got;

	(void)state;
	put_items("a", 300);
	line_item_set_init(&got);
	assert_int_equal(snapshot_find_line_item(s, "a", "li213", &got), ERR_OK);
	assert_string_equal(got.v[0].id, "li213");
	assert_true(got.v[0].bid_micro == MONEY_NONE);
	assert_int_equal(snapshot_find_line_item(s, "a", "li300", &got), ERR_NOTFOUND);
	assert_int_equal(snapshot_find_line_item(s, "b", "li213", &got), ERR_NOTFOUND);
	line_item_set_done(&got);
}

static void assert_items(const char *const *want, size_t n)
{
	struct line_item_set got;

	line_item_set_init(&got);
	assert_int_equal(snapshot_get_line_items(s, "a", 0, SIZE_MAX, &got), ERR_OK);
	assert_int_equal(got.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(got.v[i].id, want[i]);
	line_item_set_done(&got);
}

static void changes_replace_add_delete_and_keep_the_order(void **state)
{
	static const char *const want[] = {"new", "li0", "li1", "li3"};
	struct snapshot_changes c;
	struct line_item_set page, got;

	(void)state;
	line_item_set_init(&page);
	line_item_set_init(&got);
	assert_int_equal(
	    snapshot_changes_begin(s, "a", SNAPSHOT_LINE_ITEMS, 0, &c, &ei), ERR_NOTFOUND);
	put_items("a", 4);
	assert_int_equal(snapshot_changes_begin(s, "a", SNAPSHOT_LINE_ITEMS, 0, &c, &ei), ERR_OK);
	line_item_set_copy(&page, &(struct line_item){.id = "li1", .name = "first"});
	line_item_set_copy(&page, &(struct line_item){.id = "new", .name = "n"});
	line_item_set_copy(&page, &(struct line_item){.id = "li1", .name = "second"});
	line_item_set_copy(&page, &(struct line_item){.id = "li2", .deleted = true});
	line_item_set_copy(&page, &(struct line_item){.id = "never", .deleted = true});
	assert_int_equal(snapshot_merge_line_items(s, &c, &page, NULL, &ei), ERR_OK);
	assert_int_equal(c.changed, 3);
	assert_items(want, 4);
	assert_int_equal(snapshot_get_line_items(s, "a", 2, 1, &got), ERR_OK);
	assert_string_equal(got.v[0].name, "second");
	/* the same once more changes nothing */
	assert_int_equal(snapshot_changes_begin(s, "a", SNAPSHOT_LINE_ITEMS, 0, &c, &ei), ERR_OK);
	assert_int_equal(snapshot_merge_line_items(s, &c, &page, NULL, &ei), ERR_OK);
	assert_int_equal(c.changed, 0);
	assert_items(want, 4);
	line_item_set_done(&page);
	line_item_set_done(&got);
}

/* Stopped between two pages: it goes on at the cursor, and counts from its first page. */
static void changes_go_on_after_a_stop(void **state)
{
	static const char *const want[] = {"new", "li0", "li1"};
	struct snapshot_changes c, again;
	struct line_item_set page, none;
	int64_t began;

	(void)state;
	line_item_set_init(&page);
	line_item_set_init(&none);
	line_item_set_copy(&page, &(struct line_item){.id = "new"});
	put_items("a", 2);
	clock_step_ms(100000);
	snapshot_changes_begin(s, "a", SNAPSHOT_LINE_ITEMS, 7, &c, &ei);
	assert_string_equal(c.cursor, "");
	began = c.began;
	assert_int_equal(began, clock_wall_s() + 7);
	assert_int_equal(snapshot_merge_line_items(s, &c, &page, "c1", &ei), ERR_OK);
	clock_step_ms(100000);
	temp_reopen();
	snapshot_changes_begin(s, "a", SNAPSHOT_LINE_ITEMS, 7, &again, &ei);
	assert_string_equal(again.cursor, "c1");
	assert_int_equal(again.since, c.since);
	assert_int_equal(again.began, began);
	assert_int_equal(snapshot_merge_line_items(s, &again, &none, NULL, &ei), ERR_OK);
	assert_items(want, 3);
	assert_int_equal(snapshot_info(s, "a", SNAPSHOT_LINE_ITEMS).as_of, began);
	assert_int_equal(snapshot_info(s, "a", SNAPSHOT_LINE_ITEMS).fetched_at, clock_wall_s());
	line_item_set_done(&page);
}

static struct criterion_set some_criteria(const char *line_item, size_t first, size_t n)
{
	struct criterion_set set;

	criterion_set_init(&set);
	for (size_t i = first; i < first + n; i++) {
		char id[16];

		snprintf(id, sizeof id, "c%zu", i);
		criterion_set_copy(&set,
		    &(struct criterion){
			.id = id, .line_item_id = line_item, .type_name = "LOCATION", .value = id});
	}
	return set;
}

/* Pages of a group are kept, but count only when the last one came. */
static void group_goes_on_after_a_stop(void **state)
{
	static const char *const ids[] = {"x1", "x2"};
	const int64_t versions[] = {11, 22};
	struct criterion_set pages[2] = {some_criteria("x1", 0, 3), some_criteria("x2", 3, 2)};
	struct snapshot_criteria c = {"a", ids, 2, NULL, 0, versions};
	struct snapshot_group g = {0}, found;
	struct line_item items[] = {{.id = "x1"}, {.id = "x2"}};
	struct line_item_set asked = {.v = items, .n = 2};
	struct snapshot_count counts[2];
	struct criterion_set got;
	struct buf names;

	(void)state;
	buf_init(&names, 1000);
	criterion_set_init(&got);
	assert_int_equal(snapshot_group_keep(s, &g, &c, &pages[0], "next", &ei), ERR_OK);
	assert_int_equal(snapshot_get_criteria(s, "a", "x1", &got, &ei), ERR_NOTFOUND);
	temp_reopen();
	assert_false(snapshot_group_at(s, "b", 0, &found, &names));
	assert_false(snapshot_group_at(s, "a", 1, &found, &names));
	assert_true(snapshot_group_at(s, "a", 0, &found, &names));
	assert_string_equal(buf_str(&names), "x1=11,x2=22");
	assert_string_equal(found.cursor, "next");
	assert_int_equal(found.began, g.began);
	assert_int_equal(snapshot_group_load(s, &found, &got, &ei), ERR_OK);
	assert_int_equal(got.n, 3);
	criterion_set_done(&pages[0]);
	pages[0] = got;
	c.criteria = pages;
	c.n_sets = 2;
	clock_step_ms(60000);
	assert_int_equal(snapshot_group_finish(s, &found, &c, &ei), ERR_OK);
	assert_false(snapshot_group_at(s, "a", 0, &found, &names));
	snapshot_counts(s, "a", &asked, counts, &ei);
	assert_int_equal(counts[0].n, 3);
	assert_int_equal(counts[1].n, 2);
	assert_int_equal(counts[1].version, 22);
	assert_int_equal(counts[1].fetched_at, g.began);
	criterion_set_done(&pages[0]);
	criterion_set_done(&pages[1]);
	buf_done(&names);
}

/* The end of a group is written in pieces of whole line items; one that was stopped between two keeps
 * the group, so that the rest comes at the next start. */
static void group_is_finished_in_pieces(void **state)
{
	static const char *const ids[] = {"x1", "x2", "x3"};
	static const int64_t versions[] = {11, 22, 33};
	struct criterion_set pages[] = {some_criteria("x1", 0, 900), some_criteria("x2", 900, 900),
	    some_criteria("x3", 1800, 1)};
	struct snapshot_criteria c = {"a", ids, 3, pages, 3, versions};
	struct snapshot_group g = {0}, found;
	struct line_item items[] = {{.id = "x1"}, {.id = "x2"}, {.id = "x3"}};
	struct line_item_set asked = {.v = items, .n = 3};
	struct snapshot_count counts[3];
	struct snapshot_finish *f;
	struct buf names;

	(void)state;
	buf_init(&names, 1000);
	assert_int_equal(snapshot_group_keep(s, &g, &c, &pages[0], "next", &ei), ERR_OK);
	f = snapshot_finish_new(&c, &ei);
	assert_non_null(f);
	assert_int_equal(snapshot_finish_step(s, f, &g, &c, &ei), ERR_OK);
	assert_false(snapshot_finish_over(f));
	snapshot_finish_free(f);
	temp_reopen();
	snapshot_counts(s, "a", &asked, counts, &ei);
	assert_int_equal(counts[0].n, 900);
	assert_int_equal(counts[0].fetched_at, g.began);
	assert_int_equal(counts[1].n, -1);
	assert_int_equal(counts[2].n, -1);
	assert_true(snapshot_group_at(s, "a", 0, &found, &names));
	assert_string_equal(found.cursor, "next");
	f = snapshot_finish_new(&c, &ei);
	assert_non_null(f);
	for (int i = 0; i < 2; i++) {
		assert_false(snapshot_finish_over(f));
		assert_true(snapshot_group_at(s, "a", 0, &g, &names));
		assert_int_equal(snapshot_finish_step(s, f, &found, &c, &ei), ERR_OK);
	}
	assert_true(snapshot_finish_over(f));
	assert_false(snapshot_group_at(s, "a", 0, &g, &names));
	snapshot_finish_free(f);
	snapshot_counts(s, "a", &asked, counts, &ei);
	assert_int_equal(counts[0].n, 900);
	assert_int_equal(counts[1].n, 900);
	assert_int_equal(counts[2].n, 1);
	for (size_t i = 0; i < 3; i++)
		criterion_set_done(&pages[i]);
	buf_done(&names);
}

/* Somebody empties the cache directory while the program runs: it goes on with what it has open, and
 * the next start reads everything anew. What was staged is elsewhere. */
static void the_cache_may_go_while_it_is_used(void **state)
{
	static const char *const names[] = {"cache.db", "cache.db-wal", "cache.db-shm"};
	static const char *const want[] = {"li0", "li1"};
	(void)state;
	put_items("a", 2);
	assert_int_equal(stage("k", 2, NULL), ERR_OK);
	for (size_t i = 0; i < 3; i++)
		unlink(temp_file(temp_paths.cache, names[i]));
	rmdir(temp_paths.cache);
	assert_items(want, 2);
	put_items("b", 300); /* goes nowhere that lasts, and harms nothing */
	assert_int_equal(stage("later", 1, NULL), ERR_OK);
	temp_reopen();
	assert_int_equal(snapshot_info(s, "a", SNAPSHOT_LINE_ITEMS).n, 0);
	put_items("a", 2);
	assert_items(want, 2);
	assert_string_equal(listed(DRAFT_STAGED), "k0 k1 later0");
}

static void other_lists_come_back_too(void **state)
{
	struct account_set ac;
	struct campaign_set ca;
	struct promotable_user_set pu;
	struct audience_set au;
	struct store_fetch f;

	(void)state;
	account_set_init(&ac);
	account_set_copy(&ac, &(struct account){.id = "18ce", .name = "Shop", .timezone = "UTC"});
	snapshot_begin(s, "", SNAPSHOT_ACCOUNTS, false, &f, &ei);
	assert_int_equal(snapshot_put_accounts(s, &f, &ac, NULL, &ei), ERR_OK);
	campaign_set_init(&ca);
	campaign_set_copy(&ca, &(struct campaign){.id = "c1", .servable = true});
	snapshot_begin(s, "18ce", SNAPSHOT_CAMPAIGNS, false, &f, &ei);
	assert_int_equal(snapshot_put_campaigns(s, &f, &ca, NULL, &ei), ERR_OK);
	promotable_user_set_init(&pu);
	promotable_user_set_copy(
	    &pu, &(struct promotable_user){.id = "p", .user_id = "756201191646691328"});
	snapshot_begin(s, "18ce", SNAPSHOT_PROMOTABLE_USERS, false, &f, &ei);
	assert_int_equal(snapshot_put_promotable_users(s, &f, &pu, NULL, &ei), ERR_OK);
	audience_set_init(&au);
	audience_set_copy(
	    &au, &(struct audience){.id = "abc", .audience_size = -1, .raw = "{\"id\":\"abc\"}"});
	snapshot_begin(s, "18ce", SNAPSHOT_AUDIENCES, false, &f, &ei);
	assert_int_equal(snapshot_put_audiences(s, &f, &au, NULL, &ei), ERR_OK);
	temp_reopen();
	assert_int_equal(snapshot_get_accounts(s, "", 0, 9, &ac), ERR_OK);
	assert_string_equal(ac.v[1].timezone, "UTC");
	assert_int_equal(snapshot_get_campaigns(s, "18ce", 0, 9, &ca), ERR_OK);
	assert_true(ca.v[1].servable);
	assert_int_equal(snapshot_get_promotable_users(s, "18ce", 0, 9, &pu), ERR_OK);
	assert_string_equal(pu.v[1].user_id, "756201191646691328");
	assert_int_equal(snapshot_get_audiences(s, "18ce", 0, 9, &au), ERR_OK);
	assert_int_equal(au.v[1].audience_size, -1);
	assert_string_equal(au.v[1].raw, "{\"id\":\"abc\"}");
	account_set_done(&ac);
	campaign_set_done(&ca);
	promotable_user_set_done(&pu);
	audience_set_done(&au);
}

static void access_is_kept(void **state)
{
	struct access got;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(snapshot_get_access(s, "a", &a, &got), ERR_NOTFOUND);
	assert_int_equal(
	    snapshot_put_access(s, "a", &(struct access){"1", "ACCOUNT_ADMIN"}, &ei), ERR_OK);
	assert_int_equal(
	    snapshot_put_access(s, "a", &(struct access){NULL, "AD_MANAGER"}, &ei), ERR_OK);
	assert_int_equal(snapshot_get_access(s, "a", &a, &got), ERR_OK);
	assert_null(got.user_id);
	assert_string_equal(got.permissions, "AD_MANAGER");
	arena_done(&a);
}

/* --- criteria --- */

static void add(struct criterion_set *set, const char *li, const char *id, const char *value)
{
	assert_non_null(criterion_set_copy(set, &(struct criterion){.id = id,
						    .line_item_id = li,
						    .type_name = "BROAD_KEYWORD",
						    .value = value,
						    .op = value[0] == '-' ? OP_NE : OP_EQ}));
}

/* What is not known here is kept byte by byte, also where a known name would fit but for a letter. */
static void b14_unknown_types_come_back_byte_equal(void **state)
{
	static const char *const types[] = {
	    "NEW_X", "broad_keyword", "BROAD_KEYWORD_2", "\xE2\x80\xAE\x58", " ", "?"};
	static const char *const values[] = {
	    "v", "", "\xF0\x9F\xA4\x96\t\n\x1b[31m", "9223372036854775808", "007", "\xC2\x9B"};
	const char *asked[] = {"l1"};
	struct criterion_set set, got;

	(void)state;
	criterion_set_init(&set);
	criterion_set_init(&got);
	for (size_t i = 0; i < 36; i++) {
		char id[8];

		snprintf(id, sizeof id, "c%zu", i);
		assert_non_null(criterion_set_copy(&set, &(struct criterion){.id = id,
							     .line_item_id = "l1",
							     .type_name = types[i / 6],
							     .value = values[i % 6],
							     .name = values[(i + 1) % 6],
							     .op = i % 2 ? OP_OTHER : OP_EQ}));
	}
	assert_int_equal(snapshot_put_criteria(
			     s, &(struct snapshot_criteria){"a", asked, 1, &set, 0, NULL}, &ei),
	    ERR_OK);
	temp_reopen();
	assert_int_equal(snapshot_get_criteria(s, "a", "l1", &got, &ei), ERR_OK);
	assert_int_equal(got.n, 36);
	for (size_t i = 0; i < 36; i++) {
		assert_int_equal(got.v[i].type, TYPE_UNKNOWN);
		assert_string_equal(got.v[i].type_name, types[i / 6]);
		assert_string_equal(got.v[i].value, values[i % 6]);
		assert_string_equal(got.v[i].name, values[(i + 1) % 6]);
		assert_int_equal(got.v[i].op, i % 2 ? OP_OTHER : OP_EQ);
	}
	criterion_set_done(&set);
	criterion_set_done(&got);
}

static void criteria_are_sorted_into_their_line_items(void **state)
{
	const char *asked[] = {"l1", "l2", "l3"};
	struct criterion_set set, got;
	struct line_item_set li;
	struct snapshot_count counts[5];

	(void)state;
	criterion_set_init(&set);
	criterion_set_init(&got);
	add(&set, "l2", "a", "x");
	add(&set, "l1", "b", "y");
	add(&set, "l2", "c", "-z");
	add(&set, "elsewhere", "d", "x");
	add(&set, "l1", "e", "gone");
	set.v[4].deleted = true;
	assert_int_equal(snapshot_put_criteria(
			     s, &(struct snapshot_criteria){"a", asked, 3, &set, 0, NULL}, &ei),
	    ERR_OK);
	temp_reopen();
	assert_int_equal(snapshot_get_criteria(s, "a", "l2", &got, &ei), ERR_OK);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.v[0].id, "a");
	assert_string_equal(got.v[1].value, "-z");
	assert_int_equal(got.v[1].op, OP_NE);
	assert_int_equal(got.v[1].type, TYPE_BROAD_KEYWORD);
	assert_string_equal(got.v[1].line_item_id, "l2");
	assert_int_equal(snapshot_get_criteria(s, "a", "l3", &got, &ei), ERR_OK);
	assert_int_equal(got.n, 2);
	assert_int_equal(snapshot_get_criteria(s, "a", "elsewhere", &got, &ei), ERR_NOTFOUND);
	assert_int_equal(snapshot_get_criteria(s, "b", "l2", &got, &ei), ERR_NOTFOUND);
	line_item_set_init(&li);
	for (size_t i = 0; i < 5; i++)
		line_item_set_copy(&li,
		    &(struct line_item){.id = (const char *[]){"l1", "l2", "l3", "l4", "l1"}[i]});
	assert_int_equal(snapshot_counts(s, "a", &li, counts, &ei), ERR_OK);
	assert_int_equal(counts[0].n, 1);
	assert_int_equal(counts[1].n, 2);
	assert_int_equal(counts[2].n, 0);
	assert_int_equal(counts[3].n, -1);
	assert_int_equal(counts[4].n, 1);
	assert_int_equal(counts[0].fetched_at, clock_wall_s());
	assert_int_equal(counts[3].fetched_at, 0);
	line_item_set_done(&li);
	criterion_set_done(&set);
	criterion_set_done(&got);
}

static void putting_again_replaces(void **state)
{
	const char *asked[] = {"l1", "l1"};
	struct criterion_set set, got;

	(void)state;
	criterion_set_init(&set);
	criterion_set_init(&got);
	add(&set, "l1", "a", "x");
	add(&set, "l1", "b", "y");
	snapshot_put_criteria(s, &(struct snapshot_criteria){"a", asked, 1, &set, 0, NULL}, &ei);
	set.n = 1;
	/* named twice: must not lose the criteria */
	assert_int_equal(snapshot_put_criteria(
			     s, &(struct snapshot_criteria){"a", asked, 2, &set, 0, NULL}, &ei),
	    ERR_OK);
	assert_int_equal(snapshot_get_criteria(s, "a", "l1", &got, &ei), ERR_OK);
	assert_int_equal(got.n, 1);
	criterion_set_done(&set);
	criterion_set_done(&got);
}

/* Both ways of counting (one by one, one walk) must agree. */
static void counts_of_many_agree_with_counts_of_few(void **state)
{
	struct snapshot_count many[600], few[200];
	struct criterion_set set;
	struct line_item_set li, part;
	const char *asked[600];
	size_t n_asked = 0;

	(void)state;
	criterion_set_init(&set);
	items(&li, 0, 600);
	for (size_t i = 0; i < 600; i++) {
		if (i % 4 == 0)
			continue;
		asked[n_asked++] = li.v[i].id;
		for (size_t k = 0; k < i % 7; k++)
			add(&set, li.v[i].id, "x", "v");
	}
	assert_int_equal(snapshot_put_criteria(s,
			     &(struct snapshot_criteria){"a", asked, n_asked, &set, 0, NULL}, &ei),
	    ERR_OK);
	assert_int_equal(snapshot_counts(s, "a", &li, many, &ei), ERR_OK);
	for (size_t from = 0; from < 600; from += 200) {
		items(&part, from, 200);
		assert_int_equal(snapshot_counts(s, "a", &part, few, &ei), ERR_OK);
		for (size_t i = 0; i < 200; i++) {
			size_t at = from + i;

			assert_int_equal(few[i].n, at % 4 ? (int32_t)(at % 7) : -1);
			assert_int_equal(many[at].n, few[i].n);
			assert_int_equal(many[at].fetched_at, few[i].fetched_at);
		}
		line_item_set_done(&part);
	}
	line_item_set_done(&li);
	criterion_set_done(&set);
}

static void uses_are_found_by_type_and_value(void **state)
{
	const char *asked[] = {"l1", "l2"};
	struct criterion_set set;
	struct use_set uses;

	(void)state;
	criterion_set_init(&set);
	use_set_init(&uses);
	add(&set, "l1", "a", "nba");
	add(&set, "l2", "b", "-nba");
	add(&set, "l2", "c", "nba");
	add(&set, "l2", "d", "nba");
	set.v[3].type_name = "EXACT_KEYWORD";
	snapshot_put_criteria(s, &(struct snapshot_criteria){"a", asked, 2, &set, 0, NULL}, &ei);
	assert_int_equal(snapshot_where_used(s, "a", "BROAD_KEYWORD", "nba", &uses), ERR_OK);
	assert_int_equal(uses.n, 2);
	assert_string_equal(uses.v[0].line_item_id, "l1");
	assert_string_equal(uses.v[1].line_item_id, "l2");
	assert_string_equal(uses.v[1].criterion_id, "c");
	assert_int_equal(snapshot_where_used(s, "a", "EXACT_KEYWORD", "nba", &uses), ERR_OK);
	assert_int_equal(uses.n, 3);
	assert_int_equal(snapshot_where_used(s, "a", "LOCATION", "nba", &uses), ERR_OK);
	assert_int_equal(snapshot_where_used(s, "z", "BROAD_KEYWORD", "nba", &uses), ERR_OK);
	assert_int_equal(uses.n, 3);
	use_set_done(&uses);
	criterion_set_done(&set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(unread_lists_are_not_empty_lists),
	    TEMP(ranges_are_read_in_order),
	    TEMP(one_is_found_by_its_id),
	    TEMP(changes_replace_add_delete_and_keep_the_order),
	    TEMP(the_cache_may_go_while_it_is_used),
	    TEMP(changes_go_on_after_a_stop),
	    TEMP(group_goes_on_after_a_stop),
	    TEMP(group_is_finished_in_pieces),
	    TEMP(other_lists_come_back_too),
	    TEMP(access_is_kept),
	    TEMP(b14_unknown_types_come_back_byte_equal),
	    TEMP(criteria_are_sorted_into_their_line_items),
	    TEMP(putting_again_replaces),
	    TEMP(counts_of_many_agree_with_counts_of_few),
	    TEMP(uses_are_found_by_type_and_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
