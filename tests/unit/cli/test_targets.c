/* Targeting as code: what export writes is read back as what the account has, in every form, and a
 * file leads to what it says. */
#include "tests/unit/targeting/kit.h"

#include "cli/delta.h"
#include "cli/targets.h"

enum form { FORM_YAML, FORM_CSV, FORM_EXACT_CSV, FORM_JSON, FORMS };

#define LINE_ITEMS 3

static const char *const line_items[LINE_ITEMS] = {"li1", "18Ab2", "z_9-"};

/* --- random accounts with values that a form could trip over */

static void hostile_value(char *out, size_t cap)
{
	static const char *const parts[] = {"a", "B", " ", "\"", "\\", ",", "\n", "\r\n", "=1+1",
	    "'", "#", ": ", "- ", "@", "+", "\t", "\xc3\xa9", "e\xcc\x81", "\xe2\x80\xae",
	    "\xef\xbb\xbf", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "\x1b[31m", "\x7f",
	    "\xc2\x85", "\xe2\x80\xa8", "null", "~", "0x1f", "1e9", "no", "[", "]", "{", "}",
	    "\\u0000", "%s"};
	size_t n = 0;

	out[0] = '\0';
	for (unsigned k = 1 + kit_below(7); k && n < cap; k--)
		n += (size_t)snprintf(
		    out + n, cap - n, "%s", parts[kit_below(sizeof parts / sizeof parts[0])]);
}

static void add(struct criterion_set *s, const char *item, enum targeting_type t,
    enum operator_type op, const char *value)
{
	struct criterion c = kit_criterion(t, op, value);
	char id[24];

	snprintf(id, sizeof id, "cr%zu", s->n + 1);
	c.id = id;
	c.line_item_id = item;
	c.name = kit_below(2) ? "=a \"name\", \n# no comment \xe2\x80\xae" : NULL;
	assert_non_null(criterion_set_copy(s, &c));
}

static void random_account(struct criterion_set *s, unsigned most)
{
	static const char *const numbers[] = {
	    "9007199254740993", "10027243420", "9223372036854775807", "0", "007"};
	char value[200];

	for (size_t li = 0; li < LINE_ITEMS; li++)
		for (unsigned k = kit_below(most); k; k--) {
			const struct kit_pool *p = &kit_pool[kit_below(KIT_POOL)];

			switch (kit_below(4)) {
			case 0:
				hostile_value(value, sizeof value);
				add(s, line_items[li],
				    kit_below(2) ? TYPE_BROAD_KEYWORD : TYPE_CONVERSATION,
				    kit_below(2) ? OP_EQ : OP_NE, value);
				break;
			case 1:
				add(s, line_items[li], TYPE_TV_SHOW, OP_EQ, numbers[kit_below(5)]);
				break;
			default: /* few values: the same one comes several times */
				add(s, line_items[li], p->type, p->op, p->value);
			}
		}
}

/* --- writing and reading */

static void write_form(struct buf *out, const struct criterion_set *s, enum form form)
{
	struct form_line_item v[LINE_ITEMS] = {{0}};
	struct form_document doc = {.account_id = "18ce5demo01", .v = v, .n = LINE_ITEMS};
	enum err err;

	for (size_t li = 0, i = 0; li < LINE_ITEMS; li++) {
		v[li] = (struct form_line_item){.id = line_items[li], .name = "N\"", .v = s->v + i};
		for (; i < s->n && !strcmp(s->v[i].line_item_id, line_items[li]); i++)
			v[li].n++;
	}
	if (form == FORM_YAML)
		err = form_yaml(out, &doc);
	else if (form == FORM_JSON)
		err = form_creates(out, &doc);
	else
		err = form_csv(out, &doc, form == FORM_EXACT_CSV);
	assert_int_equal(err, ERR_OK);
}

static void read_back(struct targets *t, struct buf *text, const char *shown)
{
	struct errinfo ei;

	targets_init(t);
	assert_int_equal(targets_parse(t, "file", text, &ei), ERR_OK);
	if (t->read.n_errors)
		fail_msg("%s\n%s", t->read.errors[0].text, shown);
}

