#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fs.h"
#include "base/mem.h"
#include "config/nearest.h"
#include "config/options.h"
#include "config/secrets.h"
#include "config/yaml.h"

#define FILE_MAX (64u * 1024)

/* A zeroed config whose values are the defaults of options.def. */
void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	arena_init(&c->arena);
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++) {
		const struct config_option_info *info = config_option_info(o);

		if (info->scope == CONFIG_TOP)
			value_default(c, o);
	}
}

void config_forget_credentials(struct config *c)
{
	for (size_t i = 0; i < c->n_profiles; i++)
		if (c->profiles[i].file_credentials)
			credentials_wipe(c->profiles[i].file_credentials);
}

void config_done(struct config *c)
{
	config_forget_credentials(c);
	for (size_t i = 0; i < c->n_profiles; i++)
		if (c->profiles[i].file_credentials)
			mem_free_secret(
			    c->profiles[i].file_credentials, sizeof(struct credentials));
	mem_free(c->profiles);
	mem_free(c->keys);
	arena_done(&c->arena);
	memset(c, 0, sizeof *c);
}

/* --- values --- */

void value_default(void *owner, enum config_option o)
{
	const struct config_option_info *info = config_option_info(o);
	char *at = (char *)owner + option_offset(o);

	switch (info->type) {
	case CONFIG_TEXT:
		memcpy(at, &(const char *){info->dflt}, sizeof(const char *));
		break;
	case CONFIG_BOOL:
		memcpy(at, &(bool){strcmp(info->dflt, "true") == 0}, sizeof(bool));
		break;
	case CONFIG_INT:
		memcpy(at, &(int64_t){strtoll(info->dflt, NULL, 10)}, sizeof(int64_t));
		break;
	case CONFIG_ARGV:
	case CONFIG_SECRET:
	case CONFIG_KEYS:
	case CONFIG_PROFILES:
		break; /* empty, as zeroed */
	}
}

static enum err parse_bool(const char *s, bool *out)
{
	if (strcmp(s, "true") == 0 || strcmp(s, "yes") == 0 || strcmp(s, "on") == 0)
		*out = true;
	else if (strcmp(s, "false") == 0 || strcmp(s, "no") == 0 || strcmp(s, "off") == 0)
		*out = false;
	else
		return ERR_CONFIG;
	return ERR_OK;
}

static enum err set_int(
    char *at, const struct config_option_info *info, const char *s, struct errinfo *ei)
{
	char *end;
	long long v;

	v = strtoll(s, &end, 10);
	/* strtoll clamps what it cannot hold, which is out of any range of the table */
	if (s[0] < '0' || s[0] > '9' || *end || v < info->min || v > info->max)
		return err_set(ei, ERR_CONFIG,
		    "%s is a whole number from %lld to %lld, not \"%.40s\"", info->name,
		    (long long)info->min, (long long)info->max, s);
	memcpy(at, &(int64_t){v}, sizeof(int64_t));
	return ERR_OK;
}

enum err value_set(
    struct config *c, void *owner, enum config_option o, const char *s, struct errinfo *ei)
{
	const struct config_option_info *info = config_option_info(o);
	char *at = (char *)owner + option_offset(o);
	size_t n = strlen(s);
	bool b;

	switch (info->type) {
	case CONFIG_BOOL:
		if (parse_bool(s, &b))
			return err_set(
			    ei, ERR_CONFIG, "%s is true or false, not \"%.40s\"", info->name, s);
		memcpy(at, &b, sizeof b);
		return ERR_OK;
	case CONFIG_INT:
		return set_int(at, info, s, ei);
	case CONFIG_TEXT:
	case CONFIG_SECRET:
		/* the value of a secret never goes into a message */
		if (n < (size_t)info->min || n > (size_t)info->max)
			return err_set(ei, ERR_CONFIG, "%s has %zu bytes; %lld to %lld are allowed",
			    info->name, n, (long long)info->min, (long long)info->max);
		if (info->type == CONFIG_SECRET) {
			memcpy(at, s, n + 1);
			return ERR_OK;
		}
		s = arena_strdup(&c->arena, s);
		if (!s)
			return err_set(ei, ERR_NOMEM, "out of memory");
		memcpy(at, &s, sizeof s);
		return ERR_OK;
	case CONFIG_ARGV:
	case CONFIG_KEYS:
	case CONFIG_PROFILES:
		break;
	}
	return err_set(ei, ERR_CONFIG, "%s is not a single value", info->name);
}

