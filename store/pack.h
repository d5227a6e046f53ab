/* Records as compact blobs: what the cache stores of a page of records, or of the criteria of one
 * line item. For store/ only.
 *
 * A blob is a version byte, a count, a dictionary of the strings that repeat, and the records field
 * by field after a table. Strings of the records point into the blob, which the caller keeps in the
 * arena of the set; of a blob of near records some are put together in that arena. Every length is checked; a blob that does not add up is
 * ERR_CORRUPT, never a crash. */
#ifndef RETICLE_STORE_PACK_H
#define RETICLE_STORE_PACK_H

#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "targeting/model.h"

enum pack_field_kind {
	PACK_STRING, /* const char *, may be NULL; at most 8 a record */
	PACK_SHARED, /* const char *, may be NULL; repeats, goes through the dictionary */
	PACK_MONEY, /* int64_t, MONEY_NONE is one byte */
	PACK_NUMBER, /* int64_t */
	PACK_TIME, /* int64_t; stored as distance from the time before it */
	PACK_FLAG, /* bool */
	PACK_OP, /* enum operator_type */
};

struct pack_field {
	enum pack_field_kind kind;
	size_t offset;
};

struct pack_kind {
	const struct pack_field *fields;
	size_t n_fields, size; /* size: sizeof the record */
	size_t chunk; /* records to a blob of a list */
	/* Records are written as what differs from the one before: the criteria of a line item and the
	 * rows of a page look alike. Takes half the room or less; reading tells it by the version. */
	bool near;
};

extern const struct pack_kind pack_account, pack_campaign, pack_line_item, pack_promotable_user,
    pack_audience, pack_option, pack_criterion, pack_near_criterion;

/* A record set of model.h without its type; wrappers take it apart and put it together again. */
struct raw_set {
	struct arena *arena;
	void *v;
	size_t n, cap;
	const struct pack_kind *kind;
};
#define RAW_SET(set, k) ((struct raw_set){&(set)->arena, (set)->v, (set)->n, (set)->cap, (k)})

static inline char *raw_at(const struct raw_set *s, size_t i)
{
	return (char *)s->v + i * s->kind->size;
}

/* Room for `more` further records (uninitialised). */
enum err raw_reserve(struct raw_set *s, size_t more);

#define PACK_BYTES (64u * 1024 * 1024) /* no blob is larger */

/* Scratch space for making blobs, to be used again and again. */
struct packer {
	struct buf records;
	const char **words;
	size_t n_words, cap_words;
	struct map rest; /* of the words behind the first few: word to its number */
	int64_t time;
	unsigned char small[256]; /* fields and short strings, until there is no room */
	size_t n_small;
	bool near; /* what is being written */
};
void packer_init(struct packer *w);
void packer_done(struct packer *w);
/* Append the blob of n records to out. records[i] point to records of that kind. */
enum err pack_write(struct packer *w, const struct pack_kind *kind, const void *const *records,
    size_t n, struct buf *out);
/* Append records first .. first+max-1 of the blob to set. p[0..n) must outlive the set's users:
 * normally it was copied into its arena before. */
enum err pack_read(const char *p, size_t n, size_t first, size_t max, struct raw_set *set);

/* Fill in what is derived and not stored, from record `first` on. */
void pack_finish_criteria(struct criterion_set *set, size_t first);

/* A fast hash against rot and for keys, not against malice. */
uint64_t pack_hash(uint64_t seed, const void *p, size_t n);

/* Where-used without building records: calls fn for each criterion of the blob with this type and
 * value; id (NULL: none) lives until fn returns. fn false: stop with ERR_NOMEM. */
struct pack_match {
	const char *type_name, *value;
	bool (*fn)(void *user, const char *id, enum operator_type op);
	void *user;
};
enum err pack_match_criteria(const char *p, size_t n, const struct pack_match *m);

/* Varints, for the smaller blobs of this folder. */
enum err pack_uint(struct buf *out, uint64_t v);
struct pack_reader {
	const unsigned char *p, *end;
	bool bad;
};
uint64_t pack_get_uint(struct pack_reader *r);
const char *pack_get_string(struct pack_reader *r); /* never NULL: "" when bad */

#endif
