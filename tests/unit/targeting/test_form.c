/* Targeting as text. YAML and JSON are read back by the libraries that the program uses. */
#include "tests/unit/targeting/kit.h"

#include <cjson/cJSON.h>
#include <yaml.h>
#include "base/mem.h"
#include "base/text.h"
#include "targeting/form.h"
#include "targeting/set.h"

static const char *label(void *user, const struct criterion *c)
{
	(void)user;
	return c->type == TYPE_LOCATION ? "Z\xc3\xbcrich\n# not a comment" : NULL;
}

static const struct expr_lookup labels = {.label = label};

static struct form_document document(struct form_line_item *li, const struct criterion_set *s)
{
	*li =
	    (struct form_line_item){.id = "li1", .name = "Home, \"buyers\"", .v = s->v, .n = s->n};
	return (struct form_document){
	    .account_id = "18ce5demo01", .v = li, .n = 1, .lookup = &labels};
}

/* --- YAML */

static void yaml_reads_like_this(void **state)
{
	struct form_line_item li;
	struct form_document doc;
	struct criterion_set s;
	struct buf b;

	(void)state;
	criterion_set_init(&s);
	buf_init(&b, 4096);
	kit_add(&s, TYPE_GENDER, OP_EQ, "2");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_NE, "a \"b\" \\");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "no");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "caf\xc3\xa9 \xf0\x9f\xa4\x96\x1b");
	kit_add(&s, TYPE_LOCATION, OP_EQ, "5122804691e5fecc");
	kit_add(&s, TYPE_NETWORK_ACTIVATION_DURATION, OP_LT, "6");
	kit_add(&s, TYPE_INTEREST, OP_OTHER, "1001");
	kit_add(&s, TYPE_INTEREST, OP_EQ, "gone");
	s.v[7].deleted = true;
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "no");
	s.v[0].name = "2";
	doc = document(&li, &s);
	assert_int_equal(form_yaml(&b, &doc), ERR_OK);
	assert_string_equal(buf_str(&b),
	    "# Targeting by line item. Edit it, then see what would change: reticle plan FILE\n"
	    "reticle: 1\n"
	    "account: \"18ce5demo01\"\n"
	    "line_items:\n"
	    "  - id: \"li1\"  # Home, \"buyers\"\n"
	    "    include:\n"
	    "      BROAD_KEYWORD:\n"
	    "        - \"caf\xc3\xa9 \xf0\x9f\xa4\x96\\u001b\"\n"
	    "        - \"no\"\n"
	    "      LOCATION:\n"
	    "        - \"5122804691e5fecc\"  # Z\xc3\xbcrich\\u{a}# not a comment\n"
	    "      GENDER:\n"
	    "        - \"2\"\n"
	    "    exclude:\n"
	    "      BROAD_KEYWORD:\n"
	    "        - \"a \\\"b\\\" \\\\\"\n"
	    "    less_than:\n"
	    "      NETWORK_ACTIVATION_DURATION:\n"
	    "        - \"6\"\n"
	    "    # left out, its operator is not known: ?  # INTEREST  # 1001\n"
	    "    # left out, the account has it twice: include  # BROAD_KEYWORD  # no\n");
	buf_done(&b);
	criterion_set_done(&s);
}

