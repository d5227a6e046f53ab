/* How a command says that it failed: apart from main.c, which tests do not link. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "api/api.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"

int cli_fail(const struct errinfo *ei)
{
	struct buf line;

	log_event(LOG_ERROR, "program.failed", "error=%s http=%d", err_name(ei->code), ei->http);
	buf_init(&line, 16384);
	text_escape(&line, ei->msg, strlen(ei->msg));
	fprintf(stderr, "reticle: %s\n", buf_str(&line));
	if (api_remedy(ei)[0])
		fprintf(stderr, "         %s\n", api_remedy(ei));
	buf_done(&line);
	return err_exit_status(ei->code);
}

int cli_usage(const char *fmt, ...)
{
	char msg[512];
	struct buf line;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	buf_init(&line, 16384);
	text_escape(&line, msg, strlen(msg));
	fprintf(stderr, "reticle: %s; see reticle --help\n", buf_str(&line));
	buf_done(&line);
	return 2;
}
