#include "api/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

void req_spec_refuse(struct req_spec *s, enum err err, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	if (s->refused.code)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	err_set(&s->refused, err, "%s", msg);
}

void req_spec_init(struct req_spec *s, enum endpoint_id e, enum api_kind kind)
{
	*s = (struct req_spec){.endpoint = e, .kind = kind};
	oauth_params_init(&s->params);
}

void req_spec_done(struct req_spec *s)
{
	oauth_params_done(&s->params);
	mem_free(s->path);
	mem_free(s->body);
	mem_free(s->cursor);
}

bool api_id_ok(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n >= 1 && n <= 64 &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == n;
}

void req_spec_path(struct req_spec *s, const struct api *a, const char *const *ids, size_t n)
{
	const char *p = endpoint_info(s->endpoint)->path;
	size_t used = 0;
	struct buf b;

	buf_init(&b, 1024);
	buf_addf(&b, "/%s/", a->version);
	while (*p) {
		size_t len = strcspn(p, ":");

		buf_add(&b, p, len);
		p += len;
		if (!*p)
			break;
		len = strcspn(p, "/");
		const char *id = used < n ? ids[used++] : NULL;

		if (!api_id_ok(id))
			req_spec_refuse(s, ERR_REFUSED, "the %.*s may not be used in a request",
			    (int)len - 1, p + 1);
		else
			buf_adds(&b, id);
		if (strncmp(p, ":account_id", len) == 0 && api_id_ok(id))
			snprintf(s->account, sizeof s->account, "%s", id);
		p += len;
	}
	s->path = buf_take(&b);
	if (!s->path)
		req_spec_refuse(s, ERR_NOMEM, "out of memory");
}

void req_spec_param(struct req_spec *s, const char *name, const char *value)
{
	if (value && oauth_params_add(&s->params, name, value))
		req_spec_refuse(s, ERR_NOMEM, "out of memory");
}

void req_spec_ids(struct req_spec *s, const char *name, const char *const *ids, size_t n)
{
	struct buf b;

	if (!ids || !n)
		return;
	if (n > 200)
		req_spec_refuse(s, ERR_LIMIT, "%zu ids in one request; the API takes 200", n);
	buf_init(&b, 200 * 65);
	for (size_t i = 0; i < n && !s->refused.code; i++) {
		if (!api_id_ok(ids[i])) {
			req_spec_refuse(s, ERR_REFUSED, "an id of %s may not be used", name);
			break;
		}
		if (i)
			buf_addc(&b, ',');
		buf_adds(&b, ids[i]);
	}
	if (b.failed)
		req_spec_refuse(s, b.failed, "too many ids");
	else
		req_spec_param(s, name, buf_str(&b));
	buf_done(&b);
}
