#include "config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "base/mem.h"
#include "config/nearest.h"
#include "config/options.h"

/* libyaml's scanner is quadratic in nesting (64 KiB of '[': 9.9 s) and its composer expands aliases
 * without a bound (libyaml 0.2.5, measured), hence events only and these refusals. */
#define DEPTH_MAX 16

struct reader {
	yaml_parser_t parser;
	yaml_event_t ev;
	unsigned depth;
	struct config *c;
	const struct yaml_text *text;
	struct errinfo *ei;
};

static enum err fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum err fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
	char msg[sizeof r->ei->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return err_set(
	    r->ei, ERR_CONFIG, "%s:%zu:%zu: %s", r->text->name, at.line + 1, at.column + 1, msg);
}

/* Controls and characters that hide or reorder text have no business in a configuration. libyaml
 * has checked the UTF-8. */
static bool is_plain_text(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x20 || s[i] == 0x7f)
			return false;
		if (s[i] == 0xc2 && i + 1 < n && s[i + 1] < 0xa0)
			return false; /* C1 */
		if (s[i] == 0xe2 && i + 2 < n && s[i + 1] == 0x80 &&
		    ((s[i + 2] >= 0x8b && s[i + 2] <= 0x8f) ||
			(s[i + 2] >= 0xa8 && s[i + 2] <= 0xae)))
			return false; /* U+200B..200F, U+2028..202E */
		if (s[i] == 0xe2 && i + 2 < n && s[i + 1] == 0x81 && s[i + 2] >= 0xa0 &&
		    s[i + 2] <= 0xaf)
			return false; /* U+2060..206F */
		if (s[i] == 0xef && i + 2 < n && s[i + 1] == 0xbb && s[i + 2] == 0xbf)
			return false; /* U+FEFF */
	}
	return true;
}

static enum err check_scalar(struct reader *r)
{
	const yaml_event_t *ev = &r->ev;

	if (ev->data.scalar.anchor)
		return fail_at(r, ev->start_mark, "anchors are not allowed");
	if (ev->data.scalar.tag)
		return fail_at(r, ev->start_mark, "tags are not allowed");
	if (!is_plain_text(ev->data.scalar.value, ev->data.scalar.length))
		return fail_at(
		    r, ev->start_mark, "control or invisible characters are not allowed here");
	return ERR_OK;
}

static enum err check_open(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return fail_at(r, r->ev.start_mark, "anchors are not allowed");
	if (tag)
		return fail_at(r, r->ev.start_mark, "tags are not allowed");
	if (++r->depth > DEPTH_MAX)
		return fail_at(r, r->ev.start_mark, "nested deeper than %d levels", DEPTH_MAX);
	return ERR_OK;
}

/* libyaml frees what it read as it is: secrets too. */
static void forget_event(struct reader *r)
{
	if (r->ev.type == YAML_SCALAR_EVENT)
		explicit_bzero(r->ev.data.scalar.value, r->ev.data.scalar.length);
	yaml_event_delete(&r->ev);
}

