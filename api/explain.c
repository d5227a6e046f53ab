#include <string.h>
#include "api/api.h"

const char *api_remedy(const struct errinfo *ei)
{
	static const struct {
		int http;
		const char *code, *remedy;
	} rows[] = {
#define X(http, code, remedy) {http, code, remedy},
#include "api/explain.def"
#undef X
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if ((!rows[i].http || rows[i].http == ei->http) &&
		    (!*rows[i].code || strcmp(rows[i].code, ei->api_code) == 0))
			return rows[i].remedy;
	return err_hint(ei->code);
}
