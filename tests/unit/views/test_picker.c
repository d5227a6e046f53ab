/* The picker: what is offered, what typing, marking and taking do, and what is staged. */
#include "tests/unit/views/kit.h"

#include "targeting/types.h"
#include "views/picker.h"
#include "views/resolver.h"

static const struct kit_option country_rows[] = {
    {"us0", "United States", "COUNTRIES", "US"}, {"de0", "Germany", "COUNTRIES", "DE"}};
static const struct kit_option region_rows[] = {{"ca0", "California, US", "REGIONS", "US"}};
static const struct kit_option metro_rows[] = {
    {"m1", "San Francisco-Oakland-San Jose CA, US", "METROS", "US"}};
static const struct kit_option city_rows[] = {
    {"c1", "South San Francisco, San Francisco-Oakland-San Jose, CA, USA", "CITIES", "US"},
    {"c2", "San Francisco, San Francisco-Oakland-San Jose, CA, USA", "CITIES", "US"},
    {"c3", "Los Angeles, CA, USA", "CITIES", "US"}, {"c4", "Los Angeles, TX, USA", "CITIES", "US"},
    {"c5", "Springfield, USA", "CITIES", "US"}, {"c6", "Springfield, USA", "CITIES", "US"}};
static const struct kit_option german_rows[] = {{"b1", "Berlin, DE", "CITIES", "DE"}};
static const struct kit_option zip_rows[] = {{"z1", "60004, IL, US", "POSTAL_CODES", "US"},
    {"z2", "94103, CA, US", "POSTAL_CODES", "US"}, {"z3", "10115, NY, US", "POSTAL_CODES", "US"}};
static const struct kit_option plz_rows[] = {{"p1", "10115, BE, DE", "POSTAL_CODES", "DE"}};
static const struct kit_option topic_rows[] = {{"a1", "NFL", "SPORTS", NULL},
    {"a2", "NBA", "SPORTS", NULL}, {"a3", "Drama", "MOVIE_GENRES", NULL}};

#define ROWS(v) v, sizeof(v) / sizeof *(v)

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &kit_screen);
	kit_options(&k, "locations", "location_type=COUNTRIES", ROWS(country_rows));
	kit_options(&k, "locations", "country_code=US&location_type=REGIONS", ROWS(region_rows));
	kit_options(&k, "locations", "country_code=US&location_type=METROS", ROWS(metro_rows));
	kit_options(&k, "locations", "country_code=US&location_type=CITIES", ROWS(city_rows));
	kit_options(&k, "locations", "country_code=DE&location_type=CITIES", ROWS(german_rows));
	kit_options(&k, "locations", "country_code=US&location_type=POSTAL_CODES", ROWS(zip_rows));
	kit_options(&k, "locations", "country_code=DE&location_type=POSTAL_CODES", ROWS(plz_rows));
	kit_options(&k, "conversations", "", ROWS(topic_rows));
	app_push(k.app, &line_items_view, NULL, NULL, NULL);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

static void open_picker(struct kit *k, enum targeting_type type, size_t n)
{
	static const char *const ids[] = {"li1", "li2", "li3"};
	struct picker_arg arg = {{ids, n}, type};
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &picker_view, &arg, NULL, &ei), ERR_OK);
	kit_turns(k);
	app_draw(k->app);
}

static const struct change *staged_at(struct kit *k, size_t i)
{
	const struct change_set *set = staging_changes(k->session);

	assert_true(i < set->n);
	return &set->v[i];
}

static bool is_picker_open(struct kit *k)
{
	return app_top_kind(k->app, &picker_view) != NULL;
}

/* --- the table of types --- */

static void every_type_that_is_not_legacy_is_offered_once(void **state)
{
	int times[TYPE_COUNT] = {0};

	(void)state;
#define X(type, about) times[TYPE_##type]++;
#include "views/picker_types.def"
#undef X
	for (enum targeting_type t = TYPE_UNKNOWN + 1; t < TYPE_COUNT; t++)
		if (times[t] != (type_info(t)->class != CLASS_LEGACY))
			fail_msg("%s is offered %d times", type_info(t)->name, times[t]);
}

