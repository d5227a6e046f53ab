/* reticle apply: post a plan file, through the same review model, journal and apply engine as the
 * screen. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "cli/lookups.h"
#include "cli/plan_file.h"
#include "store/journal.h"
#include "session/applying.h"
#include "session/review_model.h"
#include "session/staging.h"

#define JOURNAL_LOOK 20 /* newest postings that are looked through for this one */

static bool is_what_goes(const struct criterion *c, const struct change *ch)
{
	return strcmp(c->line_item_id, ch->line_item_id) == 0 &&
	       strcmp(c->type_name, ch->type_name) == 0 && strcmp(c->value, ch->value) == 0 &&
	       c->op == ch->op;
}

/* The account is as it was when the plan was made, so every removal finds what it says under its id;
 * if not, the file was edited or mixed up, and something else would go than what it shows. */
static enum err check_removals(
    const struct plan_file *p, const struct criterion_set *live, struct errinfo *ei)
{
	struct map rows;
	uint64_t row;
	enum err err = ERR_OK;

	map_init(&rows);
	for (size_t i = 0; i < live->n && !err; i++)
		if (map_put(&rows, live->v[i].id, i))
			err = err_set(ei, ERR_NOMEM, "no memory for the plan");
	for (size_t i = 0; i < p->changes.n && !err; i++) {
		const struct change *c = &p->changes.v[i];

		if (c->kind == CHANGE_DELETE &&
		    (!map_get(&rows, c->criterion_id, &row) || !is_what_goes(&live->v[row], c)))
			err = err_set(ei, ERR_USAGE,
			    "change %zu of the plan removes criterion %.64s, and that is not %s "
			    "%.80s of line item %.64s; make the plan again",
			    i + 1, c->criterion_id, c->type_name, c->value, c->line_item_id);
	}
	map_done(&rows);
	return err;
}

static enum err check_fits(struct session *s, const struct plan_file *p, const char *const *ids,
    size_t n, struct errinfo *ei)
{
	struct criterion_set live;
	size_t unknown;
	enum err err;

	criterion_set_init(&live);
	err = session_criteria(s, ids, n, &live, &unknown, ei);
	if (!err)
		err = check_removals(p, &live, ei);
	criterion_set_done(&live);
	return err;
}

/* The plan's line items are read again; anything that moved since then ends it. */
static enum err check_state(struct headless *h, const struct plan_file *p, struct errinfo *ei)
{
	const char **ids = mem_array(p->changes.n + 1, sizeof *ids);
	char state[DIGEST_HEX_SIZE] = "";
	struct map seen;
	size_t n = 0;
	enum err err = ids ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the plan");

	map_init(&seen);
	for (size_t i = 0; i < p->changes.n && !err; i++) {
		const char *id = p->changes.v[i].line_item_id;

		if (map_get(&seen, id, NULL))
			continue;
		err = map_put(&seen, id, 1);
		ids[n++] = id;
		if (!session_line_item(h->session, id))
			err = err_set(ei, ERR_CONFLICT, "line item %.64s is gone", id);
	}
	if (!err)
		err = headless_criteria(h, ids, n, ei);
	if (!err)
		err = delta_state(h->session, ids, n, state, ei);
	if (!err && strcmp(state, p->state) != 0)
		err = err_set(ei, ERR_CONFLICT,
		    "the account changed since the plan was made; make the plan again");
	if (!err)
		err = check_fits(h->session, p, ids, n, ei);
	map_done(&seen);
	mem_free(ids);
	return err;
}

static enum err check_review(
    const struct review_model *m, const struct cli_options *o, struct errinfo *ei)
{
	for (size_t i = 0; i < m->problems.n; i++) {
		const struct problem *p = &m->problems.v[i];

		if (p->severity == RULE_ERROR)
			return err_set(ei, ERR_REFUSED, "line item %.64s: %s: %.300s",
			    p->line_item_id, rule_info(p->rule)->title,
			    p->message ? p->message : "");
	}
	if (plan_goes_worldwide(&m->plan) && !o->allow_worldwide)
		return err_set(ei, ERR_REFUSED,
		    "a line item would end with nothing that narrows it: everyone worldwide; "
		    "--allow-worldwide says that this is meant");
	return ERR_OK;
}

/* What was not applied does not stay staged behind the user's back; the plan file has it still. What
 * another terminal staged meanwhile stays. */
static void unstage_rest(struct session *s)
{
	const struct change_set *set = staging_changes(s);
	uint64_t *ids = mem_array(set->n + 1, sizeof *ids);
	uint64_t group = staging_last_group(s);
	size_t n = 0;
	struct errinfo ei;

	for (size_t i = 0; ids && group && i < set->n; i++)
		if (set->v[i].group == group)
			ids[n++] = set->v[i].id;
	if (ids && n && staging_remove(s, ids, n, &ei))
		cli_fail(&ei);
	mem_free(ids);
}

/* The stage is shared by every terminal of this machine: it has to hold this plan and nothing else,
 * or what nobody reviewed would be posted with it. */
static enum err check_alone(const struct session *s, size_t staged, struct errinfo *ei)
{
	const struct change_set *set = staging_changes(s);
	uint64_t group = staging_last_group(s);
	size_t ours = 0;

	for (size_t i = 0; i < set->n; i++)
		ours += group && set->v[i].group == group;
	if (ours == set->n && ours == staged)
		return ERR_OK;
	return err_set(ei, ERR_REFUSED,
	    "another terminal staged on this account meanwhile; post or drop that first. Nothing "
	    "was sent");
}

