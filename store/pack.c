#include "store/pack.h"

#include <string.h>
#include "base/map.h"
#include "base/mem.h"

#define VERSION 1
#define VERSION_NEAR 2
#define DICTIONARY_MAX 65536u
#define RECORD_MAX 256

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- primitives --- */

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

/* What the first record of a blob is compared with; no kind is larger (see pack_read). */
static const char nothing[RECORD_MAX];

/* --- writing near records: a byte of the strings that are there, one of the fields that are as
 * before, then the others; a string is what it begins with of another one, and its rest --- */

/* What a string may begin with: the same field of the record before, the string before it in its own. */
enum near_ref { NEAR_BEFORE, NEAR_OWN };

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a && a[n] && a[n] == b[n])
		n++;
	return n;
}

static enum err put_near_string(
    struct packer *w, const char *s, const char *before, const char *own)
{
	size_t n = common(before, s), n_own = common(own, s), rest;
	enum near_ref ref = n_own > n ? NEAR_OWN : NEAR_BEFORE;
	enum err err = ERR_OK;

	if (ref == NEAR_OWN)
		n = n_own;
	put_uint(w, n << 1 | ref);
	rest = strlen(s + n) + 1;
	/* behind it the numbers of the record, ten bytes each, still have to fit */
	if (w->n_small + rest <= sizeof w->small / 2) {
		memcpy(w->small + w->n_small, s + n, rest);
		w->n_small += rest;
		return ERR_OK;
	}
	err = flush(w);
	return err ? err : buf_add(&w->records, s + n, rest);
}

static bool is_same(const struct pack_field *f, const void *a, const void *b)
{
	enum operator_type op[2];
	bool flag[2];

	switch (f->kind) {
	case PACK_STRING:
		return false;
	case PACK_SHARED:
		if (!text_at(a, f) || !text_at(b, f))
			return text_at(a, f) == text_at(b, f);
		return text_at(a, f) == text_at(b, f) || strcmp(text_at(a, f), text_at(b, f)) == 0;
	case PACK_MONEY:
	case PACK_NUMBER:
	case PACK_TIME:
		return int_at(a, f) == int_at(b, f);
	case PACK_FLAG:
		memcpy(&flag[0], (const char *)a + f->offset, sizeof flag[0]);
		memcpy(&flag[1], (const char *)b + f->offset, sizeof flag[1]);
		return flag[0] == flag[1];
	case PACK_OP:
		memcpy(&op[0], (const char *)a + f->offset, sizeof op[0]);
		memcpy(&op[1], (const char *)b + f->offset, sizeof op[1]);
		return op[0] == op[1];
	}
	return false;
}

static enum err write_near(
    struct packer *w, const struct pack_kind *kind, const void *rec, const void *before)
{
	unsigned present = 0, same = 0, bit = 1, same_bit = 1;
	const char *own = NULL;
	enum err err = ERR_OK;

	for (size_t k = 0; k < kind->n_fields; k++) {
		const struct pack_field *f = &kind->fields[k];

		if (f->kind == PACK_STRING) {
			present |= text_at(rec, f) ? bit : 0;
			bit <<= 1;
		} else {
			same |= is_same(f, rec, before) ? same_bit : 0;
			same_bit <<= 1;
		}
	}
	w->small[w->n_small++] = (unsigned char)present;
	w->small[w->n_small++] = (unsigned char)same;
	for (size_t k = 0; k < kind->n_fields && !err; k++) {
		const struct pack_field *f = &kind->fields[k];

		if (f->kind != PACK_STRING)
			continue;
		if (text_at(rec, f))
			err = put_near_string(w, text_at(rec, f), text_at(before, f), own);
		own = text_at(rec, f);
	}
	for (size_t k = 0; k < kind->n_fields && !err; k++) {
		if (kind->fields[k].kind == PACK_STRING)
			continue;
		if (!(same & 1))
			err = write_field(w, &kind->fields[k], rec);
		same >>= 1;
	}
	/* room for the fixed part of the next record */
	return !err && w->n_small > sizeof w->small / 4 ? flush(w) : err;
}

