/* The stack of views. A closed view leaves the stack at once and is freed by the sweep. */
#include "base/clock.h"
#include "base/mem.h"
#include "tui/internal.h"

static void free_view(struct app *app, struct view *v, bool opened)
{
	if (opened) {
		if (app->cfg.view_closed)
			app->cfg.view_closed(app->cfg.user, v->id);
		if (v->ops->done)
			v->ops->done(v);
	}
	mem_free(v->state);
	mem_free(v);
}

static enum err open_view(struct app *app, const struct view_ops *ops, const void *arg,
    struct view **out, struct errinfo *ei)
{
	struct view *v = NULL;
	enum err e;

	if (app->closing)
		return err_set(ei, ERR_CANCELLED, "the program is closing");
	v = mem_zalloc(sizeof *v);
	if (!v)
		return err_set(ei, ERR_NOMEM, "opening %s", ops->name);
	v->ops = ops;
	v->app = app;
	v->id = ++app->next_id;
	v->touch = TOUCH_ALL;
	v->opened_ms = clock_mono_ms();
	v->state = mem_zalloc(ops->state_size ? ops->state_size : 1);
	e = v->state ? ERR_OK : err_set(ei, ERR_NOMEM, "opening %s", ops->name);
	if (e == ERR_OK && ops->open)
		e = ops->open(v, arg, ei);
	if (e != ERR_OK) {
		free_view(app, v, false);
		return e;
	}
	*out = v;
	return ERR_OK;
}

enum err app_push(struct app *app, const struct view_ops *ops, const void *arg, struct view **out,
    struct errinfo *ei)
{
	struct view *v = NULL;
	enum err e = open_view(app, ops, arg, &v, ei);

	if (e != ERR_OK)
		return e;
	v->below = app->top;
	app->top = v;
	app->dirty = true;
	if (!(ops->flags & VIEW_POPUP))
		app->message_shown = false; /* it was about the view that is covered now */
	if (out)
		*out = v;
	if (ops->load)
		ops->load(v);
	return ERR_OK;
}

enum err app_replace(struct app *app, const struct view_ops *ops, const void *arg,
    struct view **out, struct errinfo *ei)
{
	struct view *old = stack_base(app), *v;
	enum err e = app_push(app, ops, arg, &v, ei);

	if (e != ERR_OK)
		return e;
	if (out)
		*out = v;
	while (old && v->below) {
		struct view *under = v->below;

		app_close(under);
		if (under == old)
			break;
	}
	return ERR_OK;
}

void app_close(struct view *v)
{
	struct app *app = v->app;
	struct view **at = &app->top;

	if (v->closed)
		return;
	while (*at && *at != v)
		at = &(*at)->below;
	if (!*at)
		return;
	*at = v->below;
	v->closed = true;
	v->below = app->dead;
	app->dead = v;
	app->pending.n = 0;
	app->which_shown = false;
	app->dirty = true;
	if (app->top)
		app->top->touch = TOUCH_ALL;
}

void app_close_to(struct app *app, struct view *v)
{
	while (app->top && app->top != v)
		app_close(app->top);
}

struct view *app_top(const struct app *app)
{
	return app->top;
}

struct view *app_top_kind(const struct app *app, const struct view_ops *ops)
{
	for (struct view *v = app->top; v; v = v->below)
		if (v->ops == ops)
			return v;
	return NULL;
}

struct view *app_view(const struct app *app, uint64_t id)
{
	for (struct view *v = app->top; v; v = v->below)
		if (v->id == id)
			return v;
	return NULL;
}

struct view *stack_base(const struct app *app)
{
	struct view *v = app->top;

	while (v && v->ops->flags & VIEW_POPUP)
		v = v->below;
	return v;
}

void view_touch(struct view *v, unsigned what)
{
	v->touch |= what;
	v->app->dirty = true;
}

void stack_sweep(struct app *app)
{
	while (app->dead) {
		struct view *v = app->dead;

		app->dead = v->below;
		free_view(app, v, true);
	}
}

void stack_close_all(struct app *app)
{
	app->closing = true;
	while (app->top)
		app_close(app->top);
	stack_sweep(app);
}
