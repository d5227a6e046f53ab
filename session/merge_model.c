#include "session/merge_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/uistate.h"
#include "session/draft.h"
#include "session/internal.h"
#include "session/journal_text.h"
#include "session/staging.h"

#define NOTE_MAX 4096

/* --- which posting --- */

static void setting_of(const struct session *s, char out[160])
{
	snprintf(out, 160, "merge:%s:%s", s->account_id, draft_active(s));
}

void merge_begin(struct session *s, uint64_t changeset)
{
	char key[160], value[24];

	setting_of(s, key);
	snprintf(value, sizeof value, "%llu", (unsigned long long)changeset);
	uistate_put(s->cfg.store, key, value, NULL);
}

void merge_end(struct session *s)
{
	char key[160];

	setting_of(s, key);
	uistate_put(s->cfg.store, key, NULL, NULL);
}

static uint64_t stopped_changeset(struct session *s)
{
	uint64_t id = 0;
	struct buf value;
	char key[160];

	buf_init(&value, 64);
	setting_of(s, key);
	if (s->account_id[0] && uistate_get(s->cfg.store, key, &value))
		id = strtoull(buf_str(&value), NULL, 10);
	buf_done(&value);
	return id;
}

/* --- building --- */

void merge_model_init(struct merge_model *m, struct session *s)
{
	*m = (struct merge_model){.session = s};
	arena_init(&m->arena);
}

void merge_model_done(struct merge_model *m)
{
	for (size_t i = 0; i < m->n_items; i++) {
		criterion_set_done(&m->items[i].base);
		criterion_set_done(&m->items[i].theirs);
		criterion_set_done(&m->items[i].mine);
		set_merge_done(&m->items[i].merge);
	}
	mem_free(m->items);
	mem_free(m->rows);
	staging_release(m->staged);
	arena_done(&m->arena);
	merge_model_init(m, m->session);
}

static bool same_key(struct merge_model *m, const struct criterion *a, const struct criterion *b)
{
	struct set_key x, y;

	return strcmp(a->line_item_id, b->line_item_id) == 0 && !set_key_of(&m->arena, a, &x) &&
	       !set_key_of(&m->arena, b, &y) && set_key_equal(&x, &y);
}

static bool has_id(const struct criterion_set *set, const char *id)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->v[i].id, id) == 0)
			return true;
	return false;
}

/* The staged removal of one criterion by its id, the staged addition of a key; NULL: none. */
static const struct change *staged_removal(const struct merge_model *m, const char *id)
{
	const struct change_set *v = staging_changes(m->session);

	for (size_t i = 0; id && i < v->n; i++)
		if (v->v[i].kind == CHANGE_DELETE && strcmp(v->v[i].criterion_id, id) == 0)
			return &v->v[i];
	return NULL;
}

static const struct change *staged_addition(struct merge_model *m, const struct criterion *c)
{
	const struct change_set *v = staging_changes(m->session);
	struct criterion staged;

	for (size_t i = 0; i < v->n; i++) {
		if (v->v[i].kind != CHANGE_CREATE)
			continue;
		change_to_criterion(&v->v[i], &staged);
		if (same_key(m, &staged, c))
			return &v->v[i];
	}
	return NULL;
}

static const struct criterion *find(
    struct merge_model *m, const struct criterion_set *set, const struct criterion *c)
{
	for (size_t i = 0; i < set->n; i++)
		if (same_key(m, &set->v[i], c))
			return &set->v[i];
	return NULL;
}

static enum err add_row(struct merge_model *m, const struct merge_row *row)
{
	if (m->n_rows == m->cap_rows) {
		size_t cap = m->cap_rows ? m->cap_rows * 2 : 16;
		void *v = mem_realloc_array(m->rows, cap, sizeof *m->rows);

		if (!v)
			return ERR_NOMEM;
		m->rows = v;
		m->cap_rows = cap;
	}
	m->rows[m->n_rows++] = *row;
	m->n_choose += row->state == MERGE_CHOOSE;
	m->n_foreign += row->in_theirs != row->in_base;
	return ERR_OK;
}

/* What they added and a staged edit removes again is none of theirs any more: it opposes nothing. */
static bool is_taken_back(const struct merge_model *m, size_t item, const struct criterion *c)
{
	return !has_id(&m->items[item].base, c->id) && staged_removal(m, c->id);
}

static enum err merge_rows(struct merge_model *m, size_t item)
{
	struct merge_item *it = &m->items[item];
	enum err err = ERR_OK;

