#include "sandbox/dispatch.h"

#include <string.h>
#include "sandbox/auth.h"
#include "sandbox/life.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"
#include "sandbox/scenario.h"
#include "sandbox/sign_in.h"

#define BODY_OUT_MAX (256u << 20)

void call_init(struct call *c, struct sandbox *sb, struct arena *a)
{
	*c = (struct call){.sb = sb,
	    .a = a,
	    .scheme = "http",
	    .host = "",
	    .body = "",
	    .total = -1,
	    .partial = -1,
	    .content_type_out = "application/json; charset=utf-8"};
	buf_init(&c->data, BODY_OUT_MAX);
	buf_init(&c->request_echo, BODY_OUT_MAX);
	buf_init(&c->operation_errors, BODY_OUT_MAX);
	buf_init(&c->out, BODY_OUT_MAX);
}

void call_done(struct call *c)
{
	buf_done(&c->data);
	buf_done(&c->request_echo);
	buf_done(&c->operation_errors);
	buf_done(&c->out);
}

/* "/12/accounts?x" -> version 12, path "/accounts" */
static bool read_path(struct call *c)
{
	size_t n = strcspn(c->uri, "?");
	const char *path = percent_decode(c->a, c->uri, n, PLUS_IS_PLUS);
	int64_t version;
	const char *rest;

	c->path = "";
	c->version = 0;
	if (!path || *path != '/')
		return false;
	rest = strchr(path + 1, '/');
	if (!rest ||
	    !number_parse(arena_strndup(c->a, path + 1, (size_t)(rest - path - 1)), &version))
		return false;
	c->version = (int)version;
	c->path = rest;
	return c->version == 12 || c->version == 11;
}

static void add_headers(struct call *c)
{
	call_header(c, "x-current-api-version", "12");
	if (c->version == 11)
		call_header(c, "x-api-warn", "Version 11 is deprecated; use version 12");
}

/* --- who may --- */

static const char *permissions_of(struct call *c)
{
	struct db *db = &c->sb->db;
	sqlite3_stmt *q =
	    db_query(db, "SELECT permissions FROM access WHERE user = ? AND account = ?", "tt",
		c->user, c->account);
	const char *out = db_step(db, q) ? db_column(c->a, q, 0) : NULL;

	sqlite3_reset(q);
	return out;
}