static void forget_parser(yaml_parser_t *p)
{
	for (yaml_token_t *t = p->tokens.head; t != p->tokens.tail; t++)
		if (t->type == YAML_SCALAR_TOKEN)
			explicit_bzero(t->data.scalar.value, t->data.scalar.length);
	explicit_bzero(p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
	explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
	yaml_parser_delete(p);
}

/* The next event, after the checks that hold everywhere. */
static enum err next(struct reader *r)
{
	forget_event(r);
	if (!yaml_parser_parse(&r->parser, &r->ev)) {
		memset(&r->ev, 0, sizeof r->ev);
		return fail_at(r, r->parser.problem_mark, "not valid YAML: %s",
		    r->parser.problem ? r->parser.problem : "out of memory");
	}
	switch (r->ev.type) {
	case YAML_ALIAS_EVENT:
		return fail_at(r, r->ev.start_mark, "aliases are not allowed");
	case YAML_SCALAR_EVENT:
		return check_scalar(r);
	case YAML_SEQUENCE_START_EVENT:
		return check_open(
		    r, r->ev.data.sequence_start.anchor, r->ev.data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return check_open(r, r->ev.data.mapping_start.anchor, r->ev.data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return ERR_OK;
	case YAML_DOCUMENT_START_EVENT:
		if (r->ev.data.document_start.tag_directives.start !=
		    r->ev.data.document_start.tag_directives.end)
			return fail_at(r, r->ev.start_mark, "tags are not allowed");
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static const char *scalar(const struct reader *r)
{
	return (const char *)r->ev.data.scalar.value;
}

static bool is_empty_scalar(const struct reader *r)
{
	return r->ev.type == YAML_SCALAR_EVENT && r->ev.data.scalar.length == 0 &&
	       r->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static enum err no_memory(struct reader *r)
{
	return err_set(r->ei, ERR_NOMEM, "out of memory while reading %s", r->text->name);
}

/* --- entries of a map --- */

/* One entry of a map: the event is the key, read the value up to and with its last event. */
typedef enum err entry_fn(struct reader *r, void *owner);

/* The event is the start of a map, or an empty value, which counts as an empty map. */
static enum err read_map(struct reader *r, const char *what, entry_fn *fn, void *owner)
{
	enum err err;

	if (is_empty_scalar(r))
		return ERR_OK;
	if (r->ev.type != YAML_MAPPING_START_EVENT)
		return fail_at(r, r->ev.start_mark, "%s is a map (lines of \"name: value\")", what);
	for (;;) {
		err = next(r);
		if (err)
			return err;
		if (r->ev.type == YAML_MAPPING_END_EVENT)
			return ERR_OK;
		if (r->ev.type != YAML_SCALAR_EVENT)
			return fail_at(r, r->ev.start_mark, "a key is a word");
		err = fn(r, owner);
		if (err)
			return err;
	}
}

static enum err unknown_key(struct reader *r, enum config_scope scope)
{
	const char *names[CONFIG_OPT_COUNT];
	const char *key = scalar(r), *near;
	enum config_option o;

	if (option_find(scope == CONFIG_TOP ? CONFIG_PROFILE : CONFIG_TOP, key, &o))
		return fail_at(r, r->ev.start_mark, "\"%s\" %s", key,
		    scope == CONFIG_TOP ? "belongs inside a profile (profiles: NAME:)"
					: "belongs at the outermost level, not into a profile");
	near = nearest_name(key, names, option_names(scope, names));
	if (near)
		return fail_at(
		    r, r->ev.start_mark, "unknown key \"%.64s\" (did you mean \"%s\"?)", key, near);
	return fail_at(r, r->ev.start_mark, "unknown key \"%.64s\"", key);
}

static enum err read_argv(struct reader *r, struct config_profile *p)
{
	const struct config_option_info *info =
	    config_option_info(CONFIG_OPT_PROFILE_credentials_command);
	const char **argv = arena_alloc(&r->c->arena, ((size_t)info->max + 1) * sizeof *argv);
	yaml_mark_t at = r->ev.start_mark;
	int64_t n = 0;
	enum err err;

	if (!argv)
		return no_memory(r);
	if (r->ev.type != YAML_SEQUENCE_START_EVENT)
		return fail_at(
		    r, at, "%s is a list of words, such as [pass, show, x]; no shell", info->name);
	for (;;) {
		err = next(r);
		if (err)
			return err;
		if (r->ev.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (r->ev.type != YAML_SCALAR_EVENT)
			return fail_at(r, r->ev.start_mark, "a word was expected");
		if (n == info->max)
			return fail_at(
			    r, r->ev.start_mark, "more than %lld words", (long long)info->max);
		argv[n] = arena_strdup(&r->c->arena, scalar(r));
		if (!argv[n++])
			return no_memory(r);
	}
	if (n < info->min || !argv[0][0])
		return fail_at(r, at, "%s names no program", info->name);
	p->credentials_command = argv;
	return ERR_OK;
}

static enum err read_secret(struct reader *r, struct config_profile *p, enum config_option o)
{
	struct errinfo why = {0};

	if (r->text->not_private)
		return fail_at(r, r->ev.start_mark, "%s is a secret: %s",
		    config_option_info(o)->name, r->text->not_private);
	if (!p->file_credentials) {
		p->file_credentials = mem_zalloc(sizeof *p->file_credentials);
		if (!p->file_credentials)
			return no_memory(r);
		p->has_file_credentials = true;
	}
	if (value_set(r->c, p->file_credentials, o, scalar(r), &why))
		return fail_at(r, r->ev.start_mark, "%s", why.msg);
	return ERR_OK;
}

/* --- the entries that there are --- */

static enum err key_entry(struct reader *r, void *owner)
{
	struct config *c = owner;
	const struct config_option_info *info = config_option_info(CONFIG_OPT_TOP_keys);
	struct config_key *k;
	enum err err;

	for (size_t i = 0; i < c->n_keys; i++)
		if (strcmp(c->keys[i].key, scalar(r)) == 0)
			return fail_at(
			    r, r->ev.start_mark, "key \"%.32s\" is bound twice", scalar(r));
	if ((int64_t)c->n_keys == info->max)
		return fail_at(r, r->ev.start_mark, "more than %lld keys", (long long)info->max);
	if (!scalar(r)[0])
		return fail_at(r, r->ev.start_mark, "the name of a key is missing");
	if (c->n_keys == c->cap_keys) {
		size_t cap = c->cap_keys ? c->cap_keys * 2 : 16;

		k = mem_realloc_array(c->keys, cap, sizeof *k);
		if (!k)
			return no_memory(r);
		c->keys = k;
		c->cap_keys = cap;
	}
	k = &c->keys[c->n_keys];
	*k = (struct config_key){
	    .key = arena_strdup(&c->arena, scalar(r)), .line = r->ev.start_mark.line + 1};
	err = next(r);
	if (err)
		return err;
	if (r->ev.type != YAML_SCALAR_EVENT || !scalar(r)[0])
		return fail_at(
		    r, r->ev.start_mark, "a command line was expected, or \"<none>\" to unbind");
	if (strcmp(scalar(r), "<none>") != 0) {
		k->command = arena_strdup(&c->arena, scalar(r));
		if (!k->command)
			return no_memory(r);
	}
	if (!k->key)
		return no_memory(r);
	c->n_keys++;
	return ERR_OK;
}

static enum err read_value(struct reader *r, void *owner, enum config_option o)
{
	struct errinfo why = {0};

	if (r->ev.type != YAML_SCALAR_EVENT)
		return fail_at(r, r->ev.start_mark, "%s is a single value, not a list or a map",
		    config_option_info(o)->name);
	if (config_option_info(o)->type == CONFIG_SECRET)
		return read_secret(r, owner, o);
	if (value_set(r->c, owner, o, scalar(r), &why))
		return fail_at(r, r->ev.start_mark, "%s", why.msg);
	return ERR_OK;
}

/* Look the key up, refuse a second one, and read on to its value. */
static enum err take_key(
    struct reader *r, enum config_scope scope, uint8_t *origin, enum config_option *o)
{
	if (!option_find(scope, scalar(r), o))
		return unknown_key(r, scope);
	if (origin[*o])
		return fail_at(r, r->ev.start_mark, "\"%s\" is given twice", scalar(r));
	origin[*o] = CONFIG_FILE;
	return next(r);
}

static enum err profile_option_entry(struct reader *r, void *owner)
{
	struct config_profile *p = owner;
	enum config_option o;
	enum err err = take_key(r, CONFIG_PROFILE, p->origin, &o);

	if (err)
		return err;
	if (config_option_info(o)->type == CONFIG_ARGV)
		return read_argv(r, p);
	return read_value(r, p, o);
}

static enum err profile_entry(struct reader *r, void *owner)
{
	struct config *c = owner;
	const struct config_option_info *info = config_option_info(CONFIG_OPT_TOP_profiles);
	const char *name = scalar(r);
	size_t n = strlen(name);
	struct config_profile *p;
	enum err err;

	if (n < 1 || n > 64)
		return fail_at(r, r->ev.start_mark, "the name of a profile has 1 to 64 bytes");
	for (size_t i = 0; i < c->n_profiles; i++)
		if (strcmp(c->profiles[i].name, name) == 0)
			return fail_at(r, r->ev.start_mark, "profile \"%s\" is given twice", name);
	if ((int64_t)c->n_profiles == info->max)
		return fail_at(
		    r, r->ev.start_mark, "more than %lld profiles", (long long)info->max);
	p = config_add_profile(c, name);
	if (!p)
		return no_memory(r);
	err = next(r);
	return err ? err : read_map(r, "a profile", profile_option_entry, p);
}

static enum err top_entry(struct reader *r, void *owner)
{
	struct config *c = owner;
	enum config_option o;
	enum err err = take_key(r, CONFIG_TOP, c->origin, &o);

	if (err)
		return err;
	switch (config_option_info(o)->type) {
	case CONFIG_KEYS:
		return read_map(r, "keys", key_entry, c);
	case CONFIG_PROFILES:
		return read_map(r, "profiles", profile_entry, c);
	default:
		return read_value(r, c, o);
	}
}

static enum err read_stream(struct reader *r)
{
	enum err err = next(r); /* stream start */

	if (!err)
		err = next(r);
	if (err || r->ev.type == YAML_STREAM_END_EVENT)
		return err;
	err = next(r);
	if (!err)
		err = read_map(r, "the configuration", top_entry, r->c);
	if (!err)
		err = next(r); /* document end */
	if (!err)
		err = next(r);
	if (!err && r->ev.type != YAML_STREAM_END_EVENT)
		err = fail_at(r, r->ev.start_mark, "a second document is not allowed");
	return err;
}

static enum err check_default_profile(struct reader *r)
{
	struct errinfo why = {0};

	if (!r->c->default_profile[0] || config_profile(r->c, NULL, &why))
		return ERR_OK;
	return err_set(r->ei, ERR_CONFIG, "%s: default_profile: %s", r->text->name, why.msg);
}

enum err yaml_read(struct config *c, const struct yaml_text *text, struct errinfo *ei)
{
	struct errinfo own = {0};
	struct reader r = {.c = c, .text = text, .ei = ei ? ei : &own};
	enum err err;

	if (!yaml_parser_initialize(&r.parser))
		return no_memory(&r);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text->p, text->n);
	err = read_stream(&r);
	if (!err)
		err = check_default_profile(&r);
	forget_event(&r);
	forget_parser(&r.parser);
	return err;
}
