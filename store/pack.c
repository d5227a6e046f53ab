#include "store/pack.h"

#include <string.h>
#include "base/map.h"
#include "base/mem.h"

#define VERSION 1
#define DICTIONARY_MAX 65536u

/* --- the tables --- */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S(type, f)                                                                                 \
	{                                                                                          \
		PACK_STRING, offsetof(struct type, f)                                              \
	}
#define D(type, f)                                                                                 \
	{                                                                                          \
		PACK_SHARED, offsetof(struct type, f)                                              \
	}
#define M(type, f)                                                                                 \
	{                                                                                          \
		PACK_MONEY, offsetof(struct type, f)                                               \
	}
#define T(type, f)                                                                                 \
	{                                                                                          \
		PACK_TIME, offsetof(struct type, f)                                                \
	}
#define B(type, f)                                                                                 \
	{                                                                                          \
		PACK_FLAG, offsetof(struct type, f)                                                \
	}

static const struct pack_field account_fields[] = {S(account, id), S(account, name),
    D(account, timezone), D(account, approval_status), S(account, business_name),
    T(account, created_at), T(account, updated_at), B(account, deleted)};

static const struct pack_field campaign_fields[] = {S(campaign, id), S(campaign, name),
    D(campaign, entity_status), D(campaign, effective_status), D(campaign, currency),
    D(campaign, reasons_not_servable), M(campaign, daily_budget_micro),
    M(campaign, total_budget_micro), T(campaign, created_at), T(campaign, updated_at),
    B(campaign, deleted), B(campaign, servable)};

static const struct pack_field line_item_fields[] = {S(line_item, id), S(line_item, name),
    D(line_item, campaign_id), D(line_item, objective), D(line_item, product_type),
    D(line_item, entity_status), D(line_item, goal), D(line_item, bid_strategy),
    D(line_item, currency), D(line_item, placements), D(line_item, audience_expansion),
    M(line_item, bid_micro), M(line_item, daily_budget_micro), M(line_item, total_budget_micro),
    T(line_item, start_time), T(line_item, end_time), T(line_item, created_at),
    T(line_item, updated_at), B(line_item, deleted)};

static const struct pack_field promotable_user_fields[] = {S(promotable_user, id),
    S(promotable_user, user_id), D(promotable_user, promotable_user_type),
    B(promotable_user, deleted)};

static const struct pack_field audience_fields[] = {S(audience, id), S(audience, name),
    S(audience, description), D(audience, audience_type), D(audience, permission_level),
    D(audience, owner_account_id), D(audience, reasons_not_targetable),
    D(audience, targetable_types), S(audience, raw),
    {PACK_NUMBER, offsetof(struct audience, audience_size)}, T(audience, created_at),
    T(audience, updated_at), B(audience, targetable), B(audience, is_owner), B(audience, deleted)};

static const struct pack_field option_fields[] = {
    S(option, value), S(option, name), D(option, kind), D(option, country), S(option, extra)};

/* pack_match_criteria() relies on this order. `type` is found again from type_name, so that the
 * numbering of types.def may change. line_item_id is shared: it is one word in the blob. */
static const struct pack_field criterion_fields[] = {S(criterion, id), S(criterion, value),
    S(criterion, name), S(criterion, localized_name), D(criterion, type_name),
    D(criterion, location_type), D(criterion, line_item_id),
    {PACK_OP, offsetof(struct criterion, op)}, T(criterion, created_at), T(criterion, updated_at),
    B(criterion, deleted)};

#undef S
#undef D
#undef M
#undef T
#undef B
#define KIND(name, per_chunk)                                                                      \
	const struct pack_kind pack_##name = {                                                     \
	    name##_fields, COUNT(name##_fields), sizeof(struct name), per_chunk};
KIND(account, 128)
KIND(campaign, 128)
KIND(line_item, 128)
KIND(promotable_user, 128)
KIND(audience, 64)
KIND(option, 512)
KIND(criterion, SIZE_MAX)
#undef KIND

/* --- primitives --- */

enum err pack_uint(struct buf *out, uint64_t v)
{
	char b[10];
	size_t n = 0;

