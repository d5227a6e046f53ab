/* Rows D3 and D4 of the fault matrix: damaged files. RETICLE_SWEEP=N in the environment tries N
 * damaged files a row instead of a sample. */
#include "tests/unit/store/edits.h"

#include <fcntl.h>
#include "store/catalog.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/snapshot.h"
#include "store/uistate.h"

#define SAMPLE 150

static uint64_t seed;

static uint64_t number(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? (seed >> 11) % below : 0;
}

static long rounds(void)
{
	const char *s_env = getenv("RETICLE_SWEEP");

	return s_env ? strtol(s_env, NULL, 10) : SAMPLE;
}

/* --- damaging a file --- */

static void overwrite(int fd, off_t at, size_t n, int byte)
{
	char block[4096];

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = byte < 0 ? (char)number(256) : (char)byte;
	while (n > 0) {
		size_t part = n < sizeof block ? n : sizeof block;

		assert_int_equal(pwrite(fd, block, part, at), part);
		at += (off_t)part;
		n -= part;
	}
}

static void flip_bits(int fd, off_t size, uint64_t n)
{
	while (n--) {
		off_t at = (off_t)number((uint64_t)size);
		unsigned char c;

		assert_int_equal(pread(fd, &c, 1, at), 1);
		c = (unsigned char)(c ^ (1u << number(8)));
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
}

static void swap_pages(int fd, off_t size)
{
	char a[4096], b[4096];
	off_t n = size / 4096, i = (off_t)number((uint64_t)n), k = (off_t)number((uint64_t)n);

	assert_int_equal(pread(fd, a, 4096, i * 4096), 4096);
	assert_int_equal(pread(fd, b, 4096, k * 4096), 4096);
	assert_int_equal(pwrite(fd, b, 4096, i * 4096), 4096);
	assert_int_equal(pwrite(fd, a, 4096, k * 4096), 4096);
}

static void damage(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size >= 8192);
	switch (number(7)) {
	case 0:
		assert_int_equal(ftruncate(fd, (off_t)number((uint64_t)st.st_size)), 0);
		break;
	case 1:
		overwrite(fd, 0, (size_t)st.st_size, 0);
		break;
	case 2:
		overwrite(fd, (off_t)number((uint64_t)st.st_size / 4096) * 4096, 4096, -1);
		break;
	case 3:
		overwrite(fd, (off_t)number((uint64_t)st.st_size / 4096) * 4096, 4096, 0);
		break;
	case 4:
		flip_bits(fd, st.st_size, 1 + number(20));
		break;
	case 5:
		flip_bits(fd, 100, 1 + number(3));
		break;
	default:
		swap_pages(fd, st.st_size);
	}
	close(fd);
}

static void keep(const char *from, char **bytes, size_t *n)
{
	struct buf b;

	buf_init(&b, 64 << 20);
	assert_int_equal(fs_read(from, &b, &ei), ERR_OK);
	*n = b.len;
	*bytes = buf_take(&b);
}

static void put_back(const char *to, const char *bytes, size_t n)
{
	char tail[1300];

	assert_int_equal(fs_write(to, bytes, n, &ei), ERR_OK);
	snprintf(tail, sizeof tail, "%s-wal", to);
	unlink(tail);
	snprintf(tail, sizeof tail, "%s-shm", to);
	unlink(tail);
}

/* --- D3 --- */

static enum err try_fill_cache(void)
{
	struct option_set options;
	struct criterion_set criteria;
	struct line_item_set items;
	struct store_fetch f;
	const char *ids[40];
	enum err err;

	option_set_init(&options);
	criterion_set_init(&criteria);
	line_item_set_init(&items);
	for (int i = 0; i < 600; i++) {
		char value[32], id[16];

		snprintf(value, sizeof value, "value %d", i);
		snprintf(id, sizeof id, "l%d", i % 40);
		option_set_copy(&options, &(struct option){.value = value, .name = value});
		criterion_set_copy(&criteria,
		    &(struct criterion){
			.id = value, .line_item_id = id, .type_name = "AGE", .value = id});
		if (i < 40)
			line_item_set_copy(&items, &(struct line_item){.id = id, .name = value});
	}
	for (size_t i = 0; i < 40; i++)
		ids[i] = items.v[i].id;
	err = catalog_begin(s, "locations", "", false, &f, &ei);
	if (!err)
		err = catalog_put(s, &f, &options, NULL, &ei);
	if (!err)
		err = snapshot_begin(s, ACCOUNT, SNAPSHOT_LINE_ITEMS, false, &f, &ei);
	if (!err)
		err = snapshot_put_line_items(s, &f, &items, NULL, &ei);
	if (!err)
		err = snapshot_put_criteria(
		    s, &(struct snapshot_criteria){ACCOUNT, ids, 40, &criteria, 0, NULL}, &ei);
	option_set_done(&options);
	criterion_set_done(&criteria);
	line_item_set_done(&items);
	return err;
}

