/* Every row of api/endpoints.def, called by the client against the sandbox, and each with success:
 * the steps of tests/endpoints.steps, which tests/check/every_endpoint.sh does with curl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "api/endpoints.h"
#include "api/scan.h"
#include "tests/flow/harness.h"

enum { COLUMNS = 7, MAX_KEPT = 40, LINE_SIZE = 2048 };
enum column { ID, PARAMS, BODY, STATUS, SHAPE, KEEP };

static const char *const ids[] = {
#define E(id, method, path, bucket, paging, most, effect) [ENDPOINT_##id] = #id,
#include "api/endpoints.def"
#undef E
};

/* --- what earlier answers gave --- */

static struct {
	char name[64], value[128];
} kept[MAX_KEPT];
static size_t n_kept;

static void keep(const char *name, size_t len, const char *value)
{
	assert_true(n_kept < MAX_KEPT && len < sizeof kept->name);
	/* the newest first, so that it hides an older one of its name */
	memmove(kept + 1, kept, n_kept++ * sizeof *kept);
	snprintf(kept->name, sizeof kept->name, "%.*s", (int)len, name);
	snprintf(kept->value, sizeof kept->value, "%s", value);
}

static const char *find(const char *name, size_t len)
{
	for (size_t i = 0; i < n_kept; i++)
		if (strlen(kept[i].name) == len && memcmp(kept[i].name, name, len) == 0)
			return kept[i].value;
	return "unknown";
}

/* Text with every sign + name replaced by what was kept under it. */
static void fill(const char *text, char sign, char *out, size_t cap)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t n = 0;

	while (*text && n + 130 < cap) {
		size_t len = *text == sign ? strspn(text + 1, letters) : 0;

		if (!len) {
			out[n++] = *text++;
			continue;
		}
		n += (size_t)snprintf(out + n, cap - n, "%s", find(text + 1, len));
		text += len + 1;
	}
	out[n] = '\0';
}

static void keep_days(void)
{
	static const struct {
		const char *name;
		int days;
	} all[] = {{"days_ago_2", -2}, {"days_ago_1", -1}, {"days_ahead_1", 1}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		time_t at = time(NULL) + all[i].days * 86400;
		char text[40];
		struct tm tm;

		strftime(text, sizeof text, "%Y-%m-%dT%H%%3A00%%3A00Z", gmtime_r(&at, &tm));
		keep(all[i].name, strlen(all[i].name), text);
	}
}

/* --- one call --- */

struct step {
	char line[LINE_SIZE];
	char *column[COLUMNS];
};

struct got {
	const struct step *step;
	bool done, ok;
	char why[300];
};

/* "data.0.id" */
static const struct json_node *at(const struct json_node *v, const char *path)
{
	while (v && *path) {
		char name[40];
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof name, "%.*s", (int)n, path);
		if (v->type == JSON_ARRAY) {
			const struct json_node *item = json_first(v);

			for (unsigned long i = strtoul(name, NULL, 10); item && i; i--)
				item = json_after(v, item);
			v = item;
		} else {
			v = json_get(v, name);
		}
		path += n + (path[n] == '.');
	}
	return v;
}

static bool judge(struct got *g, const struct json_node *root)
{
	const char *shape = g->step->column[SHAPE], *spec = g->step->column[KEEP];
	const struct json_node *data = json_get(root, "data");
	bool object = strncmp(shape, "one", 3) == 0, page = strncmp(shape, "page", 4) == 0;
	const char *value;

	if (!data || data->type != (object ? JSON_OBJECT : JSON_ARRAY))
		return false;
	if (!json_get(root, "request") || page != !!json_get(root, "total_count"))
		return false;
	if (strcmp(spec, "-") == 0)
		return true;
	value = json_string(at(root, strchr(spec, '=') + 1));
	if (value)
		keep(spec, strcspn(spec, "="), value);
	return value != NULL;
}

static void on_raw(struct req_id id, struct api_result *res, void *user)
{
	struct got *g = user;
	struct json j;

	(void)id;
	g->done = true;
	snprintf(g->why, sizeof g->why, "%d %.250s", res->raw.status, res->raw.body);
	if (res->err || res->raw.status != (int)strtol(g->step->column[STATUS], NULL, 10))
		return;
	char *copy = strdup(res->raw.body);

	json_init(&j);
	g->ok = !json_parse(&j, copy, res->raw.body_len, NULL) && judge(g, json_root(&j));
	json_done(&j);
	free(copy);
}

static bool read_step(FILE *f, struct step *s)
{
	while (fgets(s->line, sizeof s->line, f)) {
		char *p = s->line;

		if (*p == '#' || *p == '\n')
			continue;
		p[strcspn(p, "\n")] = '\0';
		for (int i = 0; i < COLUMNS; i++) {
			char *end = strstr(p, " | ");

			assert_true(end || i == COLUMNS - 1);
			s->column[i] = p;
			if (end)
				*end = '\0';
			p = end ? end + 3 : p;
		}
		return true;
	}
	return false;
}

static int endpoint_of(const char *id)
{
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		if (strcmp(ids[i], id) == 0)
			return i;
	fail_msg("tests/endpoints.steps: %s is not in api/endpoints.def", id);
	return -1;
}

static bool do_step(struct api *a, struct loop *l, const struct step *s, const struct endpoint *e)
{
	char segments[512], params[1024], path[1600], json[1024];
	struct got g = {.step = s};

	fill(e->path, ':', segments, sizeof segments);
	fill(s->column[PARAMS], '$', params, sizeof params);
	fill(s->column[BODY], '$', json, sizeof json);
	snprintf(path, sizeof path, "/12/%s%s%s", segments, strcmp(params, "-") ? "?" : "",
	    strcmp(params, "-") ? params : "");
	struct raw_query q = {
	    .method = e->method, .path = path, .json = strcmp(json, "-") ? json : NULL};

	api_raw(a, &q, &(struct api_call){.fn = on_raw, .user = &g});
	assert_true(run_until(l, &g.done, 20000));
	if (!g.ok)
		print_message("%s: %s %s: %s\n", s->column[ID], e->method, path, g.why);
	return g.ok;
}

static void every_endpoint_answers_the_client(void **state)
{
	static const char *const args[] = {"--no-rate-limit", NULL};
	struct sandbox s = sandbox_start(args);
	struct api_config cfg = sandbox_config(&s);
	struct loop *l = loop_new();
	FILE *f = fopen("tests/endpoints.steps", "r");
	bool called[ENDPOINT_COUNT] = {false};
	unsigned wrong = 0;
	struct step step;

	(void)state;
	assert_non_null(f);
	cfg.raw_writes = true;
	struct api *a = api_new(l, &cfg, NULL);

	keep("account_id", strlen("account_id"), s.account_id);
	keep_days();
	while (read_step(f, &step)) {
		int i = endpoint_of(step.column[ID]);

		called[i] = true;
		wrong += !do_step(a, l, &step, endpoint_info((enum endpoint_id)i));
	}
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		if (!called[i] && *endpoint_info((enum endpoint_id)i)->path) {
			print_message("tests/endpoints.steps has no step for %s\n", ids[i]);
			wrong++;
		}
	assert_int_equal(wrong, 0);
	fclose(f);
	api_free(a);
	loop_free(l);
	sandbox_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_endpoint_answers_the_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