static void wait_applied(struct headless *h)
{
	while (applying_busy(h->session))
		loop_turn(h->client.loop, 100);
}

struct posting {
	const struct cli_options *options;
	size_t staged;
	char digest[DIGEST_HEX_SIZE]; /* of the plan that was posted; "" when nothing was */
};

static enum err post(struct headless *h, struct posting *p, struct errinfo *ei)
{
	struct review_model m;
	enum err err;

	review_model_init(&m, h->session);
	err = review_model_build(&m);
	if (err)
		*ei = m.ei;
	else
		err = check_alone(h->session, p->staged, ei);
	if (!err)
		err = check_review(&m, p->options, ei);
	if (!err && m.plan.n_ops) {
		struct applying_plan job = {.plan = &m.plan, .live = &m.live, .digest = m.digest};
		char lock[320];

		applying_lock_text(h->session, lock, sizeof lock);
		if (lock[0])
			fprintf(stderr, "reticle: %s\n", lock);

		snprintf(p->digest, sizeof p->digest, "%s", m.digest);
		err = applying_start(h->session, &job, ei);
		if (!err)
			wait_applied(h);
	}
	review_model_done(&m);
	return err;
}

/* How to get back, when there may be something to get back from. */
static void tell_undo(struct session *s, const char *digest)
{
	struct journal_page page = {session_account_id(s), 0, JOURNAL_LOOK};
	const size_t *n = applying_status(s)->by_outcome;
	struct journal_changeset_list list;

	if (!n[OUTCOME_APPLIED] && !n[OUTCOME_VERIFIED] && !n[OUTCOME_UNKNOWN])
		return;
	journal_changeset_list_init(&list);
	if (journal_changesets(session_store(s), &page, &list, NULL) == ERR_OK)
		for (size_t i = 0; i < list.n; i++) {
			if (strcmp(list.v[i].digest, digest) != 0)
				continue;
			printf("to undo: reticle plan --revert %llu --out undo.plan, then reticle "
			       "apply undo.plan\n",
			    (unsigned long long)list.v[i].id);
			break;
		}
	journal_changeset_list_done(&list);
}

static int tell_outcome(struct session *s, const char *digest)
{
	const struct applying_status *st = applying_status(s);
	struct errinfo ei = st->ei;

	for (size_t i = 0; i <= OUTCOME_CONFLICT; i++)
		if (st->by_outcome[i])
			printf("%zu %s\n", st->by_outcome[i],
			    apply_outcome_name((enum apply_outcome)i));
	tell_undo(s, digest);
	if (st->worst == OUTCOME_UNKNOWN) {
		err_set(&ei, ERR_UNKNOWN,
		    "a batch was not answered; reticle recover reads back what happened");
		return cli_fail(&ei);
	}
	if (st->worst == OUTCOME_CONFLICT && !ei.code)
		err_set(&ei, ERR_CONFLICT, "somebody else changed the same criteria");
	if (st->worst == OUTCOME_REFUSED && !ei.code)
		err_set(&ei, ERR_INVALID, "X refused a batch; nothing of it was applied");
	return ei.code ? cli_fail(&ei) : 0;
}

static enum err check_stage(struct session *s, struct errinfo *ei)
{
	enum err err = staging_load(s, ei);

	if (!err && staging_changes(s)->n)
		err = err_set(ei, ERR_REFUSED,
		    "%zu changes are staged on this account; post or drop them first",
		    staging_changes(s)->n);
	return err;
}

static enum err apply(
    struct headless *h, const struct plan_file *p, struct posting *to, struct errinfo *ei)
{
	char server[PLAN_SERVER_BYTES];
	enum err err = headless_open(h, to->options, ei);

	if (err)
		return err;
	plan_file_server(h, server);
	if (strcmp(p->server, server) != 0)
		return err_set(ei, ERR_REFUSED,
		    "the plan was made for %.128s, this profile uses %.128s", p->server, server);
	if (strcmp(p->account, session_account_id(h->session)) != 0)
		return err_set(ei, ERR_USAGE, "the plan is about account %.64s, not %s", p->account,
		    session_account_id(h->session));
	err = check_stage(h->session, ei);
	if (!err)
		err = check_state(h, p, ei);
	if (!err)
		lookups_of_changes(h, &p->changes);
	if (!err) /* again: that took its time */
		err = check_stage(h->session, ei);
	if (!err)
		err = staging_add(h->session, p->changes.v, p->changes.n, &to->staged, ei);
	if (err)
		return err;
	err = post(h, to, ei);
	unstage_rest(h->session);
	return err;
}

int cmd_apply(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct plan_file p;
	struct errinfo ei = {0};
	struct posting to = {.options = o};
	int rc;

	(void)argc;
	(void)argv;
	if (o->n_operands != 1)
		return cli_usage("which plan file? reticle plan FILE --out PLAN makes one");
	if (plan_file_read(&p, o->operands[0], &ei)) {
		rc = cli_fail(&ei);
	} else if (!p.changes.n) {
		puts("nothing to change");
		rc = 0;
	} else {
		rc = apply(&h, &p, &to, &ei) ? cli_fail(&ei) : tell_outcome(h.session, to.digest);
		headless_close(&h);
	}
	plan_file_done(&p);
	return rc;
}
