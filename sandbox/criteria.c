/* Endpoints of targeting criteria (reference 2.7). */
#include <stdlib.h>
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/criterion.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"

#define BATCH_MAX 500

/* --- reading --- */

static int by_number(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* The numbers of targeting_criterion_ids, sorted; ids that cannot be ours are left out. */
static int64_t *wanted_seqs(struct call *c, size_t *n)
{
	const struct arg *ids = args_find(&c->args, "targeting_criterion_ids");
	int64_t *seqs;

	*n = 0;
	if (!ids || ids->cleared)
		return NULL;
	seqs = arena_alloc(c->a, (ids->n + 1) * sizeof *seqs);
	if (!seqs)
		abort();
	for (size_t i = 0; i < ids->n; i++) {
		uint64_t seq;

		if (base36_read(ids->list[i], &seq))
			seqs[(*n)++] = (int64_t)seq;
	}
	qsort(seqs, *n, sizeof *seqs, by_number);
	return seqs;
}

/* Without the body, which a page of criteria has no use for. */
static bool find_line_item(struct call *c, const char *id, struct entity *out)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q = db_query(db,
	    "SELECT row, id, deleted FROM entity WHERE kind = ? AND id = lower(?) AND account = ?",
	    "itt", (int64_t)ENTITY_LINE_ITEM, id, c->account);
	bool found = db_step(db, q);

	if (found)
		*out = (struct entity){.row = sqlite3_column_int64(q, 0),
		    .id = db_column(c->a, q, 1),
		    .deleted = sqlite3_column_int(q, 2)};
	sqlite3_reset(q);
	return found;
}

/* The line items that are asked for, in the order of the request, each once. */
static size_t wanted_line_items(struct call *c, struct entity *out)
{
	const struct arg *ids = args_find(&c->args, "line_item_ids");
	size_t n = 0;

	for (size_t i = 0; i < ids->n; i++) {
		bool seen = false;

		if (!find_line_item(c, ids->list[i], &out[n]))
			continue;
		/* the criteria of a deleted line item are hidden, not deleted (reference 1.3) */
		if (out[n].deleted && !args_true(&c->args, "with_deleted"))
			continue;
		for (size_t k = 0; k < n; k++)
			seen |= out[k].row == out[n].row;
		n += !seen;
	}
	return n;
}

/* What a reader sees of a row: the state of lag_ms ago. ?4 is that moment. */
#define VISIBLE                                                                                    \
	" AND (c.born_ms IS NULL OR c.born_ms <= ?4)"                                              \
	" AND (?3 OR c.deleted = 0 OR (c.died_ms IS NOT NULL AND c.died_ms > ?4))"

static sqlite3_stmt *rows_of(struct call *c, const struct entity *li, int64_t after)
{
	return db_query(&c->sb->db,
	    "SELECT " CRITERION_COLUMNS " FROM criterion c WHERE c.li = ?1 AND c.seq > ?2" VISIBLE
	    " ORDER BY c.seq",
	    "iiii", li->row, after, (int64_t)args_true(&c->args, "with_deleted"),
	    sandbox_mono_ms(c->sb) - c->lag_ms);
}

struct listing {
	struct entity *line_items;
	size_t n_line_items;
	int64_t *seqs; /* NULL: any */
	size_t n_seqs;
	const char *lang;
};

static bool is_wanted(const struct listing *l, int64_t seq)
{
	return !l->seqs || bsearch(&seq, l->seqs, l->n_seqs, sizeof seq, by_number);
}

static int64_t count_all(struct call *c, const struct listing *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->n_line_items; i++) {
		sqlite3_stmt *q = rows_of(c, &l->line_items[i], 0);

		while (db_step(&c->sb->db, q))
			n += is_wanted(l, sqlite3_column_int64(q, 0));
	}
	return n;
}

/* In the order of the line items asked for, then by age: the cursor is the place of the line item
 * in the list and the last criterion seen, so that a page costs only what it shows. */