static void every_type_opens_and_closes(void **state)
{
	struct kit *k = *state;

	for (enum targeting_type t = TYPE_UNKNOWN + 1; t < TYPE_COUNT; t++) {
		if (type_info(t)->class == CLASS_LEGACY)
			continue;
		open_picker(k, t, 3);
		assert_true(is_picker_open(k));
		assert_sees(k, type_info(t)->label);
		assert_sees(k, "3 line items");
		kit_press(k, "Esc");
		assert_false(is_picker_open(k));
	}
}

static void chooser_says_why_a_type_is_off(void **state)
{
	struct kit *k = *state;
	const char *id = "li2";
	struct id_list ids = {&id, 1};
	struct errinfo ei = {0};

	assert_int_equal(picker_start(k->app, &ids, &ei), ERR_OK);
	kit_type(k, "tv show");
	assert_sees(k, "offline; TV shows are searched at X");
	kit_press(k, "Enter");
	assert_false(is_picker_open(k));
	kit_press(k, "C-u");
	kit_type(k, "followers of");
	assert_sees(k, "offline, and the list was never read");
	kit_press(k, "C-u");
	kit_type(k, "location");
	kit_press(k, "Enter");
	assert_true(is_picker_open(k));
	assert_sees(k, "Add: Location");
}

static struct fake_reply no_answer(struct fake *f, const struct transport_request *r, unsigned nth)
{
	(void)f;
	(void)r;
	(void)nth;
	return (struct fake_reply){.status = 200, .body = "{\"data\":[],\"next_cursor\":null}"};
}

static void tv_show_asks_for_a_location_first(void **state)
{
	struct kit *k = *state;
	const char *ids[] = {"li1", "li2"};
	struct id_list both = {ids, 2}, first = {ids, 1};
	struct errinfo ei = {0};

	kit_connect(k, no_answer);
	assert_int_equal(picker_start(k->app, &both, &ei), ERR_OK);
	kit_type(k, "tv show");
	assert_sees(k, "needs a location (1 of 2 lack one)");
	kit_press(k, "Esc");
	assert_int_equal(picker_start(k->app, &first, &ei), ERR_OK);
	kit_type(k, "tv show");
	kit_press(k, "Enter");
	assert_true(is_picker_open(k));
}

/* --- lists --- */

static void typing_filters_and_finds_the_best_row(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	assert_sees(k, "countries, and places in United States");
	kit_type(k, "san francisco");
	assert_sees(k, "3/3 of 10");
	kit_press(k, "Enter");
	assert_false(is_picker_open(k));
	assert_int_equal(staging_changes(k->session)->n, 1);
	assert_string_equal(staged_at(k, 0)->value, "c2"); /* the city itself, not the first row */
	assert_string_equal(staged_at(k, 0)->location_type, "CITIES");
	assert_string_equal(staged_at(k, 0)->type_name, "LOCATION");
	assert_int_equal(staged_at(k, 0)->op, OP_EQ);
	assert_sees(k, "staged 1 criterion on 1 line item");
}

static void present_and_staged_values_are_shown(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 2);
	kit_type(k, "california");
	assert_sees(k, "in 1 of 2");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 1); /* li1 has it */
	assert_string_equal(staged_at(k, 0)->line_item_id, "li2");
	open_picker(k, TYPE_LOCATION, 2);
	kit_type(k, "california");
	assert_sees(k, "+ staged");
	kit_press(k, "Enter");
	assert_true(is_picker_open(k));
	assert_sees(k, "there already; nothing was staged");
}

static void marks_are_taken_together_on_every_line_item(void **state)
{
	struct kit *k = *state;
	char what[64];
	struct errinfo ei = {0};

	open_picker(k, TYPE_CONVERSATION, 3);
	kit_press(k, "Tab Tab");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 6);
	assert_sees(k, "staged 6 criteria on 3 line items");
	assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
	assert_int_equal(staging_changes(k->session)->n, 0); /* one action */
}

