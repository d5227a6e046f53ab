/* The frame around the views: title bar with badge and path, hints or message, status line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "tui/internal.h"

#define POPUPS_MAX 16
#define CRUMBS_MAX 8
#define TITLE_MIN 20 /* cells left to badge and path */
#define TITLE_FILTERED 32 /* also while a filter is shown in full */
#define FILTER_SHOWN 12 /* bytes of a filter in the title bar, at least */
#define FILTER_SHOWN_MAX 60

struct rect frame_body(const struct app *app)
{
	int rows = app->grid.rows - 3;

	return (struct rect){0, 1, app->grid.cols, rows > 0 ? rows : 0};
}

struct rect frame_middle(int cols, int rows, int want_cols, int want_rows)
{
	int w = want_cols < cols - 2 ? want_cols : cols - 2;
	int h = want_rows < rows - 3 ? want_rows : rows - 3;

	return (struct rect){(cols - w) / 2, 1 + (rows - 3 - h) / 2, w, h};
}

void status_add(struct status *s, bool right, enum style style, const char *fmt, ...)
{
	struct status_segment *seg;
	va_list ap;

	if (s->n == STATUS_SEGMENTS)
		return;
	seg = &s->seg[s->n++];
	seg->style = style;
	seg->right = right;
	va_start(ap, fmt);
	vsnprintf(seg->text, sizeof seg->text, fmt, ap);
	va_end(ap);
}

static void describe(const struct view *v, struct view_about *a)
{
	*a = (struct view_about){.progress = -1};
	if (v->ops->describe)
		v->ops->describe(v, a);
	if (!*a->title)
		snprintf(a->title, sizeof a->title, "%s", v->ops->title);
}

/* --- title bar --- */

static const char *dots(void)
{
	return text_is_ascii() ? "..." : "\xE2\x80\xA6";
}

/* The way here, the place itself last. Where the way is longer than the bar its beginning gives way:
 * the name of the place stays whole. */
static void draw_crumbs(struct canvas *c, int x, const struct view *base)
{
	const char *arrow = text_is_ascii() ? " > " : " \xE2\x80\xBA ";
	struct view_about about[CRUMBS_MAX];
	const char *name[CRUMBS_MAX];
	int n = 0, shown = 0, room = c->area.w - x - (int)strlen(dots());

	for (const struct view *v = base; v && n < CRUMBS_MAX; v = v->below)
		if (!(v->ops->flags & VIEW_POPUP)) {
			describe(v, &about[n]);
			name[n] = n > 0 && *about[n].crumb ? about[n].crumb : about[n].title;
			n++;
		}
	for (; shown < n; shown++) {
		int w = (int)text_width(name[shown], strlen(name[shown])) + (shown ? 3 : 0);

		if (shown && w + (shown + 1 < n ? 3 : 0) > room)
			break;
		room -= w;
	}
	if (shown < n)
		x = canvas_strf(c, x, 0, STYLE_DIM, "%s%s", dots(), arrow);
	for (int i = shown - 1; i > 0; i--)
		x = canvas_strf(c, x, 0, STYLE_DIM, "%s%s", name[i], arrow);
	if (n)
		canvas_field(c,
		    &(struct canvas_field){x, 0, c->area.w - x, STYLE_TITLE, ALIGN_LEFT, CUT_END},
		    name[0], strlen(name[0]));
}

/* A filter hides rows: it stays in sight, with the way out. Where typing is what filters (pickers,
 * choices) the typed text is on the screen anyway. */
static void filter_text(struct view *v, size_t room, char *out, size_t cap)
{
	const struct list *l = v && !(v->ops->flags & VIEW_TEXT) ? view_list(v) : NULL;
	const char *dot = text_is_ascii() ? "-" : "\xC2\xB7", *text = l ? list_filter_text(l) : "";
	size_t n = strlen(text);

	out[0] = '\0';
	if (!n)
		return;
	if (n > room) /* whole characters */
		for (n = room; n && ((unsigned char)text[n] & 0xC0) == 0x80;)
			n--;
	snprintf(out, cap, " %s filter: %.*s%s %s", dot, (int)n, text, text[n] ? dots() : "",
	    list_marked(l) ? "" : dot);
	snprintf(out + strlen(out), cap - strlen(out), "%s", list_marked(l) ? "" : " Esc clears");
}