static void write_plain(struct call *c, const struct listing *l, struct cursor from, size_t count)
{
	size_t n = 0;

	for (size_t i = from.a; i < l->n_line_items; i++) {
		int64_t last = i == from.a ? (int64_t)from.b : 0;
		sqlite3_stmt *q = rows_of(c, &l->line_items[i], last);

		while (db_step(&c->sb->db, q)) {
			int64_t seq = sqlite3_column_int64(q, 0);

			if (!is_wanted(l, seq))
				continue;
			if (n == count) {
				sqlite3_reset(q);
				call_page_next(c, (struct cursor){.a = i, .b = (uint64_t)last});
				return;
			}
			criterion_write(c, q, l->line_items[i].id, l->lang, &c->data);
			last = seq;
			n++;
		}
	}
}

static const char *row_list(struct call *c, const struct listing *l)
{
	const char *out;
	struct buf b;

	buf_init(&b, 1u << 16);
	json_open(&b, '[');
	for (size_t i = 0; i < l->n_line_items; i++)
		json_int(&b, l->line_items[i].row);
	json_close(&b, ']');
	out = arena_strdup(c->a, buf_str(&b));
	buf_done(&b);
	return out;
}

/* Sorted: the cursor is the number of rows seen. */
static void write_sorted(struct call *c, const struct listing *l, struct cursor from, size_t count)
{
	const struct arg *sort = args_find(&c->args, "sort_by");
	struct db *db = &c->sb->db;
	size_t seen = 0, n = 0;
	sqlite3_stmt *q;
	struct buf sql;

	buf_init(&sql, 1u << 16);
	buf_adds(&sql, "SELECT " CRITERION_COLUMNS
		       ", e.id FROM criterion c JOIN entity e ON e.row = c.li WHERE c.li IN"
		       " (SELECT value FROM json_each(?1))" VISIBLE " ORDER BY ");
	for (size_t i = 0; i < sort->n; i++) {
		const char *dash = strrchr(sort->list[i], '-');
		const char *key = *sort->list[i] == 'c'   ? "c.created"
				  : *sort->list[i] == 'u' ? "c.updated"
							  : "c.deleted";

		buf_adds(&sql, key);
		buf_adds(&sql, strcmp(dash, "-desc") == 0 ? " DESC, " : " ASC, ");
	}
	buf_adds(&sql, "c.seq");
	q = db_prepare(db, buf_str(&sql));
	sqlite3_bind_text(q, 1, row_list(c, l), -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 3, args_true(&c->args, "with_deleted"));
	sqlite3_bind_int64(q, 4, sandbox_mono_ms(c->sb) - c->lag_ms);
	while (db_step(db, q)) {
		if (!is_wanted(l, sqlite3_column_int64(q, 0)) || seen++ < from.a)
			continue;
		if (n++ == count) {
			call_page_next(c, (struct cursor){.a = from.a + count});
			break;
		}
		criterion_write(c, q, (const char *)sqlite3_column_text(q, 9), l->lang, &c->data);
	}
	sqlite3_finalize(q);
	buf_done(&sql);
}

void on_criteria_list(struct call *c)
{
	const struct arg *ids = args_find(&c->args, "line_item_ids");
	struct listing l = {.lang = args_text(&c->args, "lang")};
	struct cursor from;
	size_t count;

	if (!call_page_begin(c, &from, &count))
		return;
	l.line_items = arena_alloc(c->a, (ids->n + 1) * sizeof *l.line_items);
	if (!l.line_items)
		abort();
	scenario_need(c->sb, ids->list, ids->n);
	l.n_line_items = wanted_line_items(c, l.line_items);
	l.seqs = wanted_seqs(c, &l.n_seqs);
	if (c->total >= 0)
		c->total = count_all(c, &l);
	json_open(&c->data, '[');
	if (args_find(&c->args, "sort_by"))
		write_sorted(c, &l, from, count);
	else
		write_plain(c, &l, from, count);
	json_close(&c->data, ']');
}

