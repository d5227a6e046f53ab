/* Uploading members: custom audiences (reference 7.3) and do-not-reach lists (7.6). */
#include <string.h>
#include "sandbox/batch.h"
#include "sandbox/entity.h"
#include "sandbox/life.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

#define OPERATIONS_MAX 2500
#define BODY_MAX 5000000
#define MONTHS_13_S (396 * 86400ll)

/* Which keys a user object may have, and what they must look like. */
struct upload_kind {
	const char *keys;
	bool any_case; /* a sample of the documents shows upper-case hashes */
	bool effective_at; /* may the upload say when it begins? */
};

static const struct upload_kind audience_kind = {
    "email|device_id|handle|twitter_id|phone_number|partner_user_id", false, true};
static const struct upload_kind do_not_reach_kind = {"email|phone_number", true, false};

static bool is_hash(const char *s, bool any_case)
{
	return s && strlen(s) == 64 &&
	       strspn(s, any_case ? "0123456789abcdefABCDEF" : "0123456789abcdef") == 64;
}

static bool refuse(struct call *c, const char *code, const char *parameter, const char *message)
{
	call_fail_at(c, code, parameter, NULL, "%s", message);
	return false;
}

static bool user_is_good(struct call *c, const struct json *user, const struct upload_kind *kind)
{
	if (user->kind != JSON_OBJECT || !user->n)
		return refuse(c, "INVALID_PARAMETER", "users", "A user must have at least one key");
	for (const struct json *list = user->child; list; list = list->next) {
		bool plain = strcmp(list->key, "partner_user_id") == 0;

		if (!choice_has(kind->keys, list->key))
			return refuse(c, "INVALID_PARAMETER", "users", "Unknown user key");
		if (list->kind != JSON_ARRAY || !list->n)
			return refuse(
			    c, "INVALID_PARAMETER", list->key, "Expected an array of strings");
		for (const struct json *v = list->child; v; v = v->next) {
			if (v->kind != JSON_STRING || !*v->text)
				return refuse(c, "INVALID_PARAMETER", list->key,
				    "Expected an array of strings");
			if (!plain && !is_hash(v->text, kind->any_case))
				return refuse(c, "INVALID_PARAMETER", list->key,
				    "Expected a lower-case SHA-256 hash in hexadecimal");
		}
	}
	return true;
}

static bool window_is_good(
    struct call *c, const struct json *params, const struct upload_kind *kind, int64_t *expires_s)
{
	const char *from = json_text(params, "effective_at"), *to = json_text(params, "expires_at");
	int64_t now = sandbox_now_s(c->sb), begin = now;

	*expires_s = now + MONTHS_13_S;
	if (from && !kind->effective_at)
		return refuse(
		    c, "INVALID_PARAMETER", "effective_at", "effective_at is not accepted");
	if (from && !time_parse(from, &begin))
		return refuse(c, "INVALID_PARAMETER", "effective_at", "Expected time");
	if (to && !time_parse(to, expires_s))
		return refuse(c, "INVALID_PARAMETER", "expires_at", "Expected time");
	if (*expires_s <= begin)
		return refuse(c, "INVALID_PARAMETER", "expires_at",
		    "expires_at must be later than effective_at");
	if (!kind->effective_at && *expires_s > now + MONTHS_13_S)
		return refuse(c, "INVALID_PARAMETER", "expires_at",
		    "expires_at must be less than 13 months ahead");
	return true;
}

/* Check one operation; its users, or NULL when the call has failed. */
static const struct json *read_operation(struct call *c, const struct json *item,
    const struct upload_kind *kind, bool *removes, int64_t *expires_s)
{
	const char *type = json_text(item, "operation_type");
	const struct json *params = json_get(item, "params"), *users = json_get(params, "users");

	*removes = type && strcmp(type, "Delete") == 0;
	if (!type || (strcmp(type, "Update") != 0 && !*removes)) {
		refuse(c, type ? "INVALID_PARAMETER" : "MISSING_PARAMETER", "operation_type",
		    "operation_type must be \"Update\" or \"Delete\"");
		return NULL;
	}
	if (!users || users->kind != JSON_ARRAY || !users->n) {
		refuse(c, "MISSING_PARAMETER", "users", "\"users\" is a required parameter");
		return NULL;
	}
	if (!window_is_good(c, params, kind, expires_s))
		return NULL;
	for (const struct json *u = users->child; u; u = u->next)
		if (!user_is_good(c, u, kind))
			return NULL;
	return users;
}

