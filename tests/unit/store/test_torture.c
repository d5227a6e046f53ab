/* Every allocation of a whole session fails once, and then for good: nothing crashes, leaks or is
 * claimed falsely, and the next start works. RETICLE_TORTURE_STEP=1 tries each, the default a
 * sample. */
#include "tests/unit/store/edits.h"

#include "base/mem.h"
#include "store/catalog.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/snapshot.h"
#include "store/uistate.h"

static struct option_set options;
static struct line_item_set items;
static struct criterion_set criteria;
static struct change_set edits;

/* The data are made before anything fails. */
static int make_data(void **state)
{
	(void)state;
	option_set_init(&options);
	line_item_set_init(&items);
	criterion_set_init(&criteria);
	change_set_init(&edits);
	for (int i = 0; i < 70; i++) {
		char id[16];

		snprintf(id, sizeof id, "x%d", i);
		option_set_copy(&options, &(struct option){.value = id, .name = id, .kind = id});
		line_item_set_copy(&items, &(struct line_item){.id = id, .campaign_id = "c"});
		criterion_set_copy(
		    &criteria, &(struct criterion){
				   .id = id, .line_item_id = id, .type_name = "AGE", .value = id});
	}
	for (int i = 0; i < 3; i++)
		change_set_copy(
		    &edits, &(struct change){
				.line_item_id = "x1", .type_name = "AGE", .value = "AGE_OVER_50"});
	return 0;
}

static int free_data(void **state)
{
	(void)state;
	option_set_done(&options);
	line_item_set_done(&items);
	criterion_set_done(&criteria);
	change_set_done(&edits);
	return 0;
}

static void use_cache(void)
{
	const char *ids[2] = {"x1", "x2"};
	const struct catalog_set *set;
	struct snapshot_count counts[70];
	struct snapshot_changes changes;
	struct option_set found;
	struct line_item_set got;
	struct criterion_set some;
	struct store_fetch f;
	struct use_set uses;

	option_set_init(&found);
	line_item_set_init(&got);
	criterion_set_init(&some);
	use_set_init(&uses);
	if (!catalog_begin(s, "locations", "", false, &f, &ei))
		catalog_put(s, &f, &options, NULL, &ei);
	set = catalog_get(s, "locations", "", &ei);
	if (set)
		assert_int_equal(set->options.n, 70);
	catalog_release(set);
	catalog_find(s, "locations", "x3", &found, &ei);
	if (!snapshot_begin(s, ACCOUNT, SNAPSHOT_LINE_ITEMS, false, &f, &ei))
		snapshot_put_line_items(s, &f, &items, NULL, &ei);
	if (!snapshot_changes_begin(s, ACCOUNT, SNAPSHOT_LINE_ITEMS, 0, &changes, &ei))
		snapshot_merge_line_items(s, &changes, &items, NULL, &ei);
	if (!snapshot_get_line_items(s, ACCOUNT, 0, SIZE_MAX, &got))
		assert_int_equal(got.n, 70);
	snapshot_find_line_item(s, ACCOUNT, "x3", &got);
	snapshot_put_criteria(
	    s, &(struct snapshot_criteria){ACCOUNT, ids, 2, &criteria, 0, NULL}, &ei);
	if (!snapshot_get_criteria(s, ACCOUNT, "x1", &some, &ei))
		assert_int_equal(some.n, 1);
	snapshot_counts(s, ACCOUNT, &items, counts, &ei);
	snapshot_where_used(s, ACCOUNT, "AGE", "x2", &uses);
	option_set_done(&found);
	line_item_set_done(&got);
	criterion_set_done(&some);
	use_set_done(&uses);
}

/* Returns how many of the edits are staged by its own account. */
static size_t use_state(void)
{
	const struct change *ops[3] = {&edits.v[0], &edits.v[1], &edits.v[2]};
	struct journal_batch_plan plan = {ops, 3};
	struct journal_changeset_list sets;
	struct journal_op_list op_list;
	struct draft_step step;
	struct draft_names names;
	struct change_set list;
	uint64_t changeset, batch;
	size_t staged = 0;
	struct buf text;

	change_set_init(&list);
	journal_changeset_list_init(&sets);
	journal_op_list_init(&op_list);
	buf_init(&text, 1000);
	if (!drafts_stage(s, ACCOUNT, &edits, "x", &ei))
		staged = 3;
	if (staged && !drafts_undo(s, ACCOUNT, &step, &ei))
		staged = 0;
	if (!staged && !drafts_redo(s, ACCOUNT, &step, &ei))
		staged = 3;
	drafts_list(s, ACCOUNT, DRAFT_STAGED, &list, &ei);
	drafts_names(s, ACCOUNT, &names, &ei);
	draft_names_done(&names);
	uistate_put(s, "k", "v", &ei);
	uistate_get(s, "k", &text);
	if (staged && !lock_take(s, ACCOUNT, &ei) &&
	    !journal_begin(
		s, &(struct journal_plan){ACCOUNT, "t", "d", &plan, 1}, &changeset, &batch, &ei) &&
	    !journal_intent(s, batch, &(struct journal_intent){"b", 1, "s", ""}, &ei))
		journal_not_sent(s, batch, "x", &ei);
	journal_changesets(s, &(struct journal_page){ACCOUNT, 0, 9}, &sets, &ei);
	if (sets.n)
		journal_ops(s, sets.v[0].id, 0, &op_list, &ei);
	change_set_done(&list);
	journal_changeset_list_done(&sets);
	journal_op_list_done(&op_list);
	buf_done(&text);
	return staged;
}

/* One session with the fault set; *staged is what it claims, SIZE_MAX when it did not come so far. */
static void session(size_t *staged)
{
	*staged = SIZE_MAX;
	s = store_open(&temp_paths, &ei);
	if (!s)
		return;
	if (!store_bind(s, "ads-api.x.com", "12", &ei)) {
		use_cache();
		*staged = use_state();
	}
	store_close(s);
	s = NULL;
}

static long step_of(long all)
{
	const char *text = getenv("RETICLE_TORTURE_STEP");
	long step = text ? strtol(text, NULL, 10) : all / 120;

	return step > 0 ? step : 1;
}

static void every_allocation_fails(void **state)
{
	uint64_t before;
	size_t staged;
	long all, tried = 0;

	store_close(s);
	before = mem_count();
	session(&staged);
	all = (long)(mem_count() - before);
	assert_int_equal(staged, 3);
	for (long n = 0; n < all; n += step_of(all))
		for (int for_good = 0; for_good < 2; for_good++, tried++) {
			temp_open();
			temp_teardown(state);
			temp_setup(state);
			store_close(s);
			mem_fail_after(n, for_good);
			session(&staged);
			mem_fail_after(-1, 0);
			temp_open();
			store_acknowledge(s);
			assert_true(store_can_stage(s));
			assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
			if (staged != SIZE_MAX && staged)
				assert_int_equal(drafts_count(s, ACCOUNT).staged, staged);
			store_close(s);
		}
	print_message("torture: %ld sessions of %ld allocations\n", tried, all);
	temp_open();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(every_allocation_fails),
	};

	return cmocka_run_group_tests(tests, make_data, free_data);
}
