#include "config/nearest.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 64

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

size_t nearest_distance(const char *a, const char *b)
{
	/* optimal string alignment: three rows of the usual matrix are enough */
	size_t row[3][LONGEST + 1];
	size_t na = strnlen(a, LONGEST), nb = strnlen(b, LONGEST);

	for (size_t j = 0; j <= nb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *cur = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		cur[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;

			cur[j] = min2(up[j - 1] + same, min2(up[j], cur[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				cur[j] = min2(cur[j], up2[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

const char *nearest_name(const char *name, const char *const *names, size_t n)
{
	size_t len = strnlen(name, LONGEST);
	size_t best = len / 3 > 1 ? len / 3 + 1 : 2; /* one more than what is accepted */
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = nearest_distance(name, names[i]);

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
