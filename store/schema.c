#include "store/internal.h"

/* The tables, step by step: a step that was released is never changed, the next one is added.
 * cache.db may also be thrown away instead: raise CACHE_ID then. */

static const char cache_1[] =
    "CREATE TABLE realm(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    /* a list of records; current: what readers see, pending: what is being fetched */
    "CREATE TABLE listing(id INTEGER PRIMARY KEY, realm INTEGER NOT NULL, account TEXT NOT NULL,"
    " kind TEXT NOT NULL, scope TEXT NOT NULL, current INTEGER, pending INTEGER,"
    " UNIQUE(realm, account, kind, scope));"
    "CREATE TABLE generation(id INTEGER PRIMARY KEY AUTOINCREMENT, listing INTEGER NOT NULL,"
    " owner INTEGER NOT NULL, n INTEGER NOT NULL, chunks INTEGER NOT NULL,"
    " complete INTEGER NOT NULL, started_at INTEGER NOT NULL, fetched_at INTEGER NOT NULL,"
    " cursor TEXT NOT NULL);"
    /* id = generation * 2^24 + number: the chunks of a generation lie side by side */
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, first INTEGER NOT NULL, n INTEGER NOT NULL,"
    " data BLOB NOT NULL);"
    /* hash of (realm, account, kind, first field) to the record; wrong hits are told by reading */
    "CREATE TABLE record_key(hash INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " position INTEGER NOT NULL, PRIMARY KEY(hash, generation, position)) WITHOUT ROWID;"
    "CREATE TABLE access(realm INTEGER NOT NULL, account TEXT NOT NULL, user_id TEXT,"
    " permissions TEXT, fetched_at INTEGER NOT NULL, PRIMARY KEY(realm, account));"
    "CREATE TABLE owner(id INTEGER PRIMARY KEY, realm INTEGER NOT NULL, account TEXT NOT NULL,"
    " UNIQUE(realm, account));"
    "CREATE TABLE criteria(id INTEGER PRIMARY KEY, owner INTEGER NOT NULL,"
    " line_item INTEGER NOT NULL, n INTEGER NOT NULL, fetched_at INTEGER NOT NULL,"
    " data BLOB NOT NULL);"
    /* covers the counts of all line items without touching a blob */
    "CREATE INDEX criteria_head ON criteria(owner, line_item, n, fetched_at);";

/* How far lists are known and how they are brought up to date; criteria that came in part. */
static const char cache_2[] =
    /* as_of: time of the server at which the reading of what is stored began, 0: unknown. A reading
     * of what changed since then began at changes_at and goes on at changes_cursor */
    "ALTER TABLE listing ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE listing ADD COLUMN changes_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE listing ADD COLUMN changes_cursor TEXT NOT NULL DEFAULT '';"
    /* version: updated_at of the line item when its criteria were asked for */
    "ALTER TABLE criteria ADD COLUMN version INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX criteria_head;"
    "CREATE INDEX criteria_head ON criteria(owner, line_item, n, fetched_at, version);"
    /* line_items: "id=version,id=version" in the order in which they were asked for */
    "CREATE TABLE criteria_group(id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL,"
    " line_items TEXT NOT NULL, began INTEGER NOT NULL, pages INTEGER NOT NULL,"
    " cursor TEXT NOT NULL);"
    /* id = group * 2^24 + number of the page */
    "CREATE TABLE criteria_page(id INTEGER PRIMARY KEY, data BLOB NOT NULL);";

/* Criteria are written closer together, and found by the number of their line item: what is there from
 * before is read again. */
static const char cache_3[] = "DELETE FROM criteria; DELETE FROM criteria_page;"
			      "DELETE FROM criteria_group;";

/* Where the journal was when the reading began. Behind the blob: only a posting's own are asked for. */
static const char cache_4[] =
    "ALTER TABLE criteria ADD COLUMN at_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE criteria ADD COLUMN at_hash INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE criteria ADD COLUMN at_mono INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE criteria_group ADD COLUMN at_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE criteria_group ADD COLUMN at_hash INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE criteria_group ADD COLUMN at_mono INTEGER NOT NULL DEFAULT 0;";

