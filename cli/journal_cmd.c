/* reticle journal: what was posted from this machine, and line items as of then. reticle recover: settle, by reading, what a run
 * that was killed or lost its answer left open; nothing is ever sent by it. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "cli/headless.h"
#include "store/drafts.h"
#include "store/journal.h"
#include "store/uistate.h"
#include "targeting/form.h"
#include "session/applying.h"
#include "session/journal_text.h"
#include "session/past.h"
#include "session/unknown_model.h"

#define OUT_MAX (256u << 20)

static int put(const struct buf *out)
{
	struct errinfo ei;

	if (!out->failed && fwrite(out->p ? out->p : "", 1, out->len, stdout) == out->len &&
	    fflush(stdout) == 0)
		return 0;
	err_set(&ei, out->failed ? out->failed : ERR_IO, "the output could not be written");
	return cli_fail(&ei);
}

/* The store alone: no credentials and no network are needed to read what is written here. */
static enum err open_store(
    struct client *c, const struct cli_options *o, struct buf *account, struct errinfo *ei)
{
	enum err err = client_configure(c, o, ei);

	if (err)
		return err;
	c->store = store_open(&c->paths, ei);
	if (!c->store)
		return ei->code;
	err = store_bind(c->store, client_realm(c->profile->base_url), c->profile->api_version, ei);
	if (err)
		return err;
	if (o->account)
		buf_adds(account, o->account);
	else if (c->profile->account && c->profile->account[0])
		buf_adds(account, c->profile->account);
	else
		uistate_get(c->store, "last-account", account);
	if (!account->len)
		return err_set(
		    ei, ERR_USAGE, "which ads account? name it with --account, or in the profile");
	return ERR_OK;
}

static enum err list_text(struct store *s, const char *account, struct buf *out, struct errinfo *ei)
{
	struct journal_page page = {account, 0, SIZE_MAX};
	struct journal_changeset_list list;
	enum err err;

	journal_changeset_list_init(&list);
	err = journal_changesets(s, &page, &list, ei);
	for (size_t i = 0; !err && i < list.n; i++) {
		const struct journal_changeset *c = &list.v[i];
		char at[21], verdict[160];

		clock_format_utc(c->created_at, at);
		journal_verdict(c, verdict, sizeof verdict);
		buf_addf(out, "%6llu  %s  plan %.8s  ", (unsigned long long)c->id, at, c->digest);
		text_escape(out, c->title, strlen(c->title));
		buf_addf(out, ": %s\n", verdict);
	}
	if (!err && !list.n)
		buf_adds(out, "nothing was posted to this account from this machine\n");
	journal_changeset_list_done(&list);
	return err;
}

/* --line-item: its known moments, or what it had at one. */
static enum err line_item_text(
    struct store *s, const struct cli_options *o, struct buf *out, struct errinfo *ei)
{
	struct past p;
	int64_t when = 0;
	enum err err;

	if (!o->as_of)
		return past_list_text(s, o->params[0], o->json, out, ei);
	err = past_parse(o->as_of, &when, ei);
	if (err)
		return err;
	past_init(&p);
	err = past_at(s, o->params[0], when, &p, ei);
	if (!err)
		err = past_text(&p, o->json, out, ei);
	past_done(&p);
	return err;
}

int cmd_journal(const struct cli_options *o, int argc, char **argv)
{
	struct client c = {0};
	struct errinfo ei = {0};
	struct buf out, account;
	enum err err;
	int rc;

	(void)argc;
	(void)argv;
	if (o->n_params > 1 || (o->as_of && !o->n_params))
		return cli_usage("--as-of wants a line item: --line-item ID, once");
	buf_init(&out, OUT_MAX);
	buf_init(&account, 256);
	err = open_store(&c, o, &account, &ei);
	if (!err && o->n_params)
		err = line_item_text(c.store, o, &out, &ei);
	else if (!err && o->json)
		err = journal_json_all(c.store, buf_str(&account), &out, &ei);
	else if (!err)
		err = list_text(c.store, buf_str(&account), &out, &ei);
	rc = err ? cli_fail(&ei) : put(&out);
	buf_done(&account);
	buf_done(&out);
	client_close(&c);
	return rc;
}