static void draw_title(struct app *app, struct canvas *c, struct view *base)
{
	char filter[FILTER_SHOWN_MAX + 64];
	size_t room = c->area.w / 4 < FILTER_SHOWN       ? FILTER_SHOWN
		      : c->area.w / 4 > FILTER_SHOWN_MAX ? FILTER_SHOWN_MAX
							 : (size_t)c->area.w / 4;
	struct view_about a = {.progress = -1};
	struct canvas left = *c;
	char right[256] = "";
	int x = 0, w;

	canvas_fill(c, (struct rect){0, 0, c->area.w, 1}, STYLE_TITLE);
	if (base)
		describe(base, &a);
	if (a.loading && a.progress >= 0)
		snprintf(right, sizeof right, "loading %d%% %s  %s", a.progress / 10,
		    a.progress_text, a.position);
	else if (a.loading)
		snprintf(right, sizeof right, "loading %s  %s", a.progress_text, a.position);
	else
		snprintf(right, sizeof right, "%s", a.position);
	w = (int)text_width(right, strlen(right));
	for (; room >= FILTER_SHOWN; room -= 4) { /* as much of it as has room beside the path */
		filter_text(base, room, filter, sizeof filter);
		if (w + (int)text_width(filter, strlen(filter)) + TITLE_FILTERED <= c->area.w)
			break;
	}
	if (*filter && room < FILTER_SHOWN)
		snprintf(filter, sizeof filter, " filtered");
	if (w + (int)text_width(filter, strlen(filter)) + TITLE_MIN <= c->area.w)
		snprintf(right + strlen(right), sizeof right - strlen(right), "%s", filter);
	w = (int)text_width(right, strlen(right));
	if (w + TITLE_MIN > c->area.w)
		w = 0;
	left.area.w -= w ? w + 2 : 0;
	if (*app->badge.text)
		x = canvas_strf(&left, 0, 0, app->badge.style, " %s ", app->badge.text);
	x = canvas_str(&left, x, 0, STYLE_TITLE, " ");
	draw_crumbs(&left, x, base);
	if (w)
		canvas_str(c, c->area.w - w - 1, 0, a.loading ? STYLE_NOTE : STYLE_DIM, right);
}

/* --- hints and messages --- */

/* The first of the command's keys here is enough; "" when it has none. */
static const char *hint_key(struct app *app, const struct command *cmd)
{
	const struct view_ops *ops = app->top ? app->top->ops : NULL;
	const char *contexts[CONTEXTS_MAX];
	const char *gap;
	struct hint *h;
	struct buf keys;

	if (app->hints_generation != app->keymap.generation || app->n_hints == HINTS_MAX)
		app->n_hints = 0;
	app->hints_generation = app->keymap.generation;
	for (size_t i = 0; i < app->n_hints; i++)
		if (app->hints[i].ops == ops && app->hints[i].cmd == cmd)
			return app->hints[i].key;
	h = &app->hints[app->n_hints++];
	*h = (struct hint){ops, cmd, ""};
	buf_init(&keys, 1024);
	keymap_keys_of(&app->keymap, contexts, app_contexts(app->top, contexts), cmd->name, &keys);
	gap = strstr(buf_str(&keys), "  ");
	snprintf(h->key, sizeof h->key, "%.*s", gap ? (int)(gap - buf_str(&keys)) : (int)keys.len,
	    buf_str(&keys));
	buf_done(&keys);
	return h->key;
}

