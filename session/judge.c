#include "session/judge.h"

#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"
#include "store/catalog.h"
#include "session/internal.h"
#include "session/options.h"

static const char *enum_label(const struct criterion *c)
{
	size_t n;
	const struct type_enum_value *v = type_enum_values(c->type, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].value, c->value) == 0)
			return v[i].label;
	return NULL;
}

const char *judge_label(const struct session *s, const struct criterion *c)
{
	const struct audience *a;
	const struct campaign *cp;
	const char *label = NULL;

	switch (type_info(c->type)->value) {
	case VALUE_AUDIENCE: /* the API's name for it is a fixed phrase (reference G29) */
		a = session_audience(s, c->value);
		label = a ? a->name : NULL;
		break;
	case VALUE_CAMPAIGN:
		cp = session_campaign(s, c->value);
		label = cp ? cp->name : NULL;
		break;
	case VALUE_ENUM:
		label = enum_label(c);
		break;
	default:
		break;
	}
	if (!label)
		label = c->localized_name ? c->localized_name : c->name;
	return label && label[0] ? label : c->value;
}

static const char *expr_label(void *user, const struct criterion *c)
{
	return judge_label(user, c);
}

/* The OS of every device and version that was asked for: an expression is drawn anew with every
 * edit, and reading the catalogue unpacks a part of it each time. */
struct judge_os {
	struct map known; /* "DEVICE:1q" to a row of names; row 0 is "not known" */
	char names[16][EXPR_OS_BYTES];
	size_t n;
	uint64_t seen; /* generation of the options that it was read from */
};

static struct judge_os *os_memo(struct session *s)
{
	uint64_t now = session_generation(s, DATA_OPTIONS);
	struct judge_os *m = s->judge_os;

	if (m && m->seen != now) {
		judge_forget(s);
		m = NULL;
	}
	if (!m) {
		m = mem_zalloc(sizeof *m);
		if (!m)
			return NULL;
		map_init(&m->known);
		m->n = 1;
		m->seen = now;
		s->judge_os = m;
	}
	return m;
}

void judge_forget(struct session *s)
{
	if (s->judge_os)
		map_done(&s->judge_os->known);
	mem_free(s->judge_os);
	s->judge_os = NULL;
}

/* Row of the name; 0 when there are more systems than anybody makes. */
static size_t os_row(struct judge_os *m, const char *name)
{
	size_t i = 1;

	while (i < m->n && strncmp(m->names[i], name, EXPR_OS_BYTES - 1) != 0)
		i++;
	if (i == sizeof m->names / sizeof *m->names)
		return 0;
	if (i == m->n)
		snprintf(m->names[m->n++], EXPR_OS_BYTES, "%s", name);
	return i;
}

static size_t find_os(struct session *s, struct judge_os *m, const struct criterion *c)
{
	struct option_set found;
	size_t row = 0;

	option_set_init(&found);
	if (catalog_find(session_store(s), type_info(c->type)->lookup, c->value, &found, NULL) ==
		ERR_OK &&
	    found.v[0].kind)
		row = os_row(m, found.v[0].kind);
	option_set_done(&found);
	return row;
}

static void expr_os(void *user, const struct criterion *c, char os[EXPR_OS_BYTES])
{
	struct session *s = user;
	struct judge_os *m = os_memo(s);
	char key[128];
	uint64_t row;

	if (!m || !c->value || c->type == TYPE_PLATFORM || !session_store(s))
		return;
	snprintf(key, sizeof key, "%s:%s", type_info(c->type)->name, c->value);
	if (!map_get(&m->known, key, &row)) {
		row = find_os(s, m, c);
		if (map_put(&m->known, key, row))
			return; /* without memory: asked again next time */
	}
	memcpy(os, m->names[row], EXPR_OS_BYTES);
}

struct expr_lookup judge_expr_lookup(struct session *s)
{
	return (struct expr_lookup){s, expr_label, expr_os};
}

void judge_init(struct judge *j, struct session *s)
{
	j->session = s;
	arena_init(&j->found);
	map_init(&j->known);
	j->contents = NULL;
}

void judge_done(struct judge *j)
{
	arena_done(&j->found);
	map_done(&j->known);
	catalog_release(j->contents);
}

