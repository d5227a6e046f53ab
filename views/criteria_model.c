#include "views/criteria_model.h"

#include <string.h>
#include "base/mem.h"
#include "session/staging.h"

enum err criteria_model_init(struct criteria_model *m, const char *const *ids, size_t n)
{
	*m = (struct criteria_model){.n_ids = n};
	criterion_set_init(&m->live);
	m->ids = mem_array(n, sizeof *m->ids);
	m->live_end = mem_array(n, sizeof *m->live_end);
	m->live_known = mem_array(n, sizeof *m->live_known);
	m->sets = mem_array(n, sizeof *m->sets);
	if (!m->ids || !m->live_end || !m->live_known || !m->sets)
		goto failed;
	for (size_t i = 0; i < n; i++)
		effective_init(&m->sets[i]);
	for (size_t i = 0; i < n; i++) {
		m->ids[i] = mem_strdup(ids[i]);
		if (!m->ids[i])
			goto failed;
	}
	return ERR_OK;
failed:
	criteria_model_done(m);
	return ERR_NOMEM;
}

void criteria_model_done(struct criteria_model *m)
{
	for (size_t i = 0; i < m->n_ids; i++) {
		if (m->ids)
			mem_free(m->ids[i]);
		if (m->sets)
			effective_done(&m->sets[i]);
	}
	mem_free(m->ids);
	mem_free(m->live_end);
	mem_free(m->live_known);
	mem_free(m->sets);
	mem_free(m->rows);
	criterion_set_done(&m->live);
	staging_release(m->staged);
	*m = (struct criteria_model){0};
}

static enum err read_live(struct criteria_model *m, struct session *s, struct errinfo *ei)
{
	criterion_set_done(&m->live);
	criterion_set_init(&m->live);
	m->unknown = 0;
	for (size_t i = 0; i < m->n_ids; i++) {
		const char *id = m->ids[i];
		size_t unknown;
		enum err err = session_criteria(s, &id, 1, &m->live, &unknown, ei);

		if (err)
			return err;
		m->unknown += unknown;
		m->live_known[i] = unknown == 0;
		m->live_end[i] = m->live.n;
	}
	return ERR_OK;
}

enum err criteria_model_build(struct criteria_model *m, struct session *s, struct errinfo *ei)
{
	const struct change_set *staged = staging_changes(s);
	size_t total = 0, start = 0;
	enum err err = read_live(m, s, ei);

	m->n_rows = m->n_added = m->n_removed = 0;
	memset(m->has_include, 0, sizeof m->has_include);
	memset(m->has_exclude, 0, sizeof m->has_exclude);
	staging_release(m->staged);
	m->staged = staging_share(s);
	if (err)
		return err;
	for (size_t i = 0; i < m->n_ids; i++) {
		struct effective_input in = {.line_item_id = m->ids[i],
		    .live = m->live.v + start,
		    .n_live = m->live_end[i] - start,
		    .changes = staged->v,
		    .n_changes = staged->n,
		    .live_unknown = !m->live_known[i]};

		if (effective_build(&m->sets[i], &in))
			return err_set(ei, ERR_NOMEM, "no memory for criteria");
		total += m->sets[i].n;
		m->n_added += m->sets[i].n_added;
		m->n_removed += m->sets[i].n_removed;
		start = m->live_end[i];
	}
	if (total > m->cap_rows) {
		struct criteria_row *rows = mem_realloc_array(m->rows, total, sizeof *rows);

		if (!rows)
			return err_set(ei, ERR_NOMEM, "no memory for criteria");
		m->rows = rows;
		m->cap_rows = total;
	}
	for (size_t i = 0; i < m->n_ids; i++)
		for (size_t k = 0; k < m->sets[i].n; k++) {
			const struct effective_row *r = &m->sets[i].v[k];

			if (r->state != EFFECTIVE_REMOVED)
				(r->criterion->op == OP_NE ? m->has_exclude
							   : m->has_include)[r->criterion->type] =
				    true;
			m->rows[m->n_rows++] = (struct criteria_row){(uint32_t)i, (uint32_t)k};
		}
	return ERR_OK;
}

const struct effective_row *criteria_model_row(const struct criteria_model *m, size_t row)
{
	return &m->sets[m->rows[row].item].v[m->rows[row].row];
}

uint64_t criteria_model_key(const struct criteria_model *m, size_t row)
{
	const struct effective_row *r = criteria_model_row(m, row);
	const struct criterion *c = r->criterion;
	uint64_t key = map_hash(m->ids[m->rows[row].item]);

	/* the same criterion keeps its row while it goes from staged to live: identity is what it
	 * says, not its id */
	key = key * 31 + map_hash(c->type_name);
	key = key * 31 + map_hash(c->value) * 7 + (uint64_t)c->op;
	return key ? key : 1;
}
