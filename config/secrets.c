#include "config/secrets.h"

#include <stdio.h>
#include <string.h>
#include "base/fs.h"
#include "base/mem.h"
#include "config/options.h"
#include "config/paths.h"
#include "config/yaml.h"

#define FILE_MAX (64u * 1024)

static bool is_secret(unsigned o)
{
	return config_option_info(o)->type == CONFIG_SECRET;
}

/* Settings here would silently win over those that people look at. */
static enum err refuse_settings(const struct config *c, const char *path, struct errinfo *ei)
{
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++) {
		bool found = c->origin[o] && o != CONFIG_OPT_TOP_profiles &&
			     o != CONFIG_OPT_TOP_default_profile;

		for (size_t i = 0; i < c->n_profiles; i++)
			found = found || (c->profiles[i].origin[o] && !is_secret(o));
		if (found)
			return err_set(ei, ERR_CONFIG,
			    "%s: %s is a setting; it belongs into config.yaml, this file is for "
			    "the secrets that reticle auth keeps",
			    path, config_option_info(o)->name);
	}
	return ERR_OK;
}

/* The file alone, into a config of its own. ERR_NOTFOUND when there is none. */
static enum err read_file(struct config *c, const char *path, struct errinfo *ei)
{
	struct yaml_text text = {.name = path};
	struct buf b;
	enum err err;

	buf_init(&b, FILE_MAX);
	err = fs_read_private(path, &b, ei);
	if (!err) {
		text.p = buf_str(&b);
		text.n = b.len;
		err = yaml_read(c, &text, ei);
	}
	if (!err)
		err = refuse_settings(c, path, ei);
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_done(&b);
	return err;
}

static struct config_profile *profile_find(struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_profiles; i++)
		if (strcmp(c->profiles[i].name, name) == 0)
			return &c->profiles[i];
	return NULL;
}

static struct config_profile *profile_make(struct config *c, const char *name)
{
	struct config_profile *p = profile_find(c, name);

	return p ? p : config_add_profile(c, name);
}

static enum err need_credentials(struct config_profile *p, struct errinfo *ei)
{
	if (!p->file_credentials)
		p->file_credentials = mem_zalloc(sizeof *p->file_credentials);
	if (!p->file_credentials)
		return err_set(ei, ERR_NOMEM, "out of memory");
	p->has_file_credentials = true;
	return ERR_OK;
}

static enum err merge_profile(
    struct config *c, const struct config_profile *from, const char *path, struct errinfo *ei)
{
	struct config_profile *to = profile_make(c, from->name);

	if (!to)
		return err_set(ei, ERR_NOMEM, "out of memory");
	if (!from->file_credentials)
		return ERR_OK;
	if (need_credentials(to, ei))
		return ei ? ei->code : ERR_NOMEM;
	to->secrets_file = arena_strdup(&c->arena, path);
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++) {
		const char *s;

		if (!is_secret(o))
			continue;
		s = (const char *)from->file_credentials + option_offset(o);
		if (s[0])
			memcpy((char *)to->file_credentials + option_offset(o), s, CREDENTIAL_MAX);
	}
	return to->secrets_file ? ERR_OK : err_set(ei, ERR_NOMEM, "out of memory");
}

enum err secrets_merge(struct config *c, const char *dir, struct errinfo *ei)
{
	char path[sizeof c->file];
	struct config own;
	enum err err;

	if (!fs_join(path, sizeof path, dir, SECRETS_FILE))
		return err_set(ei, ERR_CONFIG, "the configuration directory's path is too long");
	config_init(&own);
	err = read_file(&own, path, ei);
	for (size_t i = 0; !err && i < own.n_profiles; i++)
		err = merge_profile(c, &own.profiles[i], path, ei);
	if (!err && own.default_profile[0]) {
		c->default_profile = arena_strdup(&c->arena, own.default_profile);
		if (!c->default_profile) {
			c->default_profile = "";
			err = err_set(ei, ERR_NOMEM, "out of memory");
		}
	}
	config_done(&own);
	if (err == ERR_NOTFOUND)
		return ERR_OK;
	return err ? ERR_CONFIG : ERR_OK;
}

/* --- writing --- */

static void put_quoted(struct buf *out, const char *s)
{
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	buf_addc(out, '"');
}