static int draw_hint(struct app *app, struct canvas *c, int x, const char *command)
{
	const struct command *cmd = app_find_command(app, command);
	const char *key = cmd ? hint_key(app, cmd) : "";
	char reason[160];
	size_t width = text_width(key, strlen(key)) + strlen(command);
	bool can;

	if (!*key || x + (int)width + 3 >= c->area.w)
		return x;
	can = dispatch_can(app, app->top, cmd, reason, sizeof reason);
	x = canvas_str(c, x, 0, can ? STYLE_KEY : STYLE_DISABLED, key);
	return canvas_strf(c, x, 0, can ? STYLE_NORMAL : STYLE_DISABLED, " %s  ", command);
}

static void draw_hints(struct app *app, struct canvas *c)
{
	struct view_about a = {0};
	char name[64];
	int x = 1;

	if (app->top)
		describe(app->top, &a);
	for (const char *p = a.hints; p && *p;) {
		size_t n = strcspn(p, " ");

		if (n < sizeof name) {
			memcpy(name, p, n);
			name[n] = '\0';
			x = draw_hint(app, c, x, name);
		}
		p += n;
		p += strspn(p, " ");
	}
	x = draw_hint(app, c, x, "help");
	draw_hint(app, c, x, "palette");
}

static void draw_message(struct app *app, struct canvas *c)
{
	const struct message *m = &app->messages[(app->n_messages - 1) % MESSAGES_MAX];
	const char *sign = m->style == STYLE_ERROR || m->style == STYLE_DANGER ? "error: "
			   : m->style == STYLE_WARNING                         ? "note: "
									       : "";
	int x = canvas_str(c, 1, 0, m->style, sign);

	canvas_field(c, &(struct canvas_field){.x = x, .w = c->area.w - x - 1, .style = m->style},
	    m->text, strlen(m->text));
}

static void draw_pending(struct app *app, struct canvas *c)
{
	char name[96];

	canvas_strf(c, 1, 0, STYLE_KEY, "%s ...", key_seq_name(&app->pending, name, sizeof name));
}

/* --- status line --- */

/* Its colour is laid over the bar, so that a warning does not cut a hole into it. */
static int draw_segment(struct canvas *c, int x, const struct status_segment *g)
{
	int end = canvas_str(c, x, 0, STYLE_STATUS, g->text);

	if (g->style != STYLE_NORMAL)
		canvas_overlay(c, x, 0, end - x, g->style);
	return end;
}

static void draw_status(struct app *app, struct canvas *c)
{
	struct status s = {.app = app};
	int x = 0, end = c->area.w;

	canvas_fill(c, (struct rect){0, 0, c->area.w, 1}, STYLE_STATUS);
	if (app->cfg.status)
		app->cfg.status(app->cfg.user, &s);
	for (int i = s.n - 1; i >= 0; i--) {
		const struct status_segment *g = &s.seg[i];
		int w = (int)text_width(g->text, strlen(g->text));

		if (!g->right || w == 0 || end - w - 2 < 0)
			continue;
		end -= w + 1;
		draw_segment(c, end, g);
		end--;
	}
	for (int i = 0; i < s.n; i++) {
		const struct status_segment *g = &s.seg[i];
		struct canvas left = canvas_sub(c, (struct rect){0, 0, end, 1});

		/* whole or not at all: half a number would be another number */
		if (!g->right && *g->text &&
		    x + 1 + (int)text_width(g->text, strlen(g->text)) <= end)
			x = draw_segment(&left, x + 1, g) + 1;
	}
}

/* --- which-key --- */