static void marks_survive_another_facet(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CONVERSATION, 1);
	kit_press(k, "Tab"); /* NFL */
	kit_press(k, "F2");
	kit_type(k, "movie");
	kit_press(k, "Enter");
	assert_not_sees(k, "NBA");
	assert_sees(k, "Drama");
	kit_type(k, "drama");
	kit_press(k, "Tab Enter");
	assert_int_equal(staging_changes(k->session)->n, 2);
}

static void country_facet_changes_the_places(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	assert_not_sees(k, "Berlin");
	kit_press(k, "F2");
	kit_type(k, "in germany");
	kit_press(k, "Enter");
	assert_sees(k, "Berlin");
	assert_not_sees(k, "Los Angeles");
	kit_press(k, "F2");
	kit_type(k, "cities");
	kit_press(k, "Enter");
	assert_sees(k, "cities in Germany");
	assert_not_sees(k, "United States");
}

static void what_cannot_be_excluded_says_so(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	kit_press(k, "C-x");
	assert_sees(k, "can only be included");
	kit_press(k, "Esc");
	open_picker(k, TYPE_CUSTOM_AUDIENCE, 1);
	kit_press(k, "C-x");
	assert_sees(k, "exclude C-x");
	kit_type(k, "new leads");
	assert_sees(k, "processing");
	kit_press(k, "Enter");
	assert_int_equal(staged_at(k, 0)->op, OP_NE);
	assert_string_equal(staged_at(k, 0)->value, "aud2");
	assert_sees(k, "X will probably refuse 1");
}

static void second_value_of_a_single_type_is_told(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_AGE, 3);
	kit_type(k, "35");
	kit_press(k, "Enter"); /* li2 has one */
	assert_sees(k, "A line item takes one Age");
	assert_sees(k, "in the place of 25-49");
	kit_press(k, "Esc");
	assert_true(is_picker_open(k));
	kit_press(k, "Enter Down Enter"); /* beside it, all the same */
	assert_int_equal(staging_changes(k->session)->n, 3);
	assert_sees(k, "one Age fits on a line item, and 1 now has more");
}

static void value_is_put_in_the_place_of_the_only_one(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_AGE, 3);
	kit_type(k, "35-49");
	kit_press(k, "Enter Enter");
	assert_false(is_picker_open(k));
	assert_sees(k, "35-49 in place of what was there on 1 line item");
	assert_int_equal(staging_total(k->session).creates, 3);
	assert_int_equal(staging_total(k->session).deletes, 1);
	open_picker(k, TYPE_AGE, 2); /* of these, the staged ones give way too */
	kit_type(k, "18-34");
	kit_press(k, "Enter");
	assert_sees(k, "in the place of what 2 line items have");
	kit_press(k, "Enter");
	assert_int_equal(staging_total(k->session).creates, 3); /* li1, li2; li3 keeps its own */
	assert_int_equal(staging_total(k->session).deletes, 1);
}

/* --- pasted lines --- */

static bool is_resolver_open(struct kit *k)
{
	return app_top_kind(k->app, &resolver_view) != NULL;
}

static void exact_lines_are_staged_when_the_table_is_confirmed(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CONVERSATION, 2);
	kit_paste(k, "nfl\r\n  a3 \n\n");
	assert_true(is_resolver_open(k));
	assert_sees(k, "2 to include on 2 line items");
	assert_sees(k, "= exact");
	assert_int_equal(staging_changes(k->session)->n, 0);
	kit_press(k, "a");
	assert_int_equal(staging_changes(k->session)->n, 4);
	assert_false(is_resolver_open(k));
	assert_false(is_picker_open(k));
}

