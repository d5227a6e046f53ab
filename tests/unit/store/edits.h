/* Staged edits for tests of drafts and journal. */
#ifndef RETICLE_TESTS_UNIT_STORE_EDITS_H
#define RETICLE_TESTS_UNIT_STORE_EDITS_H

#include "tests/unit/store/temp.h"

#include "base/buf.h"
#include "store/draft_names.h"

#define ACCOUNT "18ce54d4x5t"

/* Stage n keywords PREFIX0.. on line item "li" as one action; ids[i] (may be NULL) are filled. */
__attribute__((unused)) static enum err stage(const char *prefix, size_t n, uint64_t *ids)
{
	struct change_set set;
	enum err err;

	change_set_init(&set);
	for (size_t i = 0; i < n; i++) {
		char value[64];

		snprintf(value, sizeof value, "%s%zu", prefix, i);
		assert_non_null(change_set_copy(&set, &(struct change){.line_item_id = "li",
							  .type = TYPE_BROAD_KEYWORD,
							  .type_name = "BROAD_KEYWORD",
							  .value = value}));
	}
	err = drafts_stage(s, ACCOUNT, &set, prefix, &ei);
	for (size_t i = 0; i < n && ids; i++)
		ids[i] = set.v[i].id;
	change_set_done(&set);
	return err;
}

/* "a0 a1 [b0]": values in this state, held ones in brackets. */
__attribute__((unused)) static const char *listed(enum draft_state state)
{
	static char out[4096];
	struct change_set set;
	size_t used = 0;

	change_set_init(&set);
	assert_int_equal(drafts_list(s, ACCOUNT, state, &set, &ei), ERR_OK);
	out[0] = '\0';
	for (size_t i = 0; i < set.n; i++)
		used += (size_t)snprintf(out + used, sizeof out - used,
		    set.v[i].held ? "%s[%s]" : "%s%s", i ? " " : "", set.v[i].value);
	change_set_done(&set);
	return out;
}

__attribute__((unused)) static enum err unstage(uint64_t id, size_t *done)
{
	return drafts_unstage(s, ACCOUNT, &id, 1, done, &ei);
}

__attribute__((unused)) static enum err hold(uint64_t id, bool held)
{
	return drafts_hold(s, ACCOUNT, &(struct draft_hold){&id, 1, held}, NULL, &ei);
}

#endif