void on_criterion_one(struct call *c)
{
	const char *id = call_path_id(c, "targeting_criterion_id");
	uint64_t seq = 0;
	int64_t found = 0;

	if (base36_read(id, &seq))
		found = db_number(&c->sb->db,
		    "SELECT count(*) FROM criterion c JOIN entity e ON e.row = c.li WHERE c.seq = ?"
		    " AND e.account = ? AND (? OR (c.deleted = 0 AND e.deleted = 0))",
		    "iti", (int64_t)seq, c->account, (int64_t)args_true(&c->args, "with_deleted"));
	if (found) {
		criterion_write_seq(c, (int64_t)seq, args_text(&c->args, "lang"), &c->data);
		return;
	}
	call_fail(c, 404, "TARGETING_CRITERION_NOT_FOUND",
	    "Targeting criterion \"%.64s\" was not found", id);
	c->error.parameter = "targeting_criterion_id";
	c->error.value = id;
}

/* --- writing --- */

static void apply_one(struct call *c, struct operation *op)
{
	struct operations ops = {.v = op, .n = 1};

	if (!criteria_apply(c, &ops)) {
		c->error = op->error;
		return;
	}
	criterion_write_seq(c, op->seq, NULL, &c->data);
}

void on_criterion_create(struct call *c)
{
	struct operation op = {.line_item_id = args_text(&c->args, "line_item_id"),
	    .type_name = args_text(&c->args, "targeting_type"),
	    .value = args_text(&c->args, "targeting_value"),
	    .op_name = args_text(&c->args, "operator_type")};

	apply_one(c, &op);
}

void on_criterion_delete(struct call *c)
{
	struct operation op = {
	    .removes = true, .criterion_id = call_path_id(c, "targeting_criterion_id")};

	apply_one(c, &op);
}

static void read_operation(const struct json *v, struct operation *op)
{
	const char *kind = json_text(v, "operation_type");
	const struct json *params = json_get(v, "params");

	*op = (struct operation){.line_item_id = json_text(params, "line_item_id"),
	    .type_name = json_text(params, "targeting_type"),
	    .value = json_text(params, "targeting_value"),
	    .op_name = json_text(params, "operator_type"),
	    .criterion_id = json_text(params, "targeting_criterion_id")};
	op->removes = kind && strcmp(kind, "Delete") == 0;
	if (!kind || (strcmp(kind, "Create") != 0 && !op->removes))
		op->error = (struct api_error){.http = 400,
		    .code = kind ? "INVALID_PARAMETER" : "MISSING_PARAMETER",
		    .message = "operation_type must be \"Create\" or \"Delete\"",
		    .parameter = "operation_type",
		    .value = kind};
	else if (!params || params->kind != JSON_OBJECT)
		op->error = (struct api_error){.http = 400,
		    .code = "MISSING_PARAMETER",
		    .message = "\"params\" is a required parameter",
		    .parameter = "params"};
}

void on_criteria_batch(struct call *c)
{
	const struct json *body = batch_read(c, BATCH_MAX);
	struct operations ops = {.is_batch = true};

	if (!body)
		return;
	ops.v = arena_alloc(c->a, body->n * sizeof *ops.v);
	if (!ops.v)
		abort();
	for (const struct json *v = body->child; v; v = v->next)
		read_operation(v, &ops.v[ops.n++]);
	if (!criteria_apply(c, &ops)) {
		for (size_t i = 0; i < ops.n; i++)
			batch_error(c, i, &ops.v[i].error);
		batch_fail(c);
		return;
	}
	c->data_type = "targeting_criterion";
	json_open(&c->data, '[');
	for (size_t i = 0; i < ops.n; i++)
		if (c->partial < 0 || (int64_t)i < c->partial)
			criterion_write_seq(c, ops.v[i].seq, NULL, &c->data);
	json_close(&c->data, ']');
}
