#include "sandbox/sandbox.h"

#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "sandbox/catalogue.h"
#include "sandbox/scenario.h"

int64_t sandbox_now_s(const struct sandbox *sb)
{
	return clock_wall_s() + sb->clock_ahead_s + sb->stepped_ms / 1000;
}

int64_t sandbox_mono_ms(const struct sandbox *sb)
{
	return clock_mono_ms() + sb->stepped_ms;
}

int64_t sandbox_life_s(const struct sandbox *sb)
{
	return sb->life_base_s + (sandbox_mono_ms(sb) - sb->life_since_ms) * sb->life_rate / 1000;
}

static enum err load_faults(struct sandbox *sb, struct errinfo *ei)
{
	const char *why = NULL;
	struct buf b;
	enum err err;

	buf_init(&b, 1u << 20);
	err = fs_read(sb->opt.faults, &b, ei);
	if (!err && !faults_load(&sb->faults, buf_str(&b), b.len, false, &why))
		err = err_set(ei, ERR_USAGE, "%s: %s", sb->opt.faults, why);
	buf_done(&b);
	return err;
}

enum err sandbox_open(struct sandbox *sb, const struct options *opt, struct errinfo *ei)
{
	bool fresh;
	enum err err;

	*sb = (struct sandbox){.opt = *opt, .life_rate = 1};
	pthread_mutex_init(&sb->lock, NULL);
	rates_init(&sb->rates);
	sb->rates.off = opt->no_rate_limit;
	nonces_init(&sb->nonces);
	faults_init(&sb->faults);
	ledger_init(&sb->ledger);
	if (opt->clock_s)
		sb->clock_ahead_s = opt->clock_s - clock_wall_s();
	sb->life_base_s = sandbox_now_s(sb);
	sb->life_since_ms = sandbox_mono_ms(sb);
	sb->catalogue = catalogue_new(sandbox_now_s(sb));
	if (!sb->catalogue)
		return err_set(ei, ERR_NOMEM, "no memory for the catalogue");
	err = db_open(&sb->db, opt->data, &fresh, ei);
	if (!err && opt->faults)
		err = load_faults(sb, ei);
	if (err)
		return err;
	if (fresh)
		scenario_fill(sb);
	if (opt->line_items > 0 &&
	    !db_number(&sb->db, "SELECT count(*) FROM entity WHERE kind = 0 AND id = ?", "t",
		BULK_ACCOUNT))
		scenario_begin_bulk(sb);
	if (opt->data) /* a file must never hold half of it */
		scenario_go_on(sb, INT64_MAX);
	return ERR_OK;
}

void sandbox_close(struct sandbox *sb)
{
	catalogue_free(sb->catalogue);
	mem_free(sb->bulk_made);
	ledger_done(&sb->ledger);
	faults_done(&sb->faults);
	nonces_done(&sb->nonces);
	rates_done(&sb->rates);
	db_close(&sb->db);
	pthread_mutex_destroy(&sb->lock);
}