	while (v >= 0x80) {
		b[n++] = (char)(v | 0x80);
		v >>= 7;
	}
	b[n++] = (char)v;
	return buf_add(out, b, n);
}

uint64_t pack_get_uint(struct pack_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (r->p == r->end)
			break;
		c = *r->p++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

const char *pack_get_string(struct pack_reader *r)
{
	const char *s = (const char *)r->p;
	const unsigned char *nul = memchr(r->p, 0, (size_t)(r->end - r->p));

	if (!nul) {
		r->bad = true;
		return "";
	}
	r->p = nul + 1;
	return s;
}

/* zigzag: small negative numbers stay small */
static uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t u)
{
	return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

/* Times may be anything that the API said: wrap instead of overflowing. */
static int64_t distance(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

uint64_t pack_hash(uint64_t seed, const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u), w;

	for (; n >= 8; n -= 8, s += 8) {
		memcpy(&w, s, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, s, n);
	h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 29);
}

enum err raw_reserve(struct raw_set *s, size_t more)
{
	size_t want;
	void *v;

	if (__builtin_add_overflow(s->n, more, &want))
		return ERR_NOMEM;
	if (want <= s->cap)
		return ERR_OK;
	if (want < s->cap * 2)
		want = s->cap * 2;
	v = mem_realloc_array(s->v, want, s->kind->size);
	if (!v)
		return ERR_NOMEM;
	s->v = v;
	s->cap = want;
	return ERR_OK;
}

/* --- fields, read and written without regard to their alignment or type --- */

static const char *text_at(const void *rec, const struct pack_field *f)
{
	const char *s;

	memcpy(&s, (const char *)rec + f->offset, sizeof s);
	return s;
}

static int64_t int_at(const void *rec, const struct pack_field *f)
{
	int64_t v;

	memcpy(&v, (const char *)rec + f->offset, sizeof v);
	return v;
}

/* --- writing --- */

struct writer {
	struct buf *out;
	struct map dictionary;
	int64_t time;
};

static enum err write_string(struct buf *out, const char *s)
{
	return buf_add(out, s, strlen(s) + 1);
}

/* Collect the shared strings in order of first use; number 0 is NULL. */
static enum err write_dictionary(
    struct writer *w, const struct pack_kind *kind, const void *const *records, size_t n)
{
	struct buf words;
	enum err err = ERR_OK;

	buf_init(&words, w->out->max);
	for (size_t i = 0; i < n && !err; i++)
		for (size_t k = 0; k < kind->n_fields && !err; k++) {
			const char *s;

			if (kind->fields[k].kind != PACK_SHARED)
				continue;
			s = text_at(records[i], &kind->fields[k]);
			if (!s || map_get(&w->dictionary, s, NULL))
				continue;
			if (w->dictionary.count == DICTIONARY_MAX)
				err = ERR_LIMIT;
			else
				err = map_put(&w->dictionary, s, w->dictionary.count + 1);
			if (!err)
				err = write_string(&words, s);
		}
	if (!err)
		err = pack_uint(w->out, w->dictionary.count);
	if (!err && words.len)
		err = buf_add(w->out, words.p, words.len);
	buf_done(&words);
	return err;
}

static enum err write_field(struct writer *w, const struct pack_field *f, const void *rec)
{
	const char *s;
	uint64_t number = 0;
	int64_t v;
	bool flag;
	enum operator_type op;

	switch (f->kind) {
	case PACK_STRING:
		s = text_at(rec, f);
		return s ? write_string(w->out, s) : ERR_OK;
	case PACK_SHARED:
		s = text_at(rec, f);
		if (s)
			map_get(&w->dictionary, s, &number);
		return pack_uint(w->out, number);
	case PACK_MONEY:
		v = int_at(rec, f);
		return v == MONEY_NONE ? pack_uint(w->out, 0) : pack_uint(w->out, zigzag(v) + 1);
	case PACK_NUMBER:
		return pack_uint(w->out, zigzag(int_at(rec, f)));
	case PACK_TIME:
		v = int_at(rec, f);
		number = zigzag(distance(v, w->time));
		w->time = v;
		return pack_uint(w->out, number);
	case PACK_FLAG:
		memcpy(&flag, (const char *)rec + f->offset, sizeof flag);
		return buf_addc(w->out, flag);
	case PACK_OP:
		memcpy(&op, (const char *)rec + f->offset, sizeof op);
		return buf_addc(w->out, (char)op);
	}
	return ERR_CORRUPT;
}

static enum err write_record(struct writer *w, const struct pack_kind *kind, const void *rec)
{
	unsigned present = 0, bit = 1;
	enum err err;

	for (size_t k = 0; k < kind->n_fields; k++) {
		if (kind->fields[k].kind != PACK_STRING)
			continue;
		if (text_at(rec, &kind->fields[k]))
			present |= bit;
		bit <<= 1;
	}
	err = buf_addc(w->out, (char)present);
	for (size_t k = 0; k < kind->n_fields && !err; k++)
		err = write_field(w, &kind->fields[k], rec);
	return err;
}

enum err pack_write(
    struct buf *out, const struct pack_kind *kind, const void *const *records, size_t n)
{
	struct writer w = {.out = out};
	enum err err;

	map_init(&w.dictionary);
	err = buf_addc(out, VERSION);
	if (!err)
		err = pack_uint(out, n);
	if (!err)
		err = write_dictionary(&w, kind, records, n);
	for (size_t i = 0; i < n && !err; i++)
		err = write_record(&w, kind, records[i]);
	map_done(&w.dictionary);
	return err;
}

/* --- reading --- */

struct unpacker {
	struct pack_reader r;
	const char **words; /* words[0] is NULL */
	const char *few[64]; /* words points here when that is enough */
	size_t n_words, n;
	int64_t time;
};

static void unpacker_done(struct unpacker *u)
{
	if (u->words != u->few)
		mem_free(u->words);
}

static enum err unpacker_init(struct unpacker *u, const char *p, size_t n)
{
	uint64_t words;

	u->r = (struct pack_reader){(const unsigned char *)p, (const unsigned char *)p + n, false};
	u->time = 0;
	u->words = u->few;
	u->words[0] = NULL;
	if (n < 1 || *u->r.p++ != VERSION)
		return ERR_CORRUPT;
	u->n = pack_get_uint(&u->r);
	words = pack_get_uint(&u->r);
	/* each record and each word takes a byte at least, which bounds what is allocated */
	if (u->r.bad || u->n > n || words > n || words > DICTIONARY_MAX)
		return ERR_CORRUPT;
	u->n_words = words + 1;
	if (u->n_words > COUNT(u->few)) {
		u->words = mem_array(u->n_words, sizeof *u->words);
		if (!u->words) {
			u->words = u->few;
			return ERR_NOMEM;
		}
	}
	for (size_t i = 1; i < u->n_words; i++)
		u->words[i] = pack_get_string(&u->r);
	return u->r.bad ? ERR_CORRUPT : ERR_OK;
}

static void read_field(struct unpacker *u, const struct pack_field *f, bool present, char *rec)
{
	const char *s = NULL;
	enum operator_type op;
	uint64_t number;
	int64_t v;

	switch (f->kind) {
	case PACK_STRING:
		if (present)
			s = pack_get_string(&u->r);
		memcpy(rec + f->offset, &s, sizeof s);
		return;
	case PACK_SHARED:
		number = pack_get_uint(&u->r);
		if (number >= u->n_words)
			u->r.bad = true;
		else
			s = u->words[number];
		memcpy(rec + f->offset, &s, sizeof s);
		return;
	case PACK_MONEY:
		number = pack_get_uint(&u->r);
		v = number ? unzigzag(number - 1) : MONEY_NONE;
		memcpy(rec + f->offset, &v, sizeof v);
		return;
	case PACK_NUMBER:
		v = unzigzag(pack_get_uint(&u->r));
		memcpy(rec + f->offset, &v, sizeof v);
		return;
	case PACK_TIME:
		v = (int64_t)((uint64_t)u->time + (uint64_t)unzigzag(pack_get_uint(&u->r)));
		u->time = v;
		memcpy(rec + f->offset, &v, sizeof v);
		return;
	case PACK_FLAG:
	case PACK_OP:
		number = pack_get_uint(&u->r);
		if (number >= (f->kind == PACK_FLAG ? 2u : (unsigned)OP_COUNT)) {
			u->r.bad = true;
			number = 0;
		}
		op = (enum operator_type)number;
		if (f->kind == PACK_FLAG)
			memcpy(rec + f->offset, &(bool){number != 0}, sizeof(bool));
		else
			memcpy(rec + f->offset, &op, sizeof op);
		return;
	}
}

static void read_record(struct unpacker *u, const struct pack_kind *kind, char *rec)
{
	unsigned present;

	memset(rec, 0, kind->size);
	if (u->r.p == u->r.end) {
		u->r.bad = true;
		return;
	}
	present = *u->r.p++;
	for (size_t k = 0; k < kind->n_fields && !u->r.bad; k++) {
		const struct pack_field *f = &kind->fields[k];

		read_field(u, f, present & 1, rec);
		if (f->kind == PACK_STRING)
			present >>= 1;
	}
}

enum err pack_read(const char *p, size_t n, size_t first, size_t max, struct raw_set *set)
{
	struct unpacker u;
	enum err err = unpacker_init(&u, p, n);
	size_t before = set->n;

	if (!err && first < u.n) {
		size_t stop = max < u.n - first ? first + max : u.n;
		char skipped[256];

		err = raw_reserve(set, stop - first);
		for (size_t i = 0; i < stop && !err; i++) {
			/* records before the range are decoded too: their lengths are not stored */
			read_record(&u, set->kind, i < first ? skipped : raw_at(set, set->n));
			if (i >= first)
				set->n++;
			if (u.r.bad)
				err = ERR_CORRUPT;
		}
		_Static_assert(sizeof(struct line_item) <= sizeof skipped, "room for any record");
		_Static_assert(sizeof(struct audience) <= sizeof skipped, "room for any record");
	}
	if (err)
		set->n = before;
	unpacker_done(&u);
	return err;
}

/* Which word of the dictionary is s? 0: none. */
static size_t word_number(const struct unpacker *u, const char *s)
{
	for (size_t i = 1; i < u->n_words; i++)
		if (strcmp(u->words[i], s) == 0)
			return i;
	return 0;
}

static enum err match_records(struct unpacker *u, const struct pack_match *m, size_t type)
{
	for (size_t i = 0; i < u->n; i++) {
		unsigned present = u->r.p < u->r.end ? *u->r.p++ : 0;
		const char *id = present & 1 ? pack_get_string(&u->r) : NULL;
		const char *value = present & 2 ? pack_get_string(&u->r) : "";
		uint64_t word, op;

		if (present & 4)
			pack_get_string(&u->r);
		if (present & 8)
			pack_get_string(&u->r);
		word = pack_get_uint(&u->r);
		pack_get_uint(&u->r); /* location_type */
		pack_get_uint(&u->r); /* line_item_id */
		op = pack_get_uint(&u->r);
		pack_get_uint(&u->r); /* created_at */
		pack_get_uint(&u->r); /* updated_at */
		pack_get_uint(&u->r); /* deleted */
		if (u->r.bad || op >= OP_COUNT)
			return ERR_CORRUPT;
		if (word == type && strcmp(value, m->value) == 0 &&
		    !m->fn(m->user, id, (enum operator_type)op))
			return ERR_NOMEM;
	}
	return ERR_OK;
}

enum err pack_match_criteria(const char *p, size_t n, const struct pack_match *m)
{
	struct unpacker u;
	enum err err = unpacker_init(&u, p, n);
	size_t type;

	if (!err) {
		type = word_number(&u, m->type_name);
		if (type)
			err = match_records(&u, m, type);
	}
	unpacker_done(&u);
	return err;
}

void pack_finish_criteria(struct criterion_set *set, size_t first)
{
	for (size_t i = first; i < set->n; i++) {
		struct criterion *c = &set->v[i];

		/* neighbours are often of one type, and share the word then */
		if (i > first && c->type_name == c[-1].type_name)
			c->type = c[-1].type;
		else
			c->type = c->type_name ? type_by_name(c->type_name) : TYPE_UNKNOWN;
	}
}