static void fill_cache(void)
{
	assert_int_equal(try_fill_cache(), ERR_OK);
}

/* What can be read is right; what cannot is missing. */
static void read_cache(void)
{
	const struct catalog_set *set = catalog_get(s, "locations", "", &ei);
	struct line_item_set items;
	struct criterion_set criteria;
	struct snapshot_count counts[40];
	struct use_set uses;

	if (set) {
		assert_int_equal(set->options.n, 600);
		assert_string_equal(set->options.v[599].value, "value 599");
	}
	catalog_release(set);
	line_item_set_init(&items);
	criterion_set_init(&criteria);
	use_set_init(&uses);
	if (!snapshot_get_line_items(s, ACCOUNT, 0, SIZE_MAX, &items)) {
		assert_int_equal(items.n, 40);
		assert_string_equal(items.v[39].name, "value 39");
		snapshot_counts(s, ACCOUNT, &items, counts, &ei);
		for (size_t i = 0; i < 40; i++)
			assert_true(counts[i].n == 15 || counts[i].n == -1);
	}
	if (!snapshot_get_criteria(s, ACCOUNT, "l7", &criteria, &ei)) {
		assert_int_equal(criteria.n, 15);
		assert_string_equal(criteria.v[14].value, "l7");
	}
	if (!snapshot_where_used(s, ACCOUNT, "AGE", "l7", &uses))
		assert_true(uses.n == 15 || uses.n == 0);
	line_item_set_done(&items);
	criterion_set_done(&criteria);
	use_set_done(&uses);
}

static void d3_a_damaged_cache_is_made_anew(void **state)
{
	char path[1200], *bytes;
	size_t n, lost = 0;

	(void)state;
	snprintf(path, sizeof path, "%s", temp_file(temp_paths.cache, "cache.db"));
	assert_int_equal(stage("a", 3, NULL), ERR_OK);
	fill_cache();
	store_close(s);
	keep(path, &bytes, &n);
	for (long i = 0; i < rounds(); i++) {
		seed = 0x9e3779b97f4a7c15u + (uint64_t)i;
		put_back(path, bytes, n);
		damage(path);
		temp_open();
		read_cache();
		if (store_message(s, 0)) {
			lost++;
			if (!strstr(store_message(s, 0), "cache.db was damaged"))
				fail_msg("file %ld: %s", i, store_message(s, 0));
		}
		/* whatever was lost: the next fetch works, and the edits are not touched */
		fill_cache();
		read_cache();
		assert_non_null(strstr(listed(DRAFT_STAGED), "a0 a1 a2"));
		store_close(s);
	}
	assert_true(lost > (size_t)rounds() / 2);
	print_message("D3: %ld files, %zu noticed\n", rounds(), lost);
	free(bytes);
	temp_open();
}

static void d3_a_damaged_log_of_the_cache_is_harmless(void **state)
{
	char path[1200], wal[1200], *db_bytes, *wal_bytes;
	size_t n_db, n_wal;

	(void)state;
	snprintf(path, sizeof path, "%s", temp_file(temp_paths.cache, "cache.db"));
	snprintf(wal, sizeof wal, "%s", temp_file(temp_paths.cache, "cache.db-wal"));
	fill_cache();
	/* as after a crash: the log is still there */
	keep(path, &db_bytes, &n_db);
	keep(wal, &wal_bytes, &n_wal);
	store_close(s);
	for (long i = 0; i < rounds() / 3; i++) {
		seed = 0x2545f4914f6cdd1du + (uint64_t)i;
		put_back(path, db_bytes, n_db);
		put_back(wal, wal_bytes, n_wal);
		damage(wal);
		temp_open();
		read_cache();
		fill_cache();
		read_cache();
		store_close(s);
	}
	free(db_bytes);
	free(wal_bytes);
	temp_open();
}

/* --- D4 --- */

/* Twelve edits in every state: a* staged, of them a1 held and a2 unstaged; b0 refused and staged
 * again, b1 unknown, b2 applied. */
