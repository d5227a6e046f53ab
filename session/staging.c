#include "session/staging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "store/drafts.h"
#include "targeting/set.h"
#include "session/applying.h"
#include "session/draft.h"
#include "session/internal.h"

#define FOLLOW_MS 1000 /* how soon what another terminal stages is seen */

struct staged { /* shared with the screens that point into it; never edited in place */
	unsigned holders;
	struct change_set changes;
};

struct staging {
	struct staged *set;
	uint64_t version; /* of the drafts, when they were read */
	uint64_t followed; /* of the journal, when what is unknown was counted */
	size_t
	    sending; /* edits of any draft that a batch has taken and whose end nobody knows yet */
	struct timer_id follow;
	uint64_t last_group; /* what staging_add staged last */
	struct map rows; /* line item id -> index into counts */
	struct staging_count *counts;
	struct staging_count total;
};

struct staged *staging_share(struct session *s)
{
	struct staged *set = s->staging ? s->staging->set : NULL;

	if (set)
		set->holders++;
	return set;
}

void staging_release(struct staged *set)
{
	if (!set || --set->holders)
		return;
	change_set_done(&set->changes);
	mem_free(set);
}

static void forget(struct staging *st)
{
	staging_release(st->set);
	map_done(&st->rows);
	mem_free(st->counts);
	st->set = NULL;
	st->counts = NULL;
	st->total = (struct staging_count){0, 0};
}

void staging_done(struct session *s)
{
	if (!s->staging)
		return;
	loop_timer_cancel(s->cfg.loop, s->staging->follow);
	forget(s->staging);
	mem_free(s->staging);
	s->staging = NULL;
}

static enum err count(struct staging *st)
{
	const struct change_set *set = &st->set->changes;

	st->counts = mem_array(set->n, sizeof *st->counts);
	if (!st->counts)
		return ERR_NOMEM;
	for (size_t i = 0; i < set->n; i++) {
		const struct change *c = &set->v[i];
		uint64_t row = st->rows.count;

		if (!map_get(&st->rows, c->line_item_id, &row) &&
		    map_put(&st->rows, c->line_item_id, row))
			return ERR_NOMEM;
		if (c->kind == CHANGE_CREATE) {
			st->counts[row].creates++;
			st->total.creates++;
		} else {
			st->counts[row].deletes++;
			st->total.deletes++;
		}
	}
	return ERR_OK;
}

/* Another terminal of this machine may stage on the same account, or post what is staged. One read
 * of one row each time; the whole list only when something moved. */
static void on_follow(struct loop *l, void *user)
{
	struct session *s = user;
	struct errinfo ei;
	uint64_t version;

	s->staging->follow = loop_timer(l, FOLLOW_MS, on_follow, s);
	if (!s->account_id[0])
		return;
	version = drafts_version(s->cfg.store);
	if (version != s->staging->version) {
		draft_follow(s);
		staging_load(s, &ei);
	}
	/* an edit of our own reads the drafts as well, and must not hide what the other's posting did */
	if (version != s->staging->followed)
		applying_recount(s);
	s->staging->followed = version;
	if (s->staging->sending)
		applying_take_over(s);
}

enum err staging_load(struct session *s, struct errinfo *ei)
{
	struct staging *st = s->staging;
	struct staged *set = mem_zalloc(sizeof *set);
	enum err err;

	if (!st && set)
		st = s->staging = mem_zalloc(sizeof *st);
	if (!st || !set) {
		mem_free(set);
		return err_set(ei, ERR_NOMEM, "no memory for staged changes");
	}
	if (!st->follow.gen)
		st->follow = loop_timer(s->cfg.loop, FOLLOW_MS, on_follow, s);
	set->holders = 1;
	change_set_init(&set->changes);
	st->version = drafts_version(s->cfg.store);
	st->sending = drafts_sending(s->cfg.store, s->account_id);
	err = drafts_list(s->cfg.store, s->account_id, DRAFT_STAGED, &set->changes, ei);
	if (err) {
		staging_release(set); /* what was shown stays */
		return err;
	}
	forget(st);
	st->set = set;
	if (count(st))
		err = err_set(ei, ERR_NOMEM, "no memory for staged changes");
	session_notify(s, DATA_BIT(DATA_STAGED));
	return err;
}

const struct change_set *staging_changes(const struct session *s)
{
	static const struct change_set none;

	return s->staging && s->staging->set ? &s->staging->set->changes : &none;
}

struct staging_count staging_count(const struct session *s, const char *line_item_id)
{
	uint64_t row;

	if (s->staging && s->staging->counts && map_get(&s->staging->rows, line_item_id, &row))
		return s->staging->counts[row];
	return (struct staging_count){0, 0};
}

struct staging_count staging_total(const struct session *s)
{
	return s->staging ? s->staging->total : (struct staging_count){0, 0};
}

