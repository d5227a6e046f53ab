#include "tui/app.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/internal.h"

#define SIZE_MAX_CELLS 1000 /* columns or rows; a larger window is used in part */

/* --- drawing --- */

static void watch_terminal(struct app *app);

static void on_painted(struct loop *l, void *user)
{
	struct app *app = user;

	(void)l;
	if (app->cfg.painted)
		app->cfg.painted(app->cfg.user);
}

void app_draw(struct app *app)
{
	if (!app->dirty)
		return;
	/* a terminal that does not read gets the newest frame when it reads again */
	if (app->term && (term_is_left(app->term) || !term_flush(app->term))) {
		watch_terminal(app);
		return;
	}
	if (app->clusters.n > 4096 && app->term) {
		clusters_clear(&app->clusters);
		term_repaint(app->term);
	} else if (!app->term) {
		clusters_clear(&app->clusters);
	}
	app->dirty = false;
	frame_draw(app);
	if (app->term) {
		term_paint(app->term, &app->grid, app->theme, app->color);
		watch_terminal(app);
	}
	if (app->top && !app->painted) {
		app->painted = true;
		loop_defer(app->loop, on_painted, app);
	}
}

static void on_before_wait(struct loop *l, void *user)
{
	(void)l;
	app_draw(user);
}

static void on_sweep(struct loop *l, void *user)
{
	(void)l;
	stack_sweep(user);
}

enum err app_resize(struct app *app, int cols, int rows)
{
	enum err e;

	cols = cols < 1 ? 1 : cols > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : cols;
	rows = rows < 1 ? 1 : rows > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : rows;
	e = grid_resize(&app->grid, cols, rows);
	if (e == ERR_OK && app->term)
		e = term_resize(app->term, &app->clusters, cols, rows);
	app->dirty = true;
	return e;
}

/* --- the terminal's events --- */

static void on_input(const struct event *e, void *user)
{
	app_event(user, e);
}

static void on_esc_timeout(struct loop *l, void *user)
{
	struct app *app = user;

	(void)l;
	input_timeout(&app->input);
}

static void on_hangup(struct app *app)
{
	loop_unwatch(app->loop, term_in_fd(app->term));
	loop_unwatch(app->loop, term_out_fd(app->term));
	log_event(LOG_INFO, "terminal.gone", "%s", "");
	app_quit(app, 128 + SIGHUP);
}

static void on_terminal(struct loop *l, int fd, short revents, void *user)
{
	struct app *app = user;
	char bytes[4096];
	bool any = false;
	long n = 0;

	(void)fd;
	if (revents & (POLLIN | POLLHUP | POLLERR)) {
		/* all keys that are there, then one repaint */
		loop_timer_cancel(l, app->esc_timer);
		while ((n = term_read(app->term, bytes, sizeof bytes)) > 0) {
			input_feed(&app->input, bytes, (size_t)n);
			any = true;
		}
		if (n < 0 || (!any && revents & (POLLHUP | POLLERR))) {
			on_hangup(app);
			return;
		}
		if (input_waits(&app->input))
			app->esc_timer = loop_timer(l, INPUT_ESC_MS, on_esc_timeout, app);
	}
	if (revents & POLLOUT)
		term_flush(app->term);
	if (term_gone(app->term))
		on_hangup(app);
	else
		watch_terminal(app);
}

static void watch_terminal(struct app *app)
{
	int in = term_in_fd(app->term), out = term_out_fd(app->term);
	short writing = term_flush(app->term) ? 0 : POLLOUT;

	if (term_gone(app->term) || term_is_left(app->term))
		return;
	if (in == out) {
		loop_watch(app->loop, in, (short)(POLLIN | writing), LOOP_INPUT, on_terminal, app);
		return;
	}
	loop_watch(app->loop, in, POLLIN, LOOP_INPUT, on_terminal, app);
	if (writing)
		loop_watch(app->loop, out, POLLOUT, LOOP_INPUT, on_terminal, app);
	else
		loop_unwatch(app->loop, out);
}

static void take_size(struct app *app)
{
	int cols, rows;

	if (app->term && term_size(app->term, &cols, &rows) &&
	    (cols != app->grid.cols || rows != app->grid.rows))
		app_resize(app, cols, rows);
}

bool app_leave(struct app *app)
{
	if (!app->term || term_is_left(app->term))
		return false;
	term_flush(app->term);
	loop_unwatch(app->loop, term_in_fd(app->term));
	loop_unwatch(app->loop, term_out_fd(app->term));
	term_leave(app->term);
	return true;
}

void app_return(struct app *app)
{
	if (!app->term)
		return;
	term_enter(app->term);
	take_size(app);
	term_repaint(app->term);
	app->dirty = true;
	watch_terminal(app);
}

void app_suspend(struct app *app)
{
	sigset_t tstp;

	if (!app_leave(app))
		return;
	/* With its default action, so that the kernel ignores it where no shell could continue us
	 * (orphaned process group): stopping there would be for good. */
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &tstp, NULL);
	raise(SIGTSTP);
	sigprocmask(SIG_BLOCK, &tstp, NULL);
	app->continued = true; /* the SIGCONT that is about to be read is this one */
	app_return(app);
}