static enum rule_found find_audience(void *user, const char *id, const struct audience **out)
{
	struct judge *j = user;

	if (!session_state(j->session, DATA_AUDIENCES).known)
		return RULE_UNKNOWN;
	*out = session_audience(j->session, id);
	return *out ? RULE_FOUND : RULE_MISSING;
}

static enum rule_found find_campaign(void *user, const char *id, const struct campaign **out)
{
	struct judge *j = user;

	if (!session_state(j->session, DATA_CAMPAIGNS).known)
		return RULE_UNKNOWN;
	*out = session_campaign(j->session, id);
	return *out ? RULE_FOUND : RULE_MISSING;
}

static enum rule_found find_user(
    void *user, const char *user_id, const struct promotable_user **out)
{
	struct judge *j = user;
	const struct promotable_user_set *users = session_users(j->session);

	if (!session_state(j->session, DATA_USERS).known)
		return RULE_UNKNOWN;
	for (size_t i = 0; i < users->n; i++)
		if (strcmp(users->v[i].user_id, user_id) == 0) {
			*out = &users->v[i];
			return RULE_FOUND;
		}
	return RULE_MISSING;
}

static const char *keep(struct judge *j, const char *text)
{
	return text ? arena_strdup(&j->found, text) : NULL;
}

/* A copy that does not move when more options are found; NULL without memory. */
static const struct option *keep_option(struct judge *j, const struct option *from)
{
	struct option *o = arena_alloc(&j->found, sizeof *o);

	if (o)
		*o = (struct option){.value = keep(j, from->value),
		    .name = keep(j, from->name),
		    .kind = keep(j, from->kind),
		    .country = keep(j, from->country),
		    .extra = keep(j, from->extra)};
	return o;
}

/* Missing is only what a complete list of all values does not have: most look-ups are fetched scope
 * by scope, and what was not fetched may well exist. */
static enum rule_found ask_catalogue(
    struct judge *j, const char *kind, const char *value, const struct option **out)
{
	struct store *store = session_store(j->session);
	struct option_set one;
	enum rule_found found = RULE_FOUND;

	option_set_init(&one);
	if (catalog_find(store, kind, value, &one, NULL) != ERR_OK)
		found = catalog_info(store, kind, "").complete ? RULE_MISSING : RULE_UNKNOWN;
	*out = found == RULE_FOUND ? keep_option(j, &one.v[0]) : NULL;
	option_set_done(&one);
	return found == RULE_FOUND && !*out ? RULE_UNKNOWN : found;
}

static enum rule_found find_option(
    void *user, enum targeting_type t, const char *value, const struct option **out)
{
	struct judge *j = user;
	const char *kind = type_info(t)->lookup;
	enum rule_found found;
	char key[160];
	uint64_t known;

	if (!kind[0] || (size_t)snprintf(key, sizeof key, "%s:%s", kind, value) >= sizeof key)
		return RULE_UNKNOWN;
	if (!map_get(&j->known, key, &known)) {
		found = ask_catalogue(j, kind, value, out);
		known = found == RULE_FOUND ? (uint64_t)(uintptr_t)*out : (uint64_t)found;
		map_put(&j->known, key, known); /* without memory it is asked again */
		return found;
	}
	if (known == RULE_UNKNOWN || known == RULE_MISSING)
		return (enum rule_found)known;
	*out = (const struct option *)(uintptr_t)known;
	return RULE_FOUND;
}

static enum rule_found find_contents(void *user, const struct option_set **out)
{
	struct judge *j = user;

	if (!j->contents && session_store(j->session))
		j->contents =
		    catalog_get(session_store(j->session), "content_categories", "", NULL);
	if (!j->contents || !j->contents->complete)
		return RULE_UNKNOWN;
	*out = &j->contents->options;
	return RULE_FOUND;
}

/* Five such reads are allowed in 15 minutes; one answer is good for the days of the cache. */
void judge_want_lookups(struct session *s, enum targeting_type t)
{
	if (t == TYPE_IAB_CATEGORY)
		options_get(s, "content_categories", NULL, 0);
}

struct rule_lookup judge_rule_lookup(struct judge *j)
{
	return (struct rule_lookup){
	    j, find_audience, find_campaign, find_user, find_option, find_contents};
}
