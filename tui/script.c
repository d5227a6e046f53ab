#include "tui/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "tui/internal.h"

#define SCRIPT_MAX_BYTES ((size_t)1 << 20)
#define SCREEN_MAX_BYTES ((size_t)8 << 20)
#define WAIT_S 60 /* for a text, or until nothing is loading */
#define CHECK_MS 250
/* Turns of the loop without anything loading before a step: what a step started may be announced
 * by a deferred call of the next turn. */
#define QUIET_TURNS 2

enum step_kind {
	STEP_KEYS,
	STEP_TEXT,
	STEP_PASTE,
	STEP_COMMAND,
	STEP_TRY,
	STEP_EXPECT,
	STEP_REJECT,
	STEP_WAIT,
	STEP_CLOCK,
};

struct step {
	enum step_kind kind;
	unsigned line;
	char *text;
};

struct script {
	struct app *app;
	char *name;
	struct step *steps;
	size_t n, cap, at;
	unsigned quiet;
	bool running;
	uint64_t since_ns; /* the step at `at` waits since */
	struct errinfo error;
};

/* --- parsing --- */

static enum err add(struct script *s, enum step_kind kind, unsigned line, const char *p, size_t n)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct step *more = mem_realloc_array(s->steps, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		s->steps = more;
		s->cap = cap;
	}
	s->steps[s->n] = (struct step){kind, line, mem_strndup(p, n)};
	return s->steps[s->n].text ? (s->n++, ERR_OK) : ERR_NOMEM;
}

static bool starts(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 &&
	       (p + n == end || p[n] == ' ' || p[n] == '\t');
}

/* ":expect TEXT" and its kin; any other command runs as it is. */
static enum err add_command(struct script *s, unsigned line, const char *p, const char *end)
{
	static const struct {
		const char *word;
		enum step_kind kind;
	} own[] = {
	    {"expect", STEP_EXPECT},
	    {"reject", STEP_REJECT},
	    {"wait", STEP_WAIT},
	    {"try", STEP_TRY},
	    {"clock", STEP_CLOCK},
	};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (starts(p, end, own[i].word)) {
			p += strlen(own[i].word);
			if (p < end)
				p++;
			return add(s, own[i].kind, line, p, (size_t)(end - p));
		}
	return add(s, STEP_COMMAND, line, p, (size_t)(end - p));
}

/* Every key is a step of its own: the next one waits until what it started is done. */
static enum err add_keys(
    struct script *s, unsigned line, const char *p, const char *end, struct errinfo *ei)
{
	while (p < end) {
		size_t n = 0;
		char word[64];
		struct key_seq seq;
		enum err e;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		while (p + n < end && p[n] != ' ' && p[n] != '\t')
			n++;
		if (n == 0)
			break;
		if (n < sizeof word) {
			memcpy(word, p, n);
			word[n] = '\0';
		}
		if (n >= sizeof word || !key_seq_parse(word, &seq))
			return err_set(ei, ERR_USAGE, "%s:%u: no key is called \"%.*s\"", s->name,
			    line, (int)(n < 60 ? n : 60), p);
		e = add(s, STEP_KEYS, line, p, n);
		if (e != ERR_OK)
			return e;
		p += n;
	}
	return ERR_OK;
}

static enum err parse_line(
    struct script *s, unsigned line, const char *p, const char *end, struct errinfo *ei)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < end && end[-1] == '\r')
		end--;
	if (p == end || *p == '#')
		return ERR_OK;
	if (*p == ':' && p + 1 < end && p[1] != ' ')
		return add_command(s, line, p + 1, end);
	if (starts(p, end, "text"))
		return add(s, STEP_TEXT, line, p + 5, (size_t)(p + 5 < end ? end - p - 5 : 0));
	if (starts(p, end, "paste"))
		return add(s, STEP_PASTE, line, p + 6, (size_t)(p + 6 < end ? end - p - 6 : 0));
	return add_keys(s, line, p, end, ei);
}

enum err script_new(
    struct app *app, const char *text, const char *name, struct script **out, struct errinfo *ei)
{
	struct script *s = mem_zalloc(sizeof *s);
	enum err e = ERR_OK;
	unsigned line = 1;

	*out = NULL;
	if (!s)
		return err_set(ei, ERR_NOMEM, "reading a script");
	s->app = app;
	s->name = mem_strdup(name);
	if (!s->name)
		e = ERR_NOMEM;
	for (const char *p = text; e == ERR_OK && *p; line++) {
		const char *end = p + strcspn(p, "\n");

		e = parse_line(s, line, p, end, ei);
		p = *end ? end + 1 : end;
	}
	if (e != ERR_OK) {
		script_free(s);
		return e == ERR_NOMEM ? err_set(ei, e, "reading a script") : e;
	}
	*out = s;
	return ERR_OK;
}

enum err script_load(struct app *app, const char *path, struct script **out, struct errinfo *ei)
{
	struct buf text;
	enum err e = ERR_OK;

