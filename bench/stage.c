/* P9: staging 100,000 edits, durably and with their side log, beside the bare SQLite insert of the
 * same rows into the same kind of file. Prints milliseconds: "stage A bare B". */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "store/drafts.h"

#define EDITS 100000

static void value_of(size_t i, char *line_item, char *value)
{
	snprintf(line_item, 32, "b%05zu", i / 50);
	snprintf(value, 32, "keyword number %zu", i % 1000);
}

static int64_t stage(const char *dir)
{
	struct change_set set;
	struct errinfo ei = {0};
	struct paths p = {0};
	struct store *s;
	int64_t began;
	enum err err;

	snprintf(p.state, sizeof p.state, "%s/state", dir);
	snprintf(p.cache, sizeof p.cache, "%s/cache", dir);
	s = store_open(&p, &ei);
	if (!s || store_bind(s, "bench", "12", &ei))
		return -1;
	change_set_init(&set);
	for (size_t i = 0; i < EDITS; i++) {
		char line_item[32], value[32];

		value_of(i, line_item, value);
		if (!change_set_copy(&set, &(struct change){.line_item_id = line_item,
					       .type = TYPE_BROAD_KEYWORD,
					       .type_name = "BROAD_KEYWORD",
					       .value = value}))
			return -1;
	}
	began = (int64_t)clock_mono_ns();
	err = drafts_stage(s, "18ce5bulk01", &set, "bench", &ei);
	began = (int64_t)clock_mono_ns() - began;
	change_set_done(&set);
	store_close(s);
	return err ? -1 : began;
}

static int64_t bare(const char *dir)
{
	char path[4096];
	sqlite3_stmt *st = NULL;
	sqlite3 *sql = NULL;
	int64_t began;

	snprintf(path, sizeof path, "%s/bare.db", dir);
	if (sqlite3_open(path, &sql) != SQLITE_OK ||
	    sqlite3_exec(sql,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE change(id INTEGER PRIMARY KEY, line_item TEXT, type_name TEXT,"
		" value TEXT, op INTEGER)",
		NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	began = (int64_t)clock_mono_ns();
	sqlite3_exec(sql, "BEGIN", NULL, NULL, NULL);
	sqlite3_prepare_v2(sql,
	    "INSERT INTO change(line_item, type_name, value, op) VALUES(?,?,?,?)", -1, &st, NULL);
	for (size_t i = 0; i < EDITS; i++) {
		char line_item[32], value[32];

		value_of(i, line_item, value);
		sqlite3_bind_text(st, 1, line_item, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, "BROAD_KEYWORD", -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, value, -1, SQLITE_STATIC);
		sqlite3_bind_int(st, 4, 0);
		sqlite3_step(st);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	if (sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	began = (int64_t)clock_mono_ns() - began;
	sqlite3_close(sql);
	return began;
}

int main(int argc, char **argv)
{
	int64_t ours, theirs;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-stage DIRECTORY\n");
		return 2;
	}
	ours = stage(argv[1]);
	theirs = bare(argv[1]);
	if (ours < 0 || theirs < 0)
		return 1;
	printf("stage %.1f bare %.1f\n", (double)ours / 1e6, (double)theirs / 1e6);
	return 0;
}
