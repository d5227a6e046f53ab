#include "cli/twurlrc.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "base/mem.h"

#define DEPTH 8

/* Where the parser is: the keys that lead to the current value. */
struct walk {
	struct twurl *t;
	struct errinfo *ei;
	char key[DEPTH][CREDENTIAL_MAX];
	bool is_map[DEPTH], has_key[DEPTH];
	size_t item[DEPTH]; /* of a list */
	unsigned depth;
	struct twurl_entry *entry;
};

static enum err bad(struct walk *w, const yaml_event_t *ev, const char *what)
{
	return err_set(w->ei, ERR_CONFIG, ".twurlrc:%zu: %s", ev->start_mark.line + 1, what);
}

static bool take(char *out, size_t cap, const char *s)
{
	size_t n = strlen(s);

	if (n >= cap)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	memcpy(out, s, n + 1);
	return true;
}

static enum err put_value(struct walk *w, const yaml_event_t *ev)
{
	const char *s = (const char *)ev->data.scalar.value, *field = w->key[w->depth - 1];
	struct {
		const char *name;
		char *at;
		size_t cap;
	} fields[] = {{"username", w->entry->username, sizeof w->entry->username},
	    {"consumer_key", w->entry->cred.consumer_key, CREDENTIAL_MAX},
	    {"consumer_secret", w->entry->cred.consumer_secret, CREDENTIAL_MAX},
	    {"token", w->entry->cred.access_token, CREDENTIAL_MAX},
	    {"secret", w->entry->cred.access_token_secret, CREDENTIAL_MAX}};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].name, field) == 0 && !take(fields[i].at, fields[i].cap, s))
			return bad(w, ev, "a value is too long or not text");
	return ERR_OK;
}

static enum err put_default(struct walk *w, const yaml_event_t *ev)
{
	const char *s = (const char *)ev->data.scalar.value;
	size_t i = w->item[w->depth - 1]++;

	if ((i == 0 && !take(w->t->default_user, sizeof w->t->default_user, s)) ||
	    (i == 1 && !take(w->t->default_key, sizeof w->t->default_key, s)))
		return bad(w, ev, "default_profile is too long or not text");
	return ERR_OK;
}

static bool under(const struct walk *w, const char *top)
{
	return w->depth > 0 && w->is_map[0] && strcmp(w->key[0], top) == 0;
}

static enum err on_scalar(struct walk *w, const yaml_event_t *ev)
{
	unsigned d = w->depth - 1;

	if (!w->depth)
		return ERR_OK;
	if (w->is_map[d] && !w->has_key[d]) {
		const char *s = (const char *)ev->data.scalar.value;

		if (strlen(s) >= sizeof w->key[d])
			return bad(w, ev, "a key is too long");
		memcpy(w->key[d], s, strlen(s) + 1);
		w->has_key[d] = true;
		return ERR_OK;
	}
	w->has_key[d] = false;
	if (w->depth == 4 && w->is_map[d] && under(w, "profiles"))
		return put_value(w, ev);
	if (w->depth == 3 && !w->is_map[d] && under(w, "configuration") &&
	    strcmp(w->key[1], "default_profile") == 0)
		return put_default(w, ev);
	return ERR_OK;
}

static enum err on_open(struct walk *w, const yaml_event_t *ev, bool map)
{
	if (w->depth == DEPTH)
		return bad(w, ev, "nested too deep");
	w->is_map[w->depth] = map;
	w->has_key[w->depth] = false;
	w->item[w->depth] = 0;
	w->depth++;
	if (!map || w->depth != 4 || !under(w, "profiles"))
		return ERR_OK;
	if (w->t->n == TWURL_MOST)
		return bad(w, ev, "more profiles than reticle reads");
	w->entry = &w->t->v[w->t->n++];
	if (!take(w->entry->username, sizeof w->entry->username, w->key[1]))
		return bad(w, ev, "the name of a user is too long or not text");
	return ERR_OK;
}

static enum err on_event(struct walk *w, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(w, ev);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_open(w, ev, ev->type == YAML_MAPPING_START_EVENT);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		w->depth--;
		if (w->depth)
			w->has_key[w->depth - 1] = false;
		return ERR_OK;
	case YAML_ALIAS_EVENT:
		return bad(w, ev, "aliases are not read");
	default:
		return ERR_OK;
	}
}

enum err twurl_parse(struct twurl *t, const char *text, size_t n, struct errinfo *ei)
{
	struct walk w = {.t = t, .ei = ei};
	bool over = false;
	yaml_parser_t parser;
	yaml_event_t ev;
	enum err err = ERR_OK;

	*t = (struct twurl){.v = mem_array(TWURL_MOST, sizeof *t->v)};
	if (!t->v || !yaml_parser_initialize(&parser))
		return err_set(ei, ERR_NOMEM, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	while (!over && !err) {
		if (!yaml_parser_parse(&parser, &ev)) {
			err = err_set(ei, ERR_CONFIG, ".twurlrc:%zu: not valid YAML",
			    parser.problem_mark.line + 1);
			break;
		}
		over = ev.type == YAML_STREAM_END_EVENT;
		err = on_event(&w, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	explicit_bzero(&w, sizeof w);
	return err;
}

void twurl_done(struct twurl *t)
{
	mem_free_secret(t->v, TWURL_MOST * sizeof *t->v);
	*t = (struct twurl){0};
}

static void list_users(const struct twurl *t, char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < t->n && used + 1 < cap; i++)
		used += (size_t)snprintf(
		    out + used, cap - used, "%s%s", i ? ", " : "", t->v[i].username);
}

const struct twurl_entry *twurl_choose(
    const struct twurl *t, const char *username, struct errinfo *ei)
{
	const struct twurl_entry *found = NULL;
	char users[256];
	size_t n = 0;
	bool any = !username || !username[0];

	if (any && t->default_user[0])
		username = t->default_user;
	for (size_t i = 0; i < t->n; i++) {
		const struct twurl_entry *e = &t->v[i];

		if (username && username[0] && strcmp(e->username, username) != 0)
			continue;
		n++;
		/* of several keys of one user, the one that twurl itself would take */
		if (!found || (strcmp(t->default_user, e->username) == 0 &&
				  strcmp(t->default_key, e->cred.consumer_key) == 0))
			found = e;
	}
	list_users(t, users, sizeof users);
	if (!found)
		err_set(ei, ERR_USAGE, ".twurlrc has no user \"%.64s\"; it has: %s",
		    username ? username : "", t->n ? users : "none");
	else if (n > 1 && (strcmp(t->default_user, found->username) != 0 ||
			      strcmp(t->default_key, found->cred.consumer_key) != 0))
		err_set(ei, ERR_USAGE,
		    "several entries in .twurlrc fit (%s); name the user, or choose the consumer "
		    "key with: twurl set default",
		    users);
	else
		return found;
	return NULL;
}