static void on_signal(struct loop *l, int fd, short revents, void *user)
{
	struct app *app = user;
	int sig;

	(void)l;
	(void)revents;
	while ((sig = signals_next(fd)) != 0)
		switch (sig) {
		case SIGINT:
			dispatch_interrupt(app);
			break;
		case SIGTERM:
		case SIGHUP:
		case SIGQUIT:
			app_quit(app, 128 + sig);
			break;
		case SIGTSTP:
			app_suspend(app);
			break;
		case SIGCONT: /* stopped with SIGSTOP: somebody else had the terminal */
			if (!term_is_left(app->term) && !app->continued)
				app_return(app);
			app->continued = false;
			break;
		case SIGWINCH:
			take_size(app);
			break;
		default:
			break;
		}
}

/* --- life --- */

static enum err open_terminal(struct app *app, struct errinfo *ei)
{
	int cols = 80, rows = 24;
	enum err e = term_open(app->cfg.mouse, &app->term, ei);

	if (e != ERR_OK)
		return e;
	app->color = style_want_color(app->cfg.color, term_has_color(app->term));
	app->input.ctrl_h_is_backspace = term_backspace_is_ctrl_h(app->term);
	term_size(app->term, &cols, &rows);
	e = app_resize(app, cols, rows);
	if (e != ERR_OK)
		return err_set(ei, e, "the screen");
	app->signal_fd = signals_open();
	if (app->signal_fd < 0)
		return err_set(ei, ERR_IO, "signalfd");
	loop_watch(app->loop, app->signal_fd, POLLIN, LOOP_SIGNAL, on_signal, app);
	watch_terminal(app);
	return ERR_OK;
}

/* ASCII unless the locale says that the terminal understands UTF-8. Headless screens are files:
 * there only the configuration decides. */
static bool wants_ascii(const struct app_config *cfg)
{
	if (cfg->ascii || cfg->headless)
		return cfg->ascii;
	return !setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static enum err load_default_keys(struct app *app, struct errinfo *ei)
{
	struct buf report;
	enum err e;

	buf_init(&report, 65536);
	e = keymap_parse(&app->keymap, keymap_default_text, "default.keys", &report);
	if (e != ERR_OK)
		err_set(ei, e, "%s", buf_str(&report));
	buf_done(&report);
	return e;
}

static enum err set_up(struct app *app, struct errinfo *ei)
{
	const struct app_config *cfg = &app->cfg;
	enum err e = load_default_keys(app, ei);

	if (e != ERR_OK)
		return e;
	app->theme = cfg->theme ? theme_find(cfg->theme) : theme_at(0);
	if (!app->theme)
		return err_set(ei, ERR_CONFIG, "no theme is called \"%s\"", cfg->theme);
	app_add_commands(app, core_commands, CORE_COUNT);
	text_set_ascii(wants_ascii(cfg));
	if (!cfg->headless) {
		e = open_terminal(app, ei);
	} else {
		e = app_resize(app, cfg->cols ? cfg->cols : 120, cfg->rows ? cfg->rows : 40);
		if (e != ERR_OK)
			err_set(ei, e, "the screen");
	}
	if (e != ERR_OK)
		return e;
	loop_before_wait(app->loop, on_before_wait, app);
	return loop_sweep(app->loop, on_sweep, app);
}

enum err app_new(struct loop *l, const struct app_config *cfg, struct app **out, struct errinfo *ei)
{
	struct app *app = mem_zalloc(sizeof *app);
	enum err e;

	*out = NULL;
	if (!app)
		return err_set(ei, ERR_NOMEM, "starting");
	app->cfg = *cfg;
	app->loop = l;
	app->signal_fd = -1;
	app->dirty = true;
	clusters_init(&app->clusters);
	grid_init(&app->grid, &app->clusters);
	keymap_init(&app->keymap);
	input_init(&app->input, on_input, app);
	e = set_up(app, ei);
	if (e != ERR_OK) {
		app_free(app);
		return e;
	}
	*out = app;
	return ERR_OK;
}

void app_free(struct app *app)
{
	if (!app)
		return;
	/* first of all: what follows may take a while or fail */
	if (app->term) {
		loop_unwatch(app->loop, term_in_fd(app->term));
		loop_unwatch(app->loop, term_out_fd(app->term));
		term_close(app->term);
		app->term = NULL;
	}
	stack_close_all(app);
	if (app->signal_fd >= 0) {
		loop_unwatch(app->loop, app->signal_fd);
		signals_close(app->signal_fd);
	}
	loop_timer_cancel(app->loop, app->esc_timer);
	loop_timer_cancel(app->loop, app->which_timer);
	input_done(&app->input);
	keymap_done(&app->keymap);
	histories_free(app);
	grid_done(&app->grid);
	clusters_done(&app->clusters);
	mem_free(app);
}

int app_run(struct app *app)
{
	return loop_run(app->loop);
}

void app_quit(struct app *app, int status)
{
	loop_quit(app->loop, status);
}

/* --- small things --- */

struct keymap *app_keymap(struct app *app)
{
	return &app->keymap;
}

void *app_user(const struct app *app)
{
	return app->cfg.user;
}

struct loop *app_loop(const struct app *app)
{
	return app->loop;
}

void app_set_badge(struct app *app, enum style style, const char *text)
{
	app->badge.style = style;
	snprintf(app->badge.text, sizeof app->badge.text, "%s", text ? text : "");
	app->dirty = true;
}

void app_touch(struct app *app)
{
	app->dirty = true;
}

bool app_is_busy(const struct app *app)
{
	return app->cfg.busy && app->cfg.busy(app->cfg.user);
}

void app_screen(const struct app *app, struct buf *out)
{
	grid_text(&app->grid, out);
}