static enum err may_stage(const struct session *s, struct errinfo *ei)
{
	char why[160];

	if (!s->account_id[0])
		return err_set(ei, ERR_REFUSED, "no account is open");
	if (!session_may_edit(s, why, sizeof why))
		return err_set(ei, ERR_REFUSED, "%s", why);
	return ERR_OK;
}

/* What the line items of some changes have now, and what is staged on them, by natural key. */
struct known {
	struct arena arena;
	struct criterion_set live;
	struct set_index live_keys, staged_keys, fresh_keys; /* fresh: asked for in this call */
	struct map read; /* line items whose live set was read */
	uint64_t *
	    off; /* sorted: what the caller takes off the stage; then what its opposite takes back */
	size_t n_off;
	struct change_set fresh; /* to be staged */
};

static void known_done(struct known *k)
{
	arena_done(&k->arena);
	criterion_set_done(&k->live);
	set_index_done(&k->live_keys);
	set_index_done(&k->staged_keys);
	set_index_done(&k->fresh_keys);
	map_done(&k->read);
	change_set_done(&k->fresh);
	mem_free(k->off);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static enum err known_init(struct known *k, const struct staging_change *c)
{
	*k = (struct known){
	    .off = mem_array(c->n_off + c->n_on + 1, sizeof *k->off), .n_off = c->n_off};
	change_set_init(&k->fresh);
	criterion_set_init(&k->live);
	if (!k->off)
		return ERR_NOMEM;
	if (c->n_off)
		memcpy(k->off, c->off, c->n_off * sizeof *k->off);
	qsort(k->off, c->n_off, sizeof *k->off, by_id);
	return ERR_OK;
}

static enum err index_criterion(
    struct known *k, struct set_index *x, const struct criterion *c, size_t row)
{
	struct set_key key;
	size_t found;

	return set_key_of(&k->arena, c, &key) || set_index_put(x, &key, row, &found) ? ERR_NOMEM
										     : ERR_OK;
}

/* A removal is about one criterion: the account may have two that say the same. */
static bool key_of_removal(const struct change *c, struct set_key *key)
{
	if (c->kind != CHANGE_DELETE || !c->criterion_id)
		return false;
	set_key_of_id(c->criterion_id, key);
	return true;
}

static enum err index_staged(struct known *k, const struct change *c, size_t row)
{
	struct criterion cr;
	struct set_key key;
	size_t found;

	if (key_of_removal(c, &key) && set_index_put(&k->staged_keys, &key, row, &found))
		return ERR_NOMEM;
	change_to_criterion(c, &cr);
	return index_criterion(k, &k->staged_keys, &cr, row);
}

static enum err known_build(
    struct session *s, struct known *k, const struct change *v, size_t n, struct errinfo *ei)
{
	const struct change_set *staged = staging_changes(s);
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++) {
		const char *id = v[i].line_item_id;
		size_t unknown;

		if (map_get(&k->read, id, NULL))
			continue;
		err = map_put(&k->read, id, 1);
		if (!err)
			err = session_criteria(s, &id, 1, &k->live, &unknown, ei);
	}
	for (size_t i = 0; i < k->live.n && !err; i++)
		err = index_criterion(k, &k->live_keys, &k->live.v[i], i);
	for (size_t i = 0; i < staged->n && !err; i++)
		if (!bsearch(&staged->v[i].id, k->off, k->n_off, sizeof *k->off, by_id))
			err = index_staged(k, &staged->v[i], i);
	return err;
}

/* What to do with one wanted change: stage it, take back the opposite one, or nothing. */
enum verdict { STAGE, TAKE_BACK, NOTHING };

static enum err judge(
    struct session *s, struct known *k, const struct change *c, enum verdict *v, uint64_t *opposite)
{
	struct criterion cr;
	struct set_key key, id;
	bool by_id = key_of_removal(c, &id);
	size_t row;

	*v = NOTHING;
	change_to_criterion(c, &cr);
	if (set_key_of(&k->arena, &cr, &key))
		return ERR_NOMEM;
	if (by_id && set_index_get(&k->staged_keys, &id, &row))
		return ERR_OK;
	if (set_index_get(&k->staged_keys, &key, &row)) {
		const struct change *there = &staging_changes(s)->v[row];

		if (there->kind != c->kind) {
			*v = TAKE_BACK;
			*opposite = there->id;
			return ERR_OK;
		}
		if (!by_id)
			return ERR_OK;
	}
	if (c->kind == CHANGE_CREATE && set_index_get(&k->live_keys, &key, &row))
		return ERR_OK;
	if (set_index_get(&k->fresh_keys, by_id ? &id : &key, &row))
		return ERR_OK; /* asked for twice at once */
	*v = STAGE;
	return set_index_put(&k->fresh_keys, by_id ? &id : &key, 0, &row);
}