/* Rows of a document by libyaml's events, in the way that the command line does it. */
static void read_yaml(struct form_read *r, const struct buf *b)
{
	char scalars[3][1200] = {"", "", ""}; /* operator, type, id */
	int depth = 0;
	bool done = false, want_id = false;
	yaml_parser_t p;

	assert_true(yaml_parser_initialize(&p));
	yaml_parser_set_input_string(&p, (const unsigned char *)buf_str(b), b->len);
	while (!done) {
		yaml_event_t e;
		const char *text;
		struct form_row row;

		if (!yaml_parser_parse(&p, &e))
			fail_msg(
			    "line %zu: %s\n%s", p.problem_mark.line + 1, p.problem, buf_str(b));
		text = e.type == YAML_SCALAR_EVENT ? (const char *)e.data.scalar.value : "";
		switch (e.type) {
		case YAML_MAPPING_START_EVENT:
		case YAML_SEQUENCE_START_EVENT:
			depth++;
			break;
		case YAML_MAPPING_END_EVENT:
		case YAML_SEQUENCE_END_EVENT:
			depth--;
			break;
		case YAML_SCALAR_EVENT:
			if (depth == 3 && want_id)
				snprintf(scalars[2], sizeof scalars[2], "%s", text);
			else if (depth == 3)
				snprintf(scalars[0], sizeof scalars[0], "%s", text);
			else if (depth == 4)
				snprintf(scalars[1], sizeof scalars[1], "%s", text);
			want_id = depth == 3 && !want_id && !strcmp(text, "id");
			if (depth != 5)
				break;
			row = (struct form_row){.line_item_id = scalars[2],
			    .type_name = scalars[1],
			    .op_name = op_name(form_op_by_word(scalars[0])),
			    .value = text,
			    .line = e.start_mark.line + 1};
			assert_int_equal(form_add(r, &row), ERR_OK);
			break;
		case YAML_STREAM_END_EVENT:
			done = true;
			break;
		default:
			break;
		}
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
}

static void hostile_value(char *out, size_t cap)
{
	static const char *const parts[] = {"a", " ", "\"", "\\", ",", "\n", "\r\n", "=", "'", "#",
	    ": ", "\xc3\xa9", "e\xcc\x81", "\xe2\x80\xae",
	    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "\x1b[31m", "\t", "\xc2\x85",
	    "\xef\xbb\xbf", "\xf3\xa0\x81\xa1", "\xe0\xb8\x97\xe0\xb8\xb5\xe0\xb9\x88",
	    "\xee\x80\x80", "- ", "@", "\x7f", "\xe2\x80\xa8"};
	size_t n = 0;

	out[0] = '\0';
	for (unsigned k = 1 + kit_below(8); k && n < cap; k--)
		n += (size_t)snprintf(
		    out + n, cap - n, "%s", parts[kit_below(sizeof parts / sizeof parts[0])]);
}

static void random_document(struct criterion_set *s)
{
	char value[200];

	kit_random_set(s, 10);
	for (unsigned k = kit_below(4); k; k--) {
		hostile_value(value, sizeof value);
		kit_add(s, TYPE_CONVERSATION, OP_EQ, value);
	}
}

/* What was written, once each, in canonical terms. */
static void assert_read_back(
    const struct criterion_set *s, const struct form_read *r, const char *text)
{
	struct criterion_set once;
	bool equal;

	criterion_set_init(&once);
	assert_int_equal(set_union(s, s, &once), ERR_OK);
	if (r->rows.n != once.n || r->n_errors)
		fail_msg("%zu rows of %zu, %zu errors (%s): %s", r->rows.n, once.n, r->n_errors,
		    r->n_errors ? r->errors[0].text : "", text);
	assert_int_equal(set_equal(&r->rows, &once, &equal), ERR_OK);
	if (!equal)
		fail_msg("%s", text);
	criterion_set_done(&once);
}

static void yaml_round_trips(void **state)
{
	(void)state;
	kit_seed(101);
	for (int round = 0; round < 5000; round++) {
		struct form_line_item li;
		struct form_document doc;
		struct criterion_set s;
		struct form_read r;
		struct buf b;

		criterion_set_init(&s);
		buf_init(&b, 1u << 20);
		form_read_init(&r);
		random_document(&s);
		doc = document(&li, &s);
		assert_int_equal(form_yaml(&b, &doc), ERR_OK);
		read_yaml(&r, &b);
		assert_read_back(&s, &r, buf_str(&b));
		form_read_done(&r);
		buf_done(&b);
		criterion_set_done(&s);
	}
}

/* --- CSV */

static void csv_round_trips_guarded_and_exact(void **state)
{
	(void)state;
	kit_seed(202);
	for (int round = 0; round < 10000; round++) {
		struct form_line_item li;
		struct form_document doc;
		struct criterion_set s;
		struct form_read r;
		struct buf b;

		criterion_set_init(&s);
		buf_init(&b, 1u << 20);
		form_read_init(&r);
		random_document(&s);
		doc = document(&li, &s);
		assert_int_equal(form_csv(&b, &doc, round % 2), ERR_OK);
		assert_int_equal(form_csv_read(&r, b.p, b.len), ERR_OK);
		assert_read_back(&s, &r, buf_str(&b));
		form_read_done(&r);
		buf_done(&b);
		criterion_set_done(&s);
	}
}

static void formulas_are_guarded_and_marked(void **state)
{
	struct form_line_item li;
	struct form_document doc;
	struct criterion_set s;
	struct buf b;

	(void)state;
	criterion_set_init(&s);
	buf_init(&b, 4096);
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "=cmd()");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "+boat, +jet");
	kit_add(&s, TYPE_BROAD_KEYWORD, OP_EQ, "'quoted'");
	doc = document(&li, &s);
	assert_int_equal(form_csv(&b, &doc, false), ERR_OK);
	assert_string_equal(buf_str(&b),
	    "line_item_id,line_item_name,targeting_type,operator_type,targeting_value,name,"
	    "guarded\r\n"
	    "li1,\"Home, \"\"buyers\"\"\",BROAD_KEYWORD,EQ,'quoted',,\r\n"
	    "li1,\"Home, \"\"buyers\"\"\",BROAD_KEYWORD,EQ,\"'+boat, +jet\",,value\r\n"
	    "li1,\"Home, \"\"buyers\"\"\",BROAD_KEYWORD,EQ,'=cmd(),,value\r\n");
	buf_done(&b);
	criterion_set_done(&s);
}