static void ambiguous_and_unknown_lines_are_decided_first(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	kit_paste(k, "San Francisco\nSpringfield, USA\nus0\nAtlantis\n");
	assert_sees(k, "1 to include on 1 line item, 2 to choose, 1 unknown");
	assert_sees(k, "2 fit: Enter chooses"); /* two Springfields */
	kit_press(k, "a");
	assert_true(is_resolver_open(k));
	assert_sees(k, "2 to choose and 1 unknown are not decided yet");
	assert_int_equal(staging_changes(k->session)->n, 0);
	kit_press(k, "gg Enter"); /* San Francisco: the city, not "South San Francisco" */
	assert_sees(k, "Line 1: San Francisco");
	kit_press(k, "Enter");
	assert_sees(k, "> chosen");
	kit_press(k, "Enter Down Enter"); /* the cursor went on to Springfield; its second one */
	assert_sees(k, "3 to include");
	kit_press(k, "Enter"); /* Atlantis: nothing to choose from */
	assert_sees(k, "nothing here is called \"Atlantis\"");
	kit_press(k, "X");
	assert_sees(k, "1 unknown lines left out");
	kit_press(k, "a");
	assert_false(is_resolver_open(k));
	assert_int_equal(staging_changes(k->session)->n, 3);
	assert_string_equal(staged_at(k, 0)->value, "c2");
	assert_string_equal(staged_at(k, 0)->location_type, "CITIES");
	assert_string_equal(staged_at(k, 1)->value, "c6");
	assert_string_equal(staged_at(k, 2)->value, "us0");
}

/* Into a list of line items, and into their criteria: the kind is asked for, then the table opens. */
static void lines_pasted_outside_the_picker_ask_for_their_kind(void **state)
{
	struct kit *k = *state;

	kit_paste(k, "NFL\nDrama\n");
	assert_sees(k, "The pasted text: which kind?");
	kit_type(k, "conversation");
	kit_press(k, "Enter");
	assert_true(is_resolver_open(k));
	assert_sees(k, "2 to include on 1 line item");
	assert_int_equal(staging_changes(k->session)->n, 0);
	kit_press(k, "a");
	assert_int_equal(staging_changes(k->session)->n, 2);
	kit_press(k, "Enter"); /* the criteria of the line item */
	kit_paste(k, "  \"open house\"\n-cheap\n");
	assert_sees(k, "The pasted text: which kind?");
	kit_press(k, "Enter"); /* its notation says that these are keywords */
	assert_true(is_picker_open(k));
	assert_sees(k, "open house");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 4);
	assert_string_equal(staged_at(k, 2)->type_name, "PHRASE_KEYWORD");
}

static void what_alone_fits_is_taken_on_a_key(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	kit_paste(k, "San Francisco\nLos Angeles\nCalifornia\n");
	assert_sees(k, "0 to include on 1 line item, 3 to choose");
	kit_press(k, "A");
	assert_sees(k, "2 taken");
	assert_sees(k, "2 to include on 1 line item, 1 to choose");
	kit_press(k, "gg G k d"); /* Los Angeles stands for two: left out */
	assert_sees(k, "1 left out");
	kit_press(k, "a");
	assert_int_equal(staging_changes(k->session)->n, 1); /* li1 has California */
	assert_string_equal(staged_at(k, 0)->value, "c2");
}

/* Where all places of the line item are in one country, its codes leave no doubt; where the country is
 * a guess, they are offered. Only a paste that has some looks them up. */
static void postal_codes_resolve_in_the_country_of_the_line_item(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1); /* li1 has California */
	assert_sees(k, "places in United States");
	kit_paste(k, "California, US\n60004\n94103\n99999\n");
	assert_sees(k, "Looked up in countries, and places and postal codes in United States.");
	assert_sees(k, "3 to include on 1 line item, 1 unknown");
	kit_press(k, "X a");
	assert_int_equal(staging_changes(k->session)->n, 2); /* li1 has California */
	assert_string_equal(staged_at(k, 0)->value, "z1");
	assert_string_equal(staged_at(k, 0)->location_type, "POSTAL_CODES");
	assert_string_equal(staged_at(k, 1)->value, "z2");
}

static void postal_codes_of_a_guessed_country_are_offered(void **state)
{
	static const char *const id = "li3"; /* never read: where its places are is not known */
	struct kit *k = *state;
	struct picker_arg arg = {{&id, 1}, TYPE_LOCATION};
	struct errinfo ei = {0};

	assert_int_equal(app_push(k->app, &picker_view, &arg, NULL, &ei), ERR_OK);
	kit_paste(k, "10115\n94103\n");
	assert_sees(k, "0 to include on 1 line item, 2 to choose");
	assert_sees(k, "10115, NY, US");
	kit_press(k, "F2");
	kit_type(k, "in germany");
	kit_press(k, "Enter");
	assert_sees(k, "postal codes in Germany");
	assert_sees(k, "2 fit: Enter chooses"); /* New York was offered, and Berlin fits as well */
	assert_int_equal(staging_changes(k->session)->n, 0);
}

