/* reticle doctor: the report, and what can be looked at without the network. */
#include "cli/doctor.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/json_out.h"
#include "cli/log_file.h"
#include "config/secrets.h"

void doctor_add(
    struct doctor *d, enum finding f, const char *name, const char *remedy, const char *detail, ...)
{
	struct doctor_line *l = &d->lines[d->n];
	va_list ap;

	if (d->n == sizeof d->lines / sizeof *d->lines)
		return;
	d->n++;
	l->finding = f;
	snprintf(l->name, sizeof l->name, "%s", name);
	snprintf(l->remedy, sizeof l->remedy, "%s", remedy ? remedy : "");
	va_start(ap, detail);
	vsnprintf(l->detail, sizeof l->detail, detail, ap);
	va_end(ap);
}

void doctor_skip(struct doctor *d, const char *name, const char *why)
{
	doctor_add(d, FINDING_WARN, name, NULL, "not checked: %s", why);
}

/* --- configuration --- */

/* Why a file may not hold secrets; false when it may, or is not there. */
static bool not_private(const char *path, struct errinfo *ei)
{
	struct buf b;
	enum err err;

	buf_init(&b, 1u << 20);
	err = fs_read_private(path, &b, ei);
	if (b.p)
		explicit_bzero(b.p, b.cap);
	buf_done(&b);
	return err && err != ERR_NOTFOUND;
}

static void add_private_remedy(struct doctor *d, const char *path, const struct errinfo *why)
{
	char remedy[256];
	struct stat st;
	bool plain = lstat(path, &st) == 0 && S_ISREG(st.st_mode);

	snprintf(remedy, sizeof remedy,
	    plain && st.st_uid == geteuid() ? "run: chmod 600 %s"
	    : plain                         ? "make it your own: sudo chown $USER %s"
					    : "put a regular file of your own at %s",
	    path);
	doctor_add(d, FINDING_FAIL, "permissions", remedy, "%s", why->msg);
}

/* The file that could not be used because others may read it; "" when that is not why. */
static void find_open_file(const char *dir, char path[PATHS_MAX], struct errinfo *ei)
{
	static const char *const names[] = {"config.yaml", SECRETS_FILE};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (fs_join(path, PATHS_MAX, dir, names[i]) && not_private(path, ei))
			return;
	path[0] = '\0';
}

static void check_configuration(struct doctor *d)
{
	struct client *c = &d->client;
	struct errinfo ei = {0}, why = {0};
	char path[PATHS_MAX] = "";
	enum err err = paths_init(&c->paths, NULL, &ei);

	config_init(&c->config);
	if (!err)
		err = config_load(&c->config, c->paths.config, &ei);
	if (!err)
		err = log_file_open(d->options, &c->config, &c->paths, &ei);
	if (c->paths.config[0])
		find_open_file(c->paths.config, path, &why);
	if (err && path[0]) {
		doctor_skip(d, "configuration", "it may not be read by others (see permissions)");
		add_private_remedy(d, path, &why);
		return;
	}
	if (err) {
		doctor_add(d, FINDING_FAIL, "configuration", err_hint(ei.code), "%s", ei.msg);
	} else if (!c->config.n_profiles) {
		doctor_add(d, FINDING_FAIL, "configuration", "run: reticle auth login",
		    "no profile in %s/config.yaml", c->paths.config);
	} else {
		doctor_add(d, FINDING_OK, "configuration", NULL, "%s, %zu profile%s",
		    c->config.file[0] ? c->config.file : SECRETS_FILE " alone",
		    c->config.n_profiles, c->config.n_profiles == 1 ? "" : "s");
		d->configured = true;
	}
	if (path[0])
		doctor_add(d, FINDING_OK, "permissions", NULL,
		    "%s may be read by others and holds no secret", path);
	else
		doctor_add(d, FINDING_OK, "permissions", NULL, "files with secrets are private");
}

static void check_profile(struct doctor *d)
{
	struct client *c = &d->client;
	struct errinfo ei = {0};

	if (!d->configured) {
		doctor_skip(d, "profile", "there is no usable configuration");
		doctor_skip(d, "credentials", "there is no usable configuration");
		return;
	}
	c->profile = config_profile(&c->config, d->options->profile, &ei);
	if (!c->profile) {
		doctor_add(d, FINDING_FAIL, "profile", "name one with --profile", "%s", ei.msg);
		doctor_skip(d, "credentials", "there is no profile");
		return;
	}
	doctor_add(d, FINDING_OK, "profile", NULL, "%s, %s%s", c->profile->name,
	    c->profile->base_url, c->profile->read_only ? ", read only" : "");
}

static void check_credentials(struct doctor *d)
{
	struct client *c = &d->client;
	struct credentials_place where;
	struct errinfo ei = {0};

	if (!c->profile)
		return;
	config_credentials_place(&c->config, c->profile, &where);
	if (client_connect(c, false, &ei) == ERR_OK) {
		d->has_credentials = true;
		doctor_add(d, FINDING_OK, "credentials", NULL, "from the %s: %s", where.source,
		    where.place);
	} else {
		doctor_add(d, FINDING_FAIL, "credentials",
		    ei.code == ERR_CONFIG ? "mend base_url of the profile"
					  : "run: reticle auth login",
		    "%s", ei.msg);
	}
}

