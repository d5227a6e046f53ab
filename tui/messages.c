/* One-line messages: on the screen until a key comes, and kept for the message view. */
#include <stdarg.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/log.h"
#include "tui/internal.h"

void app_message(struct app *app, enum style style, const char *fmt, ...)
{
	struct message *m = &app->messages[app->n_messages++ % MESSAGES_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->text, sizeof m->text, fmt, ap);
	va_end(ap);
	m->style = style;
	m->wall_s = clock_wall_s();
	app->message_shown = true;
	app->message_ms = clock_mono_ms();
	app->dirty = true;
}

void app_message_err(struct app *app, const struct errinfo *ei)
{
	const char *hint = err_hint(ei->code);
	bool plain = ei->code == ERR_REFUSED || ei->code == ERR_USAGE || !hint || !*hint;

	if (ei->code == ERR_OK)
		return;
	/* usage and refusals say themselves what to do */
	app_message(app, ei->code == ERR_REFUSED ? STYLE_WARNING : STYLE_ERROR, "%s%s%s%s",
	    *ei->msg ? ei->msg : err_text(ei->code), plain ? "" : " (", plain ? "" : hint,
	    plain ? "" : ")");
	log_event(LOG_INFO, "message", "code=%s", err_name(ei->code));
}

void messages_key(struct app *app)
{
	if (!app->message_shown ||
	    (!app->cfg.pinned && clock_mono_ms() - app->message_ms < MESSAGE_LEAST_MS))
		return;
	app->message_shown = false;
	app->dirty = true;
}

enum err app_messages(struct app *app, struct errinfo *ei)
{
	size_t n = app->n_messages < MESSAGES_MAX ? app->n_messages : MESSAGES_MAX;
	struct buf text;
	enum err e;

	buf_init(&text, MESSAGES_MAX * 640);
	for (size_t i = 0; i < n; i++) { /* newest first */
		const struct message *m = &app->messages[(app->n_messages - 1 - i) % MESSAGES_MAX];
		char when[21];

		clock_format_utc(m->wall_s, when);
		buf_addf(&text, "%s  ", when);
		/* the text view splits at newlines: keep a message on its line */
		for (const char *p = m->text; *p; p++)
			buf_addc(&text, *p == '\n' ? ' ' : *p);
		buf_addc(&text, '\n');
	}
	if (n == 0)
		buf_adds(&text, "no messages so far");
	e = app_show_text(app, "Messages", buf_str(&text), ei);
	buf_done(&text);
	return e;
}