/* --- recover --- */

static void count_batches(struct store *s, const char *account, size_t by_state[BATCH_STATES])
{
	struct journal_page page = {account, 0, 1};
	struct journal_changeset_list list;

	memset(by_state, 0, BATCH_STATES * sizeof *by_state);
	journal_changeset_list_init(&list);
	if (!journal_changesets(s, &page, &list, NULL) && list.n)
		memcpy(by_state, list.v[0].by_state, BATCH_STATES * sizeof *by_state);
	journal_changeset_list_done(&list);
}

static void tell_messages(const struct store *s)
{
	const char *text;

	for (size_t i = 0; (text = store_message(s, i)) != NULL; i++)
		fprintf(stderr, "reticle: %s\n", text);
}

static void recover_json(const struct headless *h, const struct draft_counts *n,
    const struct unknown_model *m, struct buf *out)
{
	size_t by_state[BATCH_STATES];

	count_batches(h->client.store, session_account_id(h->session), by_state);
	buf_adds(out, "{\"account\":");
	form_json_string(out, session_account_id(h->session));
	buf_addf(out, ",\"staged\":%zu,\"unknown\":%zu,\"last_posting\":{", n->staged, m->n_open);
	for (int i = 0; i < BATCH_STATES; i++)
		buf_addf(out, "%s\"%s\":%zu", i ? "," : "", batch_state_name((enum batch_state)i),
		    by_state[i]);
	buf_adds(out, "},\"unknown_batches\":[");
	unknown_model_json(m, out);
	buf_adds(out, "]}\n");
}

static void recover_text(const struct headless *h, const struct draft_counts *n,
    const struct unknown_model *m, struct buf *out)
{
	size_t by_state[BATCH_STATES];
	const char *message;

	count_batches(h->client.store, session_account_id(h->session), by_state);
	for (size_t i = 0; (message = store_message(h->client.store, i)) != NULL; i++)
		buf_addf(out, "%s\n", message);
	buf_addf(out, "%zu staged, %zu of unknown outcome\nlast posting:", n->staged, m->n_open);
	for (int i = 0; i < BATCH_STATES; i++)
		if (by_state[i])
			buf_addf(
			    out, " %zu %s", by_state[i], batch_state_name((enum batch_state)i));
	buf_addc(out, '\n');
	unknown_model_text(m, out);
}

static int report(struct headless *h, const struct cli_options *o, struct errinfo *ei)
{
	struct draft_counts n = drafts_count_all(h->client.store, session_account_id(h->session));
	struct unknown_model m;
	struct buf out;
	int rc;

	unknown_model_init(&m, h->session);
	if (unknown_model_build(&m, ei))
		return cli_fail(ei);
	buf_init(&out, OUT_MAX);
	(o->json ? recover_json : recover_text)(h, &n, &m, &out);
	rc = put(&out);
	if (!rc && m.n_open)
		rc = 6;
	buf_done(&out);
	unknown_model_done(&m);
	return rc;
}

int cmd_recover(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct errinfo ei = {0};
	enum err err;
	int rc;

	(void)argc;
	(void)argv;
	/* opening the account takes back what was never sent, and reads back what may have been */
	err = headless_open(&h, o, &ei);
	if (!err && applying_unknown(h.session)) {
		err = applying_settle(h.session, &ei);
		if (!err)
			err = headless_wait(&h, &ei);
	}
	/* nothing is "0 unknown" when the file that knows cannot be read */
	if (!err && !store_can_stage(h.client.store)) {
		tell_messages(h.client.store);
		err = err_set(&ei, ERR_STORE,
		    "state.db cannot be used: what is staged and what is unknown is not known");
	}
	rc = err ? cli_fail(&ei) : report(&h, o, &ei);
	headless_close(&h);
	return rc;
}