	*out = NULL;
	buf_init(&text, SCRIPT_MAX_BYTES);
	if (strcmp(path, "-") == 0) {
		char part[4096];
		size_t n;

		while (e == ERR_OK && (n = fread(part, 1, sizeof part, stdin)) > 0)
			e = buf_add(&text, part, n);
		if (e != ERR_OK)
			err_set(ei, e, "reading the script from standard input");
	} else {
		e = fs_read(path, &text, ei);
	}
	if (e == ERR_OK)
		e = script_new(app, buf_str(&text), path, out, ei);
	buf_done(&text);
	return e;
}

/* --- steps --- */

static void finish(struct script *s, int status)
{
	s->running = false;
	app_quit(s->app, status);
}

static void fail(struct script *s, const char *what, const char *text)
{
	err_set(&s->error, ERR_REFUSED, "%s:%u: %s%s", s->name, s->steps[s->at].line, what, text);
	finish(s, 1);
}

static bool on_screen(struct script *s, const char *text)
{
	struct buf screen;
	bool found;

	app_draw(s->app);
	buf_init(&screen, SCREEN_MAX_BYTES);
	app_screen(s->app, &screen);
	found = strstr(buf_str(&screen), text) != NULL;
	buf_done(&screen);
	return found;
}

static void type_text(struct app *app, const char *p)
{
	while (*p) {
		unsigned char c = (unsigned char)*p;
		size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4, len = strlen(p);

		/* through the parser of the terminal, as if it had been typed */
		input_feed(&app->input, p, n < len ? n : len);
		p += n < len ? n : len;
	}
}

static void paste(struct app *app, const char *text)
{
	struct buf b;

	buf_init(&b, SCRIPT_MAX_BYTES);
	for (const char *p = text; *p; p++) {
		if (*p == '\\' && p[1] == 'n') {
			buf_addc(&b, '\n');
			p++;
		} else {
			buf_addc(&b, *p);
		}
	}
	app_event(app, &(struct event){.kind = EVENT_PASTE, .text = buf_str(&b), .len = b.len});
	buf_done(&b);
}

static uint64_t waited_s(const struct script *s)
{
	return (clock_mono_ns() - s->since_ns) / 1000000000u;
}

/* False when the step has to be tried again later. */
static bool run_step(struct script *s, const struct step *step)
{
	struct errinfo ei = {0};
	enum err e = ERR_OK;

	switch (step->kind) {
	case STEP_KEYS:
		app_press(s->app, step->text, &ei);
		break;
	case STEP_TEXT:
		type_text(s->app, step->text);
		break;
	case STEP_PASTE:
		paste(s->app, step->text);
		break;
	case STEP_TRY:
		app_exec(s->app, step->text, &ei);
		break;
	case STEP_COMMAND:
		e = app_exec(s->app, step->text, &ei);
		break;
	case STEP_EXPECT:
		if (!on_screen(s, step->text))
			fail(s, "not on the screen: ", step->text);
		break;
	case STEP_REJECT:
		if (on_screen(s, step->text))
			fail(s, "on the screen: ", step->text);
		break;
	case STEP_WAIT:
		if (on_screen(s, step->text))
			break;
		if (waited_s(s) >= WAIT_S)
			fail(s, "did not appear on the screen: ", step->text);
		return false;
	case STEP_CLOCK:
		clock_step_ms(strtoll(step->text, NULL, 10) * 1000);
		app_touch(s->app);
		break;
	}
	if (e != ERR_OK)
		fail(s, "", ei.msg);
	return true;
}

static void on_check(struct loop *l, void *user)
{
	struct script *s = user;

	/* only wakes the loop: texts are waited for, and waiting has an end */
	if (s->running)
		loop_timer(l, CHECK_MS, on_check, s);
}

static void tick(struct loop *l, void *user)
{
	struct script *s = user;
	bool waits;

	if (!s->running)
		return;
	if (s->at == s->n) {
		finish(s, 0);
		return;
	}
	waits = s->steps[s->at].kind == STEP_WAIT;
	if (!waits && app_is_busy(s->app)) {
		s->quiet = 0;
		if (waited_s(s) >= WAIT_S)
			fail(s, "still loading before: ", s->steps[s->at].text);
		return;
	}
	if (!waits && s->quiet++ < QUIET_TURNS) {
		loop_wake_within(l, 0);
		return;
	}
	if (!run_step(s, &s->steps[s->at]) || !s->running)
		return;
	s->at++;
	s->quiet = 0;
	s->since_ns = clock_mono_ns();
	loop_wake_within(l, 0);
}

void script_start(struct script *s)
{
	struct loop *l = app_loop(s->app);

	s->running = true;
	s->since_ns = clock_mono_ns();
	loop_sweep(l, tick, s);
	loop_timer(l, CHECK_MS, on_check, s);
	loop_wake_within(l, 0);
}

const struct errinfo *script_error(struct script *s)
{
	if (s->error.code == ERR_OK && s->running && s->at < s->n)
		fail(s, "the program ended before: ", s->steps[s->at].text);
	return &s->error;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		mem_free(s->steps[i].text);
	mem_free(s->steps);
	mem_free(s->name);
	mem_free(s);
}