static void copy_all(struct criterion_set *to, const struct criterion_set *from)
{
	for (size_t i = 0; i < from->n; i++)
		assert_non_null(criterion_set_copy(to, &from->v[i]));
}

static void export_then_plan_is_empty_in_every_form(void **state)
{
	(void)state;
	kit_seed(404);
	for (int round = 0; round < 4000; round++) {
		struct criterion_set live;
		struct targets t;
		struct delta d;
		struct buf text, shown;

		criterion_set_init(&live);
		buf_init(&text, 1u << 20);
		buf_init(&shown, 1u << 20);
		delta_init(&d);
		random_account(&live, 12);
		write_form(&text, &live, (enum form)(round % FORMS));
		buf_add(&shown, text.p, text.len);
		read_back(&t, &text, buf_str(&shown));
		copy_all(&d.live, &live);
		assert_int_equal(delta_compare(&d, &t), ERR_OK);
		if (d.changes.n)
			fail_msg("%zu changes, first %s %s: %s", d.changes.n,
			    change_kind_name(d.changes.v[0].kind), d.changes.v[0].value,
			    buf_str(&shown));
		delta_done(&d);
		targets_done(&t);
		buf_done(&text);
		buf_done(&shown);
		criterion_set_done(&live);
	}
}

/* From any account a file of another one leads to that other one; a batch only adds. */
static void a_file_leads_to_what_it_says(void **state)
{
	(void)state;
	kit_seed(405);
	for (int round = 0; round < 4000; round++) {
		struct criterion_set live, wanted, after, expected;
		struct targets t;
		struct delta d;
		struct buf text;
		bool equal;

		criterion_set_init(&live);
		criterion_set_init(&wanted);
		criterion_set_init(&after);
		criterion_set_init(&expected);
		buf_init(&text, 1u << 20);
		delta_init(&d);
		random_account(&live, 8);
		random_account(&wanted, 8);
		write_form(&text, &wanted, (enum form)(round % FORMS));
		read_back(&t, &text, "");
		copy_all(&d.live, &live);
		assert_int_equal(delta_compare(&d, &t), ERR_OK);
		assert_int_equal(set_apply(&d.changes, &live, &after), ERR_OK);
		if (round % FORMS == FORM_JSON)
			assert_int_equal(set_union(&live, &wanted, &expected), ERR_OK);
		else
			copy_all(&expected, &wanted);
		assert_int_equal(set_equal(&after, &expected, &equal), ERR_OK);
		assert_true(equal);
		delta_done(&d);
		targets_done(&t);
		buf_done(&text);
		criterion_set_done(&live);
		criterion_set_done(&wanted);
		criterion_set_done(&after);
		criterion_set_done(&expected);
	}
}

/* --- batches */

static void parse_text(struct targets *t, const char *s)
{
	struct errinfo ei;
	struct buf text;

	buf_init(&text, 65536);
	assert_int_equal(buf_adds(&text, s), ERR_OK);
	targets_init(t);
	assert_int_equal(targets_parse(t, "file", &text, &ei), ERR_OK);
	buf_done(&text);
}

#define CREATE(li, type, value, op)                                                                \
	"{\"operation_type\":\"Create\",\"params\":{\"line_item_id\":\"" li                        \
	"\",\"targeting_type\":\"" type "\",\"targeting_value\":" value ",\"operator_type\":\"" op \
	"\"}}"
#define DELETE(id)                                                                                 \
	"{\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_id\":\"" id "\"}}"

static void a_batch_is_read_as_the_api_reads_it(void **state)
{
	static const char text[] = "\xef\xbb\xbf [\n" CREATE("li1", "TV_SHOW", "9007199254740993",
	    "EQ") "," CREATE("li1", "BROAD_KEYWORD", "\"tea\"", "NE") "," DELETE("cr1") "]";
	struct targets t;

	(void)state;
	parse_text(&t, text);
	assert_int_equal(t.read.n_errors, 0);
	assert_int_equal(t.read.rows.n, 2);
	assert_string_equal(t.read.rows.v[0].value, "9007199254740993");
	assert_int_equal(t.read.rows.v[1].op, OP_NE);
	assert_true(map_get(&t.deletes, "cr1", NULL));
	targets_done(&t);
}