/* --- profiles --- */

struct config_profile *config_add_profile(struct config *c, const char *name)
{
	struct config_profile *p;

	if (c->n_profiles == c->cap_profiles) {
		size_t cap = c->cap_profiles ? c->cap_profiles * 2 : 4;

		p = mem_realloc_array(c->profiles, cap, sizeof *p);
		if (!p)
			return NULL;
		c->profiles = p;
		c->cap_profiles = cap;
	}
	name = arena_strdup(&c->arena, name);
	if (!name)
		return NULL;
	p = &c->profiles[c->n_profiles++];
	memset(p, 0, sizeof *p);
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++)
		if (config_option_info(o)->scope == CONFIG_PROFILE)
			value_default(p, o);
	p->name = name;
	return p;
}

const struct config_profile *config_profile(
    const struct config *c, const char *name, struct errinfo *ei)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	if (!name || !name[0])
		name = c->default_profile;
	if (!name[0] && c->n_profiles == 1)
		return &c->profiles[0];
	for (size_t i = 0; i < c->n_profiles; i++)
		if (strcmp(c->profiles[i].name, name) == 0)
			return &c->profiles[i];
	if (!c->n_profiles) {
		err_set(ei, ERR_CONFIG,
		    "no profile is configured: write one into config.yaml (docs/configuration.md), "
		    "or try: reticle demo");
		return NULL;
	}
	for (; n < c->n_profiles && n < sizeof names / sizeof names[0]; n++)
		names[n] = c->profiles[n].name;
	near = nearest_name(name, names, n);
	if (!name[0])
		err_set(ei, ERR_CONFIG,
		    "several profiles and no default_profile; name one with --profile");
	else
		err_set(ei, ERR_CONFIG, "there is no profile \"%.64s\"%s%s%s", name,
		    near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return NULL;
}

/* --- loading --- */

/* Parse into a fresh config and take it only when all of it is right. */
static enum err replace(struct config *c, const struct yaml_text *text, struct errinfo *ei)
{
	struct config fresh;
	enum err err;

	config_init(&fresh);
	err = yaml_read(&fresh, text, ei);
	if (err) {
		config_done(&fresh);
		return err;
	}
	config_done(c);
	*c = fresh;
	return ERR_OK;
}

static enum err load_secrets(struct config *c, const char *dir, struct errinfo *ei)
{
	enum err err = secrets_merge(c, dir, ei);

	if (err) { /* half of both files would be neither */
		config_done(c);
		config_init(c);
	}
	return err;
}

enum err config_load(struct config *c, const char *dir, struct errinfo *ei)
{
	char path[sizeof c->file];
	struct yaml_text text = {.name = path};
	struct errinfo why = {0};
	struct buf b;
	enum err err;

	if (!dir[0])
		return ERR_OK;
	if (!fs_join(path, sizeof path, dir, "config.yaml"))
		return err_set(ei, ERR_CONFIG, "the configuration directory's path is too long");
	buf_init(&b, FILE_MAX);
	err = fs_read_private(path, &b, &why);
	if (err == ERR_NOTFOUND)
		goto out;
	if (err) {
		/* A file that others may read, or a symbolic link, is fine without credentials. */
		text.not_private = why.msg;
		buf_clear(&b);
		err = fs_read(path, &b, ei);
	}
	if (err == ERR_LIMIT) {
		err_set(ei, ERR_CONFIG, "%s: larger than %u KiB", path, FILE_MAX / 1024);
		goto out;
	}
	if (err)
		goto out;
	text.p = buf_str(&b);
	text.n = b.len;
	err = replace(c, &text, ei);
	if (!err)
		memcpy(c->file, path, sizeof path);
out:
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_done(&b);
	if (err && err != ERR_NOTFOUND)
		return ERR_CONFIG;
	return load_secrets(c, dir, ei);
}

enum err config_parse(struct config *c, const char *text, size_t n, const char *name,
    bool is_private, struct errinfo *ei)
{
	const char *why = is_private ? NULL : "this file may not hold credentials";

	if (n > FILE_MAX)
		return err_set(ei, ERR_CONFIG, "%s: larger than %u KiB", name, FILE_MAX / 1024);
	return replace(c, &(struct yaml_text){text, n, name, why}, ei);
}
