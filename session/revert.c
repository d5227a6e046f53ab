#include "session/revert.h"

#include <string.h>
#include "base/mem.h"
#include "store/journal.h"
#include "targeting/set.h"
#include "session/applying.h"
#include "session/staging.h"

struct revert {
	struct session *session;
	struct criterion_set live; /* of the line item that was looked at last */
	struct arena arena; /* keys, and ids that were found */
	bool read_late; /* so long after the posting that readings show all of it */
};

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

/* A removal is about a criterion by its id. When that one is gone, and a later posting of ours made
 * its like anew (it took a removal back), the like is meant: whoever takes everything back wants it
 * gone too. What somebody else made stays. */
static bool find_like(struct revert *r, struct change *c)
{
	struct criterion want;
	struct set_key key, other;

	change_to_criterion(c, &want);
	for (size_t i = 0; i < r->live.n; i++) {
		const struct criterion *l = &r->live.v[i];

		if (set_key_of(&r->arena, &want, &key) || set_key_of(&r->arena, l, &other))
			return false;
		if (!set_key_equal(&key, &other) || !journal_made(session_store(r->session), l->id))
			continue;
		c->criterion_id = arena_strdup(&r->arena, l->id);
		return c->criterion_id != NULL;
	}
	return false;
}

/* Is the criterion that a removal is about gone already, as far as the snapshot knows? */
static bool is_gone(struct revert *r, struct change *c)
{
	struct errinfo ei;
	size_t unknown;

	if (c->kind != CHANGE_DELETE)
		return false;
	criterion_set_done(&r->live);
	criterion_set_init(&r->live);
	if (session_criteria(r->session, &c->line_item_id, 1, &r->live, &unknown, &ei) || unknown)
		return false;
	for (size_t i = 0; i < r->live.n; i++)
		if (strcmp(r->live.v[i].id, c->criterion_id) == 0)
			return false;
	if (find_like(r, c))
		return false;
	/* a reading soon after the posting may be behind it: what it lacks is then staged, and the
	 * check before the posting sees whether it is gone */
	return r->read_late || journal_removed(session_store(r->session), c->criterion_id);
}

enum err revert_changes(struct session *s, uint64_t changeset, struct change_set *to,
    struct revert_result *out, struct errinfo *ei)
{
	struct revert r = {.session = s, .read_late = applying_read_late(s, changeset)};
	struct journal_op_list ops;
	enum err err;

	*out = (struct revert_result){0};
	journal_op_list_init(&ops);
	criterion_set_init(&r.live);
	arena_init(&r.arena);
	err = journal_ops(session_store(s), changeset, 0, &ops, ei);
	/* backwards: what was done last is undone first */
	for (size_t i = ops.n; !err && i > 0; i--) {
		struct change c;

		if (!is_ours(&ops.v[i - 1])) {
			out->not_ours++;
			continue;
		}
		c = inverse(&ops.v[i - 1]);
		if (is_gone(&r, &c))
			out->moot++;
		else if (!change_set_copy(to, &c))
			err = err_set(ei, ERR_NOMEM, "no memory to revert; nothing was staged");
	}
	criterion_set_done(&r.live);
	arena_done(&r.arena);
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
	if (!applying_read_since(s, changeset))
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