static void lines_that_are_left_out_come_back(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CONVERSATION, 1);
	kit_paste(k, "NFL\nNBA\n");
	kit_press(k, "* d");
	assert_sees(k, "2 left out");
	kit_press(k, "a");
	assert_sees(k, "every line is left out");
	kit_press(k, "d");
	assert_sees(k, "2 to include");
	kit_press(k, "Esc q"); /* marks first */
	assert_false(is_resolver_open(k));
	assert_true(is_picker_open(k));
	assert_int_equal(staging_changes(k->session)->n, 0);
}

static void decisions_stay_when_other_places_are_looked_at(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_LOCATION, 1);
	kit_paste(k, "Springfield\nBerlin\n");
	assert_sees(k, "1 to choose, 1 unknown");
	kit_press(k, "gg Enter Down Enter"); /* the second Springfield */
	kit_press(k, "F2");
	kit_type(k, "in germany");
	kit_press(k, "Enter");
	assert_sees(k, "1 to include on 1 line item, 1 to choose"); /* Berlin may be meant now */
	assert_sees(k, "Berlin, DE");
	kit_press(k, "A a");
	assert_int_equal(staging_changes(k->session)->n, 2);
	assert_string_equal(staged_at(k, 0)->value, "c6");
	assert_string_equal(staged_at(k, 1)->value, "b1");
}

static void escape_warns_before_marks_are_lost(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_CONVERSATION, 1);
	kit_press(k, "Tab Esc");
	assert_true(is_picker_open(k));
	assert_sees(k, "1 value is not staged yet");
	kit_press(k, "Esc");
	assert_false(is_picker_open(k));
}

/* --- search at X --- */

static unsigned searches;

static struct fake_reply one_place(struct fake *f, const struct transport_request *r, unsigned nth)
{
	if (!strstr(r->url, "/locations?"))
		return no_answer(f, r, nth); /* the list behind counts criteria */
	searches++;
	assert_non_null(strstr(r->url, "q=Portland"));
	return (struct fake_reply){.status = 200,
	    .body = "{\"data\":[{\"name\":\"Portland, AU\",\"targeting_value\":\"p1\","
		    "\"location_type\":\"CITIES\",\"country_code\":\"AU\"},"
		    "{\"name\":\"Los Angeles, CA, USA\",\"targeting_value\":\"c3\"}],"
		    "\"next_cursor\":null}"};
}

static void search_at_x_is_asked_once(void **state)
{
	struct kit *k = *state;

	searches = 0;
	kit_connect(k, one_place);
	open_picker(k, TYPE_LOCATION, 1);
	kit_type(k, "Portland");
	assert_sees(k, "C-r searches at X");
	assert_int_equal(searches, 0);
	kit_press(k, "C-r");
	assert_int_equal(searches, 1);
	assert_sees(k, "Portland, AU");
	assert_sees(k, "1/1 of 11"); /* Los Angeles is there already */
	kit_press(k, "C-r");
	assert_int_equal(searches, 1);
	assert_sees(k, "nothing was asked");
	kit_press(k, "Enter");
	assert_string_equal(staged_at(k, 0)->value, "p1");
}

static void unknown_line_can_be_searched_at_x(void **state)
{
	struct kit *k = *state;

	searches = 0;
	kit_connect(k, one_place);
	open_picker(k, TYPE_LOCATION, 1);
	kit_paste(k, "us0\nPortland\n");
	assert_sees(k, "1 unknown");
	assert_int_equal(searches, 0);
	kit_press(k, "G C-r");
	assert_int_equal(searches, 1);
	assert_sees(k, "Portland, AU");
	assert_sees(k, "1 to choose");
	kit_press(k, "A a");
	assert_int_equal(staging_changes(k->session)->n, 2);
	assert_string_equal(staged_at(k, 1)->value, "p1");
}

