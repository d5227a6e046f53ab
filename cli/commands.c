/* The subcommands that open the screen or print something small. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json_out.h"
#include "cli/log_file.h"
#include "cli/screen.h"
#include "tui/keymap.h"

#define DEMO_BULK_ACCOUNT "18ce5bulk01" /* the account that --line-items fills (docs/sandbox.md) */

int cmd_screen(const struct cli_options *o)
{
	struct screen s = {.options = o};
	struct screen_start start = {0};
	struct errinfo ei = {0};
	int rc;

	config_init(&s.config);
	if (paths_init(&s.paths, NULL, &ei) || config_load(&s.config, s.paths.config, &ei) ||
	    log_file_open(o, &s.config, &s.paths, &ei))
		goto failed;
	s.profile = config_profile(&s.config, o->profile, &ei);
	if (!s.profile)
		goto failed;
	start.host = client_realm(s.profile->base_url);
	start.api_version = s.profile->api_version;
	start.profile_name = s.profile->name;
	start.account = o->account ? o->account : s.profile->account;
	if (screen_open(&s, &start, &ei))
		goto failed;
	rc = screen_run(&s);
	screen_close(&s);
	return rc;
failed:
	screen_close(&s);
	return cli_fail(&ei);
}

/* Forget the demo: its directories hold nothing but files of ours. */
static void remove_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[PATH_MAX];

	if (!d)
		return;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && fs_join(path, sizeof path, dir, e->d_name) &&
		    unlink(path) != 0 && errno == EISDIR)
			remove_files(path);
	closedir(d);
}

static enum err start_sandbox(struct screen *s, struct errinfo *ei)
{
	const struct cli_options *o = s->options;
	char program[PATH_MAX], name[256], data[PATH_MAX], epoch[24];
	int64_t when;
	const char *argv[16] = {program, "--exit-with-stdin", "--data", data};
	int n = 4;

	snprintf(name, sizeof name, "account-%.40s-%.40s-%.40s.db",
	    o->line_items ? o->line_items : "0", o->criteria ? o->criteria : "0",
	    o->seed ? o->seed : "0");
	if (paths_make(s->paths.state, ei) || child_find_sandbox(program, sizeof program, ei))
		return ei->code;
	if (!fs_join(data, sizeof data, s->paths.state, name))
		return err_set(ei, ERR_IO, "the state directory's path is too long");
	if (o->line_items) {
		argv[n++] = "--line-items";
		argv[n++] = o->line_items;
	}
	if (o->criteria) {
		argv[n++] = "--criteria";
		argv[n++] = o->criteria;
	}
	if (o->clock && clock_parse_utc(o->clock, &when)) {
		/* both stand still at the same time, or the signatures would be stale */
		snprintf(epoch, sizeof epoch, "%lld", (long long)when);
		argv[n++] = "--clock";
		argv[n++] = epoch;
	}
	if (o->seed) {
		argv[n++] = "--seed";
		argv[n++] = o->seed;
	}
	return child_start(&s->child, argv, ei);
}

int cmd_demo(const struct cli_options *o, int argc, char **argv)
{
	struct screen s = {.options = o, .demo = true, .child = {.in = -1, .out = -1}};
	struct screen_start start = {.host = "demo",
	    .api_version = "12",
	    .profile_name = "demo",
	    .account = o->account      ? o->account
		       : o->line_items ? DEMO_BULK_ACCOUNT
				       : ""};
	struct errinfo ei = {0};
	int rc;

	(void)argc;
	(void)argv;
	config_init(&s.config);
	if (paths_init(&s.paths, "demo", &ei) || config_load(&s.config, s.paths.config, &ei))
		goto failed;
	if (o->fresh) {
		remove_files(s.paths.state);
		remove_files(s.paths.cache);
	}
	if (log_file_open(o, &s.config, &s.paths, &ei) || start_sandbox(&s, &ei) ||
	    screen_open(&s, &start, &ei))
		goto failed;
	rc = screen_run(&s);
	screen_close(&s);
	return rc;
failed:
	screen_close(&s);
	return cli_fail(&ei);
}

int cmd_sandbox(const struct cli_options *o, int argc, char **argv)
{
	char program[PATH_MAX];
	struct errinfo ei;

	(void)o;
	(void)argc;
	if (child_find_sandbox(program, sizeof program, &ei))
		return cli_fail(&ei);
	execv(program, argv);
	err_set(&ei, ERR_IO, "cannot run %s: %s", program, strerror(errno));
	return cli_fail(&ei);
}

int cmd_keys(const struct cli_options *o, int argc, char **argv)
{
	struct keymap map;
	struct buf report;
	char keys[128];

	(void)argc;
	(void)argv;
	keymap_init(&map);
	buf_init(&report, 65536);
	keymap_parse(&map, keymap_default_text, "default", &report);
	if (o->json)
		printf("[");
	for (size_t i = 0; i < map.n; i++) {
		const struct binding *b = &map.list[i];

		key_seq_name(&b->seq, keys, sizeof keys);
		if (!o->json) {
			printf("%-12s %-12s %s\n", b->context, keys, b->command);
			continue;
		}
		printf("%s\n  {\"context\": ", i ? "," : "");
		json_out_string(stdout, b->context);
		printf(", \"keys\": ");
		json_out_string(stdout, keys);
		printf(", \"command\": ");
		json_out_string(stdout, b->command);
		printf("}");
	}
	if (o->json)
		printf("\n]\n");
	buf_done(&report);
	keymap_done(&map);
	return 0;
}

int cmd_paths(const struct cli_options *o, int argc, char **argv)
{
	struct paths p;
	struct errinfo ei;

	(void)o;
	(void)argc;
	(void)argv;
	if (paths_init(&p, NULL, &ei))
		return cli_fail(&ei);
	printf("config  %s/config.yaml\nstate   %s\ncache   %s\nruntime %s\n", p.config, p.state,
	    p.cache, p.runtime);
	return 0;
}
