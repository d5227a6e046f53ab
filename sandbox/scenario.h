/* What a fresh sandbox holds: the scenario of scenario.def, and a bulk account of any size. */
#ifndef RETICLE_SANDBOX_SCENARIO_H
#define RETICLE_SANDBOX_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

struct sandbox;

void scenario_fill(struct sandbox *sb);
/* --line-items and --criteria, deterministic by --seed. Half a million criteria take a second, so
 * that they come after the server's start: begin makes the line items, each go_on makes the criteria
 * of so many more of them, until sb->bulk_left is 0, and need makes those of the named ones at once.
 * Numbers and values do not depend on the order. */
void scenario_begin_bulk(struct sandbox *sb);
void scenario_go_on(struct sandbox *sb, int64_t line_items);
void scenario_need(struct sandbox *sb, const char *const *line_item_ids, size_t count);

#endif