static void fill_state(void)
{
	uint64_t a[6], b[3], changeset, batch[3];
	const struct change *ops[3];
	struct journal_batch_plan plan[3] = {{&ops[0], 1}, {&ops[1], 1}, {&ops[2], 1}};
	struct change_set set;

	assert_int_equal(stage("b", 3, b), ERR_OK);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	change_set_init(&set);
	drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei);
	for (size_t i = 0; i < 3; i++)
		ops[i] = &set.v[i];
	assert_int_equal(journal_begin(s, &(struct journal_plan){ACCOUNT, "t", "d", plan, 3},
			     &changeset, batch, &ei),
	    ERR_OK);
	change_set_done(&set);
	for (size_t i = 0; i < 3; i++) {
		static const enum batch_state ends[] = {BATCH_REJECTED, BATCH_UNKNOWN, BATCH_OK};

		assert_int_equal(journal_intent(s, batch[i],
				     &(struct journal_intent){"body", 4, "sha", "p1"}, &ei),
		    ERR_OK);
		assert_int_equal(journal_wire(s, batch[i], "n", 1, &ei), ERR_OK);
		assert_int_equal(
		    journal_end(s, batch[i], &(struct journal_end){.state = ends[i]}, &ei), ERR_OK);
	}
	assert_int_equal(stage("a", 6, a), ERR_OK);
	assert_int_equal(hold(a[1], true), ERR_OK);
	assert_int_equal(unstage(a[2], NULL), ERR_OK);
	lock_drop(s, ACCOUNT);
}

static const char staged_before[] = "b0 a0 [a1] a3 a4 a5";

static void check_state(void)
{
	assert_string_equal(listed(DRAFT_STAGED), staged_before);
	assert_string_equal(listed(DRAFT_UNKNOWN), "b1");
	assert_string_equal(listed(DRAFT_APPLIED), "b2");
}

/* Damage in a page that the start does not read shows when it is read, and is mended then. */
static void check_now_or_at_second_look(void)
{
	struct change_set set;

	change_set_init(&set);
	drafts_list(s, ACCOUNT, DRAFT_STAGED, &set, &ei);
	drafts_list(s, ACCOUNT, DRAFT_UNKNOWN, &set, &ei);
	drafts_list(s, ACCOUNT, DRAFT_APPLIED, &set, &ei);
	change_set_done(&set);
	check_state();
}

static void d4_every_edit_is_back_from_a_damaged_journal(void **state)
{
	char path[1200], log[1200], *bytes, *log_bytes;
	size_t n, n_log, noticed = 0;

	(void)state;
	snprintf(path, sizeof path, "%s", temp_file(temp_paths.state, "state.db"));
	snprintf(log, sizeof log, "%s", temp_file(temp_paths.state, "edits.log"));
	fill_state();
	check_state();
	store_close(s);
	keep(path, &bytes, &n);
	keep(log, &log_bytes, &n_log);
	for (long i = 0; i < rounds(); i++) {
		char aside[1300];

		seed = 0xd1342543de82ef95u + (uint64_t)i;
		put_back(path, bytes, n);
		put_back(log, log_bytes, n_log);
		damage(path);
		temp_open();
		check_now_or_at_second_look();
		if (store_needs_acknowledgement(s)) {
			noticed++;
			/* set aside, never deleted, and nothing is posted before it was seen */
			snprintf(aside, sizeof aside, "%s.damaged-1", path);
			assert_int_equal(access(aside, F_OK), 0);
			assert_int_equal(unlink(aside), 0);
			assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_REFUSED);
			store_acknowledge(s);
		}
		assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
		assert_int_equal(stage("more", 1, NULL), ERR_OK);
		store_close(s);
	}
	assert_true(noticed > (size_t)rounds() / 2);
	print_message("D4: %ld files, %zu noticed\n", rounds(), noticed);
	free(bytes);
	free(log_bytes);
	temp_open();
}

/* Files over 2 MiB are not read whole at the start. */
static void d3_d4_damage_to_large_files_is_met_later(void **state)
{
	char cache[1200], path[1200], log[1200], *cache_bytes, *bytes, *log_bytes, *text;
	size_t n_cache, n, n_log, noticed = 0;
	struct option_set options;
	struct store_fetch f;
	struct change_set more;

	(void)state;
	snprintf(cache, sizeof cache, "%s", temp_file(temp_paths.cache, "cache.db"));
	snprintf(path, sizeof path, "%s", temp_file(temp_paths.state, "state.db"));
	snprintf(log, sizeof log, "%s", temp_file(temp_paths.state, "edits.log"));
	text = test_malloc(100001);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	change_set_init(&more);
	option_set_init(&options);
	for (int i = 0; i < 25; i++) {
		change_set_copy(&more,
		    &(struct change){
			.line_item_id = "l", .type_name = "AGE", .value = "1", .note = text});
		option_set_copy(&options, &(struct option){.value = text, .name = "n"});
	}
	fill_state();
	fill_cache();
	assert_int_equal(drafts_stage(s, "another", &more, "big", &ei), ERR_OK);
	assert_int_equal(catalog_begin(s, "big", "", false, &f, &ei), ERR_OK);
	assert_int_equal(catalog_put(s, &f, &options, NULL, &ei), ERR_OK);
	change_set_done(&more);
	option_set_done(&options);
	test_free(text);
	store_close(s);
	keep(cache, &cache_bytes, &n_cache);
	keep(path, &bytes, &n);
	keep(log, &log_bytes, &n_log);
	assert_true(n_cache > 2 << 20 && n > 2 << 20);
	for (long i = 0; i < rounds() / 3; i++) {
		seed = 0xa0761d6478bd642fu + (uint64_t)i;
		put_back(cache, cache_bytes, n_cache);
		put_back(path, bytes, n);
		put_back(log, log_bytes, n_log);
		damage(cache);
		damage(path);
		temp_open();
		read_cache();
		/* damage that a try meets is mended; the next one must work */
		if (try_fill_cache())
			fill_cache();
		read_cache();
		check_now_or_at_second_look();
		assert_int_equal(
		    store_verify(s, &ei) == ERR_OK || store_verify(s, &ei) == ERR_OK, 1);
		check_state();
		noticed += store_needs_acknowledgement(s);
		assert_int_equal(drafts_count(s, "another").staged, 25);
		store_close(s);
		unlink(temp_file(temp_paths.state, "state.db.damaged-1"));
	}
	assert_true(noticed > (size_t)rounds() / 6);
	free(cache_bytes);
	free(bytes);
	free(log_bytes);
	temp_open();
}

