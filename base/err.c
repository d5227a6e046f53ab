#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
	const char *name, *text, *hint;
	int status;
};

static const struct err_row rows[ERR_COUNT] = {
    [ERR_OK] = {"OK", "no error", "", 0},
#define X(n, t, h, s) [ERR_##n] = {#n, t, h, s},
#include "base/errors.def"
#undef X
};

static const struct err_row *row_of(enum err code)
{
	return (unsigned)code < ERR_COUNT ? &rows[code] : &rows[ERR_REFUSED];
}

enum err err_set(struct errinfo *ei, enum err code, const char *fmt, ...)
{
	va_list ap;

	if (!ei)
		return code;
	ei->code = code;
	ei->http = 0;
	ei->api_code[0] = ei->param[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(ei->msg, sizeof ei->msg, fmt, ap);
	va_end(ap);
	return code;
}

enum err err_context(struct errinfo *ei, enum err code, const char *fmt, ...)
{
	char old[sizeof ei->msg];
	va_list ap;
	int n;

	if (!ei)
		return code;
	memcpy(old, ei->msg, sizeof old);
	va_start(ap, fmt);
	n = vsnprintf(ei->msg, sizeof ei->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 2 < sizeof ei->msg && old[0]) {
		size_t room = sizeof ei->msg - (size_t)n - 3, len = strnlen(old, sizeof old);

		memcpy(ei->msg + n, ": ", 2);
		memcpy(ei->msg + n + 2, old, len < room ? len : room);
		ei->msg[(size_t)n + 2 + (len < room ? len : room)] = '\0';
	}
	ei->code = code;
	return code;
}

const char *err_name(enum err code)
{
	return row_of(code)->name;
}

const char *err_text(enum err code)
{
	return row_of(code)->text;
}

const char *err_hint(enum err code)
{
	return row_of(code)->hint;
}

int err_exit_status(enum err code)
{
	return row_of(code)->status;
}