	for (size_t i = 0; i < it->merge.n && !err; i++) {
		const struct set_merge_row *r = &it->merge.v[i];
		struct merge_row row = {.criterion = r->criterion,
		    .there = find(m, &it->theirs, r->criterion),
		    .in_base = r->in_base,
		    .in_theirs = r->in_theirs,
		    .in_mine = r->in_mine,
		    .why = r->why,
		    .item = (uint32_t)item};

		if (r->why == MERGE_EXCLUSIVE || r->why == MERGE_OPPOSED)
			row.state = MERGE_CHOOSE;
		else if (r->in_theirs == r->in_base)
			continue;
		else if (r->in_base && !r->in_theirs && staged_addition(m, r->criterion))
			row.state = MERGE_AGAINST;
		else
			row.state = r->in_theirs == r->in_mine ? MERGE_SAME : MERGE_FOREIGN;
		err = add_row(m, &row);
	}
	for (size_t i = 0; i < it->theirs.n && !err; i++)
		if (is_taken_back(m, item, &it->theirs.v[i]))
			err = add_row(m, &(struct merge_row){.criterion = &it->theirs.v[i],
					     .there = &it->theirs.v[i],
					     .in_theirs = true,
					     .state = MERGE_AGAINST,
					     .item = (uint32_t)item});
	return err;
}

/* Base with what is staged on the line item. */
static enum err make_mine(struct merge_model *m, struct merge_item *it)
{
	const struct change_set *all = staging_changes(m->session);
	struct change_set ours;
	enum err err = ERR_OK;

	change_set_init(&ours);
	for (size_t i = 0; i < all->n && !err; i++)
		if (strcmp(all->v[i].line_item_id, it->id) == 0 &&
		    !change_set_copy(&ours, &all->v[i]))
			err = ERR_NOMEM;
	if (!err)
		err = set_apply(&ours, &it->base, &it->mine);
	change_set_done(&ours);
	return err;
}

static enum err merge_item(struct merge_model *m, size_t item)
{
	struct merge_item *it = &m->items[item];
	struct criterion_set theirs;
	enum err err = make_mine(m, it);

	criterion_set_init(&theirs); /* a window: the strings are those of it->theirs */
	theirs.v = mem_array(it->theirs.n, sizeof *theirs.v);
	if (!theirs.v)
		err = ERR_NOMEM;
	for (size_t i = 0; !err && i < it->theirs.n; i++)
		if (!is_taken_back(m, item, &it->theirs.v[i]))
			theirs.v[theirs.n++] = it->theirs.v[i];
	/* rows point into the set that stays */
	if (!err)
		err = set_merge(&it->base, &theirs, &it->mine, &it->merge);
	for (size_t i = 0; !err && i < it->merge.n; i++)
		if (it->merge.v[i].criterion >= theirs.v &&
		    it->merge.v[i].criterion < theirs.v + theirs.n)
			it->merge.v[i].criterion = find(m, &it->theirs, it->merge.v[i].criterion);
	mem_free(theirs.v);
	return err ? err : merge_rows(m, item);
}

/* A line item of the posting: false when its base or what is there now is not known. */
static bool read_item(struct merge_model *m, const char *id)
{
	struct merge_item *it = &m->items[m->n_items];
	struct journal_image which = {.changeset = m->changeset, .line_item = id};
	size_t unknown = 0;
	struct errinfo ei;

	*it = (struct merge_item){.id = id};
	criterion_set_init(&it->base);
	criterion_set_init(&it->theirs);
	criterion_set_init(&it->mine);
	set_merge_init(&it->merge);
	if (!journal_image_of(m->session->cfg.store, &which, &it->base, NULL) &&
	    !session_criteria(m->session, &id, 1, &it->theirs, &unknown, &ei) && !unknown) {
		m->n_items++;
		return true;
	}
	criterion_set_done(&it->base);
	criterion_set_done(&it->theirs);
	return false;
}

static enum err read_items(
    struct merge_model *m, const struct journal_op_list *ops, struct errinfo *ei)
{
	struct map seen;
	enum err err = ERR_OK;

	m->items = mem_array(ops->n, sizeof *m->items);
	if (!m->items)
		return err_set(ei, ERR_NOMEM, "no memory to compare with what others changed");
	map_init(&seen);
	for (size_t i = 0; i < ops->n && !err; i++) {
		const char *id = ops->v[i].change.line_item_id, *copy;

		if (map_get(&seen, id, NULL))
			continue;
		copy = arena_strdup(&m->arena, id);
		err = copy ? map_put(&seen, id, 1) : ERR_NOMEM;
		if (!err && read_item(m, copy))
			err = merge_item(m, m->n_items - 1);
	}
	map_done(&seen);
	return err ? err_set(ei, err, "no memory to compare with what others changed") : ERR_OK;
}

enum err merge_model_build(struct merge_model *m, struct errinfo *ei)
{
	struct journal_op_list ops;
	enum err err;

