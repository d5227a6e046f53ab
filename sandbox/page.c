#include "sandbox/page.h"

#include <ctype.h>
#include <string.h>

#define NUMBER_DIGITS 13 /* 36^13 > 2^64 */
#define TAG_DIGITS 7 /* 36^7 > 2^32 */
/* any constants do: they only make cursors look as opaque as the real ones */
#define MASK_A 0x9e3779b97f4a7c15u
#define MASK_B 0xc2b2ae3d27d4eb4fu

static const char digits36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void write_fixed(uint64_t n, char *out, int len)
{
	while (len--) {
		out[len] = digits36[n % 36];
		n /= 36;
	}
}

static bool read_fixed(const char *s, int len, uint64_t *n)
{
	*n = 0;
	for (int i = 0; i < len; i++) {
		int c = tolower((unsigned char)s[i]);
		const char *at = c ? strchr(digits36, c) : NULL;

		if (!at || __builtin_mul_overflow(*n, 36u, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(at - digits36), n))
			return false;
	}
	return true;
}

void cursor_write(struct cursor at, uint32_t tag, char out[CURSOR_SIZE])
{
	write_fixed(at.a ^ MASK_A, out, NUMBER_DIGITS);
	write_fixed(at.b ^ MASK_B ^ at.a, out + NUMBER_DIGITS, NUMBER_DIGITS);
	write_fixed(tag ^ (uint32_t)at.a, out + 2 * NUMBER_DIGITS, TAG_DIGITS);
	out[2 * NUMBER_DIGITS + TAG_DIGITS] = '\0';
}

bool cursor_read(const char *text, uint32_t tag, struct cursor *at)
{
	uint64_t got;

	if (strlen(text) != 2 * NUMBER_DIGITS + TAG_DIGITS ||
	    !read_fixed(text, NUMBER_DIGITS, &at->a) ||
	    !read_fixed(text + NUMBER_DIGITS, NUMBER_DIGITS, &at->b) ||
	    !read_fixed(text + 2 * NUMBER_DIGITS, TAG_DIGITS, &got))
		return false;
	at->a ^= MASK_A;
	at->b ^= MASK_B ^ at->a;
	return got == (tag ^ (uint32_t)at->a);
}

void base36_write(uint64_t n, char out[14])
{
	char tmp[14];
	int len = 0;

	do {
		tmp[len++] = digits36[n % 36];
		n /= 36;
	} while (n);
	for (int i = 0; i < len; i++)
		out[i] = tmp[len - 1 - i];
	out[len] = '\0';
}

bool base36_read(const char *s, uint64_t *n)
{
	size_t len = strlen(s);

	if (len < 1 || len > NUMBER_DIGITS || (len > 1 && *s == '0'))
		return false;
	return read_fixed(s, (int)len, n);
}
