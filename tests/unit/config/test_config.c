#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"
#include "config/config.h"

static struct config c;
static struct errinfo ei;

static int setup(void **state)
{
	(void)state;
	memset(&ei, 0, sizeof ei);
	config_init(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_done(&c);
	return 0;
}

static enum err parse(const char *text)
{
	return config_parse(&c, text, strlen(text), "config.yaml", true, &ei);
}

static void refuses(const char *text, const char *message)
{
	assert_int_equal(parse(text), ERR_CONFIG);
	assert_string_equal(ei.msg, message);
}

static void empty_file_leaves_the_defaults(void **state)
{
	static const char *const texts[] = {"", "\n", "# nothing\n", "---\n", "---\n...\n"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(parse(texts[i]), ERR_OK);
		assert_int_equal(c.cache_days, 7);
		assert_int_equal(c.batch_size, 500);
		assert_int_equal(c.n_profiles, 0);
		assert_string_equal(c.theme, "default");
	}
}

static void reads_every_option(void **state)
{
	const struct config_profile *p;
	struct credentials cr;

	(void)state;
	assert_int_equal(parse("default_profile: work\n"
			       "theme: dark\ncache_days: 0\nmouse: yes\nascii: true\n"
			       "batch_size: 1\ntimeout_seconds: 600\n"
			       "keys: {F9: line-items, \"g g\": <none>}\n"
			       "profiles:\n"
			       "  home:\n"
			       "  work:\n"
			       "    base_url: http://127.0.0.1:8080\n"
			       "    api_version: 13\n"
			       "    account: 18ce54d4x5t\n"
			       "    consumer_key: ck\n    consumer_secret: cs\n"
			       "    access_token: at\n    access_token_secret: as\n"
			       "    ca_bundle: /etc/ssl/x.pem\n"
			       "    read_only: on\n"),
	    ERR_OK);
	assert_int_equal(c.n_profiles, 2);
	assert_true(c.mouse && c.ascii);
	assert_int_equal(c.cache_days, 0);
	assert_int_equal(c.n_keys, 2);
	assert_string_equal(c.keys[0].key, "F9");
	assert_string_equal(c.keys[0].command, "line-items");
	assert_null(c.keys[1].command);
	assert_int_equal(c.keys[1].line, 8);
	p = config_profile(&c, NULL, &ei);
	assert_string_equal(p->name, "work");
	assert_string_equal(p->base_url, "http://127.0.0.1:8080");
	assert_string_equal(p->api_version, "13");
	assert_true(p->read_only);
	assert_int_equal(p->origin[CONFIG_OPT_PROFILE_account], CONFIG_FILE);
	assert_int_equal(config_credentials(p, &cr, &ei), ERR_OK);
	assert_string_equal(cr.access_token_secret, "as");
	assert_string_equal(cr.source, "file");
	p = config_profile(&c, "home", &ei);
	assert_string_equal(p->base_url, "https://ads-api.x.com");
	assert_string_equal(p->api_version, "12");
}

static void unknown_keys_name_place_and_nearest(void **state)
{
	(void)state;
	refuses("them: dark\n", "config.yaml:1:1: unknown key \"them\" (did you mean \"theme\"?)");
	refuses("profiles:\n  a:\n    acount: x\n",
	    "config.yaml:3:5: unknown key \"acount\" (did you mean \"account\"?)");
	refuses("zebra: 1\n", "config.yaml:1:1: unknown key \"zebra\"");
	refuses("consumer_key: x\n",
	    "config.yaml:1:1: \"consumer_key\" belongs inside a profile (profiles: NAME:)");
	refuses("profiles: {a: {theme: x}}\n",
	    "config.yaml:1:16: \"theme\" belongs at the outermost level, not into a profile");
}

static void wrong_values_are_refused_where_they_stand(void **state)
{
	(void)state;
	refuses("batch_size: 501\n",
	    "config.yaml:1:13: batch_size is a whole number from 1 to 500, not \"501\"");
	refuses("batch_size: 0\n",
	    "config.yaml:1:13: batch_size is a whole number from 1 to 500, not \"0\"");
	refuses("cache_days: 99999999999999999999\n",
	    "config.yaml:1:13: cache_days is a whole number from 0 to 365, not "
	    "\"99999999999999999999\"");
	refuses("cache_days: +7\n",
	    "config.yaml:1:13: cache_days is a whole number from 0 to 365, not \"+7\"");
	refuses("mouse: maybe\n", "config.yaml:1:8: mouse is true or false, not \"maybe\"");
	refuses("theme: [a]\n", "config.yaml:1:8: theme is a single value, not a list or a map");
	refuses(
	    "profiles: [a]\n", "config.yaml:1:11: profiles is a map (lines of \"name: value\")");
	refuses("- a\n", "config.yaml:1:1: the configuration is a map (lines of \"name: value\")");
	refuses("keys: {a: }\n",
	    "config.yaml:1:11: a command line was expected, or \"<none>\" to unbind");
	refuses("profiles: {a: {credentials_command: pass}}\n",
	    "config.yaml:1:37: credentials_command is a list of words, such as [pass, show, x]; no "
	    "shell");
	refuses("default_profile: b\nprofiles: {a: }\n",
	    "config.yaml: default_profile: there is no profile \"b\" (did you mean \"a\"?)");
}

static void second_mention_is_refused(void **state)
{
	(void)state;
	refuses("theme: a\ntheme: b\n", "config.yaml:2:1: \"theme\" is given twice");
	refuses("profiles: {a: , a: }\n", "config.yaml:1:17: profile \"a\" is given twice");
	refuses("profiles: {a: {account: x, account: y}}\n",
	    "config.yaml:1:28: \"account\" is given twice");
	refuses("keys: {a: x, a: y}\n", "config.yaml:1:14: key \"a\" is bound twice");
}

static void yaml_beyond_plain_is_refused(void **state)
{
	(void)state;
	refuses("theme: &x dark\n", "config.yaml:1:8: anchors are not allowed");
	refuses("theme: *x\n", "config.yaml:1:8: aliases are not allowed");
	refuses("theme: !!str dark\n", "config.yaml:1:8: tags are not allowed");
	refuses("profiles: !x {}\n", "config.yaml:1:11: tags are not allowed");
	refuses("keys: &x {}\n", "config.yaml:1:7: anchors are not allowed");
	refuses("theme: a\n---\ntheme: b\n", "config.yaml:2:1: a second document is not allowed");
	refuses("%TAG ! tag:x,2000:\n---\ntheme: a\n", "config.yaml:1:1: tags are not allowed");
	refuses("theme: \"a\\0b\"\n",
	    "config.yaml:1:8: control or invisible characters are not allowed here");
	refuses("theme: \"a\\eb\"\n",
	    "config.yaml:1:8: control or invisible characters are not allowed here");
	refuses("theme: \"a\\u202Eb\"\n",
	    "config.yaml:1:8: control or invisible characters are not allowed here");
	refuses("theme: \"a\\u2028b\"\n",
	    "config.yaml:1:8: control or invisible characters are not allowed here");
	assert_int_equal(parse("theme: \xff\n"), ERR_CONFIG);
	assert_int_equal(parse("theme: \"a"), ERR_CONFIG);
}

/* libyaml 0.2.5 takes 9.9 s for 64 KiB of '[' when it is let: the depth bound must come first. */
static void deep_nesting_ends_early(void **state)
{
	char *text = test_malloc(65001);
	char *many = test_malloc(65537);

	(void)state;
	memset(text, '[', 65000);
	text[65000] = '\0';
	assert_int_equal(parse(text), ERR_CONFIG);
	memset(many, '#', 65536);
	many[65536] = '\0';
	assert_int_equal(config_parse(&c, many, 65536, "f", true, &ei), ERR_OK);
	assert_int_equal(config_parse(&c, many, 65537, "f", true, &ei), ERR_CONFIG);
	assert_string_equal(ei.msg, "f: larger than 64 KiB");
	test_free(text);
	test_free(many);
}

static void a_failed_load_keeps_what_was_there(void **state)
{
	(void)state;
	assert_int_equal(parse("theme: dark\nkeys: {a: b}\n"), ERR_OK);
	assert_int_equal(parse("theme: light\nnonsense: 1\n"), ERR_CONFIG);
	assert_string_equal(c.theme, "dark");
	assert_int_equal(c.n_keys, 1);
}

static void every_prefix_parses_or_is_refused(void **state)
{
	static const char text[] =
	    "default_profile: a\nkeys:\n  x: y\nprofiles:\n  a:\n"
	    "    account: 'q'\n    consumer_key: \"k\\x41\"\n"
	    "    credentials_command: [a, \"b c\"]\n# end \xf0\x9f\xa4\x96\n";

	(void)state;
	for (size_t n = 0; n <= sizeof text - 1; n++) {
		enum err err = config_parse(&c, text, n, "f", true, &ei);

		assert_true(err == ERR_OK || (err == ERR_CONFIG && strncmp(ei.msg, "f:", 2) == 0));
	}
	assert_int_equal(c.n_profiles, 1);
}

static void profile_is_chosen_or_explained(void **state)
{
	(void)state;
	assert_null(config_profile(&c, NULL, &ei));
	assert_int_equal(parse("profiles: {only: }\n"), ERR_OK);
	assert_string_equal(config_profile(&c, "", &ei)->name, "only");
	assert_null(config_profile(&c, "onyl", &ei));
	assert_string_equal(ei.msg, "there is no profile \"onyl\" (did you mean \"only\"?)");
	assert_int_equal(parse("profiles: {a: , b: }\n"), ERR_OK);
	assert_null(config_profile(&c, NULL, &ei));
}

/* Every option has its row in the documentation, with its default and help; no row is left over. */
static void documentation_lists_every_option(void **state)
{
	struct buf doc;
	size_t rows = 0;

	(void)state;
	buf_init(&doc, 1 << 20);
	assert_int_equal(fs_read("docs/configuration.md", &doc, &ei), ERR_OK);
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++) {
		const struct config_option_info *info = config_option_info(o);
		char start[80], quoted[80];
		const char *row, *end, *help;

		snprintf(start, sizeof start, "\n| `%s` |", info->name);
		row = strstr(buf_str(&doc), start);
		if (!row)
			fail_msg("no row for %s", info->name);
		end = strchr(row + 1, '\n');
		help = strstr(row, info->help);
		if (!help || help > end)
			fail_msg("another help for %s", info->name);
		snprintf(quoted, sizeof quoted, "| `%s` |", info->dflt);
		if (info->dflt[0] && (!strstr(row, quoted) || strstr(row, quoted) > end))
			fail_msg("another default for %s", info->name);
	}
	for (const char *p = buf_str(&doc); (p = strstr(p, "\n| `")) != NULL; p++)
		rows += p[4] != '$';
	assert_int_equal(rows, CONFIG_OPT_COUNT);
	buf_done(&doc);
}

