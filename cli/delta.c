#include "cli/delta.h"

#include <string.h>
#include "base/mem.h"
#include "session/judge.h"
#include "session/revert.h"
#include "store/journal.h"
#include "targeting/set.h"
#include "targeting/state.h"

#define STATE_BYTES (1u << 30)

void delta_init(struct delta *d)
{
	*d = (struct delta){0};
	criterion_set_init(&d->live);
	criterion_set_init(&d->wanted);
	change_set_init(&d->changes);
	map_init(&d->rows);
	plan_init(&d->plan);
}

void delta_done(struct delta *d)
{
	plan_done(&d->plan);
	map_done(&d->rows);
	change_set_done(&d->changes);
	criterion_set_done(&d->wanted);
	criterion_set_done(&d->live);
}

/* Rows of one line item stand together in live. */
bool delta_live(void *user, const char *id, const struct criterion **v, size_t *n)
{
	const struct delta *d = user;
	uint64_t from;

	if (!map_get(&d->rows, id, &from))
		return false;
	*v = d->live.v + from;
	for (*n = 0; from + *n < d->live.n && !strcmp((*v)[*n].line_item_id, id);)
		++*n;
	return true;
}

static enum err add_live(struct delta *d, struct headless *h, const char *id, struct errinfo *ei)
{
	size_t unknown;
	enum err err = map_put(&d->rows, id, d->live.n);

	if (!err)
		err = session_criteria(h->session, &id, 1, &d->live, &unknown, ei);
	if (err)
		return err_set(ei, err, "the criteria could not be read");
	if (unknown)
		return err_set(
		    ei, ERR_PROTOCOL, "the criteria of line item %.64s could not be read", id);
	return ERR_OK;
}

/* A delete names a criterion without its line item, so all of them are looked through. */
static enum err add_all_live(struct delta *d, struct headless *h, struct errinfo *ei)
{
	static const struct cli_options all = {0};
	const char **ids = NULL;
	size_t n;
	enum err err = headless_line_items(h, &all, &ids, &n, ei);

	if (!err && n)
		err = headless_criteria(h, ids, n, ei);
	mem_free(ids); /* the set may have moved while reading */
	ids = NULL;
	if (!err)
		err = headless_line_items(h, &all, &ids, &n, ei);
	for (size_t i = 0; !err && i < n; i++)
		err = add_live(d, h, ids[i], ei);
	mem_free(ids);
	return err;
}

static enum err find_deletes(const struct delta *d, const struct targets *t, struct errinfo *ei)
{
	size_t found = 0;

	for (size_t i = 0; i < d->live.n; i++)
		found += !d->live.v[i].deleted && map_get(&t->deletes, d->live.v[i].id, NULL);
	if (found == t->deletes.count)
		return ERR_OK;
	return err_set(ei, ERR_USAGE,
	    "%zu of the criteria that the file deletes are not in the account",
	    t->deletes.count - found);
}

static enum err read_live(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < t->n_ids && !err; i++)
		if (!session_line_item(h->session, t->ids[i]))
			return err_set(ei, ERR_USAGE,
			    "there is no line item \"%.64s\" in account %s", t->ids[i],
			    session_account_id(h->session));
	if (t->deletes.count) {
		err = add_all_live(d, h, ei);
		return err ? err : find_deletes(d, t, ei);
	}
	if (t->n_ids)
		err = headless_criteria(h, t->ids, t->n_ids, ei);
	for (size_t i = 0; i < t->n_ids && !err; i++)
		err = add_live(d, h, t->ids[i], ei);
	return err;
}

static enum err state_digest(
    const struct criterion *v, size_t n, char digest[DIGEST_HEX_SIZE], struct errinfo *ei)
{
	struct buf bytes;
	enum err err;

	buf_init(&bytes, STATE_BYTES);
	err = state_account_bytes(&bytes, v, n);
	if (!err)
		err = digest_sha256(bytes.p, bytes.len, digest, ei);
	buf_done(&bytes);
	return err ? err_set(ei, err, "no memory for the state of the account") : ERR_OK;
}

enum err delta_state(struct session *s, const char *const *ids, size_t n,
    char digest[DIGEST_HEX_SIZE], struct errinfo *ei)
{
	struct criterion_set live;
	size_t unknown;
	enum err err;

	criterion_set_init(&live);
	err = session_criteria(s, ids, n, &live, &unknown, ei);
	if (!err)
		err = state_digest(live.v, live.n, digest, ei);
	criterion_set_done(&live);
	return err;
}

enum err delta_compare(struct delta *d, const struct targets *t)
{
	enum err err = ERR_OK;

	if (t->is_batch)
		return delta_of_batch(d, t);
	for (size_t i = 0; i < t->read.rows.n && !err; i++)
		err = criterion_set_copy(&d->wanted, &t->read.rows.v[i]) ? ERR_OK : ERR_NOMEM;
	/* what has an operator that no form can say was left out of the export: it stays */
	for (size_t i = 0; i < d->live.n && !err; i++)
		if (d->live.v[i].op == OP_OTHER)
			err = criterion_set_copy(&d->wanted, &d->live.v[i]) ? ERR_OK : ERR_NOMEM;
	return err ? err : set_diff(&d->live, &d->wanted, &d->changes);
}

