/* The journal in words: for the journal view, `reticle journal` and the export. */
#ifndef RETICLE_SESSION_JOURNAL_TEXT_H
#define RETICLE_SESSION_JOURNAL_TEXT_H

#include "base/buf.h"
#include "store/journal.h"

/* What a changeset came to, in few words ("2 verified, 1 not sent"). The worst state among its batches,
 * which decides how it should look; BATCH_STATES when it has none. */
enum batch_state journal_verdict(const struct journal_changeset *c, char *out, size_t cap);
/* "+ BROAD_KEYWORD shoes" or "- AGE AGE_25_TO_49 (exclude)" */
void journal_op_text(struct buf *out, const struct change *c);

/* ,"name":"text", or null for NULL; a time as 2026-01-31T12:00:00Z, 0 as null. */
void journal_member(struct buf *out, const char *name, const char *text);
void journal_member_time(struct buf *out, const char *name, int64_t t);

/* Everything about one changeset, as lines to read; a line that starts with "# " is a heading. */
enum err journal_page_text(
    struct store *s, const struct journal_changeset *c, struct buf *out, struct errinfo *ei);
/* One JSON object and a newline: the changeset with its batches, operations and events. */
enum err journal_json_line(
    struct store *s, const struct journal_changeset *c, struct buf *out, struct errinfo *ei);
/* The whole journal of an account as such lines, oldest first. */
enum err journal_json_all(
    struct store *s, const char *account, struct buf *out, struct errinfo *ei);

#endif
