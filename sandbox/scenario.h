/* What a fresh sandbox holds: the scenario of scenario.def, and a bulk account of any size. */
#ifndef RETICLE_SANDBOX_SCENARIO_H
#define RETICLE_SANDBOX_SCENARIO_H

struct sandbox;

void scenario_fill(struct sandbox *sb);
/* --line-items and --criteria; deterministic by --seed. */
void scenario_fill_bulk(struct sandbox *sb);

#endif