	merge_model_done(m);
	m->changeset = stopped_changeset(m->session);
	if (!m->changeset)
		return ERR_OK;
	m->staged = staging_share(m->session);
	journal_op_list_init(&ops);
	err = journal_ops(m->session->cfg.store, m->changeset, 0, &ops, ei);
	if (!err)
		err = read_items(m, &ops, ei);
	journal_op_list_done(&ops);
	return err;
}

/* --- choosing --- */

struct edits {
	struct change_set add;
	uint64_t *remove;
	size_t n_remove;
};

static enum err want(
    struct merge_model *m, const struct merge_row *r, bool present, struct edits *e)
{
	const struct change *removal = staged_removal(m, r->there ? r->there->id : NULL);
	const struct change *addition = staged_addition(m, r->criterion);
	struct change c;

	if (present && r->there) {
		if (removal)
			e->remove[e->n_remove++] = removal->id;
		if (addition)
			e->remove[e->n_remove++] = addition->id;
		return ERR_OK;
	}
	if (!present && !r->there) {
		if (addition)
			e->remove[e->n_remove++] = addition->id;
		return ERR_OK;
	}
	if (present ? addition != NULL : removal != NULL)
		return ERR_OK;
	change_from_criterion(
	    &c, present ? CHANGE_CREATE : CHANGE_DELETE, present ? r->criterion : r->there);
	return change_set_copy(&e->add, &c) ? ERR_OK : ERR_NOMEM;
}

/* Choosing one side of a conflict is choosing that side of all of it. */
static bool goes_with(const struct merge_row *a, const struct merge_row *b)
{
	if (a == b)
		return true;
	return a->state == MERGE_CHOOSE && b->state == MERGE_CHOOSE && a->item == b->item &&
	       a->why == b->why && strcmp(a->criterion->type_name, b->criterion->type_name) == 0 &&
	       (a->why == MERGE_EXCLUSIVE ||
		   strcasecmp(a->criterion->value, b->criterion->value) == 0);
}

static bool chosen(const struct merge_model *m, const size_t *rows, size_t n, size_t row)
{
	for (size_t i = 0; i < n; i++)
		if (goes_with(&m->rows[rows[i]], &m->rows[row]))
			return true;
	return false;
}

static void note_choice(struct buf *out, const struct merge_row *r, enum merge_choice choice)
{
	static const char *const words[] = {"mine", "theirs", "as before both"};
	struct change c;

	change_from_criterion(&c, CHANGE_CREATE, r->criterion);
	buf_addf(out, "%schose %s of line item %s: ", out->len ? "; " : "", words[choice],
	    r->criterion->line_item_id);
	journal_op_text(out, &c);
}

/* For whoever reads the journal later. The edits are on disk already: while another terminal posts,
 * which alone may write the journal, the line is left out. */
static void journal_choice(struct merge_model *m, const char *text)
{
	struct store *store = m->session->cfg.store;
	const char *account = m->session->account_id;
	bool held = lock_is_held(store, account);
	struct journal_batch_list batches;
	struct errinfo ei;

	if (!text[0] || (!held && lock_take(store, account, &ei)))
		return;
	journal_batch_list_init(&batches);
	if (!journal_batches(store, m->changeset, &batches, &ei) && batches.n)
		journal_note(store, batches.v[0].id, text, &ei);
	journal_batch_list_done(&batches);
	if (!held)
		lock_drop(store, account);
}

static enum err stage(struct session *s, struct edits *e, size_t *n, struct errinfo *ei)
{
	struct staging_change c = {e->remove, e->n_remove, e->add.v, e->add.n};
	size_t staged = 0;
	enum err err = staging_change(s, &c, &staged, ei);

	*n = e->n_remove + staged;
	return err;
}

enum err merge_choose(struct merge_model *m, const size_t *rows, size_t n_rows,
    enum merge_choice choice, size_t *n, struct errinfo *ei)
{
	struct edits e = {.remove = mem_array(2 * m->n_rows + 1, sizeof *e.remove)};
	enum err err = e.remove ? ERR_OK : ERR_NOMEM;
	struct buf note;

	*n = 0;
	change_set_init(&e.add);
	buf_init(&note, NOTE_MAX);
	for (size_t i = 0; i < m->n_rows && !err; i++) {
		const struct merge_row *r = &m->rows[i];

		if (!chosen(m, rows, n_rows, i))
			continue;
		err = want(m, r,
		    choice == MERGE_MINE     ? r->in_mine
		    : choice == MERGE_THEIRS ? r->in_theirs
					     : r->in_base,
		    &e);
		note_choice(&note, r, choice);
	}
	if (err)
		err_set(ei, err, "no memory for the choice; nothing was staged");
	else
		err = stage(m->session, &e, n, ei);
	if (!err && *n)
		journal_choice(m, note.failed ? "chose between mine and theirs" : buf_str(&note));
	buf_done(&note);
	change_set_done(&e.add);
	mem_free(e.remove);
	return err;
}
