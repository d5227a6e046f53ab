#include "sandbox/call.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/map.h"

const char *call_text(struct call *c, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	out = n < 0 ? NULL : arena_alloc(c->a, (size_t)n + 1);
	if (!out)
		return "";
	va_start(ap, fmt);
	vsnprintf(out, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return out;
}

void call_fail(struct call *c, int http, const char *code, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->error =
	    (struct api_error){.http = http, .code = code, .message = arena_strdup(c->a, text)};
}

void call_fail_at(struct call *c, const char *code, const char *parameter, const char *value,
    const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->error = (struct api_error){.http = 400,
	    .code = code,
	    .message = arena_strdup(c->a, text),
	    .parameter = parameter,
	    .value = value};
}

bool call_failed(const struct call *c)
{
	return c->error.code != NULL;
}

const char *call_path_id(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->path_id_count; i++)
		if (strcmp(c->path_ids[i].name, name) == 0)
			return c->path_ids[i].value;
	return NULL;
}

void call_header(struct call *c, const char *name, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < c->headers_out.n; i++) {
		if (strcmp(c->headers_out.v[i].name, name) == 0) {
			c->headers_out.v[i].value = arena_strdup(c->a, text);
			return;
		}
	}
	params_add(c->a, &c->headers_out, name, arena_strdup(c->a, text));
}

void error_write(struct buf *out, const struct api_error *e)
{
	json_open(out, '{');
	json_put_str(out, "code", e->code);
	json_put_str(out, "message", e->message);
	if (e->parameter)
		json_put_str(out, "parameter", e->parameter);
	if (e->attribute)
		json_put_str(out, "attribute", e->attribute);
	if (e->value)
		json_put_str(out, "value", e->value);
	if (e->details)
		json_put_str(out, "details", e->details);
	json_close(out, '}');
}

/* What a cursor is bound to: everything of the request but the paging itself. */
static uint32_t page_tag(const struct call *c)
{
	uint64_t h = map_hash(c->path);

	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *arg = &c->args.v[i];

		if (!arg->given || strcmp(arg->name, "cursor") == 0 ||
		    strcmp(arg->name, "count") == 0)
			continue;
		h = h * 31 + map_hash(arg->name) + 7 * map_hash(arg->text);
	}
	return (uint32_t)(h ^ h >> 32);
}

bool call_page_begin(struct call *c, struct cursor *from, size_t *count)
{
	const char *cursor = args_text(&c->args, "cursor");

	*from = (struct cursor){0};
	*count = (size_t)args_num(&c->args, "count", strstr(c->path, "/tv_shows") ? 50 : 200);
	c->paged = true;
	if (args_true(&c->args, "with_total_count")) {
		if (cursor) {
			call_fail_at(c, "EXCLUSIVE_PARAMETERS", "with_total_count", NULL,
			    "cursor and with_total_count are mutually exclusive");
			return false;
		}
		c->total = 0;
	}
	if (!cursor)
		return true;
	/* cursors of TV shows begin with "c-" and hold capitals, as the real ones do */
	if (strncmp(cursor, "c-", 2) == 0)
		cursor += 2;
	if (!cursor_read(cursor, page_tag(c), from)) {
		call_fail_at(c, "INVALID_PARAMETER", "cursor", cursor, "Invalid cursor");
		return false;
	}
	return true;
}

void call_page_next(struct call *c, struct cursor from)
{
	char text[CURSOR_SIZE];

	cursor_write(from, page_tag(c), text);
	if (strstr(c->path, "/tv_shows")) {
		for (char *p = text + 20; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		c->next_cursor = call_text(c, "c-%s", text);
	} else {
		c->next_cursor = arena_strdup(c->a, text);
	}
}
