#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = ERR_OK;
	if (b->p)
		b->p[0] = '\0';
}

static enum err reserve(struct buf *b, size_t n)
{
	size_t want, cap;
	char *p;

	if (b->failed)
		return b->failed;
	if (n > b->max || b->len > b->max - n)
		return b->failed = ERR_LIMIT;
	want = b->len + n + 1;
	if (want <= b->cap)
		return ERR_OK;
	cap = b->cap ? b->cap * 2 : 64;
	if (cap < want)
		cap = want;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = mem_realloc(b->p, cap);
	if (!p)
		return b->failed = ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	return ERR_OK;
}

enum err buf_add(struct buf *b, const void *p, size_t n)
{
	enum err err = reserve(b, n);

	if (err)
		return err;
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
	return ERR_OK;
}

enum err buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

enum err buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

enum err buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	enum err err;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	err = n < 0 ? (b->failed = ERR_LIMIT) : reserve(b, (size_t)n);
	if (!err) {
		vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return err;
}

const char *buf_str(const struct buf *b)
{
	return b->p ? b->p : "";
}

char *buf_take(struct buf *b)
{
	char *p = b->p;

	b->p = NULL;
	b->len = b->cap = 0;
	return p;
}