static void d4_a_vanished_journal_is_rebuilt(void **state)
{
	struct journal_batch_list l;

	(void)state;
	fill_state();
	store_close(s);
	unlink(temp_file(temp_paths.state, "state.db"));
	temp_open();
	assert_true(store_needs_acknowledgement(s));
	check_state();
	store_acknowledge(s);
	assert_int_equal(lock_take(s, ACCOUNT, &ei), ERR_OK);
	/* what was sent and not answered is still known, with all that settling needs */
	journal_batch_list_init(&l);
	assert_int_equal(journal_unknown(s, ACCOUNT, &l, &ei), ERR_OK);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].pre_ids, "p1");
	assert_int_equal(l.v[0].n_ops, 1);
	assert_int_equal(l.v[0].wire_at, clock_wall_s());
	assert_int_equal(
	    journal_end(s, l.v[0].id, &(struct journal_end){.state = BATCH_ABSENT}, &ei), ERR_OK);
	journal_batch_list_done(&l);
	assert_string_equal(listed(DRAFT_STAGED), "b0 b1 a0 [a1] a3 a4 a5");
	/* and the rebuilt one can be rebuilt */
	store_close(s);
	unlink(temp_file(temp_paths.state, "state.db"));
	temp_open();
	assert_string_equal(listed(DRAFT_STAGED), "b0 b1 a0 [a1] a3 a4 a5");
}

static void d4_ids_are_not_used_again_after_a_rebuild(void **state)
{
	uint64_t before[2], after;

	(void)state;
	stage("a", 2, before);
	drafts_unstage(s, ACCOUNT, before, 2, NULL, &ei);
	store_close(s);
	unlink(temp_file(temp_paths.state, "state.db"));
	temp_open();
	assert_int_equal(stage("b", 1, &after), ERR_OK);
	assert_true(after > before[1]);
}

static void settings_come_back_or_are_missing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_false(uistate_get(s, "last-account", &b));
	assert_int_equal(uistate_put(s, "last-account", "x", &ei), ERR_OK);
	assert_int_equal(uistate_put(s, "last-account", "18ce", &ei), ERR_OK);
	temp_reopen();
	assert_true(uistate_get(s, "last-account", &b));
	assert_string_equal(buf_str(&b), "18ce");
	assert_int_equal(uistate_put(s, "last-account", NULL, &ei), ERR_OK);
	assert_false(uistate_get(s, "last-account", &b));
	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 205; i++) {
		char line[16];

		snprintf(line, sizeof line, "l%d", i);
		assert_int_equal(uistate_history_add(s, "filter", line, &ei), ERR_OK);
	}
	assert_int_equal(uistate_history_add(s, "filter", "l100", &ei), ERR_OK);
	assert_true(uistate_history_get(s, "filter", 0, &b));
	assert_string_equal(buf_str(&b), "l100");
	assert_true(uistate_history_get(s, "filter", 1, &b));
	assert_string_equal(buf_str(&b), "l204");
	assert_true(uistate_history_get(s, "filter", 199, &b));
	assert_false(uistate_history_get(s, "filter", 200, &b));
	assert_false(uistate_history_get(s, "palette", 0, &b));
	buf_done(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(d3_a_damaged_cache_is_made_anew),
	    TEMP(d3_a_damaged_log_of_the_cache_is_harmless),
	    TEMP(d4_every_edit_is_back_from_a_damaged_journal),
	    TEMP(d3_d4_damage_to_large_files_is_met_later),
	    TEMP(d4_a_vanished_journal_is_rebuilt),
	    TEMP(d4_ids_are_not_used_again_after_a_rebuild),
	    TEMP(settings_come_back_or_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