static void put_profile(struct buf *out, const struct config_profile *p)
{
	buf_adds(out, "  ");
	put_quoted(out, p->name);
	buf_adds(out, ":\n");
	for (unsigned o = 0; p->file_credentials && o < CONFIG_OPT_COUNT; o++) {
		const char *s = (const char *)p->file_credentials + option_offset(o);

		if (!is_secret(o) || !s[0])
			continue;
		buf_addf(out, "    %s: ", config_option_info(o)->name);
		put_quoted(out, s);
		buf_addc(out, '\n');
	}
}

static enum err write_file(const struct config *c, const char *path, struct errinfo *ei)
{
	struct buf out;
	enum err err;

	buf_init(&out, FILE_MAX);
	buf_adds(&out, "# Written by reticle auth. Settings belong into config.yaml.\n");
	if (c->default_profile[0]) {
		buf_adds(&out, "default_profile: ");
		put_quoted(&out, c->default_profile);
		buf_addc(&out, '\n');
	}
	buf_adds(&out, "profiles:\n");
	for (size_t i = 0; i < c->n_profiles; i++)
		put_profile(&out, &c->profiles[i]);
	err = out.failed ? err_set(ei, out.failed, "too many profiles for %s", path)
			 : fs_write(path, out.p, out.len, ei);
	if (out.p)
		explicit_bzero(out.p, out.cap);
	buf_done(&out);
	return err;
}

static bool is_empty(const struct credentials *cred)
{
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++)
		if (is_secret(o) && ((const char *)cred + option_offset(o))[0])
			return false;
	return true;
}

static void drop_profile(struct config *c, struct config_profile *p)
{
	if (p->file_credentials) {
		credentials_wipe(p->file_credentials);
		mem_free_secret(p->file_credentials, sizeof *p->file_credentials);
	}
	/* what is named as the default stays named: settings may be in config.yaml */
	if (strcmp(c->default_profile, p->name) == 0) {
		p->file_credentials = NULL;
		p->has_file_credentials = false;
		return;
	}
	*p = c->profiles[--c->n_profiles];
}

/* Read the file, or start an empty one. */
static enum err open_for_change(
    struct config *c, const char *dir, char *path, size_t cap, struct errinfo *ei)
{
	enum err err;

	config_init(c);
	if (!fs_join(path, cap, dir, SECRETS_FILE))
		return err_set(ei, ERR_CONFIG, "the configuration directory's path is too long");
	err = read_file(c, path, ei);
	return err == ERR_NOTFOUND ? paths_make(dir, ei) : err;
}

enum err secrets_save(
    const char *dir, const char *profile, const struct credentials *cred, struct errinfo *ei)
{
	struct config c;
	char path[sizeof c.file];
	struct config_profile *p;
	enum err err = open_for_change(&c, dir, path, sizeof path, ei);

	if (!err) {
		p = profile_make(&c, profile);
		err = p ? need_credentials(p, ei) : err_set(ei, ERR_NOMEM, "out of memory");
		if (!err)
			*p->file_credentials = *cred;
		if (!err && is_empty(cred))
			drop_profile(&c, p);
	}
	if (!err)
		err = write_file(&c, path, ei);
	config_done(&c);
	return err;
}

bool secrets_get(const char *dir, const char *profile, struct credentials *out)
{
	struct config c;
	char path[sizeof c.file];
	struct errinfo ei;
	const struct config_profile *p;

	memset(out, 0, sizeof *out);
	config_init(&c);
	p = fs_join(path, sizeof path, dir, SECRETS_FILE) && read_file(&c, path, &ei) == ERR_OK
		? profile_find(&c, profile)
		: NULL;
	if (p && p->file_credentials)
		*out = *p->file_credentials;
	config_done(&c);
	return !is_empty(out);
}

enum err secrets_set_default(const char *dir, const char *profile, struct errinfo *ei)
{
	struct config c;
	char path[sizeof c.file];
	enum err err = open_for_change(&c, dir, path, sizeof path, ei);

	if (!err && !profile_make(&c, profile))
		err = err_set(ei, ERR_NOMEM, "out of memory");
	if (!err) {
		c.default_profile = arena_strdup(&c.arena, profile);
		err = c.default_profile ? write_file(&c, path, ei)
					: err_set(ei, ERR_NOMEM, "out of memory");
	}
	if (err && !c.default_profile)
		c.default_profile = "";
	config_done(&c);
	return err;
}
