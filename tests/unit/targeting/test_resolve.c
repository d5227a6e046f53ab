#include "tests/unit/targeting/kit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "targeting/resolve.h"

static const struct option options[] = {{.value = "96683cc9126741d1", .name = "United States"},
    {.value = "3b77caf94bfc81fe", .name = "Los Angeles, Los Angeles CA, CA, USA"},
    {.value = "5122804691e5fecc", .name = "Los Angeles CA, US"},
    {.value = "b6b8d75a320f81d9", .name = "Portland OR, US"},
    {.value = "00a8b25e420adc94", .name = "Portland, Victoria, Australia"},
    {.value = "6c6fd550ac2d3d60", .name = "Portland, ME, USA"},
    {.value = "aaaaaaaaaaaaaaa1", .name = "M\xc3\xbcnchen, Bayern, Deutschland"},
    {.value = "aaaaaaaaaaaaaaa2", .name = "60004, IL, US", .kind = "POSTAL_CODES"},
    {.value = "aaaaaaaaaaaaaaa3", .name = "Georgia"},
    {.value = "aaaaaaaaaaaaaaa4", .name = "Georgia, US"}, {.value = "19002", .name = "Pets/Cats"},
    {.value = "aaaaaaaaaaaaaaa5", .name = "Saint-\xc3\x89tienne"},
    {.value = "aaaaaaaaaaaaaaa6", .name = NULL}, {.value = "aaaaaaaaaaaaaaa7", .name = "Brazil"},
    {.value = "aaaaaaaaaaaaaaa8", .name = "\xe6\x9d\xb1\xe4\xba\xac"},
    {.value = "aaaaaaaaaaaaaaa9", .name = "London, England, UK", .country = "GB"},
    {.value = "aaaaaaaaaaaaaa10", .name = "London, Ontario, Canada", .country = "CA"},
    {.value = "11348282", .name = "@NASA"}};
#define OPTIONS (sizeof options / sizeof options[0])

struct bench {
	struct resolve_index index;
	struct resolve_result result;
};

static void run(struct bench *b, const char *text)
{
	resolve_index_init(&b->index);
	resolve_result_init(&b->result);
	assert_int_equal(resolve_index_build(&b->index, options, OPTIONS), ERR_OK);
	assert_int_equal(resolve_block(&b->result, &b->index, text, strlen(text)), ERR_OK);
}

static void done(struct bench *b)
{
	resolve_index_done(&b->index);
	resolve_result_done(&b->result);
}

static const struct {
	const char *text;
	enum resolve_kind kind;
	int first; /* of the options, -1: none */
	size_t n;
} lines[] = {{"United States", RESOLVE_EXACT, 0, 1}, {"united  states,", RESOLVE_EXACT, 0, 1},
    {"96683cc9126741d1", RESOLVE_EXACT, 0, 1}, {"19002", RESOLVE_EXACT, 10, 1},
    {"Los Angeles", RESOLVE_AMBIGUOUS, 1, 1}, {"los angeles ca", RESOLVE_AMBIGUOUS, 2, 1},
    {"los angeles ca us", RESOLVE_EXACT, 2, 1}, {"Portland", RESOLVE_AMBIGUOUS, 4, 2},
    {"Portland, ME, USA", RESOLVE_EXACT, 5, 1}, {"Munchen", RESOLVE_AMBIGUOUS, 6, 1},
    {"M\xc3\xbcnchen", RESOLVE_AMBIGUOUS, 6, 1}, {"60004", RESOLVE_AMBIGUOUS, 7, 1},
    {"Georgia", RESOLVE_AMBIGUOUS, 8, 2}, {"Cats", RESOLVE_AMBIGUOUS, 10, 1},
    {"pets / cats", RESOLVE_EXACT, 10, 1}, {"SAINT ETIENNE", RESOLVE_EXACT, 11, 1},
    {"\xe6\x9d\xb1\xe4\xba\xac", RESOLVE_EXACT, 14, 1}, {"Atlantis", RESOLVE_UNKNOWN, -1, 0},
    {"...", RESOLVE_UNKNOWN, -1, 0}, {"@nobody", RESOLVE_UNKNOWN, -1, 0},
    {"@nasa", RESOLVE_EXACT, 17, 1}, {"Nasa", RESOLVE_EXACT, 17, 1},
    {"London", RESOLVE_AMBIGUOUS, 15, 2}, {"london, gb", RESOLVE_AMBIGUOUS, 15, 1},
    {"London, Canada", RESOLVE_AMBIGUOUS, 16, 1}, {"London, ontario, CA", RESOLVE_AMBIGUOUS, 16, 1},
    {"London, France", RESOLVE_UNKNOWN, -1, 0}, {"Portland, ME", RESOLVE_AMBIGUOUS, 5, 1},
    {"Los Angeles, CA", RESOLVE_AMBIGUOUS, 1, 2}, {", CA", RESOLVE_UNKNOWN, -1, 0},
    {"London,,", RESOLVE_AMBIGUOUS, 15, 2}, {"77777777777", RESOLVE_UNKNOWN, -1, 0},
    {"Los", RESOLVE_UNKNOWN, -1, 0}, {"\xff\xfe", RESOLVE_UNKNOWN, -1, 0}};

