/* The targeting rules as the server enforces them: pure, on the final state of a batch.
 *
 * A caller lays out the line item as it would be: criteria that were there, those that operations
 * of the request add, and those that they take away. A rule that is broken is charged to the last
 * operation that touched one of the types it is about; a rule that was broken before and that the
 * request does not touch is not charged at all. */
#ifndef RETICLE_SANDBOX_RULES_H
#define RETICLE_SANDBOX_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include "targeting/types.h"

struct rule_item {
	enum targeting_type type;
	enum operator_type op;
	const char *value;
	int operation; /* number of the operation that adds or removes it, -1: neither */
	bool gone; /* removed by that operation */
};

struct rule_line {
	const struct rule_item *items;
	size_t n;
	const char *placements; /* comma-joined */
	const char *product_type;
	bool has_curated_category;
	/* What values mean; user is handed through. NULL: not known. */
	const char *(*place_country)(void *user, const char *place);
	const char *(*show_country)(void *user, const char *show);
	const char *(*device_os)(void *user, const char *device);
	/* Does some content category hold `iab`, all of whose IAB categories are in the line? */
	bool (*iab_is_covered)(void *user, const struct rule_line *line, const char *iab);
	void *user;
};

struct rule_finding {
	const char *id, *code, *field, *message;
	bool field_is_attribute;
	int operation;
	const char *value; /* of the criterion that is to blame, or NULL */
};

/* Up to max findings, in the order of rules.def; returns how many. */
size_t rules_judge(const struct rule_line *line, struct rule_finding *out, size_t max);

#endif
