#include "views/revert.h"

#include <string.h>
#include "base/mem.h"
#include "store/journal.h"
#include "views/applying.h"
#include "views/staging.h"

/* Did we do it? What the drift check found done already is there, yet not by us. */
static bool is_ours(const struct journal_op *o)
{
	return o->state == OP_STATE_PRESENT &&
	       !(o->note && strcmp(o->note, APPLYING_WAS_SO) == 0) &&
	       (o->change.kind == CHANGE_DELETE || o->result_id);
}

static struct change inverse(const struct journal_op *o)
{
	struct change c = o->change;

	c.id = c.group = 0;
	c.held = false;
	c.note = NULL;
	if (c.kind == CHANGE_CREATE) {
		c.kind = CHANGE_DELETE;
		c.criterion_id = o->result_id;
	} else {
		c.kind = CHANGE_CREATE;
		c.criterion_id = NULL;
	}
	return c;
}

/* Is the criterion that a removal is about gone already, as far as the snapshot knows? */
static bool is_gone(struct session *s, const struct change *c, struct criterion_set *live)
{
	struct errinfo ei;
	size_t unknown;

	if (c->kind != CHANGE_DELETE)
		return false;
	criterion_set_done(live);
	criterion_set_init(live);
	if (session_criteria(s, &c->line_item_id, 1, live, &unknown, &ei) || unknown)
		return false;
	for (size_t i = 0; i < live->n; i++)
		if (strcmp(live->v[i].id, c->criterion_id) == 0)
			return false;
	return true;
}

enum err revert_changes(struct session *s, uint64_t changeset, struct change_set *to,
    struct revert_result *out, struct errinfo *ei)
{
	struct journal_op_list ops;
	struct criterion_set live;
	enum err err;

	*out = (struct revert_result){0};
	journal_op_list_init(&ops);
	criterion_set_init(&live);
	err = journal_ops(session_store(s), changeset, 0, &ops, ei);
	/* backwards: what was done last is undone first */
	for (size_t i = ops.n; !err && i > 0; i--) {
		struct change c;

		if (!is_ours(&ops.v[i - 1])) {
			out->not_ours++;
			continue;
		}
		c = inverse(&ops.v[i - 1]);
		if (is_gone(s, &c, &live))
			out->moot++;
		else if (!change_set_copy(to, &c))
			err = err_set(ei, ERR_NOMEM, "no memory to revert; nothing was staged");
	}
	criterion_set_done(&live);
	journal_op_list_done(&ops);
	return err;
}

enum err revert_stage(
    struct session *s, uint64_t changeset, struct revert_result *out, struct errinfo *ei)
{
	struct change_set changes;
	enum err err;

	*out = (struct revert_result){0};
	/* what others restored already is told from what the snapshot has: it must be newer */
	if (!applying_read_since(s, changeset, false))
		return err_set(ei, ERR_REFUSED,
		    session_api(s) ? "the line items are being read again; try again in a moment"
				   : "the line items were not read since, and there is no "
				     "connection");
	change_set_init(&changes);
	err = revert_changes(s, changeset, &changes, out, ei);
	if (!err && changes.n)
		err = staging_add(s, changes.v, changes.n, &out->staged, ei);
	if (!err)
		out->moot += changes.n - out->staged;
	change_set_done(&changes);
	return err;
}