static enum err put_together(struct buf *out, const struct packer *w, size_t n)
{
	enum err err = buf_addc(out, w->near ? VERSION_NEAR : VERSION);

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
	w->near = kind->near;
	for (size_t i = 0; i < n && !err; i++)
		err = w->near ? write_near(w, kind, records[i], i ? records[i - 1] : nothing)
			      : write_record(w, kind, records[i]);
	if (!err)
		err = flush(w);
	return err ? err : put_together(out, w, n);
}

/* --- reading --- */

struct unpacker {
	struct pack_reader r;
	const char **words; /* words[0] is NULL */
	const char *few[64]; /* words points here when that is enough */
	size_t n_words, n;
	int64_t time;
	bool near, nomem;
	struct arena *arena; /* of near strings */
	char before[RECORD_MAX]; /* the record before, of near ones */
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
	u->nomem = false;
	if (n < 1 || (*u->r.p != VERSION && *u->r.p != VERSION_NEAR))
		return ERR_CORRUPT;
	u->near = *u->r.p++ == VERSION_NEAR;
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

static size_t size_of(const struct pack_field *f)
{
	switch (f->kind) {
	case PACK_STRING:
	case PACK_SHARED:
		return sizeof(const char *);
	case PACK_MONEY:
	case PACK_NUMBER:
	case PACK_TIME:
		return sizeof(int64_t);
	case PACK_FLAG:
		return sizeof(bool);
	case PACK_OP:
		return sizeof(enum operator_type);
	}
	return 0;
}

/* A near string: its beginning from one of the two, its rest from the blob. */
static const char *near_string(struct unpacker *u, const char *before, const char *own)
{
	uint64_t head = pack_get_uint(&u->r);
	const char *from = (head & 1) == NEAR_OWN ? own : before, *rest = pack_get_string(&u->r);
	size_t n = (size_t)(head >> 1), n_rest;
	char *s;

	if (n == 0 || u->r.bad)
		return rest;
	if (!from || strnlen(from, n) < n) {
		u->r.bad = true;
		return "";
	}
	n_rest = strlen(rest) + 1;
	if (n_rest == 1 && !from[n])
		return from;
	s = arena_alloc(u->arena, n + n_rest);
	if (!s) {
		u->nomem = u->r.bad = true;
		return "";
	}
	memcpy(s, from, n);
	memcpy(s + n, rest, n_rest);
	return s;
}

static void read_near(struct unpacker *u, const struct pack_kind *kind, char *rec)
{
	unsigned present, same;
	const char *own = NULL;

	memset(rec, 0, kind->size);
	if (u->r.end - u->r.p < 2) {
		u->r.bad = true;
		return;
	}
	present = *u->r.p++;
	same = *u->r.p++;
	for (size_t k = 0; k < kind->n_fields && !u->r.bad; k++) {
		const struct pack_field *f = &kind->fields[k];

		if (f->kind != PACK_STRING)
			continue;
		own = present & 1 ? near_string(u, text_at(u->before, f), own) : NULL;
		memcpy(rec + f->offset, &own, sizeof own);
		present >>= 1;
	}
	for (size_t k = 0; k < kind->n_fields && !u->r.bad; k++) {
		const struct pack_field *f = &kind->fields[k];

		if (f->kind == PACK_STRING)
			continue;
		if (same & 1)
			memcpy(rec + f->offset, u->before + f->offset, size_of(f));
		else
			read_field(u, f, false, rec);
		same >>= 1;
	}
	memcpy(u->before, rec, kind->size);
}

enum err pack_read(const char *p, size_t n, size_t first, size_t max, struct raw_set *set)
{
	struct unpacker u;
	enum err err = unpacker_init(&u, p, n);
	size_t before = set->n;

