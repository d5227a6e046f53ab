/* Numbers, strings and hashes of blobs. */
#include <string.h>
#include "store/pack.h"

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
