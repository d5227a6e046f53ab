#include "tests/unit/store/temp.h"

#include "store/catalog.h"

#define DAY 86400

/* Options number from .. from+n-1, in the caller's set. */
static void options(struct option_set *set, size_t from, size_t n)
{
	option_set_init(set);
	for (size_t i = from; i < from + n; i++) {
		char value[32], name[64];

		snprintf(value, sizeof value, "v%zu", i);
		snprintf(name, sizeof name, "Name \xc3\xa9 %zu", i);
		assert_non_null(option_set_copy(set, &(struct option){.value = value,
							 .name = i % 7 ? name : NULL,
							 .kind = i % 2 ? "CITIES" : "POSTAL_CODES",
							 .country = i % 3 ? "US" : NULL}));
	}
}

static void put(struct store_fetch *f, size_t from, size_t n, const char *cursor)
{
	struct option_set page;

	options(&page, from, n);
	assert_int_equal(catalog_put(s, f, &page, cursor, &ei), ERR_OK);
	option_set_done(&page);
}

static void fetch_all(const char *kind, const char *scope, size_t n)
{
	struct store_fetch f;

	assert_int_equal(catalog_begin(s, kind, scope, true, &f, &ei), ERR_OK);
	put(&f, 0, n, NULL);
}

static size_t stored(const char *kind, const char *scope)
{
	const struct catalog_set *set = catalog_get(s, kind, scope, &ei);
	size_t n = set ? set->options.n : 0;

	catalog_release(set);
	return n;
}

static void nothing_is_stored_at_first(void **state)
{
	(void)state;
	assert_null(catalog_get(s, "locations", "", &ei));
	assert_int_equal(ei.code, ERR_NOTFOUND);
	assert_int_equal(catalog_info(s, "locations", "").fetched_at, 0);
	assert_false(catalog_is_fresh(s, "locations", "", 365));
	assert_int_equal(catalog_oldest_used(s), 0);
}

static void pages_come_back_in_order(void **state)
{
	static const size_t sizes[] = {1, 511, 512, 513, 1000, 1025};
	const struct catalog_set *set;
	struct store_fetch f;
	size_t n = 0, i;

	(void)state;
	assert_int_equal(catalog_begin(s, "locations", "", false, &f, &ei), ERR_OK);
	for (i = 0; i < 6; i++) {
		put(&f, n, sizes[i], i < 5 ? "next" : "");
		n += sizes[i];
	}
	temp_reopen();
	set = catalog_get(s, "locations", "", &ei);
	assert_non_null(set);
	assert_true(set->complete);
	assert_int_equal(set->options.n, n);
	for (i = 0; i < n; i++) {
		char value[32];

		snprintf(value, sizeof value, "v%zu", i);
		assert_string_equal(set->options.v[i].value, value);
		assert_true((set->options.v[i].name == NULL) == (i % 7 == 0));
		assert_true((set->options.v[i].country == NULL) == (i % 3 == 0));
		assert_string_equal(set->options.v[i].kind, i % 2 ? "CITIES" : "POSTAL_CODES");
	}
	catalog_release(set);
}

static void empty_result_is_complete_too(void **state)
{
	(void)state;
	fetch_all("events", "country_code=AQ", 0);
	assert_true(catalog_is_fresh(s, "events", "country_code=AQ", 7));
	assert_int_equal(catalog_info(s, "events", "country_code=AQ").n, 0);
	assert_int_equal(stored("events", "country_code=AQ"), 0);
}

static void scopes_and_kinds_and_hosts_are_apart(void **state)
{
	(void)state;
	fetch_all("locations", "", 3);
	fetch_all("locations", "country_code=US", 2);
	fetch_all("interests", "", 1);
	assert_int_equal(stored("locations", ""), 3);
	assert_int_equal(stored("locations", "country_code=US"), 2);
	assert_int_equal(stored("interests", ""), 1);
	assert_int_equal(store_bind(s, "demo", "12", &ei), ERR_OK);
	assert_int_equal(stored("locations", ""), 0);
	assert_int_equal(store_bind(s, "ads-api.x.com", "13", &ei), ERR_OK);
	assert_int_equal(stored("locations", ""), 0);
}

static void age_decides_what_is_fresh(void **state)
{
	(void)state;
	fetch_all("languages", "", 1);
	clock_step_ms(7 * DAY * 1000LL);
	assert_true(catalog_is_fresh(s, "languages", "", 7));
	clock_step_ms(1000);
	assert_false(catalog_is_fresh(s, "languages", "", 7));
	assert_int_equal(stored("languages", ""), 1);
	assert_int_equal(catalog_oldest_used(s), clock_wall_s() - 7 * DAY - 1);
}

