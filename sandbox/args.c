#include "sandbox/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "sandbox/json.h"

static bool refuse(struct arena *a, struct api_error *e, const char *code, const struct arg *arg,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static bool refuse(struct arena *a, struct api_error *e, const char *code, const struct arg *arg,
    const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	*e = (struct api_error){.http = 400,
	    .code = code,
	    .message = arena_strdup(a, text),
	    .parameter = arg->name,
	    .value = arg->text};
	return false;
}

size_t text_characters(const char *utf8)
{
	size_t n = 0;

	for (const char *p = utf8; *p; p++)
		n += ((unsigned char)*p & 0xC0) != 0x80;
	return n;
}

bool id_is_legal(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 64 &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

bool number_parse(const char *s, int64_t *n)
{
	char *end;

	if (!*s || (*s != '-' && (*s < '0' || *s > '9')))
		return false;
	errno = 0;
	*n = strtoll(s, &end, 10);
	return !errno && !*end;
}

bool choice_has(const char *choices, const char *s)
{
	size_t n = strlen(s);

	for (const char *p = choices; n && *p && *p != ')';) {
		size_t len = strcspn(p, "|)");

		if (len == n && memcmp(p, s, n) == 0)
			return true;
		p += len;
		if (*p == '|')
			p++;
	}
	return false;
}

/* "Z", "+HH", "+HHMM", "+HH:MM"; seconds east of UTC */
static bool zone_parse(const char *s, int64_t *east_s)
{
	int h = 0, m = 0, used = 0;
	size_t n = strlen(s);

	*east_s = 0;
	if (strcmp(s, "Z") == 0)
		return true;
	if ((*s != '+' && *s != '-') || strspn(s + 1, "0123456789:") != n - 1)
		return false;
	if (n == 3)
		sscanf(s + 1, "%2d%n", &h, &used);
	else if (n == 5)
		sscanf(s + 1, "%2d%2d%n", &h, &m, &used);
	else if (n == 6)
		sscanf(s + 1, "%2d:%2d%n", &h, &m, &used);
	if ((size_t)used != n - 1 || h > 14 || m > 59)
		return false;
	*east_s = (h * 60 + m) * 60 * (*s == '-' ? -1 : 1);
	return true;
}

bool time_parse(const char *s, int64_t *wall_s)
{
	char utc[32];
	int64_t east;
	size_t n = strlen(s);

	if (n == 10) {
		snprintf(utc, sizeof utc, "%sT00:00:00Z", s);
		return clock_parse_utc(utc, wall_s);
	}
	if (n < 20 || !zone_parse(s + 19, &east))
		return false;
	snprintf(utc, sizeof utc, "%.19sZ", s);
	if (!clock_parse_utc(utc, wall_s))
		return false;
	*wall_s -= east;
	return true;
}

/* --- the spec --- */

static bool spec_next(const char **spec, struct arg *arg, struct arena *a)
{
	const char *p = *spec + strspn(*spec, " ");
	size_t name_len = strcspn(p, ":"), kind_len;
	const char *kind = p + name_len + 1;

	if (!*p)
		return false;
	*arg = (struct arg){.name = arena_strndup(a, p, name_len)};
	kind_len = strcspn(kind, "(! ");
	snprintf(arg->kind, sizeof arg->kind, "%.*s", (int)kind_len, kind);
	p = kind + kind_len;
	if (*p == '(') {
		arg->choices = p + 1;
		p += strcspn(p, ")") + 1;
	}
	if (*p == '!') {
		arg->required = true;
		p++;
	}
	*spec = p;
	return arg->name != NULL;
}

static bool is_kind(const struct arg *arg, const char *kind)
{
	return strcmp(arg->kind, kind) == 0;
}

static bool is_list(const struct arg *arg)
{
	return is_kind(arg, "ids") || is_kind(arg, "list") || is_kind(arg, "enums") ||
	       is_kind(arg, "user_ids") || is_kind(arg, "sort");
}

static bool split_list(struct arena *a, struct arg *arg)
{
	size_t n = 1;

	for (const char *p = arg->text; *p; p++)
		n += *p == ',';
	arg->list = arena_alloc(a, n * sizeof *arg->list);
	if (!arg->list)
		return false;
	for (const char *p = arg->text; arg->n < n; arg->n++) {
		size_t len = strcspn(p, ",");

		arg->list[arg->n] = arena_strndup(a, p, len);
		if (!arg->list[arg->n])
			return false;
		p += len + 1;
	}
	return true;
}

static bool sort_is_known(const struct arg *arg, const char *s)
{
	const char *dash = strrchr(s, '-');
	char attribute[64];

	if (!dash || (size_t)(dash - s) >= sizeof attribute)
		return false;
	if (strcmp(dash, "-asc") != 0 && strcmp(dash, "-desc") != 0)
		return false;
	memcpy(attribute, s, (size_t)(dash - s));
	attribute[dash - s] = '\0';
	return choice_has(arg->choices, attribute);
}

static bool read_list(struct arena *a, struct arg *arg, struct api_error *e)
{
	if (!split_list(a, arg))
		return refuse(a, e, "INTERNAL_ERROR", arg, "Out of memory");
	if ((is_kind(arg, "ids") || is_kind(arg, "user_ids")) && arg->n > ARGS_IDS_MAX)
		return refuse(a, e, "INVALID_PARAMETER", arg,
		    "%s must contain at most %d ids, got %zu", arg->name, ARGS_IDS_MAX, arg->n);
	for (size_t i = 0; i < arg->n; i++) {
		const char *s = arg->list[i];

		if ((is_kind(arg, "ids") || is_kind(arg, "user_ids")) && !id_is_legal(s)) {
			refuse(a, e, "INVALID_PARAMETER", arg,
			    "Expected a list of ids for %s, got \"%.60s\"", arg->name, s);
			return false;
		}
		if (is_kind(arg, "enums") && !choice_has(arg->choices, s)) {
			refuse(a, e, "INVALID_PARAMETER", arg,
			    "Expected enum, got \"%.60s\" for %s", s, arg->name);
			e->details = "invalid enum";
			return false;
		}
		if (is_kind(arg, "sort") && !sort_is_known(arg, s))
			return refuse(a, e, "INVALID_PARAMETER", arg,
			    "\"%.60s\" is not a sort order of this collection", s);
	}
	return true;
}

static bool read_number(struct arena *a, struct arg *arg, struct api_error *e)
{
	int64_t max = is_kind(arg, "count") ? 1000 : 50;

	if (!number_parse(arg->text, &arg->num))
		return refuse(a, e, "INVALID_PARAMETER", arg,
		    "Expected Integer, got \"%.60s\" for %s", arg->text, arg->name);
	if (is_kind(arg, "money") && arg->num <= 0)
		return refuse(
		    a, e, "INVALID_PARAMETER", arg, "%s must be greater than 0", arg->name);
	if (strncmp(arg->kind, "count", 5) == 0 && (arg->num < 1 || arg->num > max))
		return refuse(a, e, "INVALID_PARAMETER", arg,
		    "Expected a number between 1 and %lld for count, got %.40s", (long long)max,
		    arg->text);
	return true;
}

static bool read_one(struct arena *a, struct arg *arg, struct api_error *e)
{
	if (is_list(arg))
		return read_list(a, arg, e);
	if (is_kind(arg, "int") || is_kind(arg, "money") || strncmp(arg->kind, "count", 5) == 0)
		return read_number(a, arg, e);
	if (is_kind(arg, "bool")) {
		arg->num = strcmp(arg->text, "true") == 0;
		if (!arg->num && strcmp(arg->text, "false") != 0)
			return refuse(a, e, "INVALID_PARAMETER", arg,
			    "Expected Boolean, got \"%.60s\" for %s", arg->text, arg->name);
	} else if (is_kind(arg, "time")) {
		if (!time_parse(arg->text, &arg->num))
			return refuse(a, e, "INVALID_PARAMETER", arg,
			    "Expected time, got \"%.60s\" for %s", arg->text, arg->name);
	} else if (is_kind(arg, "enum")) {
		if (!choice_has(arg->choices, arg->text)) {
			refuse(a, e, "INVALID_PARAMETER", arg,
			    "Expected enum, got \"%.60s\" for %s", arg->text, arg->name);
			e->details = "invalid enum";
			return false;
		}
	} else if (is_kind(arg, "id") && !id_is_legal(arg->text)) {
		refuse(a, e, "INVALID_ID_ILLEGAL_CHARACTERS", arg,
		    "Expected id, got \"%.60s\" for %s", arg->text, arg->name);
		e->http = 404; /* as for an id of the path (rule R8) */
		return false;
	}
	return true;
}

bool args_read(struct arena *a, const char *spec, const struct params *p, struct args *out,
    struct api_error *e)
{
	out->n = 0;
	while (out->n < ARGS_MAX && spec_next(&spec, &out->v[out->n], a)) {
		struct arg *arg = &out->v[out->n++];

		for (size_t i = 0; i < p->n; i++) {
			if (strcmp(p->v[i].name, arg->name) != 0)
				continue;
			if (arg->given)
				return refuse(a, e, "INVALID_PARAMETER", arg,
				    "Duplicate parameter %s", arg->name);
			arg->given = true;
			arg->text = p->v[i].value;
			arg->cleared = !*arg->text;
		}
		if (arg->given && !text_is_utf8(arg->text, strlen(arg->text))) {
			refuse(a, e, "ILLEGAL_CHARACTERS", arg, "%s is not valid UTF-8", arg->name);
			e->value = NULL;
			arg->given = false; /* it must not be echoed either */
			return false;
		}
		if (arg->required && (!arg->given || arg->cleared))
			return refuse(a, e, "MISSING_PARAMETER", arg,
			    "\"%s\" is a required parameter", arg->name);
		if (arg->given && !arg->cleared && !read_one(a, arg, e))
			return false;
	}
	return true;
}

static void echo_one(const struct arg *arg, struct buf *out)
{
	json_key(out, arg->name);
	if (arg->cleared) {
		json_null(out);
	} else if (is_list(arg)) {
		json_open(out, '[');
		for (size_t i = 0; i < arg->n; i++)
			json_str(out, arg->list[i]);
		json_close(out, ']');
	} else if (is_kind(arg, "bool")) {
		json_bool(out, arg->num);
	} else if (is_kind(arg, "time")) {
		json_time(out, arg->num);
	} else if (is_kind(arg, "int") || is_kind(arg, "money") ||
		   strncmp(arg->kind, "count", 5) == 0) {
		json_int(out, arg->num);
	} else {
		json_str(out, arg->text);
	}
}

void args_echo(const struct args *args, struct buf *out)
{
	for (size_t i = 0; i < args->n; i++)
		if (args->v[i].given)
			echo_one(&args->v[i], out);
}

const struct arg *args_find(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->n; i++)
		if (strcmp(args->v[i].name, name) == 0)
			return args->v[i].given ? &args->v[i] : NULL;
	return NULL;
}

const char *args_text(const struct args *args, const char *name)
{
	const struct arg *arg = args_find(args, name);

	return arg && !arg->cleared ? arg->text : NULL;
}

int64_t args_num(const struct args *args, const char *name, int64_t dflt)
{
	const struct arg *arg = args_find(args, name);

	return arg && !arg->cleared ? arg->num : dflt;
}

bool args_true(const struct args *args, const char *name)
{
	return args_num(args, name, 0) != 0;
}