/* X has no search for topics: the whole list is fetched once and searched here. */
static void g36_topics_are_searched_here(void **state)
{
	struct kit *k = *state;

	kit_connect(k, one_place);
	open_picker(k, TYPE_CONVERSATION, 1);
	kit_type(k, "nba");
	assert_sees(k, "NBA");
	assert_not_sees(k, "C-r searches at X");
	clock_step_ms(REACH_REST_MS); /* the reach of what is under the cursor is asked */
	kit_turns(k);
	unsigned asked = k->fake.n;

	kit_press(k, "C-r");
	assert_int_equal(k->fake.n, asked);
	assert_sees(k, "the whole list is here");
}

static struct fake_reply denied(struct fake *f, const struct transport_request *r, unsigned nth)
{
	if (!strstr(r->url, "/interests?"))
		return no_answer(f, r, nth);
	return (struct fake_reply){.status = 403,
	    .body = "{\"errors\":[{\"code\":\"FORBIDDEN\",\"message\":\"not for this app\"}]}"};
}

static void failure_of_the_list_is_told_below_it(void **state)
{
	struct kit *k = *state;

	kit_connect(k, denied);
	open_picker(k, TYPE_INTEREST, 1);
	kit_turns(k);
	assert_sees(k, "the list is not complete");
	kit_type(k, "x");
	kit_press(k, "Enter");
	assert_true(is_picker_open(k));
	assert_int_equal(staging_changes(k->session)->n, 0);
}

static struct fake_reply two_pages(struct fake *f, const struct transport_request *r, unsigned nth)
{
	if (!strstr(r->url, "/interests?"))
		return no_answer(f, r, nth);
	if (strstr(r->url, "cursor=c1"))
		return (struct fake_reply){.status = 200,
		    .delay_ms = 60000,
		    .body = "{\"data\":[{\"name\":\"Pets\",\"targeting_value\":\"19001\"}],"
			    "\"next_cursor\":null}"};
	return (struct fake_reply){.status = 200,
	    .body = "{\"data\":[{\"name\":\"Books\",\"targeting_value\":\"1001\"}],"
		    "\"next_cursor\":\"c1\"}"};
}

static void first_page_is_usable_while_the_next_comes(void **state)
{
	struct kit *k = *state;

	kit_connect(k, two_pages);
	open_picker(k, TYPE_INTEREST, 1);
	assert_sees(k, "Books");
	assert_sees(k, "1 so far");
	assert_not_sees(k, "Pets");
	kit_press(k, "Enter");
	assert_string_equal(staged_at(k, 0)->value, "1001");
	for (int i = 0; i < 70; i++) { /* the look-up goes on without the picker */
		clock_step_ms(1000);
		kit_turns(k);
	}
	open_picker(k, TYPE_INTEREST, 1);
	assert_sees(k, "Pets");
}

/* --- typed values --- */

static void keywords_are_listed_then_staged(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_BROAD_KEYWORD, 2);
	kit_type(k, "red  shoes");
	kit_press(k, "Enter");
	kit_type(k, "RED shoes");
	kit_press(k, "Enter");
	assert_sees(k, "1 in the list already");
	kit_press(k, "C-x");
	kit_type(k, "cheap");
	kit_press(k, "Enter");
	assert_sees(k, "2 to stage");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 4);
	assert_string_equal(staged_at(k, 0)->value, "red shoes");
	assert_int_equal(staged_at(k, 0)->op, OP_EQ);
	assert_int_equal(staged_at(k, 1)->op, OP_NE);
	assert_string_equal(staged_at(k, 0)->line_item_id, staged_at(k, 1)->line_item_id);
}

static void pasted_keywords_use_the_notation(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_BROAD_KEYWORD, 1);
	kit_paste(
	    k, "plain words\n\"a phrase\"\n[exact one]\n-not this\n\xF0\x9F\xA4\x96\n\"open\n");
	assert_sees(k, "5 added; 1 not: line 6");
	assert_sees(k, "! no"); /* the bad line stays in sight */
	kit_press(k, "Up");
	assert_sees(k, "5 to stage");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 0);
	assert_sees(k, "1 lines of the list are no values; Enter again stages the others");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 5);
	assert_string_equal(staged_at(k, 1)->type_name, "PHRASE_KEYWORD");
	assert_string_equal(staged_at(k, 1)->value, "a phrase");
	assert_string_equal(staged_at(k, 2)->type_name, "EXACT_KEYWORD");
	assert_int_equal(staged_at(k, 3)->op, OP_NE);
	assert_string_equal(staged_at(k, 4)->value, "\xF0\x9F\xA4\x96");
}

