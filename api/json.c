/* Walking and printing of scanned JSON; the scanner itself is scan.c. */
#include "api/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

const struct json_node *json_root(const struct json *j)
{
	return j->n ? &j->v[0] : NULL;
}

static bool is_container(const struct json_node *n)
{
	return n && (n->type == JSON_ARRAY || n->type == JSON_OBJECT);
}

const struct json_node *json_first(const struct json_node *container)
{
	return is_container(container) && container->len ? container + 1 : NULL;
}

const struct json_node *json_after(
    const struct json_node *container, const struct json_node *member)
{
	const struct json_node *next = member + member->span;

	return next < container + container->span ? next : NULL;
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
	size_t len = strlen(key);

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *m = json_first(object); m; m = json_after(object, m))
		if (m->key_len == len && memcmp(m->key, key, len) == 0)
			return m;
	return NULL;
}

const char *json_string(const struct json_node *n)
{
	return n && n->type == JSON_STRING ? n->text : NULL;
}

const char *json_text(const struct json_node *n)
{
	return n ? n->text : NULL;
}

bool json_is_null(const struct json_node *n)
{
	return !n || n->type == JSON_NULL;
}

bool json_int64(const struct json_node *n, int64_t *value)
{
	const char *s = json_text(n);
	char *end;

	if (!s || (*s != '-' && (*s < '0' || *s > '9')))
		return false;
	errno = 0;
	long long v = strtoll(s, &end, 10);

	if (errno || *end || end == s)
		return false;
	*value = v;
	return true;
}

enum err json_quote(struct buf *out, const char *s, size_t n)
{
	size_t run = 0;

	buf_addc(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		uint32_t cp;
		size_t len;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			continue;
		len = text_control(s + i, n - i, &cp);
		if (!len && c != '"' && c != '\\')
			continue;
		buf_add(out, s + run, i - run);
		if (len)
			buf_addf(out, "\\u%04x", cp);
		else
			buf_addf(out, "\\%c", c);
		i += len ? len - 1 : 0;
		run = i + 1;
	}
	buf_add(out, s + run, n - run);
	buf_addc(out, '"');
	return out->failed;
}

static void print_scalar(struct buf *out, const struct json_node *n)
{
	switch (n->type) {
	case JSON_STRING:
		json_quote(out, n->text, n->len);
		break;
	case JSON_NUMBER:
		buf_add(out, n->text, n->len);
		break;
	case JSON_TRUE:
		buf_adds(out, "true");
		break;
	case JSON_FALSE:
		buf_adds(out, "false");
		break;
	default:
		buf_adds(out, "null");
		break;
	}
}

/* Recursion is bounded by the scanner's depth limit. */
enum err json_print(struct buf *out, const struct json_node *n)
{
	bool object = n->type == JSON_OBJECT, comma = false;

	if (!is_container(n)) {
		print_scalar(out, n);
		return out->failed;
	}
	buf_addc(out, object ? '{' : '[');
	for (const struct json_node *m = json_first(n); m; m = json_after(n, m)) {
		if (comma)
			buf_addc(out, ',');
		comma = true;
		if (object) {
			json_quote(out, m->key, m->key_len);
			buf_addc(out, ':');
		}
		json_print(out, m);
	}
	buf_addc(out, object ? '}' : ']');
	return out->failed;
}