#define HEAD "line_item_id,targeting_type,operator_type,targeting_value\n"

static const struct {
	const char *text;
	size_t rows, errors, line;
	const char *says;
} files[] = {
    {HEAD "li1,GENDER,EQ,1\n", 1, 0, 0, NULL},
    {"\xef\xbb\xbf" HEAD "li1,GENDER,,1", 1, 0, 0, NULL},
    {HEAD "li1,GENDER,EQ,\"1\"\r\n\r\nli1,BROAD_KEYWORD,NE,\"a\nb\"\r\n", 2, 0, 0, NULL},
    {"targeting_value,x,targeting_type,line_item_id\n1,y,GENDER,li1\n", 1, 0, 0, NULL},
    {HEAD "li1,BRAND_NEW,EQ,1\n", 1, 0, 0, NULL},
    {HEAD, 0, 0, 0, NULL},
    {"", 0, 3, 1, "missing from the first line"},
    {"a,b\nli1,GENDER,EQ,1\n", 0, 3, 1, "line_item_id"},
    {HEAD "li1,GENDER,EQ,1\nli1,GENDER,EQ,1\n", 1, 1, 3, "stands above"},
    {HEAD "li1,BROAD_KEYWORD,EQ,tea\nli1,BROAD_KEYWORD,EQ,TEA\n", 1, 1, 3, "stands above"},
    {HEAD "li1,GENDER,EQ\nli1,GENDER,EQ,2\n", 1, 1, 2, "value is missing"},
    {HEAD "li1,gender,EQ,1\n", 0, 1, 2, "targeting type"},
    {HEAD "li1,GENDER,eq,1\n", 0, 1, 2, "operator"},
    {HEAD "../x,GENDER,EQ,1\n", 0, 1, 2, "line item id"},
    {HEAD "li1,GENDER,EQ,\"1\nli1,GENDER,EQ,2\n", 0, 1, 2, "opened and not closed"},
    {HEAD "li1,GENDER,EQ,\"1\"x\nli1,GENDER,EQ,2\n", 1, 1, 2, "behind the closing quote"},
    {HEAD "li1,GENDER,EQ,1\"\nli1,GENDER,EQ,2\n", 1, 1, 2, "quote inside"},
    {HEAD "li1,BROAD_KEYWORD,EQ,\xff\n", 0, 1, 2, "UTF-8"},
    {"\xff\xfel\x01", 0, 1, 1, "UTF-16"},
};

static void bad_files_name_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct form_read r;

		form_read_init(&r);
		assert_int_equal(form_csv_read(&r, files[i].text, strlen(files[i].text)), ERR_OK);
		if (r.rows.n != files[i].rows || r.n_errors != files[i].errors)
			fail_msg("file %zu: %zu rows, %zu errors: %s", i, r.rows.n, r.n_errors,
			    r.n_errors ? r.errors[0].text : "");
		if (files[i].says) {
			assert_int_equal(r.errors[0].line, files[i].line);
			if (!strstr(r.errors[0].text, files[i].says))
				fail_msg("file %zu: %s", i, r.errors[0].text);
		}
		form_read_done(&r);
	}
}

static void zeros_columns_and_long_lines_have_limits(void **state)
{
	struct form_read r;
	struct buf b;

	(void)state;
	buf_init(&b, 1u << 20);
	form_read_init(&r);
	assert_int_equal(form_csv_read(&r, HEAD "li1\0", sizeof HEAD + 3), ERR_OK);
	assert_int_equal(r.n_errors, 1);
	form_read_done(&r);
	form_read_init(&r);
	buf_adds(&b, HEAD);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "x,");
	assert_int_equal(form_csv_read(&r, b.p, b.len), ERR_OK);
	assert_non_null(strstr(r.errors[0].text, "too long"));
	form_read_done(&r);
	form_read_init(&r);
	buf_clear(&b);
	buf_adds(&b, HEAD "li1,BROAD_KEYWORD,EQ,");
	for (int i = 0; i < 100000; i++)
		buf_addc(&b, 'y');
	assert_int_equal(form_csv_read(&r, b.p, b.len), ERR_OK);
	assert_int_equal(r.rows.n, 0);
	assert_int_equal(r.n_errors, 1);
	form_read_done(&r);
	buf_done(&b);
}