/* --- files --- */

static char dir[] = "/tmp/reticle-config-XXXXXX";

static void write_config(const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/config.yaml", dir);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void missing_file_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(config_load(&c, "/nonexistent/x", &ei), ERR_OK);
	assert_int_equal(config_load(&c, "", &ei), ERR_OK);
	assert_string_equal(c.file, "");
}

static void secrets_need_a_private_file(void **state)
{
	(void)state;
	write_config("profiles: {a: {consumer_key: k}}\n", 0644);
	assert_int_equal(config_load(&c, dir, &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "/config.yaml:1:30: consumer_key is a secret: "));
	assert_non_null(strstr(ei.msg, "chmod 600 "));
	assert_null(strstr(ei.msg, "\"k\""));
	write_config("profiles: {a: {consumer_key: k}}\n", 0600);
	assert_int_equal(config_load(&c, dir, &ei), ERR_OK);
	write_config("theme: dark\n", 0644);
	assert_int_equal(config_load(&c, dir, &ei), ERR_OK);
	assert_string_equal(c.theme, "dark");
}

static void symbolic_links_may_hold_no_secret(void **state)
{
	char from[128], to[128];

	(void)state;
	write_config("profiles: {a: {consumer_key: k}}\n", 0600);
	snprintf(from, sizeof from, "%s/config.yaml", dir);
	snprintf(to, sizeof to, "%s/other.yaml", dir);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(symlink(to, from), 0);
	assert_int_equal(config_load(&c, dir, &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "symbolic link"));
	unlink(from);
	unlink(to);
}

static int setup_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown_dir(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/config.yaml", dir);
	unlink(path);
	return rmdir(dir);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(empty_file_leaves_the_defaults),
	    T(reads_every_option),
	    T(unknown_keys_name_place_and_nearest),
	    T(wrong_values_are_refused_where_they_stand),
	    T(second_mention_is_refused),
	    T(yaml_beyond_plain_is_refused),
	    T(deep_nesting_ends_early),
	    T(a_failed_load_keeps_what_was_there),
	    T(every_prefix_parses_or_is_refused),
	    T(profile_is_chosen_or_explained),
	    T(documentation_lists_every_option),
	    T(missing_file_is_no_error),
	    T(secrets_need_a_private_file),
	    T(symbolic_links_may_hold_no_secret),
	};

	return cmocka_run_group_tests(tests, setup_dir, teardown_dir);
}