/* --- what is kept --- */

static void check_cache(struct doctor *d)
{
	struct errinfo ei;

	if (paths_make(d->client.paths.cache, &ei))
		doctor_add(d, FINDING_WARN, "cache", "make the directory writable",
		    "%s; look-ups are fetched again in each run", ei.msg);
	else
		doctor_add(d, FINDING_OK, "cache", NULL, "%s", d->client.paths.cache);
}

static void check_state(struct doctor *d)
{
	struct client *c = &d->client;
	struct errinfo ei = {0};
	const char *message;

	if (!c->store)
		c->store = store_open(&c->paths, &ei);
	if (!c->store) {
		doctor_add(d, FINDING_FAIL, "state", err_hint(ei.code), "%s", ei.msg);
		return;
	}
	message = store_message(c->store, 0);
	if (!store_can_stage(c->store))
		doctor_add(d, FINDING_FAIL, "state",
		    "make the directory writable, and see that there is space",
		    "%s: edits cannot be kept%s%s", c->paths.state, message ? ": " : "",
		    message ? message : "");
	else if (store_verify(c->store, &ei))
		doctor_add(d, FINDING_FAIL, "state", err_hint(ei.code), "%s", ei.msg);
	else if (message)
		doctor_add(d, FINDING_WARN, "state", NULL, "%s: %s", c->paths.state, message);
	else
		doctor_add(d, FINDING_OK, "state", NULL, "%s", c->paths.state);
}

/* --- terminal --- */

static bool has_terminfo(const char *term)
{
	const char *own = getenv("TERMINFO"), *home = getenv("HOME");
	const char *const places[] = {own ? own : "", "/etc/terminfo", "/lib/terminfo",
	    "/usr/share/terminfo", "/usr/local/share/terminfo"};
	char path[PATHS_MAX];

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s/%c/%s", places[i], term[0], term);
		if (places[i][0] && access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, sizeof path, "%s/.terminfo/%c/%s", home ? home : "", term[0], term);
	return access(path, R_OK) == 0;
}

static void check_terminal(struct doctor *d)
{
	const char *term = getenv("TERM"), *charset = nl_langinfo(CODESET);
	bool utf8 = strcmp(charset, "UTF-8") == 0;

	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		doctor_add(d, FINDING_OK, "terminal", NULL,
		    "none here: commands and --script work, the screen needs one");
	else if (!term || !term[0] || strcmp(term, "dumb") == 0)
		doctor_add(d, FINDING_FAIL, "terminal", "set TERM, such as: export TERM=xterm",
		    "TERM is %s", term && term[0] ? term : "not set");
	else if (strchr(term, '/') || !has_terminfo(term))
		doctor_add(d, FINDING_FAIL, "terminal",
		    "install the terminal's description (package ncurses-term), or: export "
		    "TERM=xterm",
		    "the system does not know TERM=%s", term);
	else if (!utf8)
		doctor_add(d, FINDING_WARN, "terminal",
		    "set LANG to a UTF-8 locale, or use --ascii",
		    "%s, character set %s: names are drawn with stand-ins", term, charset);
	else
		doctor_add(d, FINDING_OK, "terminal", NULL, "%s, UTF-8", term);
}

/* --- report --- */

static const char *const words[] = {"ok", "warn", "fail"};

static void print_clean(const char *s)
{
	struct buf b;

	buf_init(&b, 16384);
	text_escape(&b, s, strlen(s));
	fputs(buf_str(&b), stdout);
	buf_done(&b);
}

static void print_text(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_line *l = &d->lines[i];

		printf("%-5s ", words[l->finding]);
		printf("%-20s ", l->name);
		print_clean(l->detail);
		if (l->remedy[0]) {
			printf("\n%26s -> ", "");
			print_clean(l->remedy);
		}
		putchar('\n');
	}
}

static void print_json(const struct doctor *d, bool ok)
{
	printf("{\"ok\": %s, \"checks\": [", ok ? "true" : "false");
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_line *l = &d->lines[i];

		printf("%s\n  {\"name\": ", i ? "," : "");
		json_out_string(stdout, l->name);
		printf(", \"status\": \"%s\", \"detail\": ", words[l->finding]);
		json_out_string(stdout, l->detail);
		printf(", \"remedy\": ");
		json_out_string(stdout, l->remedy);
		printf("}");
	}
	printf("\n]}\n");
}

int cmd_doctor(const struct cli_options *o, int argc, char **argv)
{
	struct doctor *d = mem_zalloc(sizeof *d);
	bool ok = true;

	(void)argc;
	(void)argv;
	if (!d)
		return cli_fail(&(struct errinfo){.code = ERR_NOMEM, .msg = "no memory to start"});
	d->options = o;
	check_configuration(d);
	check_profile(d);
	check_credentials(d);
	doctor_network(d);
	check_cache(d);
	check_state(d);
	check_terminal(d);
	for (size_t i = 0; i < d->n; i++)
		ok = ok && d->lines[i].finding != FINDING_FAIL;
	if (o->json)
		print_json(d, ok);
	else
		print_text(d);
	client_close(&d->client);
	mem_free(d);
	return ok ? 0 : 3;
}
