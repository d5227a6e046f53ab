#include "session/review_model.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "session/judge.h"
#include "session/staging.h"

#define PLAN_BYTES_MAX (64u << 20)

void review_model_init(struct review_model *m, struct session *s)
{
	*m = (struct review_model){.session = s};
	criterion_set_init(&m->live);
	map_init(&m->item_rows);
	plan_init(&m->plan);
	problem_list_init(&m->problems);
}

static void clear(struct review_model *m)
{
	plan_done(&m->plan);
	plan_init(&m->plan);
	problem_list_clear(&m->problems);
	for (size_t i = 0; i < m->n_items; i++)
		effective_done(&m->items[i].set);
	mem_free(m->items);
	mem_free(m->rows);
	m->items = NULL;
	m->rows = NULL;
	m->n_items = m->n_rows = m->unread = 0;
	criterion_set_done(&m->live);
	map_done(&m->item_rows);
	staging_release(m->staged);
	applying_release(m->posted);
	m->staged = NULL;
	m->posted = NULL;
	m->digest[0] = '\0';
	m->ei.code = ERR_OK;
}

void review_model_done(struct review_model *m)
{
	clear(m);
	plan_done(&m->plan);
	problem_list_done(&m->problems);
}

static enum err find_items(struct review_model *m, const struct change *c)
{
	uint64_t row;

	if (map_get(&m->item_rows, c->line_item_id, &row))
		return ERR_OK;
	m->items[m->n_items] = (struct review_item){.id = c->line_item_id};
	effective_init(&m->items[m->n_items].set);
	return map_put(&m->item_rows, c->line_item_id, m->n_items++);
}

static enum err read_items(struct review_model *m)
{
	const struct change_set *staged = staging_changes(m->session);
	const struct applying_status *st = applying_status(m->session);
	enum err err = ERR_OK;

	m->items = mem_array(staged->n + st->n_ops, sizeof *m->items);
	if (!m->items)
		return ERR_NOMEM;
	for (size_t i = 0; i < st->n_ops && !err; i++)
		err = find_items(m, st->ops[i].change);
	for (size_t i = 0; i < staged->n && !err; i++)
		err = find_items(m, &staged->v[i]);
	for (size_t i = 0; i < m->n_items && !err; i++) {
		struct review_item *it = &m->items[i];
		size_t unknown;

		it->live_from = m->live.n;
		err = session_criteria(m->session, &it->id, 1, &m->live, &unknown, &m->ei);
		it->live_to = m->live.n;
		it->live_known = !err && unknown == 0;
		m->unread += unknown;
	}
	return err;
}

static bool live_of(void *user, const char *line_item_id, const struct criterion **v, size_t *n)
{
	struct review_model *m = user;
	uint64_t row;

	if (!map_get(&m->item_rows, line_item_id, &row) || !m->items[row].live_known)
		return false;
	*v = m->live.v + m->items[row].live_from;
	*n = m->items[row].live_to - m->items[row].live_from;
	return true;
}

static enum err build_plan(struct review_model *m)
{
	struct expr_lookup lookup = judge_expr_lookup(m->session);
	struct plan_input in = {staging_changes(m->session), (size_t)session_batch_size(m->session),
	    m, live_of, &lookup};
	struct buf bytes;
	enum err err = plan_build(&m->plan, &in, &m->ei);
	uint64_t row;

	if (err)
		return err;
	for (size_t i = 0; i < m->plan.n_line_items; i++)
		if (map_get(&m->item_rows, m->plan.line_items[i].line_item_id, &row))
			m->items[row].plan = &m->plan.line_items[i];
	if (!m->plan.n_ops)
		return ERR_OK;
	buf_init(&bytes, PLAN_BYTES_MAX);
	err = plan_canonical(&m->plan, &bytes);
	if (!err)
		err = digest_sha256(bytes.p, bytes.len, m->digest, &m->ei);
	buf_done(&bytes);
	return err;
}

static enum err find_problems(struct review_model *m)
{
	const struct change_set *staged = staging_changes(m->session);
	struct judge j;
	struct rule_lookup lookup;
	enum err err = ERR_OK;

	judge_init(&j, m->session);
	lookup = judge_rule_lookup(&j);
	for (size_t i = 0; i < m->n_items && !err; i++) {
		struct review_item *it = &m->items[i];
		struct effective_input in = {.line_item_id = it->id,
		    .live = m->live.v + it->live_from,
		    .n_live = it->live_to - it->live_from,
		    .changes = staged->v,
		    .n_changes = staged->n,
		    .live_unknown = !it->live_known};
		struct rule_ctx ctx = {.line_item = session_line_item(m->session, it->id),
		    .set = &it->set,
		    .lookup = &lookup,
		    .account_id = session_account_id(m->session)};

		err = effective_build(&it->set, &in);
		if (!err && it->plan)
			err = rules_check(&m->problems, &ctx);
	}
	judge_done(&j);
	return err;
}