static const struct {
	const char *text, *says;
} bad[] = {{"[1]", "operation 1: an object"}, {"[{}]", "an object of"},
    {"[{\"operation_type\":\"Update\",\"params\":{}}]", "Create or Delete"},
    {"[{\"operation_type\":\"Create\",\"params\":{}}]", "a create needs"},
    {"[{\"operation_type\":\"Delete\",\"params\":{}}]", "a delete needs"},
    {"[" DELETE("a") "," DELETE("a") "]", "operation 2: the same criterion"},
    {"[" CREATE("li1", "GENDER", "1", "EQ") "," CREATE("li1", "GENDER", "\"1\"", "EQ") "]",
	"stands above"},
    {"[" CREATE("li1", "GENDER", "1", "IN") "]", "operator"},
    {"[" CREATE("../x", "GENDER", "1", "EQ") "]", "line item id"},
    {"[" CREATE("li1", "GENDER", "\"\"", "EQ") "]", "value is missing"},
    {"[" CREATE("li1", "GENDER", "{}", "EQ") "]", "a create needs"},
    {"[" CREATE("li1", "GENDER", "1", "EQ"), "bad JSON"},
    {"[{\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_id\":\"a\",\"x\":1}}]",
	"nothing else"},
    {"[{\"operation_type\":\"Delete\",\"params\":{\"targeting_criterion_id\":\"a\","
     "\"account_id\":\"1\"}},{\"operation_type\":\"Delete\",\"params\":"
     "{\"targeting_criterion_id\":\"b\",\"account_id\":\"2\"}}]",
	"several accounts"}};

static void bad_batches_name_the_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct targets t;

		parse_text(&t, bad[i].text);
		if (!t.read.n_errors || !strstr(t.read.errors[0].text, bad[i].says))
			fail_msg("%s: %s", bad[i].text,
			    t.read.n_errors ? t.read.errors[0].text : "no error");
		targets_done(&t);
	}
}

static void compare_to(const struct criterion_set *live, const char *text, struct delta *d)
{
	struct targets t;

	delta_init(d);
	copy_all(&d->live, live);
	parse_text(&t, text);
	assert_int_equal(t.read.n_errors, 0);
	assert_int_equal(delta_compare(d, &t), ERR_OK);
	targets_done(&t);
}

static void a_batch_deletes_by_id_and_says_nothing_twice(void **state)
{
	struct criterion_set live;
	struct delta d;

	(void)state;
	criterion_set_init(&live);
	kit_add(&live, TYPE_BROAD_KEYWORD, OP_EQ, "tea");
	kit_add(&live, TYPE_BROAD_KEYWORD, OP_EQ, "Tea");
	kit_add(&live, TYPE_GENDER, OP_EQ, "1");

	/* an edit, its delete first */
	compare_to(&live, "[" CREATE("li1", "GENDER", "2", "EQ") "," DELETE("cr3") "]", &d);
	assert_int_equal(d.changes.n, 2);
	assert_int_equal(d.changes.v[0].kind, CHANGE_DELETE);
	assert_string_equal(d.changes.v[0].criterion_id, "cr3");
	assert_int_equal(d.changes.v[1].kind, CHANGE_CREATE);
	delta_done(&d);

	/* the second of two equal rows goes although the first is created again */
	compare_to(
	    &live, "[" CREATE("li1", "BROAD_KEYWORD", "\"tea\"", "EQ") "," DELETE("cr2") "]", &d);
	assert_int_equal(d.changes.n, 1);
	assert_string_equal(d.changes.v[0].criterion_id, "cr2");
	delta_done(&d);

	/* away and back again is nothing */
	compare_to(&live, "[" DELETE("cr3") "," CREATE("li1", "GENDER", "1", "EQ") "]", &d);
	assert_int_equal(d.changes.n, 0);
	delta_done(&d);
	criterion_set_done(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(export_then_plan_is_empty_in_every_form),
	    cmocka_unit_test(a_file_leads_to_what_it_says),
	    cmocka_unit_test(a_batch_is_read_as_the_api_reads_it),
	    cmocka_unit_test(bad_batches_name_the_operation),
	    cmocka_unit_test(a_batch_deletes_by_id_and_says_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
