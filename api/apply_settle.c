/* Waiting, reading back, and what the readings amount to. */
#include <stdio.h>
#include <string.h>
#include "api/apply_int.h"
#include "base/clock.h"
#include "base/mem.h"

void apply_round_due(struct loop *l, void *user)
{
	struct apply *ap = user;

	(void)l;
	ap->waiting = false;
	if (ap->stopping)
		apply_finish(ap);
	else
		apply_read(ap, ap->reading);
}

bool apply_wait_round(struct apply *ap, enum reading what)
{
	struct apply_event ev = apply_event(ap, APPLY_SETTLE_WAIT);
	int64_t now = clock_mono_ms(), wait;

	if (ap->round >= ap->n_delays)
		return false;
	while (ap->round + 1 < ap->n_delays && ap->sent_mono_ms + ap->delays[ap->round + 1] <= now)
		ap->round++;
	wait = ap->sent_mono_ms + ap->delays[ap->round] - now;
	ap->round++;
	ap->reading = what;
	ev.wait_ms = wait > 0 ? wait : 0;
	ev.round = ap->round;
	ev.rounds = ap->n_delays;
	ap->timer = loop_timer(ap->api->loop, ev.wait_ms, apply_round_due, ap);
	ap->waiting = true;
	if (ap->timer.gen)
		apply_tell(ap, &ev);
	else
		apply_finish(ap); /* no memory: it stays as the journal has it */
	return true;
}

bool apply_read_now(struct apply *ap)
{
	if (!ap->waiting || ap->stopping || ap->reading != READ_SETTLE || !ap->round)
		return false;
	loop_timer_cancel(ap->api->loop, ap->timer);
	ap->round--; /* its turn comes all the same */
	ap->timer = loop_timer(ap->api->loop, 0, apply_round_due, ap);
	if (!ap->timer.gen)
		apply_finish(ap); /* no memory: it stays as the journal has it */
	return true;
}

void apply_read(struct apply *ap, enum reading what)
{
	ap->reading = what;
	reader_start(&ap->reader, what == READ_CHECK);
}

/* Does the reading have everything that was there before the sending? Deleted criteria stay in it, so
 * one that lacks some is not whole, and what else it lacks proves nothing. */
static bool reading_is_whole(const struct apply *ap)
{
	size_t found = 0;

	for (size_t i = 0; i < ap->reader.criteria.n; i++)
		found += map_get(&ap->pre_ids, ap->reader.criteria.v[i].id, NULL);
	return found >= ap->pre_ids.count;
}

/* What the reading shows of the operations under way. */
static void look(struct apply *ap, enum seen *seen, const char **ids, size_t count[3])
{
	struct judge j = {.batch = apply_current(ap),
	    .now = &ap->reader.criteria,
	    .pre_ids = &ap->pre_ids,
	    .sent_at = api_server_clock(ap->api) -
		       (clock_mono_ms() - ap->sent_mono_ms + ap->sent_earlier_ms) / 1000};
	bool whole = reading_is_whole(ap);

	memset(count, 0, 3 * sizeof *count);
	for (size_t i = 0; i < j.batch->n; i++) {
		enum apply_outcome o = ap->ops[ap->batch][i].outcome;

		ids[i] = NULL;
		seen[i] = SEEN_UNCLEAR;
		if (o != OUTCOME_UNKNOWN && o != OUTCOME_APPLIED && o != OUTCOME_PENDING)
			continue;
		seen[i] = judge_op(&j, i, &ids[i]);
		if (seen[i] == SEEN_ABSENT && !whole)
			seen[i] = SEEN_UNCLEAR;
		count[seen[i]]++;
	}
}

/* Give every operation under way what was seen of it; `absent` and `unclear` say what the other
 * two sights amount to. */
static void settle_ops(struct apply *ap, const enum seen *seen, const char *const *ids,
    enum apply_outcome absent, enum apply_outcome unclear)
{
	for (size_t i = 0; i < apply_current(ap)->n; i++) {
		enum apply_outcome o = ap->ops[ap->batch][i].outcome;

		if (o != OUTCOME_UNKNOWN && o != OUTCOME_APPLIED && o != OUTCOME_PENDING)
			continue;
		apply_set_op(ap, i,
		    seen[i] == SEEN_PRESENT  ? OUTCOME_VERIFIED
		    : seen[i] == SEEN_ABSENT ? absent
					     : unclear,
		    ids[i]);
	}
}

/* What else changed between the drift check and this reading: the window that no check before the
 * sending can close (the API has no If-Match). */