static const struct problem *problem_of(const struct review_model *m, const struct change *c)
{
	const struct problem *worst = NULL;

	for (size_t i = 0; i < m->problems.n; i++)
		if (m->problems.v[i].change && m->problems.v[i].change->id == c->id &&
		    (!worst || m->problems.v[i].severity > worst->severity))
			worst = &m->problems.v[i];
	return worst;
}

static enum effective_why noop_of(const struct review_model *m, const struct change *c)
{
	for (size_t i = 0; i < m->plan.n_left_out; i++)
		if (m->plan.left_out[i].change->id == c->id)
			return m->plan.left_out[i].why;
	return NOOP_NONE;
}

/* Is the change of an operation back on the stage? Those that are not were sent, or were taken off
 * the stage since. */
static bool is_back(enum apply_outcome o)
{
	return o == OUTCOME_NOT_SENT || o == OUTCOME_REFUSED || o == OUTCOME_ABSENT ||
	       o == OUTCOME_CONFLICT;
}

static int by_id(const void *a, const void *b)
{
	const struct applying_op *const *x = a, *const *y = b;
	uint64_t i = (*x)->change->id, j = (*y)->change->id;

	return (i > j) - (i < j);
}

/* The operations in the order of their changes, for finding. */
static const struct applying_op **sorted_ops(const struct applying_status *st)
{
	const struct applying_op **v = mem_array(st->n_ops, sizeof *v);

	for (size_t i = 0; v && i < st->n_ops; i++)
		v[i] = &st->ops[i];
	if (v)
		qsort(v, st->n_ops, sizeof *v, by_id);
	return v;
}

static const struct applying_op *find_op(
    const struct applying_op *const *v, size_t n, uint64_t change_id)
{
	size_t from = 0;

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (v[mid]->change->id == change_id)
			return v[mid];
		if (v[mid]->change->id < change_id)
			from = mid + 1;
		else
			n = mid;
	}
	return NULL;
}

static void add_row(
    struct review_model *m, const struct change *c, const struct applying_op *op, bool staged)
{
	uint64_t item = 0;

	map_get(&m->item_rows, c->line_item_id, &item);
	m->rows[m->n_rows++] =
	    (struct review_row){c, op, problem_of(m, c), noop_of(m, c), (uint32_t)item, staged};
}

/* Was something staged after the changes of the last posting? */
static bool is_past(const struct change_set *staged, const struct applying_status *st)
{
	uint64_t last = 0;

	if (st->phase != APPLYING_DONE)
		return false;
	for (size_t i = 0; i < st->n_ops; i++)
		last = st->ops[i].change->id > last ? st->ops[i].change->id : last;
	for (size_t i = 0; i < staged->n; i++)
		if (!staged->v[i].held && staged->v[i].id > last)
			return true;
	return false;
}

/* Seen in the account: the journal has it, the review of what comes next does not need it. */
static bool is_over(enum apply_outcome o)
{
	return o == OUTCOME_VERIFIED || o == OUTCOME_NOOP;
}

enum err review_model_build(struct review_model *m)
{
	const struct change_set *staged = staging_changes(m->session);
	const struct applying_status *st = applying_status(m->session);
	bool busy = applying_busy(m->session);
	const struct applying_op **ops;
	enum err err;

	clear(m);
	m->staged = staging_share(m->session);
	m->posted = applying_share(m->session);
	err = read_items(m);
	if (!err)
		err = build_plan(m);
	if (!err)
		err = find_problems(m);
	m->rows = err ? NULL : mem_array(staged->n + st->n_ops, sizeof *m->rows);
	if (!err && !m->rows)
		err = ERR_NOMEM;
	if (err) {
		if (!m->ei.code)
			err_set(&m->ei, err, "no memory for the review");
		return err;
	}
	ops = sorted_ops(st);
	if (!ops)
		return err_set(&m->ei, ERR_NOMEM, "no memory for the review");
	m->past = !busy && is_past(staged, st);
	for (size_t i = 0; i < st->n_ops; i++)
		if (busy ||
		    (!is_back(st->ops[i].outcome) && !(m->past && is_over(st->ops[i].outcome))))
			add_row(m, st->ops[i].change, &st->ops[i], false);
	for (size_t i = 0; i < staged->n; i++) {
		const struct applying_op *op = find_op(ops, st->n_ops, staged->v[i].id);

		if (!op || (!busy && is_back(op->outcome)))
			add_row(m, &staged->v[i], op, true);
	}
	mem_free(ops);
	return ERR_OK;
}

const char **review_model_ids(const struct review_model *m)
{
	const char **ids = mem_array(m->n_items, sizeof *ids);

	for (size_t i = 0; ids && i < m->n_items; i++)
		ids[i] = m->items[i].id;
	return ids;
}
