#include "sandbox/gzip.h"

#define MATCH 258 /* longest match of DEFLATE (RFC 1951) */

struct bits {
	struct buf *out;
	unsigned held, n;
};

static void put(struct bits *b, unsigned value, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		b->held |= (value >> i & 1u) << b->n;
		if (++b->n == 8) {
			buf_addc(b->out, (char)b->held);
			b->held = b->n = 0;
		}
	}
}

/* Huffman codes go in from their highest bit. */
static void put_code(struct bits *b, unsigned code, unsigned n)
{
	while (n--)
		put(b, code >> n & 1u, 1);
}

static void put_zeros(struct bits *b, unsigned run)
{
	put_code(b, 0, 1); /* code length symbol 18: a run of 11 to 138 zeros */
	put(b, run - 11, 7);
}

/* One dynamic block whose only symbols are space (code 10), end (11) and a match of 258 (0), and
 * whose only distance is 1 (code 0): two bits stand for 258 bytes. */
static void put_tables(struct bits *b)
{
	/* lengths of the code length symbols, in the order of RFC 1951 3.2.7, up to symbol 1 */
	static const unsigned char lengths[18] = {
	    0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2};

	put(b, 1, 1); /* last block */
	put(b, 2, 2); /* dynamic codes */
	put(b, 286 - 257, 5);
	put(b, 1 - 1, 5);
	put(b, 18 - 4, 4);
	for (unsigned i = 0; i < 18; i++)
		put(b, lengths[i], 3);
	put_zeros(b, 32);
	put_code(b, 3, 2); /* space: length 2 */
	put_zeros(b, 138);
	put_zeros(b, 223 - 138);
	put_code(b, 3, 2); /* end: length 2 */
	put_zeros(b, 28);
	put_code(b, 2, 2); /* match of 258: length 1 */
	put_code(b, 2, 2); /* distance 1: length 1 */
}

static uint32_t crc_of_spaces(uint64_t n)
{
	uint32_t table[256], crc = 0xffffffffu;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] & 1 ? 0xedb88320u ^ table[i] >> 1 : table[i] >> 1;
	}
	while (n--)
		crc = table[(crc ^ ' ') & 0xff] ^ crc >> 8;
	return ~crc;
}

static void put_le32(struct buf *out, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		buf_addc(out, (char)(n >> 8 * i & 0xff));
}

void gzip_spaces(uint64_t bytes, struct buf *out)
{
	uint64_t matches = bytes ? (bytes - 1) / MATCH : 0;
	struct bits b = {.out = out};

	buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	put_tables(&b);
	put_code(&b, 2, 2); /* the first space */
	for (uint64_t i = 0; i < matches; i++)
		put(&b, 0, 2);
	put_code(&b, 3, 2);
	while (b.n)
		put(&b, 0, 1);
	put_le32(out, crc_of_spaces(1 + matches * MATCH));
	put_le32(out, (uint32_t)(1 + matches * MATCH));
}