	u.arena = set->arena;
	memset(u.before, 0, sizeof u.before);

	if (!err && first < u.n) {
		size_t stop = max < u.n - first ? first + max : u.n;
		char skipped[RECORD_MAX];

		err = raw_reserve(set, stop - first);
		for (size_t i = 0; i < stop && !err; i++) {
			/* records before the range are decoded too: their lengths are not stored */
			char *rec = i < first ? skipped : raw_at(set, set->n);

			if (u.near)
				read_near(&u, set->kind, rec);
			else
				read_record(&u, set->kind, rec);
			if (i >= first)
				set->n++;
			if (u.r.bad)
				err = u.nomem ? ERR_NOMEM : ERR_CORRUPT;
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

/* What `own` and `before` are in near_string(), for a string that is kept in a buffer instead. */
static const char *near_into(struct unpacker *u, struct buf *b, const char *own)
{
	uint64_t head = pack_get_uint(&u->r);
	const char *rest = pack_get_string(&u->r);
	size_t n = (size_t)(head >> 1);

	if ((head & 1) == NEAR_OWN) {
		if (!own || strnlen(own, n) < n)
			u->r.bad = true;
		buf_clear(b);
		if (!u->r.bad)
			buf_add(b, own, n);
	} else if (n > b->len) {
		u->r.bad = true;
	} else {
		b->len = n;
	}
	if (!u->r.bad && buf_add(b, rest, strlen(rest) + 1) == ERR_OK)
		b->len--;
	return buf_str(b);
}

static void skip_near(struct unpacker *u)
{
	pack_get_uint(&u->r);
	pack_get_string(&u->r);
}

/* The small fields of a criterion: only its type and its operator matter here. */
static void near_fields(struct unpacker *u, unsigned same, uint64_t *word, uint64_t *op)
{
	for (unsigned k = 0; k < 7; k++, same >>= 1) {
		uint64_t v = same & 1 ? 0 : pack_get_uint(&u->r);

		if (!(same & 1) && k == 0)
			*word = v;
		if (!(same & 1) && k == 3)
			*op = v;
	}
}

struct near_match {
	struct buf id, value; /* of the criterion at hand */
	uint64_t word, op;
	bool has_id;
};

static void next_near(struct unpacker *u, struct near_match *c)
{
	const char *id = NULL;
	unsigned present, same;

	if (u->r.end - u->r.p < 2) {
		u->r.bad = true;
		return;
	}
	present = *u->r.p++;
	same = *u->r.p++;
	c->has_id = present & 1;
	if (c->has_id)
		id = near_into(u, &c->id, NULL);
	else
		buf_clear(&c->id);
	if (present & 2)
		near_into(u, &c->value, id);
	else
		buf_clear(&c->value);
	if (present & 4)
		skip_near(u);
	if (present & 8)
		skip_near(u);
	near_fields(u, same, &c->word, &c->op);
}

static enum err match_near(struct unpacker *u, const struct pack_match *m, size_t type)
{
	struct near_match c = {0};
	enum err err = ERR_OK;

	buf_init(&c.id, PACK_BYTES);
	buf_init(&c.value, PACK_BYTES);
	for (size_t i = 0; i < u->n && !err; i++) {
		next_near(u, &c);
		if (c.id.failed || c.value.failed)
			err = ERR_NOMEM;
		else if (u->r.bad || c.op >= OP_COUNT)
			err = ERR_CORRUPT;
		else if (c.word == type && strcmp(buf_str(&c.value), m->value) == 0 &&
			 !m->fn(
			     m->user, c.has_id ? buf_str(&c.id) : NULL, (enum operator_type)c.op))
			err = ERR_NOMEM;
	}
	buf_done(&c.id);
	buf_done(&c.value);
	return err;
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
			err = u.near ? match_near(&u, m, type) : match_records(&u, m, type);
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
