#include "store/uistate.h"

#include <string.h>
#include "store/internal.h"

#define HISTORY_MAX 200

enum err uistate_put(struct store *s, const char *key, const char *value, struct errinfo *ei)
{
	if (!s->state.sql)
		return err_set(ei, ERR_STORE, "settings cannot be kept");
	if (!value)
		return db_run(&s->state, "DELETE FROM setting WHERE realm=? AND key=?",
		    BIND(INT(s->state_realm), TEXT(key)), ei);
	return db_run(&s->state, "INSERT OR REPLACE INTO setting(realm, key, value) VALUES(?,?,?)",
	    BIND(INT(s->state_realm), TEXT(key), TEXT(value)), ei);
}

static bool one_text(struct store *s, const char *sql, const struct db_arg *args, struct buf *out)
{
	sqlite3_stmt *st;
	bool any;

	buf_clear(out);
	if (!s->state.sql)
		return false;
	st = db_query(&s->state, sql, args);
	any = db_row(st);
	if (any)
		buf_adds(out, (const char *)sqlite3_column_text(st, 0));
	if (state_guard(s, db_done(&s->state, st, NULL)) || out->failed)
		any = false;
	if (!any)
		buf_clear(out);
	return any;
}

bool uistate_get(struct store *s, const char *key, struct buf *out)
{
	return one_text(s, "SELECT value FROM setting WHERE realm=? AND key=?",
	    BIND(INT(s->state_realm), TEXT(key)), out);
}

enum err uistate_history_add(
    struct store *s, const char *prompt, const char *line, struct errinfo *ei)
{
	enum err err;

	if (!s->state.sql)
		return err_set(ei, ERR_STORE, "the history cannot be kept");
	/* REPLACE gives the line a new, highest id: it is the newest again */
	err = db_run(&s->state, "INSERT OR REPLACE INTO history(prompt, line) VALUES(?,?)",
	    BIND(TEXT(prompt), TEXT(line)), ei);
	if (!err)
		err = db_run(&s->state,
		    "DELETE FROM history WHERE prompt=?1 AND id <= (SELECT id FROM history"
		    " WHERE prompt=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		    BIND(TEXT(prompt), INT(HISTORY_MAX)), ei);
	return err;
}

bool uistate_history_get(struct store *s, const char *prompt, size_t i, struct buf *out)
{
	return one_text(s,
	    "SELECT line FROM history WHERE prompt=? ORDER BY id DESC LIMIT 1 OFFSET ?",
	    BIND(TEXT(prompt), INT(i)), out);
}
