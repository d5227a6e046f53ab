#include "cli/json_out.h"

#include <string.h>
#include "base/text.h"

/* Bytes of the UTF-8 character at s, 0 when there is none. */
static size_t character(const char *s, size_t n)
{
	for (size_t len = 1; len <= 4 && len <= n; len++)
		if (text_is_utf8(s, len))
			return len;
	return 0;
}

void json_out_string(FILE *f, const char *s)
{
	size_t n = strlen(s);

	fputc('"', f);
	while (n) {
		unsigned char c = (unsigned char)*s;
		size_t len = character(s, n);

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else if (!len)
			fputs("\xef\xbf\xbd", f);
		else
			fwrite(s, 1, len, f);
		len += len == 0;
		s += len;
		n -= len;
	}
	fputc('"', f);
}
