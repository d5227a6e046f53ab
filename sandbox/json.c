#include "sandbox/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"

#define MAX_DEPTH 32

/* --- reading --- */

struct reader {
	struct arena *a;
	const char *p, *end;
	const char *why;
};

static struct json *read_value(struct reader *r, int depth);

static void *fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return NULL;
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

static bool read_hex4(struct reader *r, unsigned *out)
{
	*out = 0;
	if (r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = *r->p++;
		unsigned d;

		if (c >= '0' && c <= '9')
			d = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			d = (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			d = (unsigned)(c - 'A') + 10;
		else
			return false;
		*out = *out << 4 | d;
	}
	return true;
}

static char *put_utf8(char *w, unsigned cp)
{
	if (cp < 0x80) {
		*w++ = (char)cp;
	} else if (cp < 0x800) {
		*w++ = (char)(0xc0 | cp >> 6);
		*w++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*w++ = (char)(0xe0 | cp >> 12);
		*w++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*w++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*w++ = (char)(0xf0 | cp >> 18);
		*w++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*w++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*w++ = (char)(0x80 | (cp & 0x3f));
	}
	return w;
}

/* After "\u": one code point, a surrogate pair taken together. */
static bool read_escape_u(struct reader *r, unsigned *cp)
{
	unsigned low;

	if (!read_hex4(r, cp))
		return fail(r, "bad \\u escape");
	if (*cp == 0)
		return fail(r, "\\u0000 in a string");
	if (*cp >= 0xdc00 && *cp < 0xe000)
		return fail(r, "unpaired surrogate");
	if (*cp < 0xd800 || *cp >= 0xdc00)
		return true;
	if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
		return fail(r, "unpaired surrogate");
	r->p += 2;
	if (!read_hex4(r, &low) || low < 0xdc00 || low >= 0xe000)
		return fail(r, "unpaired surrogate");
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static char *read_string(struct reader *r)
{
	const char *close = ++r->p;
	char *out, *w;

	while (close < r->end && *close != '"')
		close += *close == '\\' ? 2 : 1;
	if (close >= r->end)
		return fail(r, "string without an end");
	out = w =
	    arena_alloc(r->a, (size_t)(close - r->p) + 1); /* decoding never makes it longer */
	if (!out)
		return fail(r, "out of memory");
	while (*r->p != '"') {
		static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
		unsigned char c = (unsigned char)*r->p++;
		const char *at;
		unsigned cp;

		if (c < 0x20)
			return fail(r, "control character in a string");
		if (c != '\\') {
			*w++ = (char)c;
			continue;
		}
		c = (unsigned char)*r->p++;
		if (c == 'u') {
			if (!read_escape_u(r, &cp))
				return NULL;
			w = put_utf8(w, cp);
		} else if (c && (at = strchr(from, c))) {
			*w++ = to[at - from];
		} else {
			return fail(r, "bad escape");
		}
	}
	r->p++;
	*w = '\0';
	if (!text_is_utf8(out, (size_t)(w - out)))
		return fail(r, "string is not UTF-8");
	return out;
}

static size_t digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return (size_t)(r->p - start);
}

static struct json *read_number(struct reader *r, struct json *v)
{
	const char *start = r->p;
	const char *first;

	if (*r->p == '-')
		r->p++;
	first = r->p;
	if (!digits(r) || (*first == '0' && r->p - first > 1))
		return fail(r, "bad number");
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!digits(r))
			return fail(r, "bad number");
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		if (!digits(r))
			return fail(r, "bad number");
	}
	v->kind = JSON_NUMBER;
	v->text = arena_strndup(r->a, start, (size_t)(r->p - start));
	return v->text ? v : fail(r, "out of memory");
}

static struct json *read_member(struct reader *r, const struct json *obj, int depth)
{
	struct json *v;
	char *key = NULL;

	skip_space(r);
	if (obj->kind == JSON_OBJECT) {
		if (r->p >= r->end || *r->p != '"')
			return fail(r, "expected a key");
		key = read_string(r);
		if (!key)
			return NULL;
		if (json_get(obj, key))
			return fail(r, "duplicate key");
		skip_space(r);
		if (r->p >= r->end || *r->p++ != ':')
			return fail(r, "expected ':'");
	}
	v = read_value(r, depth + 1);
	if (v)
		v->key = key;
	return v;
}

static struct json *read_members(struct reader *r, struct json *v, int depth)
{
	char close = *r->p++ == '{' ? '}' : ']';
	struct json **tail = &v->child;

	v->kind = close == '}' ? JSON_OBJECT : JSON_ARRAY;
	if (depth >= MAX_DEPTH)
		return fail(r, "nested too deeply");
	skip_space(r);
	if (r->p < r->end && *r->p == close) {
		r->p++;
		return v;
	}
	for (;;) {
		struct json *m = read_member(r, v, depth);

		if (!m)
			return NULL;
		*tail = m;
		tail = &m->next;
		v->n++;
		skip_space(r);
		if (r->p >= r->end)
			return fail(r, "text ends inside");
		if (*r->p == close) {
			r->p++;
			return v;
		}
		if (*r->p++ != ',')
			return fail(r, "expected ','");
	}
}

