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
		uint32_t cp;
		size_t acts = text_control(s, n, &cp), len = acts ? acts : character(s, n);

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (acts)
			fprintf(f, "\\u%04x", cp);
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