static void list_of_keywords_can_be_edited(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_BROAD_KEYWORD, 1);
	kit_paste(k, "one\ntwo\nthree\n");
	kit_press(k, "Up Delete"); /* two */
	assert_not_sees(k, "two");
	kit_press(k, "Tab");
	kit_press(k, "F2");
	kit_type(k, "phrase");
	kit_press(k, "Enter");
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 2);
	assert_string_equal(staged_at(k, 0)->type_name, "BROAD_KEYWORD");
	assert_string_equal(staged_at(k, 1)->type_name, "PHRASE_KEYWORD");
}

static void ids_and_months_are_checked(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_SIMILAR_TO_FOLLOWERS_OF_USER, 1);
	kit_type(k, "@nasa");
	kit_press(k, "Enter");
	assert_sees(k, "not the handle");
	kit_press(k, "C-u");
	kit_paste(k, "@nasa\n11348282\n");
	assert_sees(k, "1 added; 1 not");
	kit_press(k, "Up Delete");
	assert_not_sees(k, "@nasa");
	kit_press(k, "C-a");
	kit_type(k, "11348282");
	kit_press(k, "Enter Enter");
	assert_string_equal(staged_at(k, 0)->value, "11348282");
	open_picker(k, TYPE_NETWORK_ACTIVATION_DURATION, 1);
	kit_type(k, "3.5");
	kit_press(k, "Enter");
	assert_sees(k, "whole number of months");
	kit_press(k, "C-u");
	kit_type(k, "3");
	kit_press(k, "C-x Enter Enter");
	assert_string_equal(staged_at(k, 1)->value, "3");
	assert_true(staged_at(k, 1)->op == OP_GTE || staged_at(k, 1)->op == OP_LT);
}

static void hostile_text_stays_text(void **state)
{
	struct kit *k = *state;

	open_picker(k, TYPE_BROAD_KEYWORD, 1);
	kit_paste(k, "\x1b[31mred");
	kit_press(k, "Enter");
	assert_not_sees(k, "\x1b");
	kit_press(k, "C-u");
	kit_paste(k, "bad \xff\xfe byte\nfine\n");
	assert_sees(k, "fine");
}

/* --- memory --- */

/* Fail the Nth allocation while the picker opens, is drawn, and takes: it may refuse, but never
 * stage a part, and must go on when there is memory again. */
static void no_memory_never_stages_a_part(void **state)
{
	static const enum targeting_type types[] = {
	    TYPE_CONVERSATION, TYPE_CUSTOM_AUDIENCE, TYPE_AGE};
	static const char *const ids[] = {"li1", "li3"};
	struct kit *k = *state;
	struct errinfo ei = {0};
	char what[64];

	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		for (long n = 0; n < 400; n += n < 60 ? 1 : 7) {
			struct picker_arg arg = {{ids, 2}, types[t]};
			struct view *v = NULL;

			mem_fail_after(n, 1);
			app_push(k->app, &picker_view, &arg, &v, &ei);
			if (v) {
				app_draw(k->app);
				app_exec(k->app, "mark", &ei);
				app_exec(k->app, "take", &ei);
			}
			mem_fail_after(-1, 0);
			app_close_to(k->app, app_top_kind(k->app, &line_items_view));
			kit_turns(k);
			/* the disk decides: reading it back may be what failed */
			assert_int_equal(staging_load(k->session, &ei), ERR_OK);
			assert_true(staging_changes(k->session)->n % 2 == 0);
			if (staging_changes(k->session)->n)
				assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
			assert_int_equal(staging_changes(k->session)->n, 0);
		}
	open_picker(k, TYPE_CONVERSATION, 2);
	kit_press(k, "Enter");
	assert_int_equal(staging_changes(k->session)->n, 2);
}

