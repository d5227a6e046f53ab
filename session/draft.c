#include "session/draft.h"

#include <stdio.h>
#include <string.h>
#include "store/uistate.h"
#include "session/applying.h"
#include "session/internal.h"
#include "session/staging.h"

const char *draft_active(const struct session *s)
{
	return drafts_selected(s->cfg.store);
}

const char *draft_title(const char *name)
{
	return name[0] ? name : DRAFT_DEFAULT;
}

const char *draft_name_of(const char *typed)
{
	return strcmp(typed, DRAFT_DEFAULT) == 0 ? "" : typed;
}

static enum err may_change(const struct session *s, bool edits, struct errinfo *ei)
{
	char why[160];

	if (!s->account_id[0])
		return err_set(ei, ERR_REFUSED, "no account is open");
	if (applying_busy(s))
		return err_set(
		    ei, ERR_REFUSED, "changes of this draft are being posted; wait for the end");
	if (edits && !session_may_edit(s, why, sizeof why))
		return err_set(ei, ERR_REFUSED, "%s", why);
	return ERR_OK;
}

static void setting_of(const struct session *s, char out[96])
{
	snprintf(out, 96, "draft:%s", s->account_id);
}

/* Losing the setting costs a key press: the draft itself is on disk. */
static void remember(struct session *s)
{
	char key[96];

	setting_of(s, key);
	if (s->cfg.resume_draft)
		uistate_put(s->cfg.store, key, draft_active(s)[0] ? draft_active(s) : NULL, NULL);
}

/* What was posted belongs to the draft before; its outcome is in the journal. */
static enum err moved(struct session *s, struct errinfo *ei)
{
	remember(s);
	applying_leave(s);
	applying_recount(s);
	session_notify(s, DATA_BIT(DATA_APPLY));
	return staging_load(s, ei);
}

static bool is_there(struct session *s, const char *name)
{
	struct draft_names d;
	bool found = !name[0];

	if (!drafts_names(s->cfg.store, s->account_id, &d, NULL))
		for (size_t i = 0; i < d.n; i++)
			found |= strcmp(d.v[i].name, name) == 0 && !d.v[i].deleted_at;
	draft_names_done(&d);
	return found;
}

enum err draft_switch(struct session *s, const char *name, struct errinfo *ei)
{
	enum err err = may_change(s, !is_there(s, name), ei);

	if (!err)
		err = drafts_select(s->cfg.store, s->account_id, name, ei);
	return err ? err : moved(s, ei);
}

static enum err check_new_name(const char *name, struct errinfo *ei)
{
	return strcmp(name, DRAFT_DEFAULT)
		   ? ERR_OK
		   : err_set(ei, ERR_REFUSED, "\"" DRAFT_DEFAULT "\" is the name of the first one");
}

enum err draft_rename(struct session *s, const char *from, const char *to, struct errinfo *ei)
{
	enum err err = may_change(s, true, ei);

	if (!err)
		err = check_new_name(to, ei);
	if (!err)
		err = drafts_rename(s->cfg.store, s->account_id, from, to, ei);
	if (err)
		return err;
	remember(s);
	return staging_load(s, ei);
}

enum err draft_copy(
    struct session *s, const char *from, const char *to, size_t *n, struct errinfo *ei)
{
	enum err err = may_change(s, true, ei);

	if (!err)
		err = check_new_name(to, ei);
	if (!err)
		err = drafts_copy(s->cfg.store, s->account_id, from, to, n, ei);
	return err ? err : draft_switch(s, to, ei);
}

enum err draft_delete(struct session *s, const char *name, struct errinfo *ei)
{
	enum err err = may_change(s, true, ei);

	if (!err)
		err = drafts_delete(s->cfg.store, s->account_id, name, ei);
	return err ? err : moved(s, ei);
}

enum err draft_restore(struct session *s, const char *name, struct errinfo *ei)
{
	enum err err = may_change(s, true, ei);

	if (!err)
		err = drafts_restore(s->cfg.store, s->account_id, name, ei);
	return err ? err : staging_load(s, ei);
}

bool draft_notice(struct session *s, char out[160])
{
	if (!s->draft_notice[0])
		return false;
	snprintf(out, 160, "%s", s->draft_notice);
	s->draft_notice[0] = '\0';
	return true;
}

void draft_resume(struct session *s)
{
	struct buf name;
	char key[96];

	buf_init(&name, 256);
	setting_of(s, key);
	if (!s->cfg.resume_draft || !uistate_get(s->cfg.store, key, &name) ||
	    !is_there(s, buf_str(&name)) ||
	    drafts_select(s->cfg.store, s->account_id, buf_str(&name), NULL))
		drafts_select(s->cfg.store, s->account_id, "", NULL);
	buf_done(&name);
}

void draft_follow(struct session *s)
{
	char before[65];
	bool gone;

	snprintf(before, sizeof before, "%s", draft_active(s));
	if (drafts_follow(s->cfg.store, s->account_id, &gone, NULL))
		return;
	if (gone)
		snprintf(s->draft_notice, sizeof s->draft_notice,
		    "draft %s was deleted in another terminal; you are on the default draft",
		    before);
	else if (strcmp(before, draft_active(s)) != 0)
		snprintf(s->draft_notice, sizeof s->draft_notice, "draft %s has the name %s now",
		    before, draft_active(s));
	if (gone || s->draft_notice[0])
		remember(s);
}