static void draw_which_key(struct app *app, struct canvas *screen)
{
	const char *contexts[CONTEXTS_MAX];
	size_t n = app_contexts(app->top, contexts), shown = 0;
	int w = 0;

	for (int pass = 0; pass < 2; pass++) {
		struct rect r = {
		    screen->area.w - w - 4, screen->area.h - 4 - (int)shown, w + 4, (int)shown + 2};
		struct canvas box = canvas_sub(screen, r);
		int y = 1;

		if (pass == 1) {
			canvas_clear(&box, STYLE_NORMAL);
			canvas_box(&box, (struct rect){0, 0, r.w, r.h}, STYLE_BORDER, "");
		}
		for (size_t i = 0; i < app->keymap.n; i++) {
			const struct binding *b = &app->keymap.list[i], *real;
			char name[96], line[256];
			int len;

			if (b->seq.n <= app->pending.n || !key_seq_begins(&b->seq, &app->pending) ||
			    keymap_lookup(&app->keymap, contexts, n, &b->seq, &real) !=
				KEYMAP_FOUND ||
			    real != b)
				continue;
			len = snprintf(line, sizeof line, "%-8s %s",
			    key_seq_name(&b->seq, name, sizeof name), b->command);
			if (pass == 0) {
				shown++;
				w = len > w ? len : w;
			} else {
				canvas_str(&box, 2, y++, STYLE_NORMAL, line);
			}
		}
	}
}

/* --- all of it --- */

static void draw_view(struct view *v, struct canvas *c)
{
	if (v->ops->draw)
		v->ops->draw(v, c);
	v->touch = TOUCH_NONE;
}

static struct rect place(const struct app *app, const struct view *v)
{
	int cols = app->grid.cols, rows = app->grid.rows;

	if (!(v->ops->flags & VIEW_POPUP))
		return frame_body(app);
	if (v->ops->place)
		return v->ops->place(v, cols, rows);
	return frame_middle(cols, rows, cols * 3 / 4, rows * 2 / 3);
}

static void layout(const struct app *app, struct view *v)
{
	struct rect r = place(app, v);

	v->cols = r.w;
	v->rows = r.h;
	if (v->ops->layout)
		v->ops->layout(v, r.w, r.h);
}

static void draw_too_small(struct canvas *c)
{
	canvas_strf(c, 0, 0, STYLE_WARNING, "window too small");
	canvas_strf(c, 0, 1, STYLE_NORMAL, "needs %dx%d", MIN_COLS, MIN_ROWS);
	canvas_strf(c, 0, 2, STYLE_DIM, "nothing is lost");
}

void frame_draw(struct app *app)
{
	struct canvas screen = canvas_of(&app->grid);
	struct view *popups[POPUPS_MAX], *base = stack_base(app);
	int n = 0, cols = app->grid.cols, rows = app->grid.rows;
	struct canvas line;

	grid_reset(&app->grid, ' ');
	if (cols < MIN_COLS || rows < MIN_ROWS) {
		draw_too_small(&screen);
		return;
	}
	/* upper ones first: an input line applies what was typed to the list below in its layout */
	for (struct view *v = app->top; v && v != base; v = v->below)
		if (n < POPUPS_MAX)
			popups[n++] = v;
	for (int i = 0; i < n; i++)
		layout(app, popups[i]);
	if (base) {
		struct canvas body = canvas_sub(&screen, frame_body(app));

		layout(app, base);
		draw_view(base, &body);
	}
	line = canvas_sub(&screen, (struct rect){0, 0, cols, 1});
	draw_title(app, &line, base);
	line = canvas_sub(&screen, (struct rect){0, rows - 2, cols, 1});
	if (app->pending.n)
		draw_pending(app, &line);
	else if (app->message_shown)
		draw_message(app, &line);
	else
		draw_hints(app, &line);
	line = canvas_sub(&screen, (struct rect){0, rows - 1, cols, 1});
	draw_status(app, &line);
	while (n-- > 0) {
		struct canvas c = canvas_sub(&screen, place(app, popups[n]));

		/* only the popup with the focus may show a cursor */
		app->grid.cursor_x = -1;
		canvas_clear(&c, STYLE_NORMAL);
		draw_view(popups[n], &c);
	}
	if (app->which_shown && app->pending.n)
		draw_which_key(app, &screen);
}
