/* An app without a terminal over the session of tests/unit/session/kit.h: what is pressed, typed and
 * seen. Include once a program. */
#ifndef RETICLE_TESTS_UNIT_VIEWS_KIT_H
#define RETICLE_TESTS_UNIT_VIEWS_KIT_H

#include "tests/unit/session/kit.h"

#include "tui/app.h"
#include "views/commands.h"
#include "views/views.h"

static bool kit_busy(void *user)
{
	return session_busy(user);
}

static void kit_closed(void *user, uint64_t view)
{
	session_view_closed(user, view);
}

static void screen_started(struct kit *k)
{
	struct app_config ac = {.headless = true,
	    .cols = 100,
	    .rows = 30,
	    .color = COLOR_NEVER,
	    .pinned = true,
	    .busy = kit_busy,
	    .view_closed = kit_closed,
	    .status = views_status,
	    .may = views_may,
	    .command = views_command,
	    .user = k->session};
	struct errinfo ei = {0};

	assert_int_equal(app_new(k->loop, &ac, &k->app, &ei), ERR_OK);
	assert_int_equal(app_add_commands(k->app, view_commands, VIEW_COMMANDS), ERR_OK);
}

static void screen_changed(struct kit *k, unsigned kinds)
{
	if (k->app)
		views_changed(k->app, kinds);
}

static void screen_stopping(struct kit *k)
{
	app_free(k->app);
	k->app = NULL;
}

static const struct kit_screen kit_screen = {screen_started, screen_changed, screen_stopping};

static void kit_press(struct kit *k, const char *keys)
{
	struct errinfo ei = {0};

	app_draw(k->app);
	assert_int_equal(app_press(k->app, keys, &ei), ERR_OK);
	kit_turns(k);
}

static void kit_type(struct kit *k, const char *text)
{
	for (; *text; text++)
		app_event(
		    k->app, &(struct event){.kind = EVENT_KEY, .key = {(uint32_t)*text, MOD_NONE}});
	kit_turns(k);
}

static void kit_paste(struct kit *k, const char *text)
{
	app_event(k->app, &(struct event){.kind = EVENT_PASTE, .text = text, .len = strlen(text)});
	kit_turns(k);
}

static bool kit_sees(struct kit *k, const char *text)
{
	struct buf screen;
	bool found;

	app_draw(k->app);
	buf_init(&screen, 1 << 20);
	app_screen(k->app, &screen);
	found = strstr(buf_str(&screen), text) != NULL;
	buf_done(&screen);
	return found;
}

#define assert_sees(k, text)                                                                       \
	do {                                                                                       \
		if (!kit_sees(k, text)) {                                                          \
			struct buf s_;                                                             \
			buf_init(&s_, 1 << 20);                                                    \
			app_screen((k)->app, &s_);                                                 \
			print_message("%s\n", buf_str(&s_));                                       \
			buf_done(&s_);                                                             \
			fail_msg("the screen lacks \"%s\"", text);                                 \
		}                                                                                  \
	} while (0)

#define assert_not_sees(k, text)                                                                   \
	do {                                                                                       \
		if (kit_sees(k, text))                                                             \
			fail_msg("the screen has \"%s\"", text);                                   \
	} while (0)

#endif
