#include "sandbox/fault.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "sandbox/args.h"

static const struct {
	const char *verb;
	enum fault_phase phase;
} verbs[] = {
#define FAULT(NAME, verb, phase, help) {verb, PHASE_##phase},
#include "sandbox/faults.def"
#undef FAULT
};

static const char *const phases[] = {
    "accept", "hdr", "body", "pre-commit", "post-commit", "resp-hdr", "resp-body"};

const char *fault_verb_name(enum fault_verb verb)
{
	return verbs[verb].verb;
}

const char *fault_phase_name(enum fault_phase phase)
{
	return phases[phase];
}

void faults_init(struct faults *f)
{
	*f = (struct faults){0};
	arena_init(&f->arena);
}

void faults_done(struct faults *f)
{
	mem_free(f->rules);
	arena_done(&f->arena);
	*f = (struct faults){0};
}

void faults_clear(struct faults *f)
{
	f->n = 0;
	f->first_cursor[0] = '\0';
}

/* "verb", "verb@phase", "verb@phase:arg", "verb:arg", "verb=arg" */
static bool read_action(struct faults *f, const char *spec, struct fault_action *out)
{
	size_t n = strcspn(spec, "@:=");
	const char *p = spec + n;

	out->verb = FAULT_COUNT;
	for (size_t i = 0; i < FAULT_COUNT; i++)
		if (strlen(verbs[i].verb) == n && memcmp(verbs[i].verb, spec, n) == 0)
			out->verb = (enum fault_verb)i;
	if (out->verb == FAULT_COUNT)
		return false;
	out->phase = verbs[out->verb].phase;
	if (*p == '@') {
		size_t len = strcspn(++p, ":=");

		out->phase = PHASE_COUNT;
		for (size_t i = 0; i < PHASE_COUNT; i++)
			if (strlen(phases[i]) == len && memcmp(phases[i], p, len) == 0)
				out->phase = (enum fault_phase)i;
		if (out->phase == PHASE_COUNT)
			return false;
		p += len;
	}
	/* before a request is read, nothing can be done but to be late or to go away */
	if (out->phase == PHASE_ACCEPT && out->verb != FAULT_DROP && out->verb != FAULT_RST &&
	    out->verb != FAULT_STALL)
		return false;
	out->arg = arena_strdup(&f->arena, *p ? p + 1 : "");
	if (!out->arg || !number_parse(out->arg, &out->num))
		out->num = 0;
	return out->arg != NULL;
}

static const char *body_text(struct faults *f, const struct json *body)
{
	const char *text = NULL;
	struct buf b;

	if (!body || body->text)
		return body ? body->text : NULL;
	buf_init(&b, 1u << 20);
	json_value(&b, body);
	text = arena_strdup(&f->arena, buf_str(&b));
	buf_done(&b);
	return text;
}

static const char *read_rule(struct faults *f, const struct json *v)
{
	const struct json *headers = json_get(v, "headers");
	const char *prob = json_text(v, "probability");
	struct fault_rule rule = {.method = json_text(v, "method"),
	    .path = json_text(v, "path"),
	    .spec = json_text(v, "action"),
	    .nth = json_number(v, "nth", 0),
	    .times = json_number(v, "times", -1),
	    .probability = prob ? strtod(prob, NULL) : 1,
	    .random = (uint64_t)json_number(v, "seed", 1)};

	if (v->kind != JSON_OBJECT)
		return "a rule is an object";
	if (!rule.spec)
		return "a rule needs \"action\"";
	if (!read_action(f, rule.spec, &rule.action))
		return "unknown verb or phase in \"action\"";
	if (rule.times < 0)
		rule.times = rule.nth ? 1 : 0; /* "the third" fires once, "any" always */
	rule.action.body = body_text(f, json_get(v, "body"));
	rule.action.text = json_text(v, "text");
	rule.action.edit = json_get(v, "edit");
	rule.action.status = json_number(v, "status", 0);
	for (const struct json *h = headers ? headers->child : NULL; h; h = h->next)
		if (h->key && h->text)
			params_add(&f->arena, &rule.action.headers, h->key, h->text);
	if (rule.action.verb == FAULT_STATUS && (rule.action.num < 200 || rule.action.num > 599))
		return "\"status\" needs a status from 200 to 599";
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 8;
		struct fault_rule *p = mem_realloc_array(f->rules, cap, sizeof *p);

		if (!p)
			return "out of memory";
		f->rules = p;
		f->cap = cap;
	}
	f->rules[f->n++] = rule;
	return NULL;
}

bool faults_load(struct faults *f, const char *text, size_t n, bool append, const char **why)
{
	const struct json *v = json_parse(&f->arena, text, n, why);
	const struct json *rules = json_get(v, "rules");

	if (!v)
		return false;
	if (!append)
		faults_clear(f);
	if (!rules) {
		*why = read_rule(f, v);
		return !*why;
	}
	for (const struct json *r = rules->child; r && !*why; r = r->next)
		*why = read_rule(f, r);
	return !*why;
}

void faults_write(const struct faults *f, struct buf *out)
{
	json_open(out, '{');
	json_key(out, "rules");
	json_open(out, '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct fault_rule *r = &f->rules[i];

		json_open(out, '{');
		json_put_str(out, "method", r->method);
		json_put_str(out, "path", r->path);
		json_put_str(out, "action", r->spec);
		json_put_int(out, "nth", r->nth);
		json_put_int(out, "times", r->times);
		json_put_int(out, "matched", r->matched);
		json_put_int(out, "fired", r->fired);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

/* splitmix64: one step, as a number from 0 to 1 */
static double next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) / (double)(1ull << 53);
}

/* Count a match of the rule; does it fire this time? */
static bool fires(struct fault_rule *r)
{
	r->matched++;
	if (r->matched < r->nth || (r->times && r->fired >= r->times))
		return false;
	if (r->probability < 1 && next_random(&r->random) >= r->probability)
		return false;
	r->fired++;
	return true;
}

static bool has_room(const struct fault_set *s)
{
	return s->n < sizeof s->v / sizeof *s->v;
}

void faults_match(struct faults *f, const char *method, const char *target, struct fault_set *out)
{
	out->n = 0;
	for (size_t i = 0; i < f->n && has_room(out); i++) {
		struct fault_rule *r = &f->rules[i];

		if (r->action.phase == PHASE_ACCEPT)
			continue;
		if (r->method && strcmp(r->method, method) != 0)
			continue;
		if (r->path && !strstr(target, r->path))
			continue;
		if (fires(r))
			out->v[out->n++] = r->action;
	}
}

void faults_match_connection(struct faults *f, struct fault_set *out)
{
	out->n = 0;
	for (size_t i = 0; i < f->n && has_room(out); i++)
		if (f->rules[i].action.phase == PHASE_ACCEPT && fires(&f->rules[i]))
			out->v[out->n++] = f->rules[i].action;
}

bool faults_add(struct faults *f, const char *spec, struct fault_set *out)
{
	struct fault_action a = {.verb = FAULT_COUNT};

	if (!has_room(out) || !read_action(f, spec, &a) || a.phase == PHASE_ACCEPT)
		return false;
	if (a.verb == FAULT_STATUS && (a.num < 200 || a.num > 599))
		return false;
	out->v[out->n++] = a;
	return true;
}

const struct fault_action *fault_find(const struct fault_set *s, enum fault_verb verb)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].verb == verb)
			return &s->v[i];
	return NULL;
}