/* The plan of d->changes, and the state that it was made from. */
static enum err make_plan(struct delta *d, struct headless *h, struct errinfo *ei)
{
	struct expr_lookup lookup = judge_expr_lookup(h->session);
	struct plan_input in = {.changes = &d->changes,
	    .max_ops = (size_t)session_batch_size(h->session),
	    .user = d,
	    .live = delta_live,
	    .lookup = &lookup};
	enum err err = plan_build(&d->plan, &in, ei);
	const char **ids = err ? NULL : mem_array(d->plan.n_line_items + 1, sizeof *ids);

	for (size_t i = 0; ids && i < d->plan.n_line_items; i++)
		ids[i] = d->plan.line_items[i].line_item_id;
	if (!err)
		err = ids ? delta_state(h->session, ids, d->plan.n_line_items, d->state, ei)
			  : err_set(ei, ERR_NOMEM, "no memory for the plan");
	mem_free(ids);
	return err;
}

enum err delta_build(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei)
{
	enum err err = read_live(d, h, t, ei);

	if (err)
		return err;
	err = delta_compare(d, t);
	return err ? err_set(ei, err, "no memory for the plan") : make_plan(d, h, ei);
}

/* --- back to what was before a posting --- */

static enum err find_posting(struct headless *h, uint64_t changeset, struct errinfo *ei)
{
	struct journal_page page = {session_account_id(h->session), changeset + 1, 1};
	struct journal_changeset_list list;
	enum err err;

	journal_changeset_list_init(&list);
	err = journal_changesets(session_store(h->session), &page, &list, ei);
	if (!err && (!list.n || list.v[0].id != changeset))
		err = err_set(ei, ERR_USAGE,
		    "there is no posting %llu to account %s in the journal of this machine",
		    (unsigned long long)changeset, page.account);
	journal_changeset_list_done(&list);
	return err;
}

static enum err read_posted_items(
    struct delta *d, struct headless *h, const struct journal_op_list *ops, struct errinfo *ei)
{
	const char **ids = mem_array(ops->n + 1, sizeof *ids);
	struct map seen;
	size_t n = 0;
	enum err err = ids ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the plan");

	map_init(&seen);
	for (size_t i = 0; i < ops->n && !err; i++) {
		const char *id = ops->v[i].change.line_item_id;

		if (map_get(&seen, id, NULL))
			continue;
		ids[n++] = id;
		err = map_put(&seen, id, n);
		if (!err && !session_line_item(h->session, id))
			err = err_set(ei, ERR_CONFLICT, "line item %.64s is gone", id);
	}
	if (!err && n)
		err = headless_criteria(h, ids, n, ei);
	for (size_t i = 0; i < n && !err; i++)
		err = add_live(d, h, ids[i], ei);
	map_done(&seen);
	mem_free(ids);
	return err;
}

/* What somebody put back already is there: creating it again would be a duplicate. */
static void drop_there(struct delta *d, const struct change_set *from, struct errinfo *ei)
{
	struct set_index live;
	struct arena a;
	enum err err = ERR_OK;

	arena_init(&a);
	set_index_init(&live);
	for (size_t i = 0; i < d->live.n && !err; i++) {
		struct set_key key;
		size_t found;

		err = d->live.v[i].deleted ? ERR_OK : set_key_of(&a, &d->live.v[i], &key);
		if (!err && !d->live.v[i].deleted)
			err = set_index_put(&live, &key, i, &found);
	}
	for (size_t i = 0; i < from->n && !err; i++) {
		struct criterion c;
		struct set_key key;
		size_t row;

		change_to_criterion(&from->v[i], &c);
		err = set_key_of(&a, &c, &key);
		if (!err && from->v[i].kind == CHANGE_CREATE && set_index_get(&live, &key, &row))
			d->moot++;
		else if (!err && !change_set_copy(&d->changes, &from->v[i]))
			err = ERR_NOMEM;
	}
	set_index_done(&live);
	arena_done(&a);
	if (err)
		err_set(ei, err, "no memory for the plan");
}

enum err delta_revert(struct delta *d, struct headless *h, uint64_t changeset, struct errinfo *ei)
{
	struct journal_op_list ops;
	struct change_set back;
	struct revert_result result;
	enum err err = find_posting(h, changeset, ei);

	d->is_revert = true;
	journal_op_list_init(&ops);
	change_set_init(&back);
	if (!err)
		err = journal_ops(session_store(h->session), changeset, 0, &ops, ei);
	if (!err)
		err = read_posted_items(d, h, &ops, ei);
	if (!err)
		err = revert_changes(h->session, changeset, &back, &result, ei);
	if (!err) {
		d->not_ours = result.not_ours;
		d->moot = result.moot;
		ei->code = ERR_OK;
		drop_there(d, &back, ei);
		err = ei->code;
	}
	change_set_done(&back);
	journal_op_list_done(&ops);
	return err ? err : make_plan(d, h, ei);
}
