#include "api/mutate.h"

#include <string.h>
#include "api/request.h"
#include "base/mem.h"

struct write {
	struct mutation m;
};

static enum err write_before_send(
    void *ctx, const char *nonce, int64_t oauth_timestamp, struct errinfo *ei)
{
	struct write *w = ctx;

	return w->m.before_send ? w->m.before_send(w->m.ctx, nonce, oauth_timestamp, ei) : ERR_OK;
}

static void write_done(void *ctx, struct answer *an, struct transport_reply *reply)
{
	struct write *w = ctx;
	struct mutation m = w->m;
	enum write_end end = an->kind == ANSWER_OK ? END_REFUSED : retry_rule(an->kind)->end;

	(void)reply;
	mem_free(w);
	m.done(m.ctx, end, an);
}

static void write_drop(void *ctx)
{
	struct write *w = ctx;

	w->m.drop(w->m.ctx);
	mem_free(w);
}

struct req_id mutate_batch(struct api *a, const struct mutation *m)
{
	struct write *w = mem_zalloc(sizeof *w);
	struct req_id id = {0};
	struct req_spec s;

	if (!w)
		return id;
	w->m = *m;
	req_spec_init(&s, ENDPOINT_CRITERIA_BATCH, API_NONE);
	req_spec_path(&s, a, &m->account_id, 1);
	s.body = mem_strdup(m->body);
	if (!s.body)
		req_spec_refuse(&s, ERR_NOMEM, "out of memory");
	s.hooks = (struct write_hooks){w, write_before_send, write_done, write_drop};
	id = req_submit(a, &s, &(struct api_call){.priority = REQ_USER});
	if (!id.gen)
		mem_free(w);
	return id;
}