static void title_of(const struct known *k, char *out, size_t cap)
{
	const struct change_set *set = &k->fresh;
	size_t creates = 0;

	for (size_t i = 0; i < set->n; i++)
		creates += set->v[i].kind == CHANGE_CREATE;
	if (set->n == 1 && !k->n_off)
		snprintf(out, cap, "%s %s", creates ? "add" : "remove",
		    set->v[0].name ? set->v[0].name : set->v[0].value);
	else if (!k->n_off && (creates == set->n || creates == 0))
		snprintf(out, cap, "%s %zu criteria", creates ? "add" : "remove", set->n);
	else
		snprintf(out, cap, "change %zu criteria", set->n + k->n_off);
}

/* What another terminal staged a moment ago counts too, or the same removal would be staged twice.
 * *held keeps what the caller's changes may point into. */
static enum err catch_up(struct session *s, struct staged **held, struct errinfo *ei)
{
	*held = staging_share(s);
	if (!s->staging || drafts_version(s->cfg.store) == s->staging->version)
		return ERR_OK;
	return staging_load(s, ei);
}

/* What becomes of each change; *back counts those that take a staged one back. */
static enum err judge_all(struct session *s, struct known *k, const struct staging_change *c,
    size_t *back, struct errinfo *ei)
{
	enum err err = known_build(s, k, c->on, c->n_on, ei);

	*back = 0;
	for (size_t i = 0; i < c->n_on && !err; i++) {
		enum verdict v;

		err = judge(s, k, &c->on[i], &v, &k->off[k->n_off + *back]);
		if (!err && v == TAKE_BACK)
			++*back;
		else if (!err && v == STAGE && !change_set_copy(&k->fresh, &c->on[i]))
			err = ERR_NOMEM;
	}
	k->n_off += *back;
	return err;
}

static enum err keep(struct session *s, struct known *k, struct errinfo *ei)
{
	char title[128];
	struct draft_change c = {k->off, k->n_off, &k->fresh, title};

	title_of(k, title, sizeof title);
	return drafts_change(s->cfg.store, s->account_id, &c, ei);
}

enum err staging_change(
    struct session *s, const struct staging_change *c, size_t *staged, struct errinfo *ei)
{
	struct known k;
	struct staged *held = NULL;
	size_t back = 0;
	enum err err = may_stage(s, ei);

	*staged = 0;
	if (!err)
		err = catch_up(s, &held, ei);
	if (err) {
		staging_release(held);
		return err;
	}
	if (s->staging)
		s->staging->last_group = 0;
	err = known_init(&k, c);
	if (!err)
		err = judge_all(s, &k, c, &back, ei);
	if (err == ERR_NOMEM)
		err_set(ei, err, "no memory to stage this; nothing was staged");
	if (!err && (k.fresh.n || k.n_off))
		err = keep(s, &k, ei);
	if (!err)
		*staged = k.fresh.n + back;
	if (!err)
		err = staging_load(s, ei);
	if (s->staging && k.fresh.n)
		s->staging->last_group = k.fresh.v[0].group;
	known_done(&k);
	staging_release(held);
	return err;
}

enum err staging_add(
    struct session *s, const struct change *changes, size_t n, size_t *staged, struct errinfo *ei)
{
	return staging_change(s, &(struct staging_change){.on = changes, .n_on = n}, staged, ei);
}

uint64_t staging_last_group(const struct session *s)
{
	return s->staging ? s->staging->last_group : 0;
}

enum err staging_remove(struct session *s, const uint64_t *ids, size_t n, struct errinfo *ei)
{
	enum err err = may_stage(s, ei);

	if (!err)
		err = drafts_unstage(s->cfg.store, s->account_id, ids, n, NULL, ei);
	return err ? err : staging_load(s, ei);
}

enum err staging_hold(struct session *s, uint64_t id, bool held, struct errinfo *ei)
{
	struct draft_hold h = {&id, 1, held};
	enum err err = may_stage(s, ei);

	if (!err)
		err = drafts_hold(s->cfg.store, s->account_id, &h, NULL, ei);
	return err ? err : staging_load(s, ei);
}

static enum err step(struct session *s, bool redo, char what[64], struct errinfo *ei)
{
	struct draft_step st = {0};
	enum err err = may_stage(s, ei);

	if (!err)
		err = redo ? drafts_redo(s->cfg.store, s->account_id, &st, ei)
			   : drafts_undo(s->cfg.store, s->account_id, &st, ei);
	if (err == ERR_NOTFOUND)
		return err_set(
		    ei, ERR_REFUSED, redo ? "nothing to stage again" : "nothing to undo");
	if (err)
		return err;
	snprintf(what, 64, "%.63s", st.title);
	return staging_load(s, ei);
}

enum err staging_undo(struct session *s, char what[64], struct errinfo *ei)
{
	return step(s, false, what, ei);
}

enum err staging_redo(struct session *s, char what[64], struct errinfo *ei)
{
	return step(s, true, what, ei);
}
