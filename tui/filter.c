#include "tui/filter.h"

#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/list.h"

enum term_kind { TERM_SUBSTRING, TERM_PREFIX, TERM_SUFFIX, TERM_WHOLE, TERM_FUZZY };

struct term {
	enum term_kind kind;
	const char *s; /* folded, in list_filter.folded */
	size_t n;
	size_t rare; /* position of its least common byte */
};

/* A token: one of its terms has to match, or, when negated, none may. */
struct token {
	bool negated;
	size_t first, n; /* terms */
};

#define TERMS_MAX (LIST_FILTER_MAX / 2 + 1)

struct list_filter {
	char given[LIST_FILTER_MAX + 1];
	struct buf folded;
	struct term terms[TERMS_MAX];
	struct token tokens[TERMS_MAX];
	size_t n_terms, n_tokens;
	size_t driver; /* token that is searched first over all rows; n_tokens: none suits */
};

/* Most common first, in names of places, people and products. What is not listed is rarer. */
static const char common[] = " eaionrtslchdmupgbfyvkw-0123456789zjxq";

static size_t rarest(const char *s, size_t n)
{
	size_t best = 0, best_rank = 0;

	for (size_t i = 0; i < n; i++) {
		const char *at = memchr(common, s[i], sizeof common - 1);
		size_t rank = at ? (size_t)(at - common) : sizeof common;

		if (rank > best_rank) {
			best_rank = rank;
			best = i;
		}
	}
	return best;
}

static void add_term(struct list_filter *f, const char *s, size_t n)
{
	struct term t = {.s = s, .n = n};

	if (n > 1 && *s == '~') {
		t = (struct term){.kind = TERM_FUZZY, .s = s + 1, .n = n - 1};
	} else if (n > 1 && *s == '\'') {
		t = (struct term){.s = s + 1, .n = n - 1};
	} else {
		if (t.n > 1 && *t.s == '^') {
			t.kind = TERM_PREFIX;
			t.s++;
			t.n--;
		}
		if (t.n > 1 && t.s[t.n - 1] == '$') {
			t.kind = t.kind == TERM_PREFIX ? TERM_WHOLE : TERM_SUFFIX;
			t.n--;
		}
	}
	t.rare = rarest(t.s, t.n);
	f->terms[f->n_terms++] = t;
	f->tokens[f->n_tokens].n++;
}

static void add_token(struct list_filter *f, const char *s, size_t n)
{
	struct token *t = &f->tokens[f->n_tokens];

	*t = (struct token){.first = f->n_terms};
	if (n > 1 && *s == '!') {
		t->negated = true;
		s++;
		n--;
	}
	/* a bar at either end, or a lone one, is an ordinary character */
	while (n > 0) {
		const char *bar = n > 1 ? memchr(s + 1, '|', n - 1) : NULL;
		size_t len = bar && bar + 1 < s + n ? (size_t)(bar - s) : n;

		add_term(f, s, len);
		s += len;
		n -= len;
		if (n > 0) {
			s++;
			n--;
		}
	}
	f->n_tokens++;
}

/* The longest plain substring is the cheapest to look for in one pass. */
static void choose_driver(struct list_filter *f)
{
	size_t best = 0;

	f->driver = f->n_tokens;
	for (size_t i = 0; i < f->n_tokens; i++) {
		const struct token *t = &f->tokens[i];
		const struct term *term = &f->terms[t->first];

		if (!t->negated && t->n == 1 && term->kind != TERM_FUZZY && term->n > best) {
			best = term->n;
			f->driver = i;
		}
	}
}

enum err filter_parse(const char *text, struct list_filter **out)
{
	struct list_filter *f;
	size_t n = text ? strlen(text) : 0;
	const char *p, *end;
	enum err e;

