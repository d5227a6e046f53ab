/* The floor of P1: a program of the same libraries that only starts, reads the rows of one screen from
 * a SQLite file in WAL mode, and paints them. `floor FILE make` writes the file; `q` ends it. */
#include <curses.h>
#include <locale.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ROWS "8000"

static int make(sqlite3 *sql)
{
	return sqlite3_exec(sql,
		   "PRAGMA journal_mode=WAL; CREATE TABLE line_item(id INTEGER PRIMARY KEY, name "
		   "TEXT);"
		   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS
		   ")"
		   "INSERT INTO line_item SELECT i, 'modern sofa, US ' || i FROM n;",
		   NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : 1;
}

static void paint(sqlite3 *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(sql, "SELECT id, name FROM line_item LIMIT ?", -1, &st, NULL) !=
	    SQLITE_OK)
		return;
	sqlite3_bind_int(st, 1, LINES);
	for (int y = 0; sqlite3_step(st) == SQLITE_ROW; y++)
		mvprintw(y, 0, "%6d %s", sqlite3_column_int(st, 0),
		    (const char *)sqlite3_column_text(st, 1));
	sqlite3_finalize(st);
	refresh();
}

int main(int argc, char **argv)
{
	sqlite3 *sql = NULL;
	int rc = 1;

	setlocale(LC_ALL, "");
	if (argc < 2 || sqlite3_open(argv[1], &sql) != SQLITE_OK)
		goto out;
	if (argc > 2) {
		rc = make(sql);
		goto out;
	}
	initscr();
	paint(sql);
	while (getch() != 'q')
		;
	endwin();
	rc = 0;
out:
	sqlite3_close(sql);
	return rc;
}
