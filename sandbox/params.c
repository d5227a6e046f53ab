#include "sandbox/params.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *percent_decode(struct arena *a, const char *s, size_t n, enum plus_sign plus)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			int hi = n - i > 2 ? hex_digit(s[i + 1]) : -1;
			int lo = n - i > 2 ? hex_digit(s[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return NULL;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+' && plus == PLUS_IS_SPACE) {
			c = ' ';
		}
		if (!c)
			return NULL;
		*w++ = c;
	}
	*w = '\0';
	return out;
}

void percent_encode(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9') || (c && strchr("-._~", c));

		if (plain) {
			buf_addc(b, (char)c);
		} else {
			char esc[3] = {'%', hex[c >> 4], hex[c & 15]};

			buf_add(b, esc, 3);
		}
	}
}

bool params_add(struct arena *a, struct params *p, const char *name, const char *value)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct param *v = arena_alloc(a, cap * sizeof *v);

		if (!v)
			return false;
		if (p->n)
			memcpy(v, p->v, p->n * sizeof *v);
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = (struct param){name, value};
	return true;
}

bool params_parse(struct arena *a, const char *s, size_t n, enum plus_sign plus, struct params *out)
{
	const char *end = s + n;

	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		const char *stop = amp ? amp : end;
		const char *eq = memchr(s, '=', (size_t)(stop - s));
		const char *name_end = eq ? eq : stop;
		char *name, *value;

		if (stop > s) {
			name = percent_decode(a, s, (size_t)(name_end - s), plus);
			value = eq ? percent_decode(a, eq + 1, (size_t)(stop - eq - 1), plus)
				   : arena_strdup(a, "");
			if (!name || !value || !params_add(a, out, name, value))
				return false;
		}
		s = stop + 1;
	}
	return true;
}

const char *params_get(const struct params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return p->v[i].value;
	return NULL;
}