static bool holds(const char *permissions, const char *one)
{
	size_t n = strlen(one);

	for (const char *p = permissions; (p = strstr(p, one)); p += n)
		if ((p == permissions || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

/* The roles of reference 2.2. */
static bool role_allows(const char *p, enum route_access access)
{
	bool edits = holds(p, "ACCOUNT_ADMIN") || holds(p, "AD_MANAGER");

	switch (access) {
	case ACCESS_OPEN:
	case ACCESS_SEE:
		return true;
	case ACCESS_VIEW:
		return edits || holds(p, "CAMPAIGN_ANALYST") || holds(p, "CREATIVE_MANAGER");
	case ACCESS_EDIT:
		return edits;
	case ACCESS_AUDIENCE:
		return edits || holds(p, "PARTNER_AUDIENCE_MANAGER");
	case ACCESS_ADMIN:
		return holds(p, "ACCOUNT_ADMIN");
	}
	return false;
}

static bool may(struct call *c)
{
	const char *permissions;
	bool alive;

	for (size_t i = 0; i < c->path_id_count; i++) {
		if (!id_is_legal(c->path_ids[i].value)) {
			call_fail(c, 404, "INVALID_ID_ILLEGAL_CHARACTERS",
			    "The id \"%.80s\" for %s contains illegal characters",
			    c->path_ids[i].value, c->path_ids[i].name);
			return false;
		}
	}
	if (!c->account)
		return true;
	permissions = permissions_of(c);
	alive = db_number(&c->sb->db,
	    "SELECT count(*) FROM entity WHERE kind = 0 AND id = ? AND deleted = 0", "t",
	    c->account);
	if (!permissions || (!alive && strcmp(c->route->path, "/accounts/:account_id") != 0)) {
		call_fail(c, 403, "ACCOUNT_NOT_FOUND", "User %s does not have access to account %s",
		    c->user, c->account);
		return false;
	}
	if (!role_allows(permissions, c->route->access)) {
		call_fail(c, 403, "ACTION_NOT_ALLOWED",
		    "The role of user %s on account %s does not allow this action", c->user,
		    c->account);
		return false;
	}
	return true;
}

/* --- the answer --- */

static void write_request(struct call *c, bool args_are_read)
{
	json_key(&c->out, "request");
	if (c->request_echo.len) {
		json_raw(&c->out, c->request_echo.p, c->request_echo.len);
		return;
	}
	json_open(&c->out, '{');
	json_key(&c->out, "params");
	json_open(&c->out, '{');
	for (size_t i = 0; i < c->path_id_count && c->route; i++)
		json_put_str(&c->out, c->path_ids[i].name, c->path_ids[i].value);
	if (args_are_read)
		args_echo(&c->args, &c->out);
	json_close(&c->out, '}');
	json_close(&c->out, '}');
}

static void write_failure(struct call *c, bool args_are_read)
{
	bool per_operation = c->operation_errors.len > 0;

	c->status = c->error.http;
	json_open(&c->out, '{');
	if (per_operation) {
		json_key(&c->out, "data");
		json_raw(&c->out, "[]", 2);
		json_key(&c->out, "operation_errors");
		json_raw(&c->out, c->operation_errors.p, c->operation_errors.len);
	} else {
		json_key(&c->out, "errors");
		json_open(&c->out, '[');
		error_write(&c->out, &c->error);
		json_close(&c->out, ']');
	}
	write_request(c, args_are_read);
	json_close(&c->out, '}');
}

static void write_success(struct call *c)
{
	if (!c->status)
		c->status = 200;
	json_open(&c->out, '{');
	write_request(c, true);
	if (c->data_type)
		json_put_str(&c->out, "data_type", c->data_type);
	if (c->paged)
		json_put_str(&c->out, "next_cursor", c->next_cursor);
	json_key(&c->out, "data");
	json_raw(&c->out, buf_str(&c->data), c->data.len);
	if (c->total >= 0)
		json_put_int(&c->out, "total_count", c->total);
	json_close(&c->out, '}');
}

static void drop_cursor(struct call *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->params.n; i++)
		if (strcmp(c->params.v[i].name, "cursor") != 0)
			c->params.v[kept++] = c->params.v[i];
	c->params.n = kept;
}

static void handle(struct call *c)
{
	struct db *db = &c->sb->db;
	bool writes = strcmp(c->method, "GET") != 0;

	if (writes)
		db_begin(db);
	c->route->handler(c);
	if (!writes)
		return;
	if (call_failed(c)) {
		db_rollback(db);
		c->committed = false;
		return;
	}
	db_commit(db);
	if (c->partial >= 0) /* fault: part of a batch was kept, against the API's own rule */
		call_fail(c, 500, "INTERNAL_ERROR", "Internal error");
}

static void answer(struct call *c)
{
	enum route_match match = ROUTE_NONE;
	bool args_are_read = false;
	const char *total;

	if (read_path(c))
		match = route_find(c);
	c->account = call_path_id(c, "account_id");
	add_headers(c);
	if (match == ROUTE_OTHER_METHOD)
		call_fail(c, 405, "METHOD_NOT_ALLOWED",
		    "The method %s is not allowed for this path", c->method);
	else if (match == ROUTE_NONE)
		call_fail(c, 404, "ROUTE_NOT_FOUND", "The requested resource could not be found");
	if (!call_failed(c) && rates_take(&c->sb->rates, c, c->route->bucket)) {
		total = params_get(&c->params, "with_total_count");
		if (total && strcmp(total, "true") == 0)
			rates_take(&c->sb->rates, c, BUCKET_TOTAL);
	}
	if (c->drop_cursor)
		drop_cursor(c);
	if (!call_failed(c) && may(c)) {
		args_are_read = args_read(c->a, c->route->spec, &c->params, &c->args, &c->error);
		if (args_are_read)
			handle(c);
	}
	if (call_failed(c))
		write_failure(c, args_are_read);
	else
		write_success(c);
}

/* Whatever could see that the bulk account is not whole yet waits until it is: a look at all of it,
 * and every change, since new criteria get the numbers after the last. Lists of criteria make what
 * they need by themselves. */
static void complete_bulk(struct call *c)
{
	if (strcmp(c->method, "GET") != 0 ||
	    (strstr(c->uri, BULK_ACCOUNT) &&
		(strstr(c->uri, "targeting_criteria/") || strstr(c->uri, "/targeted"))))
		scenario_go_on(c->sb, INT64_MAX);
}

void api_answer(struct call *c)
{
	complete_bulk(c);
	life_process(c);
	if (sign_in_is(c->uri))
		sign_in_answer(c);
	else if (auth_check(c))
		answer(c);
	else
		call_header(c, "x-current-api-version", "12");
}

void api_answer_as(struct call *c, const char *user)
{
	const char *query = strchr(c->uri, '?');

	complete_bulk(c);
	life_process(c);
	c->user = user;
	if (query)
		params_parse(c->a, query + 1, strlen(query + 1), PLUS_IS_PLUS, &c->params);
	answer(c);
}
