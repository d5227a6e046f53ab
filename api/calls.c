/* The typed reads: each fills a spec and hands it to the request engine. */
#include "api/request.h"

#include <string.h>
#include "base/mem.h"

static void set_cursor(struct req_spec *s, const char *cursor)
{
	if (!cursor || !*cursor)
		return;
	s->cursor = mem_strdup(cursor);
	if (!s->cursor)
		req_spec_refuse(s, ERR_NOMEM, "out of memory");
}

static void flag(struct req_spec *s, const char *name, bool on)
{
	if (on)
		req_spec_param(s, name, "true");
}

static struct req_id list(
    struct api *a, const struct list_query *q, const struct api_call *c, struct req_spec *s)
{
	req_spec_path(s, a, &q->account_id, 1);
	req_spec_param(s, "sort_by", q->sort_by);
	req_spec_param(s, "q", q->q);
	req_spec_param(s, "permission_scope", q->permission_scope);
	flag(s, "with_deleted", q->with_deleted);
	flag(s, "with_draft", q->with_draft);
	s->max_pages = q->max_pages;
	set_cursor(s, q->cursor);
	return req_submit(a, s, c);
}

/* LIST(function, ENDPOINT, KIND, parameter of the ids) */
#define LIST(name, endpoint, kind, ids_param)                                                      \
	struct req_id name(struct api *a, const struct list_query *q, const struct api_call *c)    \
	{                                                                                          \
		struct req_spec s;                                                                 \
                                                                                                   \
		req_spec_init(&s, ENDPOINT_##endpoint, API_##kind);                                \
		req_spec_ids(&s, ids_param, q->ids, q->n_ids);                                     \
		return list(a, q, c, &s);                                                          \
	}

LIST(api_accounts, ACCOUNTS, ACCOUNTS, "account_ids")
LIST(api_campaigns, CAMPAIGNS, CAMPAIGNS, "campaign_ids")
LIST(api_line_items, LINE_ITEMS, LINE_ITEMS, "line_item_ids")
LIST(api_promotable_users, PROMOTABLE_USERS, PROMOTABLE_USERS, "promotable_user_ids")
LIST(api_audiences, AUDIENCES, AUDIENCES, "custom_audience_ids")

struct req_id api_access(struct api *a, const char *account_id, const struct api_call *c)
{
	struct req_spec s;

	req_spec_init(&s, ENDPOINT_ACCESS, API_ACCESS);
	req_spec_path(&s, a, &account_id, 1);
	return req_submit(a, &s, c);
}

void req_spec_criteria(struct req_spec *s, struct api *a, const struct criteria_query *q)
{
	req_spec_init(s, ENDPOINT_CRITERIA, API_CRITERIA);
	req_spec_path(s, a, &q->account_id, 1);
	if (!q->n_line_items)
		req_spec_refuse(s, ERR_USAGE, "criteria are read by line item; none was named");
	req_spec_ids(s, "line_item_ids", q->line_item_ids, q->n_line_items);
	req_spec_ids(s, "targeting_criterion_ids", q->criterion_ids, q->n_criteria);
	req_spec_param(s, "lang", q->lang);
	flag(s, "with_deleted", q->with_deleted);
	set_cursor(s, q->cursor);
}

struct req_id api_criteria(struct api *a, const struct criteria_query *q, const struct api_call *c)
{
	struct req_spec s;

	req_spec_criteria(&s, a, q);
	s.ahead = true;
	return req_submit(a, &s, c);
}

struct req_id api_lookup(struct api *a, const struct lookup_query *q, const struct api_call *c)
{
	enum endpoint_id e = endpoint_of_lookup(q->kind);
	struct req_spec s;

	req_spec_init(&s, e == ENDPOINT_COUNT ? ENDPOINT_OTHER_GET : e, API_OPTIONS);
	if (e == ENDPOINT_COUNT)
		req_spec_refuse(&s, ERR_USAGE, "there is no look-up named %s", q->kind);
	req_spec_path(&s, a, NULL, 0);
	for (size_t i = 0; i < q->n_params; i++)
		req_spec_param(&s, q->params[i].name, q->params[i].value);
	s.max_pages = q->max_pages;
	set_cursor(&s, q->cursor);
	return req_submit(a, &s, c);
}

struct req_id api_audience_usage(struct api *a, const char *account_id, const char *audience_id,
    bool with_inactive, const struct api_call *c)
{
	const char *ids[2] = {account_id, audience_id};
	struct req_spec s;

	req_spec_init(&s, ENDPOINT_AUDIENCE_TARGETED, API_USAGES);
	req_spec_path(&s, a, ids, 2);
	if (with_inactive)
		req_spec_param(&s, "with_active", "false");
	return req_submit(a, &s, c);
}

struct req_id api_estimate(struct api *a, const struct estimate_query *q, const struct api_call *c)
{
	struct req_spec s;
	struct buf b;

	req_spec_init(&s, ENDPOINT_ESTIMATE, API_ESTIMATE);
	req_spec_path(&s, a, &q->account_id, 1);
	buf_init(&b, 4 * 1024 * 1024);
	buf_adds(&b, "{\"targeting_criteria\":[");
	for (size_t i = 0; i < q->n; i++) {
		const struct criterion *cr = &q->criteria[i];

		buf_adds(&b, i ? ",{\"targeting_type\":" : "{\"targeting_type\":");
		json_quote(&b, cr->type_name, strlen(cr->type_name));
		buf_adds(&b, ",\"targeting_value\":");
		json_quote(&b, cr->value, strlen(cr->value));
		buf_addf(&b, ",\"operator_type\":\"%s\"}", op_name(cr->op));
	}
	buf_adds(&b, "]}");
	if (b.failed)
		req_spec_refuse(&s, b.failed, "too many criteria for one estimate");
	else
		s.body = buf_take(&b);
	buf_done(&b);
	return req_submit(a, &s, c);
}

/* --- the raw call --- */

static enum endpoint_id raw_endpoint(const char *method, const char *path)
{
	static const enum endpoint_id others[] = {
	    ENDPOINT_OTHER_GET, ENDPOINT_OTHER_POST, ENDPOINT_OTHER_PUT, ENDPOINT_OTHER_DELETE};
	const char *rest = path + strspn(path, "/");
	enum endpoint_id e;

	rest += strcspn(rest, "/"); /* the version */
	e = endpoint_match(method, rest + strspn(rest, "/"));
	for (size_t i = 0; e == ENDPOINT_COUNT && i < 4; i++)
		if (strcmp(endpoint_info(others[i])->method, method) == 0)
			e = others[i];
	return e;
}

/* A path that means the same to us, to libcurl and to the server: no dot segments, no escapes. */
static bool raw_path_ok(const char *path)
{
	size_t n = strlen(path);

	return n > 1 && n < 1024 && path[0] == '/' && !strstr(path, "//") && !strstr(path, "/.") &&
	       strspn(path, "/.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") ==
		   n;
}

static void raw_account(struct req_spec *s)
{
	const char *p = strstr(s->path, "/accounts/");
	size_t n = p ? strcspn(p + 10, "/") : 0;

	if (n && n < sizeof s->account)
		memcpy(s->account, p + 10, n);
}

struct req_id api_raw(struct api *a, const struct raw_query *q, const struct api_call *c)
{
	size_t n = strcspn(q->path, "?");
	struct req_spec s;
	struct errinfo ei = {0};
	enum endpoint_id e;
	char *path = mem_strndup(q->path, n);

	e = path ? raw_endpoint(q->method, path) : ENDPOINT_COUNT;
	req_spec_init(&s, e == ENDPOINT_COUNT ? ENDPOINT_OTHER_GET : e, API_RAW);
	s.raw = true;
	s.form = q->form;
	s.path = path;
	if (!path) {
		req_spec_refuse(&s, ERR_NOMEM, "out of memory");
		return req_submit(a, &s, c);
	}
	if (e == ENDPOINT_COUNT)
		req_spec_refuse(&s, ERR_USAGE, "the method must be GET, POST, PUT or DELETE");
	if (!raw_path_ok(path))
		req_spec_refuse(&s, ERR_USAGE, "the path must look like /12/accounts");
	else
		raw_account(&s);
	if (endpoint_info(s.endpoint)->write && !a->raw_writes)
		req_spec_refuse(&s, ERR_REFUSED, "writes go through the review only");
	if (q->form && q->json)
		req_spec_refuse(&s, ERR_USAGE, "a request has one body: parameters or JSON");
	if (q->path[n] && oauth_params_parse(&s.params, q->path + n + 1, &ei))
		req_spec_refuse(&s, ei.code, "%s", ei.msg);
	for (size_t i = 0; i < q->n_params; i++)
		req_spec_param(&s, q->params[i].name, q->params[i].value);
	if (q->json && !(s.body = mem_strdup(q->json)))
		req_spec_refuse(&s, ERR_NOMEM, "out of memory");
	return req_submit(a, &s, c);
}