static void lines_are_exact_ambiguous_or_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct bench b;

		run(&b, lines[i].text);
		assert_int_equal(b.result.n, 1);
		if (b.result.v[0].kind != lines[i].kind || b.result.v[0].n_choices != lines[i].n)
			fail_msg("%s: kind %d, %zu choices", lines[i].text, (int)b.result.v[0].kind,
			    b.result.v[0].n_choices);
		if (lines[i].first >= 0)
			assert_int_equal(b.result.v[0].choices[0], lines[i].first);
		done(&b);
	}
}

/* A code of which all others of its country are at hand leaves no doubt, if nothing else fits it. */
static void postal_codes_are_exact_when_all_are_at_hand(void **state)
{
	static const struct option more[] = {
	    {.value = "p1", .name = "60004, IL, US", .kind = "POSTAL_CODES", .country = "US"},
	    {.value = "p2", .name = "60005, IL, US", .kind = "POSTAL_CODES", .country = "US"},
	    {.value = "p3", .name = "SW1A 1AA, London, GB", .kind = "POSTAL_CODES"},
	    {.value = "p4", .name = "1770, QLD, Australia", .kind = "POSTAL_CODES"},
	    {.value = "c1", .name = "1770, Somewhere, US", .kind = "CITIES"},
	    {.value = "c2", .name = "Springfield, IL, US", .kind = "CITIES"}};
	static const struct {
		const char *text;
		enum resolve_kind all,
		    some; /* with all codes of the country at hand, and without */
	} cases[] = {{"60004", RESOLVE_EXACT, RESOLVE_AMBIGUOUS},
	    {"sw1a 1aa", RESOLVE_EXACT, RESOLVE_AMBIGUOUS},
	    {"60005, IL", RESOLVE_EXACT, RESOLVE_AMBIGUOUS},
	    {"60005, CA", RESOLVE_UNKNOWN, RESOLVE_UNKNOWN},
	    {"1770", RESOLVE_AMBIGUOUS, RESOLVE_AMBIGUOUS}, /* a place is called so too */
	    {"Springfield", RESOLVE_AMBIGUOUS, RESOLVE_AMBIGUOUS}, /* a city never by its part */
	    {"6000", RESOLVE_UNKNOWN, RESOLVE_UNKNOWN},
	    {"60004-1234", RESOLVE_UNKNOWN, RESOLVE_UNKNOWN}};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		struct bench b;
		enum resolve_kind want = i % 2 ? cases[i / 2].some : cases[i / 2].all;

		resolve_index_init(&b.index);
		resolve_result_init(&b.result);
		assert_int_equal(
		    resolve_index_build(&b.index, more, sizeof more / sizeof *more), ERR_OK);
		b.index.codes = i % 2 == 0;
		assert_int_equal(resolve_block(&b.result, &b.index, cases[i / 2].text,
				     strlen(cases[i / 2].text)),
		    ERR_OK);
		assert_int_equal(b.result.n, 1);
		if (b.result.v[0].kind != want)
			fail_msg("%s: kind %d, not %d", cases[i / 2].text, (int)b.result.v[0].kind,
			    (int)want);
		done(&b);
	}
}

