/* What a revert believes: readings that began after the posting, whatever the clock on the wall says,
 * and of those only what a reading that is behind the account cannot get wrong. */
#include "tests/unit/session/kit.h"
#include "tests/unit/session/world.h"

#include <dirent.h>
#include "base/fs.h"
#include "session/revert.h"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, NULL);
	world_init(&k);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static struct revert_result revert(struct kit *k)
{
	struct revert_result r;
	struct errinfo ei = {0};

	assert_int_equal(revert_stage(k->session, world_newest(k), &r, &ei), ERR_OK);
	return r;
}

static bool may_revert(struct kit *k)
{
	struct revert_result r;
	struct errinfo ei = {0};
	enum err err = revert_stage(k->session, world_newest(k), &r, &ei);

	assert_true(err == ERR_OK || err == ERR_REFUSED);
	return err == ERR_OK;
}

static void read_li1(struct kit *k)
{
	session_fetch_criteria(k->session, &(const char *){"li1"}, 1, 0, REQ_USER);
	kit_turns(k);
}

/* --- the order of postings and readings --- */

static void a_clock_that_was_set_back_stops_no_revert(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	clock_pin(KIT_NOW - 7200);
	read_li1(k);
	assert_int_equal(revert(k).staged, 1);
}

/* Offline, an hour later by the clock that somebody set: nothing was read. */
static void a_clock_that_was_set_forward_is_no_reading(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world.reads_fail = true;
	world_post_all(k);
	clock_pin(KIT_NOW + 7200);
	kit_turns(k);
	assert_false(may_revert(k));
}

/* The answer to a reading that was asked for before the posting comes 20 s later. The reading after the
 * posting takes `newer_ms`. */
static void read_before_and_after(struct kit *k, int64_t newer_ms)
{
	struct criterion_set set;
	size_t unknown;

	kit_turns(k);
	world_stage(k, "li1", "shoes");
	world.read_ms = 20000;
	session_fetch_criteria(k->session, &(const char *){"li1"}, 1, 0, REQ_USER);
	while (!k->fake.flying)
		loop_turn(k->loop, 0);
	world.read_ms = 0;
	assert_int_equal(world_start(k, &(struct errinfo){0}), ERR_OK);
	while (applying_busy(k->session)) {
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
	world.read_ms = newer_ms;
	for (int i = 0; i < 1200; i++) {
		loop_turn(k->loop, 0);
		clock_step_ms(100);
	}
	world.read_ms = 0;
	criterion_set_init(&set);
	assert_int_equal(
	    session_criteria(k->session, &(const char *){"li1"}, 1, &set, &unknown, NULL), ERR_OK);
	assert_int_equal(set.n, 3);
	criterion_set_done(&set);
	criterion_set_init(&set);
	assert_int_equal(
	    journal_image_at(k->store, "li1", clock_wall_s(), &set, &(int64_t){0}), ERR_OK);
	assert_int_equal(set.n, 3);
	criterion_set_done(&set);
	assert_int_equal(revert(k).staged, 1);
}

/* It shows what was before, and is no image of what was after. */
static void a_reading_from_before_that_comes_after_is_from_before(void **state)
{
	read_before_and_after(*state, 60000);
}

static void a_reading_from_before_replaces_none_from_after(void **state)
{
	read_before_and_after(*state, 0);
}

static void copy_cache(const struct kit *k, bool back)
{
	static const char *const names[] = {"cache.db", "cache.db-wal", "cache.db-shm"};
	static char kept[3][1 << 20];
	static size_t sizes[3];
	char path[200];

	for (size_t i = 0; i < 3; i++) {
		FILE *f;

		snprintf(path, sizeof path, "%s/.cache/reticle/test/%s", k->dir, names[i]);
		if (back)
			remove(path);
		f = back && !sizes[i] ? NULL : fopen(path, back ? "wb" : "rb");
		if (f && back)
			assert_int_equal(fwrite(kept[i], 1, sizes[i], f), sizes[i]);
		else if (!back)
			sizes[i] = f ? fread(kept[i], 1, sizeof kept[i], f) : 0;
		if (f)
			fclose(f);
	}
	assert_true(sizes[0] + sizes[1] > 0);
}

/* The journal is synced with every step and the cache is not: after a power failure the journal may
 * tell of readings that the cache lost. A proof has to be where the reading is. The postings here
 * removed the location and put it back; what the lost reading showed would drop the way back. */
static void a_reading_that_a_power_failure_took_is_none(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	struct change c = {.line_item_id = "li1",
	    .criterion_id = "c1",
	    .type = TYPE_LOCATION,
	    .type_name = "LOCATION",
	    .value = "ca0",
	    .kind = CHANGE_DELETE};
	size_t staged;

	kit_turns(k);
	copy_cache(k, false);
	assert_int_equal(staging_add(k->session, &c, 1, &staged, &ei), ERR_OK);
	world_post_all(k);
	kit_stop(k);
	copy_cache(k, true);
	world_begin_again(k);
	assert_false(may_revert(k));
	kit_connect(k, world_answer);
	assert_false(may_revert(k)); /* and asks for them */
	kit_turns(k);
	assert_int_equal(revert(k).staged, 1);
}

/* Neither is one that an earlier journal saw: this one began anew, from edits.log. */
static void a_journal_that_was_made_again_asks_for_a_reading(void **state)
{
	static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
	struct kit *k = *state;
	char path[200];

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	read_li1(k);
	kit_stop(k);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/.local/state/reticle/test/%s", k->dir, names[i]);
		remove(path);
	}
	world_begin_again(k);
	assert_false(may_revert(k));
	kit_connect(k, world_answer);
	read_li1(k);
	assert_int_equal(revert(k).staged, 1);
}