static struct json *read_word(struct reader *r, struct json *v, const char *word, enum json_kind k)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return fail(r, "unexpected character");
	r->p += n;
	v->kind = k;
	return v;
}

static struct json *read_value(struct reader *r, int depth)
{
	struct json *v = arena_alloc(r->a, sizeof *v);

	if (!v)
		return fail(r, "out of memory");
	skip_space(r);
	if (r->p >= r->end)
		return fail(r, "text ends inside");
	switch (*r->p) {
	case '{':
	case '[':
		return read_members(r, v, depth);
	case '"':
		v->kind = JSON_STRING;
		v->text = read_string(r);
		return v->text ? v : NULL;
	case 't':
		return read_word(r, v, "true", JSON_TRUE);
	case 'f':
		return read_word(r, v, "false", JSON_FALSE);
	case 'n':
		return read_word(r, v, "null", JSON_NULL);
	default:
		return read_number(r, v);
	}
}

struct json *json_parse(struct arena *a, const char *s, size_t n, const char **why)
{
	struct reader r = {.a = a, .p = s, .end = s + n};
	struct json *v = read_value(&r, 0);

	if (v) {
		skip_space(&r);
		if (r.p != r.end)
			v = fail(&r, "more after the value");
	}
	*why = v ? NULL : r.why;
	return v;
}

const struct json *json_get(const struct json *obj, const char *key)
{
	if (!obj || obj->kind != JSON_OBJECT)
		return NULL;
	for (const struct json *m = obj->child; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

const char *json_text(const struct json *obj, const char *key)
{
	const struct json *m = json_get(obj, key);

	return m ? m->text : NULL;
}

int64_t json_number(const struct json *obj, const char *key, int64_t dflt)
{
	const char *s = json_text(obj, key);
	char *end;
	long long n;

	if (!s || !*s)
		return dflt;
	errno = 0;
	n = strtoll(s, &end, 10);
	return errno || *end ? dflt : (int64_t)n;
}

bool json_is_true(const struct json *obj, const char *key)
{
	const struct json *m = json_get(obj, key);

	return m && m->kind == JSON_TRUE;
}

/* --- writing --- */

static void separate(struct buf *b)
{
	char last = b->len ? b->p[b->len - 1] : '{';

	/* strings end in a quote, so these three can only be structure */
	if (last != '{' && last != '[' && last != ':')
		buf_addc(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	separate(b);
	buf_addc(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

static void add_quoted(struct buf *b, const char *s)
{
	const char *run = s;

	buf_addc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, run, (size_t)(s - run));
		run = s + 1;
		if (c == '"' || c == '\\') {
			buf_addc(b, '\\');
			buf_addc(b, (char)c);
		} else {
			buf_addf(b, "\\u%04x", c);
		}
	}
	buf_add(b, run, (size_t)(s - run));
	buf_addc(b, '"');
}

void json_key(struct buf *b, const char *key)
{
	separate(b);
	add_quoted(b, key);
	buf_addc(b, ':');
}

void json_str(struct buf *b, const char *s)
{
	if (!s) {
		json_null(b);
		return;
	}
	separate(b);
	add_quoted(b, s);
}

void json_raw(struct buf *b, const char *text, size_t n)
{
	separate(b);
	buf_add(b, text, n);
}

void json_int(struct buf *b, int64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)n);

	json_raw(b, text, (size_t)len);
}

void json_bool(struct buf *b, bool yes)
{
	json_raw(b, yes ? "true" : "false", yes ? 4 : 5);
}

void json_null(struct buf *b)
{
	json_raw(b, "null", 4);
}

void json_time(struct buf *b, int64_t wall_s)
{
	char text[21];

	if (!wall_s) {
		json_null(b);
		return;
	}
	clock_format_utc(wall_s, text);
	json_str(b, text);
}

void json_value(struct buf *b, const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL:
		json_null(b);
		break;
	case JSON_FALSE:
	case JSON_TRUE:
		json_bool(b, v->kind == JSON_TRUE);
		break;
	case JSON_NUMBER:
		json_raw(b, v->text, strlen(v->text));
		break;
	case JSON_STRING:
		json_str(b, v->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		json_open(b, v->kind == JSON_OBJECT ? '{' : '[');
		for (const struct json *m = v->child; m; m = m->next) {
			if (m->key)
				json_key(b, m->key);
			json_value(b, m);
		}
		json_close(b, v->kind == JSON_OBJECT ? '}' : ']');
		break;
	}
}

void json_put_str(struct buf *b, const char *key, const char *s)
{
	json_key(b, key);
	json_str(b, s);
}

void json_put_int(struct buf *b, const char *key, int64_t n)
{
	json_key(b, key);
	json_int(b, n);
}

void json_put_bool(struct buf *b, const char *key, bool yes)
{
	json_key(b, key);
	json_bool(b, yes);
}

void json_put_time(struct buf *b, const char *key, int64_t wall_s)
{
	json_key(b, key);
	json_time(b, wall_s);
}