static void random_bytes_never_break_the_reader(void **state)
{
	static const char bytes[] = "\",\r\nab\\'=\xc3\xa9\xff";

	(void)state;
	kit_seed(303);
	for (int round = 0; round < 50000; round++) {
		char text[160];
		size_t n = (size_t)snprintf(text, sizeof text, "%s", round % 3 ? HEAD : "");
		struct form_read r;

		for (unsigned k = kit_below(60); k; k--)
			text[n++] = bytes[kit_below(sizeof bytes - 1)];
		form_read_init(&r);
		assert_int_equal(form_csv_read(&r, text, n), ERR_OK);
		form_read_done(&r);
	}
}

/* --- JSON */

static void batches_are_what_the_api_documents(void **state)
{
	struct change_set s;
	const struct change *v[2];
	struct criterion c = kit_criterion(TYPE_LOCATION, OP_EQ, "5122804691e5fecc");
	struct change ch;
	struct buf b;

	(void)state;
	change_set_init(&s);
	buf_init(&b, 4096);
	assert_int_equal(form_batch(&b, v, 0), ERR_OK);
	assert_string_equal(buf_str(&b), "[]\n");
	buf_clear(&b);
	change_from_criterion(&ch, CHANGE_CREATE, &c);
	v[0] = change_set_copy(&s, &ch);
	c.id = "dp1aa0";
	change_from_criterion(&ch, CHANGE_DELETE, &c);
	v[1] = change_set_copy(&s, &ch);
	v[0] = &s.v[0];
	assert_int_equal(form_batch(&b, v, 2), ERR_OK);
	assert_string_equal(buf_str(&b),
	    "[\n {\"operation_type\":\"Create\",\"params\":{\"line_item_id\":\"li1\","
	    "\"targeting_type\":\"LOCATION\",\"targeting_value\":\"5122804691e5fecc\","
	    "\"operator_type\":\"EQ\"}},\n"
	    " {\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_id\":\"dp1aa0\"}}\n]"
	    "\n");
	buf_done(&b);
	change_set_done(&s);
}

static void json_strings_read_back(void **state)
{
	(void)state;
	kit_seed(404);
	for (int round = 0; round < 5000; round++) {
		char value[200];
		cJSON *j;
		struct buf b;

		hostile_value(value, sizeof value);
		buf_init(&b, 4096);
		assert_int_equal(form_json_string(&b, value), ERR_OK);
		j = cJSON_Parse(buf_str(&b));
		assert_non_null(j);
		assert_string_equal(cJSON_GetStringValue(j), value);
		cJSON_Delete(j);
		buf_done(&b);
	}
}

static void words_and_operators_match(void **state)
{
	(void)state;
	for (int op = 0; op < OP_OTHER; op++)
		assert_int_equal(form_op_by_word(form_op_word((enum operator_type)op)), op);
	assert_null(form_op_word(OP_OTHER));
	assert_int_equal(form_op_by_word("includes"), OP_OTHER);
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
	struct form_line_item li;
	struct form_document doc;
	struct criterion_set s;

	(void)state;
	kit_seed(5);
	criterion_set_init(&s);
	kit_random_set(&s, 40);
	doc = document(&li, &s);
	for (long fail = 0; fail < 60; fail++) {
		struct form_read r;
		struct buf b;
		enum err err;

		buf_init(&b, 1u << 20);
		form_read_init(&r);
		mem_fail_after(fail, 0);
		err = fail % 2 ? form_yaml(&b, &doc) : form_csv(&b, &doc, false);
		if (!err && fail % 2 == 0)
			err = form_csv_read(&r, buf_str(&b), b.len);
		mem_fail_after(-1, 0);
		assert_true(err == ERR_OK || err == ERR_NOMEM);
		form_read_done(&r);
		buf_done(&b);
	}
	criterion_set_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(yaml_reads_like_this),
	    cmocka_unit_test(yaml_round_trips),
	    cmocka_unit_test(csv_round_trips_guarded_and_exact),
	    cmocka_unit_test(formulas_are_guarded_and_marked),
	    cmocka_unit_test(bad_files_name_the_line),
	    cmocka_unit_test(zeros_columns_and_long_lines_have_limits),
	    cmocka_unit_test(random_bytes_never_break_the_reader),
	    cmocka_unit_test(batches_are_what_the_api_documents),
	    cmocka_unit_test(json_strings_read_back),
	    cmocka_unit_test(words_and_operators_match),
	    cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