	*out = NULL;
	if (n > LIST_FILTER_MAX)
		return ERR_LIMIT;
	f = mem_zalloc(sizeof *f);
	if (!f)
		return ERR_NOMEM;
	if (n)
		memcpy(f->given, text, n);
	buf_init(&f->folded, 4 * LIST_FILTER_MAX);
	e = text_fold(&f->folded, f->given, n);
	if (e != ERR_OK) {
		filter_free(f);
		return e;
	}
	p = buf_str(&f->folded);
	end = p + f->folded.len;
	while (p < end) {
		size_t len;

		p += strspn(p, " \t\n");
		len = strcspn(p, " \t\n");
		if (len)
			add_token(f, p, len);
		p += len;
	}
	if (f->n_tokens == 0) {
		filter_free(f);
		return ERR_OK;
	}
	choose_driver(f);
	*out = f;
	return ERR_OK;
}

void filter_free(struct list_filter *f)
{
	if (!f)
		return;
	buf_done(&f->folded);
	mem_free(f);
}

const char *filter_text(const struct list_filter *f)
{
	return f ? f->given : "";
}

/* memmem prepares a table in each call, which costs more than it saves where hits are dense: look
 * for the rarest byte with memchr instead. */
static const char *search(const struct term *t, const char *s, size_t n)
{
	const char *p = s + t->rare, *end;

	if (n < t->n)
		return NULL;
	for (end = s + n - (t->n - 1 - t->rare);; p++) {
		p = p < end ? memchr(p, t->s[t->rare], (size_t)(end - p)) : NULL;
		if (!p || memcmp(p - t->rare, t->s, t->n) == 0)
			return p ? p - t->rare : NULL;
	}
}

static bool fuzzy(const struct term *t, const char *s, size_t n)
{
	const char *end = s + n;

	for (size_t i = 0; i < t->n; i++) {
		s = s < end ? memchr(s, t->s[i], (size_t)(end - s)) : NULL;
		if (!s)
			return false;
		s++;
	}
	return true;
}

static bool term_match(const struct term *t, const char *s, size_t n)
{
	switch (t->kind) {
	case TERM_FUZZY:
		return fuzzy(t, s, n);
	case TERM_PREFIX:
		return n >= t->n && memcmp(s, t->s, t->n) == 0;
	case TERM_SUFFIX:
		return n >= t->n && memcmp(s + n - t->n, t->s, t->n) == 0;
	case TERM_WHOLE:
		return n == t->n && memcmp(s, t->s, n) == 0;
	case TERM_SUBSTRING:
		break;
	}
	return search(t, s, n) != NULL;
}

static bool token_match(const struct list_filter *f, const struct token *t, const char *s, size_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if (term_match(&f->terms[t->first + i], s, n))
			return !t->negated;
	return t->negated;
}

bool filter_match(const struct list_filter *f, const char *text, size_t n)
{
	for (size_t i = 0; f && i < f->n_tokens; i++)
		if (!token_match(f, &f->tokens[i], text, n))
			return false;
	return true;
}

/* Row that the byte at `at` belongs to; `from` is a row at or before it. Galloping: hits come in
 * ascending order and are often far apart. */
static size_t row_of(const uint32_t *offsets, size_t n, size_t from, size_t at)
{
	size_t step = 1, lo = from, hi;

	while (lo + step < n && offsets[lo + step] <= at) {
		lo += step;
		step *= 2;
	}
	hi = lo + step < n ? lo + step : n;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (offsets[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

void filter_run(
    const struct list_filter *f, const char *text, const uint32_t *offsets, size_t n, uint8_t *pass)
{
	size_t at = 0, row = 0, end = n ? offsets[n] : 0;
	const struct term *t;
	bool alone;

	if (f->driver == f->n_tokens) {
		for (size_t i = 0; i < n; i++)
			pass[i] =
			    filter_match(f, text + offsets[i], offsets[i + 1] - offsets[i] - 1);
		return;
	}
	if (n)
		memset(pass, 0, n);
	t = &f->terms[f->tokens[f->driver].first];
	alone = f->n_tokens == 1 && t->kind == TERM_SUBSTRING;
	while (at < end) {
		const char *hit = search(t, text + at, end - at);

		if (!hit)
			break;
		row = row_of(offsets, n, row, (size_t)(hit - text));
		pass[row] = alone || filter_match(f, text + offsets[row],
					 offsets[row + 1] - offsets[row] - 1);
		at = offsets[row + 1];
	}
}