static void unfinished_set_is_usable_and_resumed(void **state)
{
	struct store_fetch f;
	const struct catalog_set *set;

	(void)state;
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	assert_string_equal(f.cursor, "");
	put(&f, 0, 10, "page-2");
	temp_reopen();
	set = catalog_get(s, "locations", "", &ei);
	assert_non_null(set);
	assert_false(set->complete);
	assert_int_equal(set->options.n, 10);
	catalog_release(set);
	assert_false(catalog_is_fresh(s, "locations", "", 7));
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	assert_string_equal(f.cursor, "page-2");
	assert_int_equal(f.n, 10);
	put(&f, 10, 5, NULL);
	assert_int_equal(stored("locations", ""), 15);
	assert_true(catalog_is_fresh(s, "locations", "", 7));
}

static void old_unfinished_fetch_is_not_resumed(void **state)
{
	struct store_fetch f;

	(void)state;
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	put(&f, 0, 10, "page-2");
	clock_step_ms((DAY + 1) * 1000LL);
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	assert_string_equal(f.cursor, "");
	assert_int_equal(f.n, 0);
}

static void a_cursor_too_long_to_keep_is_not_resumed_halfway(void **state)
{
	struct store_fetch f;
	char cursor[300];

	(void)state;
	memset(cursor, 'c', sizeof cursor - 1);
	cursor[sizeof cursor - 1] = '\0';
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	put(&f, 0, 10, cursor);
	put(&f, 10, 1, cursor);
	assert_int_equal(catalog_begin(s, "locations", "", true, &f, &ei), ERR_OK);
	assert_string_equal(f.cursor, "");
	put(&f, 0, 2, NULL);
	assert_int_equal(stored("locations", ""), 2);
}

static void old_set_stays_until_the_new_one_is_whole(void **state)
{
	struct store_fetch f;

	(void)state;
	fetch_all("locations", "", 20);
	assert_int_equal(catalog_begin(s, "locations", "", false, &f, &ei), ERR_OK);
	put(&f, 100, 3, "more");
	assert_int_equal(stored("locations", ""), 20);
	put(&f, 103, 1, NULL);
	assert_int_equal(stored("locations", ""), 4);
}

static void second_fetch_takes_over(void **state)
{
	struct store_fetch a, b;
	struct option_set page;

	(void)state;
	assert_int_equal(catalog_begin(s, "locations", "", true, &a, &ei), ERR_OK);
	put(&a, 0, 4, "c1");
	assert_int_equal(catalog_begin(s, "locations", "", true, &b, &ei), ERR_OK);
	options(&page, 4, 4);
	assert_int_equal(catalog_put(s, &a, &page, "c2", &ei), ERR_CANCELLED);
	assert_int_equal(catalog_put(s, &b, &page, NULL, &ei), ERR_OK);
	option_set_done(&page);
	assert_int_equal(stored("locations", ""), 8);
}

static void values_are_found_without_loading_all(void **state)
{
	struct option_set found;

	(void)state;
	fetch_all("locations", "", 1500);
	fetch_all("interests", "", 3);
	option_set_init(&found);
	assert_int_equal(catalog_find(s, "locations", "v1234", &found, &ei), ERR_OK);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.v[0].value, "v1234");
	assert_string_equal(found.v[0].kind, "POSTAL_CODES");
	assert_int_equal(catalog_find(s, "locations", "v1500", &found, &ei), ERR_NOTFOUND);
	assert_int_equal(catalog_find(s, "interests", "v3", &found, &ei), ERR_NOTFOUND);
	assert_int_equal(found.n, 1);
	option_set_done(&found);
}

static void a_set_outlives_its_replacement(void **state)
{
	const struct catalog_set *set;

	(void)state;
	fetch_all("interests", "", 5);
	set = catalog_get(s, "interests", "", &ei);
	fetch_all("interests", "", 1);
	assert_int_equal(store_clear_cache(s, &ei), ERR_OK);
	assert_string_equal(set->options.v[4].value, "v4");
	catalog_release(set);
	assert_int_equal(stored("interests", ""), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEMP(nothing_is_stored_at_first),
	    TEMP(pages_come_back_in_order),
	    TEMP(empty_result_is_complete_too),
	    TEMP(scopes_and_kinds_and_hosts_are_apart),
	    TEMP(age_decides_what_is_fresh),
	    TEMP(unfinished_set_is_usable_and_resumed),
	    TEMP(old_unfinished_fetch_is_not_resumed),
	    TEMP(a_cursor_too_long_to_keep_is_not_resumed_halfway),
	    TEMP(old_set_stays_until_the_new_one_is_whole),
	    TEMP(second_fetch_takes_over),
	    TEMP(values_are_found_without_loading_all),
	    TEMP(a_set_outlives_its_replacement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