/* The same for pasted lines: read, decided, staged. */
static void no_memory_never_stages_a_part_of_a_paste(void **state)
{
	struct kit *k = *state;
	struct errinfo ei = {0};
	char what[64];

	for (long n = 0; n < 400; n += n < 100 ? 1 : 7) {
		open_picker(k, TYPE_LOCATION, 2);
		mem_fail_after(n, 1);
		app_event(
		    k->app, &(struct event){
				.kind = EVENT_PASTE, .text = "us0\nSan Francisco\n", .len = 18});
		if (is_resolver_open(k)) {
			app_draw(k->app);
			app_exec(k->app, "choose-only", &ei);
			app_exec(k->app, "stage", &ei);
		}
		mem_fail_after(-1, 0);
		app_close_to(k->app, app_top_kind(k->app, &line_items_view));
		kit_turns(k);
		assert_int_equal(staging_load(k->session, &ei), ERR_OK);
		if (staging_changes(k->session)->n) {
			assert_int_equal(staging_changes(k->session)->n, 4);
			assert_int_equal(staging_undo(k->session, what, &ei), ERR_OK);
		}
		assert_int_equal(staging_changes(k->session)->n, 0);
	}
}

/* --- sizes --- */

static void small_and_odd_screens_are_drawn(void **state)
{
	struct kit *k = *state;
	static const int sizes[][2] = {{200, 60}, {80, 24}, {41, 11}, {40, 10}, {300, 12}};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_int_equal(app_resize(k->app, sizes[i][0], sizes[i][1]), ERR_OK);
		open_picker(k, TYPE_LOCATION, 3);
		kit_type(k, "s");
		kit_paste(k, "Springfield\nParis\nus0\n");
		app_draw(k->app);
		open_picker(k, TYPE_CUSTOM_AUDIENCE, 1);
		open_picker(k, TYPE_BROAD_KEYWORD, 1);
		app_draw(k->app);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_that_is_not_legacy_is_offered_once),
	    CASE(every_type_opens_and_closes),
	    CASE(chooser_says_why_a_type_is_off),
	    CASE(tv_show_asks_for_a_location_first),
	    CASE(typing_filters_and_finds_the_best_row),
	    CASE(present_and_staged_values_are_shown),
	    CASE(marks_are_taken_together_on_every_line_item),
	    CASE(marks_survive_another_facet),
	    CASE(country_facet_changes_the_places),
	    CASE(what_cannot_be_excluded_says_so),
	    CASE(second_value_of_a_single_type_is_told),
	    CASE(value_is_put_in_the_place_of_the_only_one),
	    CASE(exact_lines_are_staged_when_the_table_is_confirmed),
	    CASE(ambiguous_and_unknown_lines_are_decided_first),
	    CASE(lines_pasted_outside_the_picker_ask_for_their_kind),
	    CASE(what_alone_fits_is_taken_on_a_key),
	    CASE(postal_codes_resolve_in_the_country_of_the_line_item),
	    CASE(postal_codes_of_a_guessed_country_are_offered),
	    CASE(lines_that_are_left_out_come_back),
	    CASE(decisions_stay_when_other_places_are_looked_at),
	    CASE(unknown_line_can_be_searched_at_x),
	    CASE(escape_warns_before_marks_are_lost),
	    CASE(search_at_x_is_asked_once),
	    CASE(g36_topics_are_searched_here),
	    CASE(failure_of_the_list_is_told_below_it),
	    CASE(first_page_is_usable_while_the_next_comes),
	    CASE(keywords_are_listed_then_staged),
	    CASE(pasted_keywords_use_the_notation),
	    CASE(list_of_keywords_can_be_edited),
	    CASE(ids_and_months_are_checked),
	    CASE(hostile_text_stays_text),
	    CASE(no_memory_never_stages_a_part),
	    CASE(no_memory_never_stages_a_part_of_a_paste),
	    CASE(small_and_odd_screens_are_drawn),
	};

	return cmocka_run_group_tests_name("views/picker", tests, NULL, NULL);
}
