/* The images of the journal: the criteria of the touched line items as they were reviewed, and as
 * they were read after the posting. They are what "this line item as of then" reads. */
#include "base/mem.h"
#include "session/applying_int.h"

/* The reviewed sets, before anything is sent. All of them are one transaction: done one by one they
 * would take longer than the posting. */
enum err applying_images_before(struct applying *a, struct errinfo *ei)
{
	size_t n = a->job.n_base;
	struct journal_image *images = mem_array(n, sizeof *images);
	struct criterion_set *sets = mem_array(n, sizeof *sets);
	enum err err = images && sets ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory to post");

	for (size_t i = 0; !err && i < n; i++) {
		/* a window on a->live, which owns the strings */
		sets[i].v = a->live.v + (a->bases[i].criteria - a->live.v);
		sets[i].n = a->bases[i].n;
		images[i] =
		    (struct journal_image){a->changeset, a->bases[i].line_item_id, &sets[i], false};
	}
	if (!err)
		err = journal_put_images(a->session->cfg.store, images, n, ei);
	mem_free(images);
	mem_free(sets);
	return err;
}

void applying_images_due(struct applying *a, const char *const *ids, size_t n)
{
	map_done(&a->image_due);
	a->image_changeset = a->changeset;
	for (size_t i = 0; i < n; i++)
		if (map_put(&a->image_due, ids[i], 1))
			return; /* an image fewer; the next posting takes its own */
}

/* Keeps those of the line items that are due, and takes them off. */
static size_t take_due(struct applying *a, const char *const *ids, size_t n, const char **out)
{
	size_t due = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t is_due = 0;

		if (!map_get(&a->image_due, ids[i], &is_due) || !is_due)
			continue;
		map_put(&a->image_due, ids[i], 0);
		out[due++] = ids[i];
	}
	return due;
}

/* Did the reading begin after the posting that the images are due of? */
static bool is_after(struct applying *a, const struct journal_point *at)
{
	struct store *store = a->session->cfg.store;
	struct journal_point step = journal_last_step(store, a->image_changeset);

	return journal_is_after(store, at, &step);
}

void applying_saw(
    struct session *s, const char *const *ids, size_t n, const struct journal_point *at)
{
	struct applying *a = s->applying;
	struct journal_image *images;
	struct criterion_set *sets;
	const char **due;
	size_t n_due = 0, full = 0;

	if (!a || !a->image_due.count || !is_after(a, at))
		return;
	images = mem_array(n, sizeof *images);
	sets = mem_array(n, sizeof *sets);
	due = mem_array(n, sizeof *due);
	if (images && sets && due)
		n_due = take_due(a, ids, n, due);
	for (size_t i = 0; i < n_due; i++) {
		criterion_set_init(&sets[i]);
		if (!snapshot_get_criteria(s->cfg.store, s->account_id, due[i], &sets[i], NULL))
			images[full++] =
			    (struct journal_image){a->image_changeset, due[i], &sets[i], true};
	}
	if (full)
		journal_put_images(s->cfg.store, images, full, NULL);
	for (size_t i = 0; i < n_due; i++)
		criterion_set_done(&sets[i]);
	mem_free(images);
	mem_free(sets);
	mem_free(due);
}