static const char state_1[] =
    "CREATE TABLE realm(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    /* base -1: edits.log was not looked at yet, so this file may be a new one in place of a lost one */
    "CREATE TABLE log_end(id INTEGER PRIMARY KEY CHECK(id = 1), offset INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, hash INTEGER NOT NULL, base INTEGER NOT NULL);"
    "INSERT INTO log_end VALUES(1, 0, 0, 0, -1);"
    /* ids of edits are never used twice: edits.log and the journal go by them. AUTOINCREMENT would
     * write a row of its own with every insert */
    "CREATE TABLE next_edit(id INTEGER NOT NULL);"
    "INSERT INTO next_edit VALUES(1);"
    "CREATE TABLE draft(id INTEGER PRIMARY KEY, realm INTEGER NOT NULL, account TEXT NOT NULL,"
    " name TEXT NOT NULL, UNIQUE(realm, account, name));"
    "CREATE TABLE change(id INTEGER PRIMARY KEY, draft INTEGER NOT NULL,"
    " state INTEGER NOT NULL, held INTEGER NOT NULL, grp INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " op INTEGER NOT NULL, line_item TEXT NOT NULL, type_name TEXT NOT NULL, value TEXT NOT NULL,"
    " criterion_id TEXT, name TEXT, location_type TEXT, note TEXT);"
    "CREATE INDEX change_open ON change(draft, state, id, held) WHERE state < 3;"
    /* what undo undoes; ids: varints; undone: 0 done, 1 can be redone, 2 had no effect any more */
    "CREATE TABLE action(id INTEGER PRIMARY KEY AUTOINCREMENT, draft INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, title TEXT NOT NULL, at INTEGER NOT NULL, undone INTEGER NOT NULL,"
    " ids BLOB NOT NULL);"
    "CREATE INDEX action_draft ON action(draft, undone, id);"
    "CREATE TABLE lease(realm INTEGER NOT NULL, account TEXT NOT NULL, epoch INTEGER NOT NULL,"
    " pid INTEGER NOT NULL, boot TEXT NOT NULL, host TEXT NOT NULL, tty TEXT NOT NULL,"
    " since INTEGER NOT NULL, PRIMARY KEY(realm, account));"
    "CREATE TABLE changeset(id INTEGER PRIMARY KEY AUTOINCREMENT, realm INTEGER NOT NULL,"
    " account TEXT NOT NULL, title TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX changeset_account ON changeset(realm, account, id);"
    "CREATE TABLE batch(id INTEGER PRIMARY KEY AUTOINCREMENT, changeset INTEGER NOT NULL"
    " REFERENCES changeset(id), seq INTEGER NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, body_sha256 TEXT, nonce TEXT,"
    " oauth_ts INTEGER, intent_at INTEGER, wire_at INTEGER, end_at INTEGER,"
    " curl_code INTEGER, http_status INTEGER, reply_sha256 TEXT, verdict TEXT);"
    /* apart, so that a transition does not write the body once more */
    "CREATE TABLE body(batch INTEGER PRIMARY KEY REFERENCES batch(id), pre_ids TEXT NOT NULL,"
    " data BLOB NOT NULL);"
    "CREATE INDEX batch_changeset ON batch(changeset, seq);"
    "CREATE INDEX batch_open ON batch(state) WHERE state IN (1, 2, 6);"
    "CREATE TABLE op(batch INTEGER NOT NULL REFERENCES batch(id), seq INTEGER NOT NULL,"
    " change INTEGER NOT NULL REFERENCES change(id), state INTEGER NOT NULL, result_id TEXT,"
    " note TEXT, PRIMARY KEY(batch, seq)) WITHOUT ROWID;"
    "CREATE INDEX op_change ON op(change, batch);"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " mono INTEGER NOT NULL, changeset INTEGER NOT NULL, batch INTEGER NOT NULL,"
    " from_state TEXT NOT NULL, to_state TEXT NOT NULL, why TEXT NOT NULL,"
    " prev_hash INTEGER NOT NULL, hash INTEGER NOT NULL);"
    "CREATE INDEX event_changeset ON event(changeset, seq);"
    "CREATE TABLE image(id INTEGER PRIMARY KEY AUTOINCREMENT, changeset INTEGER NOT NULL"
    " REFERENCES changeset(id), realm INTEGER NOT NULL, line_item TEXT NOT NULL,"
    " after INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE INDEX image_line_item ON image(realm, line_item, at, id);"
    "CREATE TABLE setting(realm INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(realm, key)) WITHOUT ROWID;"
    "CREATE TABLE history(id INTEGER PRIMARY KEY AUTOINCREMENT, prompt TEXT NOT NULL,"
    " line TEXT NOT NULL, UNIQUE(prompt, line));";

/* named drafts are shown with their age, and a deleted one can be brought back */
static const char state_2[] = "ALTER TABLE draft ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
			      "ALTER TABLE draft ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;";

/* what X answered to a batch; size: of all of it, when data is only its beginning */
static const char state_3[] =
    "CREATE TABLE reply(batch INTEGER PRIMARY KEY REFERENCES batch(id), size INTEGER NOT NULL,"
    " data BLOB NOT NULL);";

/* joined: id of the action before it with which it is one step of undo, 0: none */
static const char state_4[] = "ALTER TABLE action ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;";

#define CACHE_ID 0x52544332 /* "RTC2" */
#define STATE_ID 0x52545334 /* "RTS4" */

const struct db_schema cache_schema = {
    CACHE_ID, (const char *const[]){cache_1, cache_2, cache_3, cache_4}, 4, false};
const struct db_schema state_schema = {
    STATE_ID, (const char *const[]){state_1, state_2, state_3, state_4}, 4, true};