static void what_looks_like_a_postal_code(void **state)
{
	static const char *const yes[] = {"60004", "Berlin\n10115\n", "SW1A 1AA", "K1A 0B1",
	    "1012 AB", "02139-1234", "60004,60005", "x\ty\t94103\t"};
	static const char *const no[] = {"", "Berlin", "Paris 15", "Washington 20500", "12",
	    "96683cc9126741d1", "@nasa1\nSpringfield, IL", "Z\xc3\xbcrich 1"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!resolve_has_codes(yes[i], strlen(yes[i])))
			fail_msg("\"%s\" has a code", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (resolve_has_codes(no[i], strlen(no[i])))
			fail_msg("\"%s\" has none", no[i]);
}

static void a_block_keeps_line_numbers_and_counts(void **state)
{
	struct bench b;

	(void)state;
	run(&b, "\nBrazil;\r\n\n  Portland \nAtlantis\nBrazil\n");
	assert_int_equal(b.result.n, 3);
	assert_int_equal(b.result.v[0].line, 2);
	assert_string_equal(b.result.v[1].text, "Portland");
	assert_int_equal(b.result.v[1].line, 4);
	assert_int_equal(b.result.n_exact, 1);
	assert_int_equal(b.result.n_ambiguous, 1);
	assert_int_equal(b.result.n_unknown, 1);
	assert_int_equal(b.result.n_duplicates, 1);
	done(&b);
}

static void another_word_for_the_same_option_is_a_repetition(void **state)
{
	struct bench b;

	(void)state;
	run(&b, "Brazil\naaaaaaaaaaaaaaa7\nBRAZIL\nPortland\n portland.\nAtlantis\nAtlantis\n");
	assert_int_equal(b.result.n, 3);
	assert_int_equal(b.result.n_duplicates, 4);
	done(&b);
}

static void numbers_and_handles_may_stand_several_in_a_line(void **state)
{
	static const struct {
		const char *text;
		size_t n, n_value;
	} blocks[] = {{"@nasa, @esa;@jaxa_jp", 3, 0}, {"783214,17874544;6253282", 3, 3},
	    {"783214, nasa", 1, 0}, {"Portland, OR", 1, 0}, {"1,,2,", 2, 2}, {"@", 1, 0},
	    {"12345678901234567890", 1, 0}, {"9007199254740993", 1, 1}, {"-5", 1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		struct bench b;

		resolve_index_init(&b.index);
		resolve_result_init(&b.result);
		assert_int_equal(resolve_index_build(&b.index, options, OPTIONS), ERR_OK);
		b.index.numbers = true;
		assert_int_equal(
		    resolve_block(&b.result, &b.index, blocks[i].text, strlen(blocks[i].text)),
		    ERR_OK);
		if (b.result.n != blocks[i].n || b.result.n_value != blocks[i].n_value)
			fail_msg("%s: %zu lines, %zu values", blocks[i].text, b.result.n,
			    b.result.n_value);
		done(&b);
	}
}

/* Whatever is pasted, every line is told of once, and nothing is taken that is not said. */
static void hostile_text_is_unknown_not_taken(void **state)
{
	static char text[3 * RESOLVE_MAX_BYTES];
	struct bench b;
	size_t n = 0;

	(void)state;
	memcpy(text, "Brazil\0 and more\n", 17);
	n = 17;
	memset(text + n, 'B', RESOLVE_MAX_BYTES + 1);
	n += RESOLVE_MAX_BYTES + 1;
	memcpy(text + n,
	    "\n\xc3\n\xed\xa0\x80\n\x1b[31mBrazil\n\xe2\x80\xae"
	    "Brazil",
	    28);
	n += 28;
	resolve_index_init(&b.index);
	resolve_result_init(&b.result);
	assert_int_equal(resolve_index_build(&b.index, options, OPTIONS), ERR_OK);
	assert_int_equal(resolve_block(&b.result, &b.index, text, n), ERR_OK);
	assert_int_equal(b.result.n, 6);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(b.result.v[i].kind, RESOLVE_UNKNOWN);
	assert_int_equal(
	    b.result.v[5].kind, RESOLVE_EXACT); /* controls of direction do not count */
	for (int round = 0; round < 300; round++) {
		char noise[400];

		kit_seed((uint64_t)round);
		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] =
			    kit_below(4) ? "Brazil, \n;@09\t"[kit_below(15)] : (char)kit_below(256);
		resolve_result_done(&b.result);
		assert_int_equal(
		    resolve_block(&b.result, &b.index, noise, kit_below(sizeof noise)), ERR_OK);
		assert_int_equal(b.result.n, b.result.n_exact + b.result.n_ambiguous +
						 b.result.n_unknown + b.result.n_value);
	}
	done(&b);
}

/* 10,000 lines, half of them misses and half of them the same name, against as many places as X has
 * for four countries: a quadratic step would not come back. */
static void ten_thousand_lines_against_all_places(void **state)
{
	enum { PLACES = 57000, LINES = 10000 };
	char(*names)[48] = mem_array(PLACES, sizeof *names);
	struct option *all = mem_array(PLACES, sizeof *all);
	struct bench b;
	struct buf text;
	int64_t start, took;

	(void)state;
	assert_true(names && all);
	for (size_t i = 0; i < PLACES; i++) {
		snprintf(names[i], sizeof names[i], "%s %zu, Region %zu, USA", "Springfield",
		    i / 40, i % 40);
		all[i] = (struct option){.value = names[i], .name = names[i], .country = "US"};
	}
	buf_init(&text, 1u << 20);
	for (size_t i = 0; i < LINES; i++)
		buf_addf(&text, "springfield %zu, Region %zu\n", i, i % 50);
	resolve_index_init(&b.index);
	resolve_result_init(&b.result);
	start = clock_mono_ms();
	assert_int_equal(resolve_index_build(&b.index, all, PLACES), ERR_OK);
	assert_int_equal(resolve_block(&b.result, &b.index, text.p, text.len), ERR_OK);
	took = clock_mono_ms() - start;
	assert_int_equal(b.result.n, LINES);
	assert_int_equal(b.result.n_ambiguous, 1145);
	assert_in_range(took, 0, 20000);
	print_message("%d lines against %d places: %lld ms\n", LINES, PLACES, (long long)took);
	done(&b);
	buf_done(&text);
	mem_free(all);
	mem_free(names);
}

static void many_choices_are_cut_and_counted(void **state)
{
	enum { MANY = RESOLVE_MAX_CHOICES + 30 };
	static char names[MANY][40];
	static struct option many[MANY];
	struct resolve_index x;
	struct resolve_result r;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "Springfield, S%zu, USA", i);
		many[i] = (struct option){.value = names[i] + 13, .name = names[i]};
	}
	resolve_index_init(&x);
	resolve_result_init(&r);
	assert_int_equal(resolve_index_build(&x, many, MANY), ERR_OK);
	assert_int_equal(resolve_block(&r, &x, "springfield", 11), ERR_OK);
	assert_int_equal(r.v[0].n_choices, RESOLVE_MAX_CHOICES);
	assert_int_equal(r.v[0].n_more, MANY - RESOLVE_MAX_CHOICES);
	for (size_t i = 0; i < RESOLVE_MAX_CHOICES; i++)
		assert_int_equal(r.v[0].choices[i], i);
	resolve_index_done(&x);
	resolve_result_done(&r);
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
	(void)state;
	for (long fail = 0; fail < 30; fail++) {
		struct bench b;
		enum err err;

		resolve_index_init(&b.index);
		resolve_result_init(&b.result);
		mem_fail_after(fail, 1);
		err = resolve_index_build(&b.index, options, OPTIONS);
		if (!err)
			err = resolve_block(&b.result, &b.index, "Portland\nBrazil", 15);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_exact_ambiguous_or_unknown),
	    cmocka_unit_test(postal_codes_are_exact_when_all_are_at_hand),
	    cmocka_unit_test(what_looks_like_a_postal_code),
	    cmocka_unit_test(a_block_keeps_line_numbers_and_counts),
	    cmocka_unit_test(another_word_for_the_same_option_is_a_repetition),
	    cmocka_unit_test(numbers_and_handles_may_stand_several_in_a_line),
	    cmocka_unit_test(hostile_text_is_unknown_not_taken),
	    cmocka_unit_test(ten_thousand_lines_against_all_places),
	    cmocka_unit_test(many_choices_are_cut_and_counted),
	    cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