static void report_race(struct apply *ap)
{
	const struct apply_batch *b = apply_current(ap);
	const struct op_state *ops = ap->ops[ap->batch];
	size_t added = 0, removed = 0;

	for (size_t i = 0; i < ap->reader.criteria.n; i++) {
		const struct criterion *c = &ap->reader.criteria.v[i];
		uint64_t was_live = 0;
		bool was = map_get(&ap->pre_ids, c->id, &was_live), ours = false;

		for (size_t k = 0; k < b->n && !ours; k++)
			ours = (ops[k].result_id && strcmp(ops[k].result_id, c->id) == 0) ||
			       (b->ops[k].kind == APPLY_DELETE &&
				   strcmp(b->ops[k].criterion_id, c->id) == 0);
		added += !was && !c->deleted && !ours;
		removed += was && was_live && c->deleted && !ours;
	}
	apply_tell_drift(ap, added, removed, "while the batch was sent");
}

static void verified(
    struct apply *ap, const enum seen *seen, const char *const *ids, const size_t count[3])
{
	bool all = !count[SEEN_ABSENT] && !count[SEEN_UNCLEAR] && !ap->reader.ei.code;

	if (!all && apply_wait_round(ap, READ_VERIFY))
		return;
	if (ap->reader.ei.code) {
		ap->why = ap->reader.ei;
		err_context(&ap->why, ap->why.code, "applied, but it could not be read back");
	} else {
		settle_ops(ap, seen, ids, OUTCOME_ABSENT, OUTCOME_APPLIED);
		report_race(ap);
		if (!all)
			err_set(&ap->why, ERR_CONFLICT,
			    "the API said applied, but %zu of the operations are not there",
			    count[SEEN_ABSENT] + count[SEEN_UNCLEAR]);
	}
	apply_after_batch(ap, all);
}

/* For whoever waits for the outcome, and for whoever reads the journal later. */
static void note_reading(struct apply *ap, const size_t count[3])
{
	char text[sizeof ap->reader.ei.msg + 64];
	size_t n = count[SEEN_PRESENT] + count[SEEN_ABSENT] + count[SEEN_UNCLEAR];

	if (ap->reader.ei.code)
		snprintf(text, sizeof text, APPLY_READING "failed: %s", ap->reader.ei.msg);
	else if (count[SEEN_UNCLEAR])
		snprintf(text, sizeof text,
		    APPLY_READING "%zu of %zu in the account, %zu cannot be told from it",
		    count[SEEN_PRESENT], n, count[SEEN_UNCLEAR]);
	else
		snprintf(text, sizeof text, APPLY_READING "%zu of %zu in the account",
		    count[SEEN_PRESENT], n);
	apply_note(ap, text);
}

static void settled(
    struct apply *ap, const enum seen *seen, const char *const *ids, const size_t count[3])
{
	bool all = !count[SEEN_ABSENT] && !count[SEEN_UNCLEAR] && !ap->reader.ei.code;

	note_reading(ap, count);
	if (!all && apply_wait_round(ap, READ_SETTLE))
		return;
	if (ap->reader.ei.code) {
		ap->why = ap->reader.ei;
		err_context(&ap->why, ERR_UNKNOWN, "it could not be read back");
	} else {
		settle_ops(ap, seen, ids, OUTCOME_ABSENT, OUTCOME_UNKNOWN);
		report_race(ap);
		if (all)
			apply_note(ap, "settled: all of it took effect");
		else if (count[SEEN_PRESENT])
			err_set(&ap->why, ERR_CONFLICT, "part of the batch took effect");
		else if (count[SEEN_UNCLEAR])
			err_set(&ap->why, ERR_UNKNOWN, "the readings did not show enough to tell");
		else
			err_set(&ap->why, ERR_NETWORK, "it did not take effect");
	}
	apply_after_batch(ap, false);
}

static void refusal_checked(struct apply *ap, const enum seen *seen, const char *const *ids)
{
	if (!ap->reader.ei.code)
		settle_ops(ap, seen, ids, OUTCOME_REFUSED, OUTCOME_REFUSED);
	apply_set_open(ap, OUTCOME_REFUSED);
	apply_after_batch(ap, false);
}

void apply_on_read(struct reader *rd, void *user)
{
	struct apply *ap = user;
	size_t n = apply_current(ap)->n, count[3];
	enum seen *seen;
	const char **ids;

	(void)rd;
	if (ap->reading == READ_CHECK) {
		apply_checked(ap);
		return;
	}
	seen = mem_array(n, sizeof *seen);
	ids = mem_array(n, sizeof *ids);
	if (!seen || !ids) {
		mem_free(seen);
		mem_free(ids);
		err_set(&ap->why, ERR_NOMEM, "out of memory");
		apply_after_batch(ap, false);
		return;
	}
	look(ap, seen, ids, count);
	/* the arrays must go before the last event: it may free ap, not them */
	if (ap->reading == READ_VERIFY)
		verified(ap, seen, ids, count);
	else if (ap->reading == READ_SETTLE)
		settled(ap, seen, ids, count);
	else
		refusal_checked(ap, seen, ids);
	mem_free(seen);
	mem_free(ids);
}