/* Every operation, or none. Returns how many users were sent, -1 when the call has failed. */
static int64_t upload(struct call *c, const char *list_id, const struct upload_kind *kind)
{
	const struct json *body;
	int64_t users_sent = 0, expires_s;
	bool removes, failed = false;
	size_t i = 0;

	if (c->body_len > BODY_MAX) {
		call_fail(
		    c, 400, "INVALID_PARAMETER", "The body must have at most %d bytes", BODY_MAX);
		return -1;
	}
	body = batch_read(c, OPERATIONS_MAX);
	if (!body)
		return -1;
	for (const struct json *item = body->child; item; item = item->next) {
		const struct json *users = read_operation(c, item, kind, &removes, &expires_s);

		if (users) {
			life_upload(c, list_id, users, removes, expires_s);
			users_sent += (int64_t)users->n;
		}
		failed |= users == NULL;
		batch_error(c, i++, &c->error);
		c->error = (struct api_error){0};
	}
	if (failed)
		batch_fail(c);
	else
		c->committed = true;
	return failed ? -1 : users_sent;
}

static void write_counts(struct call *c, int64_t n)
{
	json_open(&c->data, '{');
	json_put_int(&c->data, "success_count", n);
	json_put_int(&c->data, "total_count", n);
	json_close(&c->data, '}');
}

void on_audience_users(struct call *c)
{
	struct entity e;
	int64_t n;

	if (!entity_of_path(c, ENTITY_AUDIENCE, false, &e))
		return;
	if (strcmp(json_text(e.body, "audience_type"), "CRM") != 0) {
		call_fail(c, 400, "INVALID_TAILORED_AUDIENCE_TYPE",
		    "Members can only be uploaded to audiences of type CRM");
		return;
	}
	n = upload(c, e.id, &audience_kind);
	if (n < 0)
		return;
	buf_clear(&c->request_echo); /* an object on success, an array on failure (reference 1.7) */
	write_counts(c, n);
}

/* --- do-not-reach lists --- */

static const char template_list[] =
    "{\"id\":null,\"name\":\"Do Not Reach List\",\"description\":null,\"targetable\":false,"
    "\"reasons_not_targetable\":[\"PROCESSING\",\"TOO_SMALL\"],\"list_size\":null,"
    "\"created_at\":null,\"updated_at\":null,\"deleted\":false}";

void on_do_not_reach_list(struct call *c)
{
	entity_write_list(c, &(struct entity_list){.kind = ENTITY_DO_NOT_REACH});
}

void on_do_not_reach_create(struct call *c)
{
	struct json *body = body_parse(c->a, template_list);

	/* one list for each account (rule R67) */
	if (db_number(&c->sb->db,
		"SELECT count(*) FROM entity WHERE kind = ? AND account = ? AND deleted = 0", "it",
		(int64_t)ENTITY_DO_NOT_REACH, c->account)) {
		call_fail(
		    c, 403, "ACTION_NOT_ALLOWED", "The account already has a do-not-reach list");
		return;
	}
	entity_set_args(c, body);
	body_set_str(c->a, body, "id", entity_new_id(c));
	body_set_time(c->a, body, "created_at", sandbox_now_s(c->sb));
	entity_commit(c, ENTITY_DO_NOT_REACH, body, "CREATE");
	entity_write(c, body);
}

void on_do_not_reach_delete(struct call *c)
{
	entity_delete_of_path(c, ENTITY_DO_NOT_REACH);
}

void on_do_not_reach_users(struct call *c)
{
	struct entity e;
	int64_t n;

	if (!entity_of_path(c, ENTITY_DO_NOT_REACH, false, &e))
		return;
	n = upload(c, e.id, &do_not_reach_kind);
	if (n < 0)
		return;
	/* request stays an array here, and data is one too (reference 7.6) */
	json_open(&c->data, '[');
	write_counts(c, n);
	json_close(&c->data, ']');
}