/* --- readings that are behind --- */

/* A row that the posting made, and that the reading after it does not show yet: its removal is staged,
 * and the check before the posting sees whether it is there. */
static void what_a_reading_soon_after_lacks_is_not_moot(void **state)
{
	struct kit *k = *state;
	struct revert_result r;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	world.rows[world.n - 1].hidden = true;
	read_li1(k);
	r = revert(k);
	assert_int_equal(r.staged, 1);
	assert_int_equal(r.moot, 0);
	world.rows[world.n - 1].hidden = false;
	read_li1(k);
	world_post_all(k);
	assert_string_equal(world_live(), "li1/ca0 li1!aud1 li2/AGE_25_TO_49");
}

/* Two hours on the wall are none when somebody set the clock; two minutes since the machine started
 * are enough. */
static void how_late_a_reading_is_is_not_told_by_the_wall(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	char what[64];

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	world.rows[world.n - 1].hidden = true;
	clock_pin(KIT_NOW + 7200);
	read_li1(k);
	assert_int_equal(revert(k).moot, 0);
	assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
	clock_step_ms(130000);
	clock_pin(KIT_NOW - 7200);
	read_li1(k);
	assert_int_equal(revert(k).moot, 1);
}

/* The row that a revert made anew has another id. A reading that is behind it shows neither: what is
 * staged twice would be posted twice. */
static void a_second_revert_over_a_late_reading_doubles_nothing(void **state)
{
	struct kit *k = *state;

	world_stage(k, "li1", "shoes");
	world_post_all(k);
	world.rows[world.n - 1].hidden = true;
	read_li1(k);
	assert_int_equal(revert(k).staged, 1);
	assert_int_equal(revert(k).staged, 0);
	world.rows[world.n - 1].hidden = false;
	read_li1(k);
	world_post_all(k);
	assert_int_equal(revert(k).staged, 1); /* shoes again */
	world_post_all(k);
	world.rows[world.n - 1].hidden = true;
	read_li1(k);
	assert_int_equal(revert(k).staged, 1);
	assert_int_equal(staging_total(k->session).deletes, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_clock_that_was_set_back_stops_no_revert),
	    T(a_clock_that_was_set_forward_is_no_reading),
	    T(a_reading_from_before_that_comes_after_is_from_before),
	    T(a_reading_from_before_replaces_none_from_after),
	    T(a_reading_that_a_power_failure_took_is_none),
	    T(a_journal_that_was_made_again_asks_for_a_reading),
	    T(what_a_reading_soon_after_lacks_is_not_moot),
	    T(how_late_a_reading_is_is_not_told_by_the_wall),
	    T(a_second_revert_over_a_late_reading_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
