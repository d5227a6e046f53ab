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

#define FEW 64 /* words that are looked for one by one; a map takes the rest */

void packer_init(struct packer *w)
{
	memset(w, 0, sizeof *w);
	buf_init(&w->records, PACK_BYTES);
	map_init(&w->rest);
}

void packer_done(struct packer *w)
{
	mem_free(w->words);
	map_done(&w->rest);
	buf_done(&w->records);
}

static void packer_clear(struct packer *w)
{
	if (w->n_words > FEW) {
		map_done(&w->rest);
		map_init(&w->rest);
	}
	buf_clear(&w->records);
	w->n_words = w->n_small = 0;
	w->time = 0;
}

static enum err flush(struct packer *w)
{
	enum err err = buf_add(&w->records, w->small, w->n_small);

	w->n_small = 0;
	return err;
}

static void put_uint(struct packer *w, uint64_t v)
{
	/* a record has at most 25 fields of ten bytes: `small` holds them all */
	while (v >= 0x80) {
		w->small[w->n_small++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	w->small[w->n_small++] = (unsigned char)v;
}

static enum err add_word(struct packer *w, const char *s)
{
	if (w->n_words == DICTIONARY_MAX)
		return ERR_LIMIT;
	if (w->n_words == w->cap_words) {
		size_t cap = w->cap_words ? w->cap_words * 2 : 16;
		const char **v = mem_realloc_array(w->words, cap, sizeof *v);

		if (!v)
			return ERR_NOMEM;
		w->words = v;
		w->cap_words = cap;
	}
	w->words[w->n_words++] = s;
	return w->n_words > FEW ? map_put(&w->rest, s, w->n_words) : ERR_OK;
}

/* Number of a shared string, in order of first use; 0 is NULL. Most blobs share a few words only. */
static enum err put_word(struct packer *w, const char *s)
{
	size_t few = w->n_words < FEW ? w->n_words : FEW;
	uint64_t number = 0;
	enum err err;

	if (!s) {
		put_uint(w, 0);
		return ERR_OK;
	}
	for (size_t i = 0; i < few && !number; i++)
		if (w->words[i] == s || (w->words[i][0] == s[0] && strcmp(w->words[i], s) == 0))
			number = i + 1;
	if (!number && !map_get(&w->rest, s, &number)) {
		err = add_word(w, s);
		if (err)
			return err;
		number = w->n_words;
	}
	put_uint(w, number);
	return ERR_OK;
}

static enum err put_string(struct packer *w, const char *s)
{
	enum err err = s && w->n_small ? flush(w) : ERR_OK;

	return s && !err ? buf_add(&w->records, s, strlen(s) + 1) : err;
}

static enum err write_field(struct packer *w, const struct pack_field *f, const void *rec)
{
	enum operator_type op;
	bool flag;
	int64_t v;

	switch (f->kind) {
	case PACK_STRING:
		return put_string(w, text_at(rec, f));
	case PACK_SHARED:
		return put_word(w, text_at(rec, f));
	case PACK_MONEY:
		v = int_at(rec, f);
		put_uint(w, v == MONEY_NONE ? 0 : zigzag(v) + 1);
		return ERR_OK;
	case PACK_NUMBER:
		put_uint(w, zigzag(int_at(rec, f)));
		return ERR_OK;
	case PACK_TIME:
		v = int_at(rec, f);
		put_uint(w, zigzag(distance(v, w->time)));
		w->time = v;
		return ERR_OK;
	case PACK_FLAG:
		memcpy(&flag, (const char *)rec + f->offset, sizeof flag);
		put_uint(w, flag);
		return ERR_OK;
	case PACK_OP:
		memcpy(&op, (const char *)rec + f->offset, sizeof op);
		put_uint(w, op);
		return ERR_OK;
	}
	return ERR_CORRUPT;
}

static enum err write_record(struct packer *w, const struct pack_kind *kind, const void *rec)
{
	unsigned present = 0, bit = 1;
	enum err err = ERR_OK;

	for (size_t k = 0; k < kind->n_fields; k++) {
		if (kind->fields[k].kind != PACK_STRING)
			continue;
		if (text_at(rec, &kind->fields[k]))
			present |= bit;
		bit <<= 1;
	}
	w->small[w->n_small++] = (unsigned char)present;
	for (size_t k = 0; k < kind->n_fields && !err; k++)
		err = write_field(w, &kind->fields[k], rec);
	return err ? err : flush(w);
}

static enum err put_together(struct buf *out, const struct packer *w, size_t n)
{
	enum err err = buf_addc(out, VERSION);

	if (!err)
		err = pack_uint(out, n);
	if (!err)
		err = pack_uint(out, w->n_words);
	for (size_t i = 0; i < w->n_words && !err; i++)
		err = buf_add(out, w->words[i], strlen(w->words[i]) + 1);
	if (!err && w->records.len)
		err = buf_add(out, w->records.p, w->records.len);
	return err;
}

enum err pack_write(struct packer *w, const struct pack_kind *kind, const void *const *records,
    size_t n, struct buf *out)
{
	enum err err = ERR_OK;

	packer_clear(w);
	for (size_t i = 0; i < n && !err; i++)
		err = write_record(w, kind, records[i]);
	return err ? err : put_together(out, w, n);
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
